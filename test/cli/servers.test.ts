import { describe, expect, it, onTestFinished } from 'vitest';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from '../stores/redis-servers.ts';
import { describeOn, inDatabase, MYSQL, newDatabaseName, POSTGRES } from '../stores/sql-servers.ts';
import { createFolder, PHONE, parseJson, parseStarted, runCli, SECRET } from './run-cli.ts';

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `the command line on ${server.name}`, () => {
    it('begins, checks, unblocks and expires in the database that COUNTERSIGN_DATABASE names, and leaves no file behind', async () => {
      const name = newDatabaseName();
      await server.createDatabase(name);
      onTestFinished(() => server.dropDatabase(name));
      const url = inDatabase(server.url, name);
      const place = { cwd: createFolder(), env: { COUNTERSIGN_DATABASE: url, COUNTERSIGN_SECRET: SECRET } };
      expect(await runCli(['start', PHONE], place)).toMatchObject({ exit: 3, stderr: expect.stringContaining('countersign migrate') });
      expect(await runCli(['migrate'], place)).toMatchObject({ exit: 0 });
      const { id, code } = parseStarted(await runCli(['start', PHONE], place));
      expect(parseJson(await runCli(['unblock', PHONE, '--json'], place))).toEqual({ status: 'unblocked', wasBlocked: false });
      expect(await runCli(['expire-all'], place)).toMatchObject({ exit: 0, stdout: expect.stringContaining('has expired') });
      expect(parseJson(await runCli(['check', id, code, '--json'], place))).toEqual({ status: 'expired' });
      const other = { ...place, env: { ...place.env, COUNTERSIGN_SECRET: `another ${SECRET}` } };
      expect(await runCli(['expire-all'], other)).toMatchObject({ exit: 3, stderr: expect.stringContaining('begun with another secret') });
    });
  });
}

describe.runIf(await hasSharedRedis())('the command line on Redis', () => {
  it('keeps its records under the prefix that the address names, and takes what else stands there', async () => {
    const prefix = newPrefix();
    onTestFinished(() => removeKeys(SHARED_URL, prefix));
    const search = `prefix=${encodeURIComponent(prefix)}&acknowledge=eviction&acknowledge=no_append_only_file&waitReplicas=1&waitTimeout=1`;
    const place = { cwd: createFolder(), env: { COUNTERSIGN_DATABASE: `${SHARED_URL}?${search}`, COUNTERSIGN_SECRET: SECRET } };
    const { id, code } = parseStarted(await runCli(['start', PHONE], place));
    expect(parseJson(await runCli(['check', id, code, '--json'], place))).toMatchObject({ status: 'approved' });
    const elsewhere = { ...place, env: { ...place.env, COUNTERSIGN_DATABASE: `${SHARED_URL}?${search.replace('prefix=', 'prefix=x')}` } };
    onTestFinished(() => removeKeys(SHARED_URL, `x${prefix}`));
    expect(parseJson(await runCli(['check', id, code, '--json'], elsewhere))).toEqual({ status: 'not_found' });
  });
});

const PASSWORD = 'hunter2-and-more';

it.each([
  ['a secret that is missing', ['expire-all', '--db', `postgres://user:${PASSWORD}@127.0.0.1:9/x`], {}, 'COUNTERSIGN_SECRET'],
  ['a server that is not there', ['expire-all', '--db', `redis://user:${PASSWORD}@127.0.0.1:9`], { COUNTERSIGN_SECRET: SECRET }, 'nothing listens'],
  [
    'a word that Redis has not',
    ['start', PHONE, '--db', `redis://user:${PASSWORD}@127.0.0.1:9?db=${PASSWORD}`],
    { COUNTERSIGN_SECRET: SECRET },
    'and nothing else',
  ],
  ['an address of another kind', ['start', PHONE, '--db', `mongodb://user:${PASSWORD}@host/x`], { COUNTERSIGN_SECRET: SECRET }, 'must begin with'],
])('says what to do about %s, and never the password', async (_, args, env, remedy) => {
  const run = await runCli(args, { cwd: createFolder(), env });
  expect(run).toMatchObject({ exit: 3, stdout: '', stderr: expect.stringContaining(remedy) });
  expect(run.stderr).not.toContain(PASSWORD);
});
