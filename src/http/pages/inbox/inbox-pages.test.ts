import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { createInbox } from './inbox.ts';
import { createInboxPages } from './inbox-pages.ts';

const access = { apiKey: 'SK:secret', returnUrl: 'http://127.0.0.1:8080/inbox/returned', twilio: { apiKey: 'SK:other', serviceSid: 'VA' } };
const files = [{ path: '/', type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html>') }];

function createApp() {
  const app = fastify();
  app.register(createInboxPages({ inbox: createInbox(Date.now), access, files, isLoopback: (host) => host === '127.0.0.1' }));
  return app;
}

describe('the pages of the inbox', () => {
  it('are files of their own under the strictest policy, and are kept nowhere', async () => {
    const app = createApp();
    const { statusCode, headers, body } = await app.inject({ url: '/', headers: { host: '127.0.0.1' } });
    expect([statusCode, body]).toEqual([200, '<!doctype html>']);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' });
  });

  it('do not keep a server from ending while somebody listens', async () => {
    const app = createApp();
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const response = await fetch(`${url}/inbox/events`, { headers: { 'sec-fetch-site': 'same-origin', origin: url } });
    const [text] = await Promise.all([response.text(), app.close()]);
    expect(text).toContain(`data: {"type":"hello","access":${JSON.stringify(access)},"items":[],"verifications":[]}\n\n`);
  });
});
