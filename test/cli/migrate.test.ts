import { expect, it, onTestFinished } from 'vitest';
import { describeOn, inDatabase, MYSQL, newDatabaseName, POSTGRES } from '../stores/sql-servers.ts';
import { createFolder, parseJson, runCli } from './run-cli.ts';

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `countersign migrate on ${server.name}`, () => {
    it('looks, prints, makes the tables once, and says so each time', async () => {
      const name = newDatabaseName();
      await server.createDatabase(name);
      onTestFinished(() => server.dropDatabase(name));
      const place = { cwd: createFolder(), env: { COUNTERSIGN_DATABASE: inDatabase(server.url, name) } };
      expect(await runCli(['migrate', '--status'], place)).toMatchObject({ exit: 1, stdout: expect.stringContaining('no tables yet') });
      expect(await runCli(['migrate', '--dry-run'], place)).toMatchObject({ exit: 0, stdout: expect.stringContaining('CREATE TABLE') });
      expect(parseJson(await runCli(['migrate', '--status', '--json'], place))).toMatchObject({ found: 0, latest: 1, steps: [{ version: 1 }] });
      expect(await runCli(['migrate'], place)).toMatchObject({ exit: 0, stdout: 'Made the tables, of version 1.\n', stderr: '' });
      for (const args of [['migrate'], ['migrate', '--status']]) {
        expect(await runCli(args, place)).toMatchObject({ exit: 0, stdout: 'The tables are up to date, at version 1.\n' });
      }
      await server.run(inDatabase(server.url, name), 'INSERT INTO countersign_schema (version) VALUES (99)');
      expect(await runCli(['migrate'], place)).toMatchObject({ exit: 3, stderr: expect.stringContaining('later version') });
    });
  });
}

const PASSWORD = 'hunter2-and-more';

it.each([
  ['nothing', {}, [], 'COUNTERSIGN_DATABASE'],
  ['another kind of address', {}, ['--db', `redis://user:${PASSWORD}@host/0`], 'postgres:'],
  ['the path of a file', { COUNTERSIGN_DATABASE: 'some.db' }, [], 'SQLite and Redis need no migration'],
  ['no address', {}, ['--db', `postgres:user:${PASSWORD}@`], 'address such as'],
  ['a server that is not there', { COUNTERSIGN_DATABASE: `postgres://user:${PASSWORD}@127.0.0.1:9/x` }, [], 'cannot be reached'],
  ['a MySQL server that is not there', { COUNTERSIGN_DATABASE: `mysql://user:${PASSWORD}@127.0.0.1:9/x` }, [], 'cannot be reached'],
])('countersign migrate with %s ends with 3 and says what to do', async (_, env, args, remedy) => {
  const run = await runCli(['migrate', ...args], { cwd: createFolder(), env });
  expect(run).toMatchObject({ exit: 3, stdout: '', stderr: expect.stringContaining(remedy) });
  expect(run.stderr).not.toContain(PASSWORD);
});
