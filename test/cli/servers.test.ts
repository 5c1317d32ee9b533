import { expect, it, onTestFinished } from 'vitest';
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

const PASSWORD = 'hunter2-and-more';

it.each([
  ['a secret that is missing', ['expire-all', '--db', `postgres://user:${PASSWORD}@127.0.0.1:9/x`], {}, 'COUNTERSIGN_SECRET'],
  ['a server that is not there', ['expire-all', '--db', `redis://user:${PASSWORD}@127.0.0.1:9`], { COUNTERSIGN_SECRET: SECRET }, 'nothing listens'],
  ['an address of another kind', ['start', PHONE, '--db', `mongodb://user:${PASSWORD}@host/x`], { COUNTERSIGN_SECRET: SECRET }, 'must begin with'],
])('says what to do about %s, and never the password', async (_, args, env, remedy) => {
  const run = await runCli(args, { cwd: createFolder(), env });
  expect(run).toMatchObject({ exit: 3, stdout: '', stderr: expect.stringContaining(remedy) });
  expect(run.stderr).not.toContain(PASSWORD);
});
