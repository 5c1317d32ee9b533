import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkCredentials } from '../../src/service/check-credentials.ts';
import { resolveSettings } from '../../src/service/read-settings.ts';
import type { Settings } from '../../src/service/settings.ts';
import { answer, startGatewayDouble } from '../senders/http-gateway-double.ts';
import { deploy, SECRET } from '../service/world.ts';
import { createFolder, runCli } from './run-cli.ts';

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly text: string;
}

async function doctor(place: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<{ exit: number | null; findings: readonly Finding[] }> {
  const { exit, stdout } = await runCli(['doctor', '--json'], place);
  return { exit, findings: JSON.parse(stdout) as Finding[] };
}

describe('countersign doctor', () => {
  it('finds a deployment in order, and changes and sends nothing', async () => {
    const deployment = await deploy(createFolder());
    const { exit, findings } = await doctor(deployment);
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'settings ok',
      'store ok',
      'secret ok',
      'clock ok',
      // Nobody can ask a gateway anything without sending.
      'double unknown',
    ]);
    expect(exit).toBe(0);
    expect(deployment.gateway.received).toEqual([]);
  });

  it('says what is wrong with settings, and goes on to what it can still look at', async () => {
    const cwd = createFolder();
    const { exit, findings } = await doctor({ cwd, env: { COUNTERSIGN_DATABASE: join(cwd, 'none.db') } });
    expect(exit).toBe(3);
    expect(findings).toMatchObject([
      { name: 'settings', status: 'fault', text: expect.stringMatching(/^secret is missing/) },
      { name: 'settings', status: 'fault', text: expect.stringMatching(/^senders reach nobody/) },
      { name: 'settings', status: 'fault', text: expect.stringMatching(/^allowedCountries is missing/) },
      { name: 'store', status: 'unknown' },
      { name: 'console', status: 'unknown' },
    ]);
  });

  it('says so when the folder of the database is not there', async () => {
    const cwd = createFolder();
    const { findings } = await doctor({ cwd, env: { COUNTERSIGN_DATABASE: join(cwd, 'none', 'a.db') } });
    expect(findings).toContainEqual({
      name: 'store',
      status: 'fault',
      text: `there is no folder ${join(cwd, 'none')}: make it, or give COUNTERSIGN_DATABASE another path`,
    });
  });

  it('says so when the secret is another, and when a store is not there', async () => {
    const deployment = await deploy(createFolder());
    const another = await doctor({ ...deployment, env: { ...deployment.env, COUNTERSIGN_SECRET: `${SECRET} not` } });
    expect(another.findings).toContainEqual({ name: 'secret', status: 'fault', text: expect.stringMatching(/begun with another/) });
    const away = await doctor({ ...deployment, env: { ...deployment.env, COUNTERSIGN_DATABASE: 'postgres://user:hunter2@127.0.0.1:9/x' } });
    expect(away.findings).toContainEqual({ name: 'store', status: 'fault', text: expect.stringMatching(/cannot be reached/) });
    expect([another.exit, away.exit]).toEqual([3, 3]);
    expect(JSON.stringify(away.findings)).not.toContain('hunter2');
  });
});

describe('credentials', () => {
  const ACCOUNT = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'hunter2' };

  it.each([
    [200, 'ok', /takes the credentials/],
    [401, 'fault', /refuses the credentials \(401\)/],
    [404, 'fault', /does not know the account/],
    [503, 'unknown', /answered 503/],
  ])('are asked about without sending: an answer of %i is %s', async (status, found, text) => {
    const double = await startGatewayDouble();
    onTestFinished(() => double.close());
    double.behave = answer(status, { message: 'hunter2' });
    const waysOut: readonly Partial<Settings>[] = [
      { twilio: { ...ACCOUNT, codeLength: 6, messagingFrom: '+12025550100', messagingBaseUrl: double.origin } },
      { twilio: { ...ACCOUNT, codeLength: 6, serviceSid: `VA${'0'.repeat(32)}`, baseUrl: double.origin }, provider: 'twilio_verify' },
      { vonage: { apiKey: 'key', apiSecret: 'hunter2', from: 'Example', baseUrl: double.origin } },
    ];
    const findings = (await Promise.all(waysOut.map((settings) => checkCredentials(resolveSettings(settings))))).flat();
    expect(findings.map((finding) => finding.status)).toEqual([found, found, found]);
    for (const finding of findings) expect(finding.text).toMatch(text);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
    expect(double.received.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  });

  it.each([
    ['220 mail.example.com ESMTP\r\n', 'ok'],
    ['HTTP/1.1 400 Bad Request\r\n', 'fault'],
  ])('of a mail server are left for the first mail: it is asked whether it greets (%j)', async (greeting, status) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(greeting));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `smtp://user:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [finding] = await checkCredentials(resolveSettings({ smtp: { url, from: 'a@example.com', allowUnencrypted: true } }));
    expect(finding).toMatchObject({ name: 'smtp', status });
  });
});
