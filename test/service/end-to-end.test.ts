import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFolder, runCli } from '../cli/run-cli.ts';
import { answer, startGatewayDouble } from '../senders/http-gateway-double.ts';
import { reply, startSmtpDouble } from '../senders/smtp-double.ts';
import { hasRedisServer, startRedis } from '../stores/redis-servers.ts';
import { describeOn, inDatabase, MYSQL, newDatabaseName, POSTGRES } from '../stores/sql-servers.ts';
import { ask, SECRET, serve } from './world.ts';

const TITLE = 'from settings in the environment to approvals by SMS and by email, whose proofs are good, and to its end';
const PHONE = '+12025550143';
const EMAIL = 'someone@example.net';

describe('countersign serve on SQLite', () => {
  it(TITLE, () => expectWholeLife('countersign.db'));
});

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `countersign serve on ${server.name}`, () => {
    it(TITLE, async () => {
      const name = newDatabaseName();
      await server.createDatabase(name);
      onTestFinished(() => server.dropDatabase(name));
      await expectWholeLife(inDatabase(server.url, name));
    });
  });
}

// A server of its own: the settings of the service acknowledge no danger of Redis, so that it starts only on one that keeps an append-only file.
describe.runIf(hasRedisServer())('countersign serve on Redis', () => {
  it(TITLE, async () => {
    const server = await startRedis();
    onTestFinished(() => server.remove());
    await expectWholeLife(server.url);
  });
});

/** Goes the way that docs/serve.md goes, on an empty database. */
async function expectWholeLife(database: string): Promise<void> {
  const cwd = createFolder();
  const { env, lastCode, lastMail } = await setUp(cwd, database);
  const isSql = /^(postgres|mysql):/.test(database);
  if (isSql) expect(await runCli(['migrate'], { cwd, env })).toMatchObject({ exit: 0 });
  const made = await runCli(['keys', 'create', '--name', 'ops', '--scopes', 'admin', '--json'], { cwd, env });
  const ops = toCredentials(made.stdout);
  const doctor = await runCli(['doctor', '--json'], { cwd, env });
  const findings = JSON.parse(doctor.stdout) as { readonly name: string; readonly status: string }[];
  expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
    ...['settings ok', 'store ok', 'secret ok', 'clock ok'],
    // Nobody can ask a gateway anything without sending; the mail server takes the login.
    ...['double unknown', 'smtp ok'],
  ]);
  expect(doctor.exit).toBe(0);

  const serving = await serve({ cwd, env });
  const service = await ask(`${serving.url}/v1/services`, ops, { name: 'shop', purposes: ['login'] });
  expect(service.status).toBe(201);
  const created = await ask(`${serving.url}/v1/api-keys`, ops, { name: 'shop', service: service.body.id, scopes: ['start', 'check'] });
  expect(created.status).toBe(201);
  const key = toCredentials(JSON.stringify({ id: created.body.key.id, secret: created.body.secret }));
  const keys = createRemoteJWKSet(new URL(`${serving.url}/.well-known/jwks.json`));
  for (const [to, codeOf, claim] of [
    [PHONE, lastCode, 'phone_number'],
    [EMAIL, lastMail, 'email'],
  ] as const) {
    const started = await ask(`${serving.url}/v1/verifications`, key, { to, purpose: 'login', requester: 'account-42', nonce: `nonce of ${claim}` });
    expect(started).toMatchObject({ status: 201, body: { status: 'pending', deliveries: [{ status: 'sent' }] } });
    const { id } = started.body;
    const check = (code: string) => ask(`${serving.url}/v1/verifications/${id}/check`, key, { code, purpose: 'login', requester: 'account-42' });
    const checked = await check(codeOf());
    expect(checked).toMatchObject({ status: 200, body: { status: 'approved' } });
    const { payload } = await jwtVerify(checked.body.token, keys, {
      ...{ algorithms: ['EdDSA'], issuer: 'https://verify.example.com', audience: service.body.id, requiredClaims: ['jti', 'exp'] },
    });
    expect(payload).toMatchObject({ jti: id, sub: 'account-42', purpose: 'login', nonce: `nonce of ${claim}`, [claim]: to });
    expect((await check(codeOf())).body.status).toBe('already_approved');
  }
  expect(await serving.end()).toBe(0);
}

/** Ways out to a gateway and a mail server on loopback, and everything else in the environment. */
async function setUp(cwd: string, database: string) {
  const gateway = await startGatewayDouble();
  onTestFinished(() => gateway.close());
  gateway.behave = answer(200, { id: 'message-1' });
  const mails = await startSmtpDouble({
    authOptional: false,
    onAuth: ({ username, password }, _session, answered) => answered(password === 'p@ss' ? null : reply(535), { user: username }),
  });
  onTestFinished(() => mails.close());
  const body = { json: { to: '{to}', text: '{text}' } };
  const httpGateways = [{ name: 'double', channels: ['sms'], url: `${gateway.origin}/messages`, body, accepted: { status: 200 }, reference: '/id' }];
  // What a variable has no room for.
  const config = join(cwd, 'countersign.json');
  writeFileSync(config, JSON.stringify({ httpGateways }));
  const env = {
    ...{ COUNTERSIGN_SECRET: SECRET, COUNTERSIGN_DATABASE: database, COUNTERSIGN_CONFIG: config, COUNTERSIGN_ALLOWED_COUNTRIES: 'US' },
    ...{ COUNTERSIGN_PUBLIC_URL: 'https://verify.example.com', COUNTERSIGN_PORT: '0', COUNTERSIGN_METRICS_PORT: '0' },
    ...{ COUNTERSIGN_SMTP_URL: `smtp://user:p%40ss@127.0.0.1:${mails.port}`, COUNTERSIGN_SMTP_FROM: 'Example <no-reply@example.com>' },
  };
  const toCode = (text = '') => /\b\d{6}\b/.exec(text)?.[0] ?? '';
  return {
    env,
    lastCode: () => toCode(JSON.parse(gateway.received.at(-1)?.body ?? '{}').text),
    lastMail: () => toCode(mails.mails.at(-1)?.raw.split('\r\n\r\n')[1]),
  };
}

function toCredentials(json: string): string {
  const { id, secret } = JSON.parse(json) as { readonly id: string; readonly secret: string };
  return `${id}:${secret}`;
}
