import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutboxSender } from '../../src/senders/outbox.ts';
import { resolveSettings } from '../../src/service/read-settings.ts';
import { createService } from '../../src/service/service.ts';
import { createProxyList, findUnsafeSettings, isLoopbackHost } from '../../src/service/unsafe-settings.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { SECRET } from './world.ts';

describe('proxies', () => {
  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['11.1.2.3', false],
    ['2001:db8::1', true],
    ['2001:db9::1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['', false],
    ['no address', false],
  ])('are those of the addresses and ranges that are named: %s', (address, isTrusted) => {
    expect(createProxyList(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])(address)).toBe(isTrusted);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
  ])('are on this machine where none are named: %s', (address, isTrusted) => {
    expect(isLoopbackHost(address)).toBe(isTrusted);
  });

  it.each([
    [['0.0.0.0/0'], true],
    [['0.0.0.0/00'], true],
    [['0.0.0.0/1', '128.0.0.0/1'], true],
    [['10.0.0.1', '64.0.0.0/7'], true],
    [['::/000'], true],
    [['::/0'], true],
    [['2000::/3'], true],
    [['2001::/15'], true],
    [['::ffff:0:0/96'], true],
    [['::ffff:128.0.0.0/97'], true],
    [['::/16'], true],
    [['fc00::/6'], true],
    [['fe80::/9'], true],
    [['10.0.0.0/8', '2001:db8::/32', '192.0.2.7', '::1'], false],
    [['fc00::/7', 'fe80::/10', '2001::/16'], false],
    [['::ffff:10.0.0.0/104', '::/96'], false],
  ])('are not everybody, however that is written: %j', (trustedProxies, isRefused) => {
    const unsafe = findUnsafeSettings(resolveSettings({ secret: SECRET, trustedHops: 1, trustedProxies }));
    expect(unsafe.some(({ setting, problem }) => setting === 'trustedProxies' && problem.includes('from everywhere'))).toBe(isRefused);
  });

  it('say whose request it is, and nobody else does', async () => {
    const parts = { store: createMemoryStore(), senders: [createOutboxSender()], hasMetricsListener: false };
    const rates = { addressPerMinute: 1, addressBurst: 1, keyPerMinute: 600, keyBurst: 100 };
    const settings = { secret: SECRET, port: 0, logLevel: 'silent', trustedHops: 1, trustedProxies: ['10.0.0.1'], rates } as const;
    const service = await createService(settings, parts);
    onTestFinished(() => service.close());
    const ask = async (remoteAddress: string, forwarded: string) => {
      const headers = {
        'x-forwarded-for': forwarded,
        authorization: `Basic ${Buffer.from(`SK${'0'.repeat(32)}:${'x'.repeat(32)}`).toString('base64')}`,
      };
      return (await service.app.inject({ url: '/v1/services', remoteAddress, headers })).statusCode;
    };
    // Through the proxy each client has a limit of its own; around it there is one for the address, whatever it writes.
    expect([await ask('10.0.0.1', '198.51.100.1'), await ask('10.0.0.1', '198.51.100.2'), await ask('10.0.0.1', '198.51.100.1')]).toEqual([
      401, 401, 429,
    ]);
    expect([await ask('203.0.113.9', '198.51.100.3'), await ask('203.0.113.9', '198.51.100.4')]).toEqual([401, 429]);
  });
});
