import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/service/config.ts';
import { createFolder, PHONE, parseJson, parseStarted, type Run, runCli, runHere, SECRET } from './run-cli.ts';

const ID = `VE${'0'.repeat(32)}`;
const withSecret = { COUNTERSIGN_SECRET: SECRET };

/** Ensures that a run failed over its settings, says so in both forms alike, and returns the message. */
function expectInvalid(human: Run, json: Run): string {
  expect([human.exit, human.stdout, json.exit]).toEqual([3, '', 3]);
  const { error } = parseJson(json) as { error: { code: string; message: string } };
  expect(error).toMatchObject({ code: 'configuration_invalid', docs: 'docs/errors/configuration_invalid.md' });
  expect(human.stderr).toBe(`error: ${error.message} (configuration_invalid)\n`);
  expect(human.stderr).not.toMatch(/^ +at /m);
  return error.message;
}

describe('the key file', () => {
  it('is made beside the database, for its owner alone, and serves from then on', async () => {
    const cwd = createFolder();
    const started = await runCli(['start', PHONE], { cwd });
    expect(started.stderr).toMatch(
      /^Made countersign\.db, a new database\.\nMade countersign\.db\.key, its secret: keep it, .*COUNTERSIGN_SECRET\.\n$/,
    );
    expect(readdirSync(cwd).sort()).toEqual(['countersign.db', 'countersign.db.key']);
    const key = readFileSync(join(cwd, 'countersign.db.key'), 'utf8');
    expect(key).toMatch(/^[A-Za-z0-9+/]{64}\n$/);
    expect(statSync(join(cwd, 'countersign.db.key')).mode & 0o777).toBe(0o600);
    const { id, code } = parseStarted(started);
    // The same key may be given as a variable.
    const checked = await runCli(['check', id, code], { cwd, env: { COUNTERSIGN_SECRET: key.trim() } });
    expect(checked).toMatchObject({ exit: 0, stderr: '' });
    expect(started.stdout + started.stderr + checked.stdout).not.toContain(key.trim());
  });

  it('is one key when eight processes begin at once', async () => {
    const cwd = createFolder();
    const runs = await Promise.all(Array.from({ length: 8 }, (_, place) => runCli(['start', `+1202555010${place}`], { cwd })));
    expect(runs.map(({ exit }) => exit)).toEqual(Array(8).fill(0));
    expect(runs.filter(({ stderr }) => stderr.includes('.key'))).toHaveLength(1);
    expect(readdirSync(cwd).sort()).toEqual(['countersign.db', 'countersign.db.key']);
    const checks = runs.map(parseStarted).map(({ id, code }) => runCli(['check', id, code], { cwd }));
    expect((await Promise.all(checks)).map(({ exit }) => exit)).toEqual(Array(8).fill(0));
  });

  it.each([
    ['others may read it', (path: string) => chmodSync(path, 0o604), /can be used by others .*chmod 600/],
    ['the group may read it', (path: string) => chmodSync(path, 0o640), /can be used by others .*chmod 600/],
    ['it is empty', (path: string) => writeFileSync(path, ''), /holds no whole key/],
    ['it was cut', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 30)), /holds no whole key/],
    ['it is far too long', (path: string) => writeFileSync(path, 'x'.repeat(5_000)), /is not a key file/],
    ['it is a folder', (path: string) => [rmSync(path), mkdirSync(path, { mode: 0o700 })], /is not a key file/],
    [
      'it is gone',
      (path: string) => rmSync(path),
      /begun with a secret that is not here: set COUNTERSIGN_SECRET to it, or put countersign\.db\.key back/,
    ],
    [
      'it is another',
      (path: string) => writeFileSync(path, 'x'.repeat(64)),
      /begun with another secret than the one in countersign\.db\.key: put the right one back/,
    ],
  ])('is refused, with the remedy, when %s', async (_, harm, message) => {
    const cwd = createFolder();
    await runHere(['start', PHONE], { cwd });
    harm(join(cwd, 'countersign.db.key'));
    const before = readdirSync(cwd);
    expect(expectInvalid(await runCli(['show', ID], { cwd }), await runHere(['show', ID, '--json'], { cwd }))).toMatch(message);
    expect(readdirSync(cwd)).toEqual(before);
  });
});

describe('COUNTERSIGN_SECRET', () => {
  it('is used instead of a key file, and none is made', async () => {
    const cwd = createFolder();
    const started = await runCli(['start', PHONE], { cwd, env: withSecret });
    expect(started).toMatchObject({ exit: 0, stderr: 'Made countersign.db, a new database.\n' });
    expect(readdirSync(cwd)).toEqual(['countersign.db']);
    expect(started.stdout).not.toContain(SECRET);
  });

  it('wins over a key file, and is refused by a database that was begun with the file', async () => {
    const cwd = createFolder();
    await runHere(['start', PHONE], { cwd });
    const place = { cwd, env: withSecret };
    const message = expectInvalid(await runCli(['show', ID], place), await runHere(['show', ID, '--json'], place));
    expect(message).toMatch(/begun with another secret than COUNTERSIGN_SECRET: give that one, or unset the variable to use countersign\.db\.key$/);
  });

  it.each([
    ['', /^COUNTERSIGN_SECRET is empty/],
    ['s3cret-too-short', /^COUNTERSIGN_SECRET is shorter than 32 bytes/],
  ])('is refused when it is %j, and not repeated', async (secret, message) => {
    const cwd = createFolder();
    const place = { cwd, env: { COUNTERSIGN_SECRET: secret } };
    const said = expectInvalid(await runCli(['start', PHONE], place), await runHere(['start', PHONE, '--json'], place));
    expect(said).toMatch(message);
    expect(said).not.toContain('s3cret');
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('does not print itself where the settings are printed', () => {
    expect(JSON.stringify(readConfig(withSecret))).toBe('{"secret":"[secret]","database":"countersign.db"}');
  });
});

describe('the database', () => {
  it('is named by --db, else by COUNTERSIGN_DATABASE', async () => {
    const cwd = createFolder();
    const place = { cwd, env: { ...withSecret, COUNTERSIGN_DATABASE: 'from-environment.db' } };
    await runCli(['start', PHONE], place);
    await runCli(['start', PHONE, '--db', 'from-option.db'], place);
    expect(readdirSync(cwd).sort()).toEqual(['from-environment.db', 'from-option.db']);
    expect(() => readConfig({ COUNTERSIGN_DATABASE: '' })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid', field: 'COUNTERSIGN_DATABASE' }),
    );
  });

  it.each([
    ['a folder', (folder: string) => folder],
    ['in a folder that is not there', (folder: string) => join(folder, 'missing', 'a.db')],
    ['behind a file', (folder: string) => [writeFileSync(join(folder, 'file'), ''), join(folder, 'file', 'a.db')].at(-1) as string],
    ['where nobody may write', toUnwritable],
    [
      'some other file',
      (folder: string) => [writeFileSync(join(folder, 'text'), 'not a database'.repeat(1_000)), join(folder, 'text')].at(-1) as string,
    ],
    ['nothing', () => ''],
    ['in memory', () => ':memory:'],
  ])('is refused when it is %s, and no key is made', async (_, toPath) => {
    const cwd = createFolder();
    const path = toPath(cwd);
    const before = readdirSync(cwd);
    const [human, json] = await Promise.all([
      runCli(['start', PHONE, '--db', path], { cwd }),
      runCli(['start', PHONE, '--db', path, '--json'], { cwd }),
    ]);
    expectInvalid(human, json);
    expect(human.stderr + json.stdout + json.stderr).not.toContain('2025550143');
    expect(readdirSync(cwd)).toEqual(before);
  });

  it('is store_unavailable when it is damaged', async () => {
    const cwd = createFolder();
    const path = join(cwd, 'countersign.db');
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 4_096));
    const run = await runCli(['check', id, code, '--json'], { cwd });
    expect([run.exit, parseJson(run)]).toMatchObject([3, { error: { code: 'store_unavailable' } }]);
    expect(run.stdout + run.stderr).not.toContain(code);
  });
});

/** A place where this user may not write: permissions do not hold back root, but no one can make a file in /sys. */
function toUnwritable(folder: string): string {
  if (process.getuid?.() === 0) return '/sys/countersign.db';
  mkdirSync(join(folder, 'read-only'), { mode: 0o555 });
  return join(folder, 'read-only', 'a.db');
}
