import { symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { assertSafe } from '../../src/service/preflight.ts';
import { readSettings } from '../../src/service/read-settings.ts';
import { findUnsafeSettings } from '../../src/service/unsafe-settings.ts';
import { ask, deploy, SECRET, serve } from '../service/world.ts';
import { describeOn, inDatabase, newDatabaseName, POSTGRES } from '../stores/sql-servers.ts';
import { createFolder, runCli, runHere } from './run-cli.ts';

/** Fit for production, as far as settings alone tell. */
const FIT = {
  COUNTERSIGN_SECRET: SECRET,
  COUNTERSIGN_ALLOWED_COUNTRIES: 'US',
  COUNTERSIGN_VONAGE_API_KEY: 'key',
  COUNTERSIGN_VONAGE_API_SECRET: 'hunter2',
  COUNTERSIGN_VONAGE_FROM: 'Example',
};

const without = (...names: string[]) => Object.fromEntries(Object.entries(FIT).filter(([name]) => !names.some((start) => name.startsWith(start))));

describe('countersign serve refuses to start', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['no secret', without('COUNTERSIGN_SECRET'), /secret is missing/],
    ['no sender', without('COUNTERSIGN_VONAGE'), /senders reach nobody/],
    ['the console as its only sender', { ...FIT, COUNTERSIGN_SENDERS: 'console' }, /senders reach nobody/],
    ['the outbox as its only sender', { ...FIT, COUNTERSIGN_SENDERS: 'outbox' }, /senders reach nobody/],
    ['the console before others', { ...FIT, COUNTERSIGN_SENDERS: 'console,vonage' }, /senders show codes to whoever runs this: take console out/],
    ['the outbox after others', { ...FIT, COUNTERSIGN_SENDERS: 'vonage,outbox' }, /senders show codes to whoever runs this: take outbox out/],
    [
      'a sender that nobody knows',
      { ...FIT, COUNTERSIGN_SENDERS: 'nope' },
      /^not safe to serve: senders cannot be used: senders: nope has no settings configuration_invalid$/,
    ],
    ['no allowedCountries', without('COUNTERSIGN_ALLOWED_COUNTRIES'), /allowedCountries is missing/],
    [
      'proxies trusted from everywhere',
      { ...FIT, COUNTERSIGN_TRUSTED_HOPS: '1', COUNTERSIGN_TRUSTED_PROXIES: '0.0.0.0/0' },
      /X-Forwarded-For from everywhere/,
    ],
    [
      'proxies trusted from everywhere on IPv6',
      { ...FIT, COUNTERSIGN_TRUSTED_HOPS: '1', COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.0/8,::/0' },
      /from everywhere/,
    ],
    ['proxies that are not named', { ...FIT, COUNTERSIGN_TRUSTED_HOPS: '1', COUNTERSIGN_HOST: '0.0.0.0' }, /trustedProxies is missing/],
    ['a proxy that is no address', { ...FIT, COUNTERSIGN_TRUSTED_HOPS: '1', COUNTERSIGN_TRUSTED_PROXIES: 'all' }, /trustedProxies must be addresses/],
    ['a sender that has no settings', { ...FIT, COUNTERSIGN_SENDERS: 'vonage,twilio_messaging' }, /twilio_messaging has no settings/],
    ['a setting that is none', { ...FIT, COUNTERSIGN_PROT: '1' }, /COUNTERSIGN_PROT is not a setting/],
    ['an address of no store', { ...FIT, COUNTERSIGN_DATABASE: 'mongodb://user:hunter2@host' }, /database .*must begin with postgres:\/\//],
    ['a store that is not there', { ...FIT, COUNTERSIGN_DATABASE: 'redis://user:hunter2@127.0.0.1:9' }, /store_unavailable/],
  ])('with %s', async (_, env, message) => {
    // As serve begins; its own process takes seconds, and is the next test's.
    const begin = async () => assertSafe(readSettings({ COUNTERSIGN_DATABASE: join(createFolder(), 'a.db'), ...env }));
    const error = await begin().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CountersignError);
    const { message: said, code } = error as CountersignError;
    expect(`${said} ${code}`).toMatch(message);
    expect(said).not.toMatch(/hunter2/);
  });

  it('with everything that is wrong in one message, exit code 3, and no stack trace', async () => {
    const run = await runCli(['serve'], { cwd: createFolder(), env: { COUNTERSIGN_TRUSTED_HOPS: '1', COUNTERSIGN_HOST: '0.0.0.0' } });
    const { stderr } = run;
    expect(run).toMatchObject({ exit: 3, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/secret is missing.*; senders reach nobody.*; allowedCountries is missing.*; trustedProxies is missing/);
  });

  it('with a secret from the key file beside the database', async () => {
    const cwd = createFolder();
    writeFileSync(join(cwd, 'countersign.db.key'), `${SECRET}\n`, { mode: 0o600 });
    expect((await runCli(['serve'], { cwd, env: FIT })).stderr).toMatch(/secret is the one in countersign\.db\.key/);
  });

  it('with what is in a key file as its index secret, or through a link to the database', async () => {
    const cwd = createFolder();
    writeFileSync(join(cwd, 'real.db.key'), `${SECRET} of the file\n`, { mode: 0o600 });
    writeFileSync(join(cwd, 'real.db'), '');
    symlinkSync(join(cwd, 'real.db'), join(cwd, 'link.db'));
    const problems = (database: string, given: object) =>
      findUnsafeSettings(readSettings({ ...FIT, COUNTERSIGN_DATABASE: join(cwd, database), ...given })).map(({ setting }) => setting);
    const inFile = `${SECRET} of the file`;
    expect(problems('real.db', { COUNTERSIGN_INDEX_SECRET: inFile })).toEqual(['indexSecret']);
    expect(problems('link.db', { COUNTERSIGN_SECRET: inFile })).toEqual(['secret']);
    expect(problems('link.db', { COUNTERSIGN_SECRET: undefined, COUNTERSIGN_KEYS: `${SECRET},${inFile}` })).toEqual(['keys']);
    expect(problems('link.db', {})).toEqual([]);
  });

  it('with another secret than the store began with', async () => {
    const cwd = createFolder();
    await runHere(['start', '+12025550143'], { cwd, env: { COUNTERSIGN_SECRET: `${SECRET} before` } });
    expect((await runCli(['serve'], { cwd, env: FIT })).stderr).toMatch(/secret cannot be used: this store was begun with another/);
  });

  it.each(['COUNTERSIGN_PORT', 'COUNTERSIGN_METRICS_PORT'])('where %s is in use, and ends', async (variable) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const ports = { COUNTERSIGN_PORT: '0', COUNTERSIGN_METRICS_PORT: '0', [variable]: String(port) };
    const { exit, stderr } = await runCli(['serve'], { cwd: createFolder(), env: { ...FIT, ...ports } });
    expect([exit, stderr]).toEqual([
      3,
      expect.stringContaining(
        `error: port ${port} of 127.0.0.1 is in use by another process: choose another with ${variable} (configuration_invalid)\n`,
      ),
    ]);
  });

  it('while a service has test numbers that nobody acknowledged', async () => {
    const cwd = createFolder();
    const acknowledged = { COUNTERSIGN_ACKNOWLEDGE_TEST_NUMBERS: 'true' };
    const deployment = await deploy(cwd, acknowledged);
    const key = await runCli(['keys', 'create', '--name', 'all', '--scopes', 'admin', '--json'], deployment);
    const { id, secret } = JSON.parse(key.stdout) as { id: string; secret: string };
    const test = { numbers: ['+12025550143'], code: '123456', until: new Date(Date.now() + 86_400_000).toISOString() };
    const serving = await serve(deployment);
    const made = await ask(`${serving.url}/v1/services`, `${id}:${secret}`, { name: 'tested', test });
    expect(made.status).toBe(201);
    await serving.end();
    const env = Object.fromEntries(Object.entries(deployment.env).filter(([name]) => !(name in acknowledged)));
    const { exit, stderr } = await runCli(['serve'], { cwd, env });
    expect(exit).toBe(3);
    expect(stderr).toContain(`acknowledgeTestNumbers is not set, and ${made.body.id} has test numbers`);
    const doctor = await runCli(['doctor', '--json'], { cwd, env });
    expect(doctor.exit).toBe(3);
    expect(JSON.parse(doctor.stdout)).toContainEqual({ name: 'services', status: 'fault', text: expect.stringContaining(made.body.id) });
  });

  it('and lets nobody set them meanwhile', async () => {
    const deployment = await deploy(createFolder());
    const key = await runCli(['keys', 'create', '--name', 'all', '--scopes', 'admin', '--json'], deployment);
    const { id, secret } = JSON.parse(key.stdout) as { id: string; secret: string };
    const serving = await serve(deployment);
    const test = { numbers: ['+12025550143'], code: '123456', until: new Date(Date.now() + 86_400_000).toISOString() };
    const made = await ask(`${serving.url}/v1/services`, `${id}:${secret}`, { name: 'tested', test });
    expect([made.status, made.body.field]).toEqual([400, 'test']);
    expect(await serving.end()).toBe(0);
  });
});

await describeOn(POSTGRES, 'countersign serve on PostgreSQL', () => {
  it('refuses while its schema is behind, serves when it is not, and drains', async () => {
    const name = newDatabaseName();
    await POSTGRES.createDatabase(name);
    onTestFinished(() => POSTGRES.dropDatabase(name));
    const cwd = createFolder();
    const address = { COUNTERSIGN_DATABASE: inDatabase(POSTGRES.url, name) };
    const { exit, stderr } = await runCli(['serve'], { cwd, env: { ...FIT, ...address } });
    expect(exit).toBe(3);
    expect(stderr).toMatch(/database cannot be used: .*countersign migrate/);
    const doctor = await runCli(['doctor', '--json'], { cwd, env: { ...FIT, ...address } });
    expect(JSON.parse(doctor.stdout)).toContainEqual({ name: 'store', status: 'fault', text: expect.stringContaining('countersign migrate') });
    expect((await runCli(['migrate'], { cwd, env: address })).exit).toBe(0);
    const deployment = await deploy(cwd, address);
    const serving = await serve(deployment);
    const started = await ask(`${serving.url}/v1/verifications`, deployment.apiKey, { to: '+12025550143' });
    const checked = await ask(`${serving.url}/v1/verifications/${started.body.id}/check`, deployment.apiKey, { code: deployment.lastCode() });
    expect(checked.body.status).toBe('approved');
    expect(await serving.end()).toBe(0);
  });
});
