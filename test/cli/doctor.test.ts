import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseServer, type SmtpServer } from '../../src/senders/smtp/settings.ts';
import { tryServer } from '../../src/senders/smtp/try-server.ts';
import { checkCredentials } from '../../src/service/check-credentials.ts';
import { checkSmtp, toSmtpFault } from '../../src/service/check-smtp.ts';
import { resolveSettings } from '../../src/service/read-settings.ts';
import type { Settings } from '../../src/service/settings.ts';
import { answer, startGatewayDouble } from '../senders/http-gateway-double.ts';
import { makeSelfSigned } from '../senders/self-signed.ts';
import { reply, startSmtpDouble } from '../senders/smtp-double.ts';
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

  describe('of a mail server', () => {
    const settingsOf = (url: string) => resolveSettings({ smtp: { url, from: 'a@example.com' } });
    const onAuth: SMTPServerOptions['onAuth'] = ({ username, password }, _session, answered) =>
      answered(password === 'p@ss' ? null : reply(535, `${username} ${password}`), { user: username });

    async function listen(greeting: string | undefined): Promise<number> {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        if (greeting !== undefined) socket.end(greeting);
        onTestFinished(() => void socket.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      return (server.address() as AddressInfo).port;
    }

    it.each<[string, SMTPServerOptions, string, string, RegExp]>([
      ['takes them', { authOptional: false, onAuth }, 'smtp://user:p%40ss@', 'ok', /takes the user and password/],
      ['takes others', { authOptional: false, onAuth }, 'smtp://user:hunter2@', 'fault', /refuses the login: .* percent-encoded/],
      ['offers no login', { disabledCommands: ['AUTH', 'STARTTLS'] }, 'smtp://user:hunter2@', 'fault', /refuses the login/],
      [
        'takes none just now',
        { onAuth: (_, __, answered) => answered(reply(454)) },
        'smtp://user:hunter2@',
        'unknown',
        /answered 454: try again later/,
      ],
      ['needs none', {}, 'smtp://', 'ok', /no user and password are set/],
      ['shows a certificate of its own', { ...makeSelfSigned(), secure: true }, 'smtps://user:hunter2@', 'fault', /certificate is not believed/],
      ['speaks no TLS', {}, 'smtps://user:hunter2@', 'fault', /use smtp:\/\/, or its other port/],
    ])('are tried by logging in, and nothing is sent: one that %s', async (_, options, start, status, text) => {
      const server = await startSmtpDouble(options);
      onTestFinished(() => server.close());
      const findings = await checkCredentials(settingsOf(`${start}127.0.0.1:${server.port}`));
      expect(findings).toEqual([{ name: 'smtp', status, text: expect.stringMatching(text) }]);
      expect(JSON.stringify(findings)).not.toMatch(/hunter2|p@ss/);
      expect(server.mails).toEqual([]);
    });

    it.each([
      ['is none', 'HTTP/1.1 400 Bad Request\r\n', /no mail server/],
      ['takes nothing from here', '554 no\r\n', /answered 554/],
      ['ends the connection', '', /cannot be reached/],
      ['says nothing', undefined, /does not answer in time/],
    ])('say so where it %s', async (_, greeting, text) => {
      const settings = settingsOf(`smtp://user:hunter2@127.0.0.1:${await listen(greeting)}`);
      expect(await checkSmtp(settings, 100)).toEqual({ name: 'smtp', status: 'fault', text: expect.stringMatching(text) });
    });

    it('are not said in plain text, where nobody allowed that', async () => {
      const double = await startSmtpDouble({ onAuth });
      onTestFinished(() => double.close());
      const server = parseServer({ url: `smtp://user:p%40ss@127.0.0.1:${double.port}`, allowUnencrypted: undefined, ca: undefined });
      const fault = await tryServer({ ...(server as SmtpServer), requireTls: true }, 1_000);
      expect(toSmtpFault(fault)).toEqual({ status: 'fault', text: expect.stringMatching(/offers no encryption/) });
    });
  });
});
