import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../src/core/keys.ts';
import { toCounterRecordKey } from '../../src/engine/counter-record.ts';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import { decideAddCount, decideCheckCount } from '../../src/engine/resend-counter.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import { createFolder, PHONE, parseJson, type Run, runCli, runHere, SECRET } from './run-cli.ts';

const HOUR = 3_600_000;
const HEADER = 'id,unique_id,user_id,count,expires,created_at';
const env = { COUNTERSIGN_SECRET: SECRET };
/** Within reach of today, whenever that is. */
const SOON = new Date(Math.ceil(Date.now() / HOUR + 5) * HOUR);
const toSql = (date: Date) => date.toISOString().replace('T', ' ').replace('Z', '000');

/** What the table is in most tests: one on its second rung, one whose wait is over, one that is wrong. */
const LINES = [
  `7,${PHONE},ada,2,${toSql(SOON)},2026-01-01 00:00:00`,
  `8,${PHONE},bob,1,2026-01-01 00:00:00.5,2026-01-01 00:00:00`,
  `9,${PHONE},carol,9,2026-01-01 00:00:00,2026-01-01 00:00:00`,
];

function createTable(lines: readonly string[] = LINES): { cwd: string; env: typeof env } {
  const cwd = createFolder();
  writeFileSync(join(cwd, 'svretries.csv'), [HEADER, ...lines].join('\n'));
  return { cwd, env };
}

const IMPORT = ['import', 'svretries', 'svretries.csv'];
const reportOf = (run: Run) => parseJson(run) as Record<string, unknown>;

/** Opens the database and asks it as a program does. */
async function ask<T>(cwd: string, work: (parts: ReturnType<typeof createQuestions>) => Promise<T>, secret: string = SECRET): Promise<T> {
  const store = createSqliteStore({ path: join(cwd, 'countersign.db') });
  try {
    return await work(createQuestions(store, secret));
  } finally {
    await store.close();
  }
}

function createQuestions(store: ReturnType<typeof createSqliteStore>, secret: string) {
  const ring = createKeyRing({ secret });
  const waits = DEFAULT_LIMITS.ladder;
  return {
    check: (uniqueId: string, userId: string) => {
      const key = ring.counterKey(uniqueId, userId);
      return store.update(toCounterRecordKey(key.id), decideCheckCount({ key, claimId: 'c', waits }));
    },
    add: (uniqueId: string, userId: string, counter: { count: number; expires: number }) => {
      const key = ring.counterKey(uniqueId, userId);
      const { count, expires } = counter;
      return store.update(toCounterRecordKey(key.id), decideAddCount({ key, claimId: 'c', count, expires, waits }));
    },
    bodies: async () => (await store.list('counter', '', undefined, 1_000)).map(({ id, body }) => id + body),
  };
}

describe('import svretries', () => {
  it('says what would happen, and makes no file', async () => {
    const { cwd } = createTable();
    const human = await runCli(IMPORT, { cwd });
    expect(human).toEqual({
      exit: 1,
      stdout: [
        'Dry run: nothing was written.',
        '  would carry over     2',
        '  already there        0',
        '  would make stricter  0',
        '  rejected             1',
        '    line 4: count is not a whole number from 0 to 4 (count_invalid)',
        'Ids of the table are not carried over: here they come from unique_id and user_id.',
        'Next: the same with --apply\n',
      ].join('\n'),
      stderr: 'There is no database countersign.db yet.\n',
    });
    const json = await runCli([...IMPORT, '--json'], { cwd });
    const rejected = [{ line: 4, reason: 'count_invalid' }];
    expect([json.exit, reportOf(json)]).toEqual([1, { applied: false, carriedOver: 2, alreadyThere: 0, madeStricter: 0, rejected }]);
    expect(readdirSync(cwd)).toEqual(['svretries.csv']);
  });

  it('with --apply writes what it said, so that waits go on and the next rung follows', async () => {
    const place = createTable();
    const applied = await runCli([...IMPORT, '--apply'], place);
    expect(applied).toMatchObject({ exit: 1, stderr: 'Made countersign.db, a new database.\n' });
    expect(applied.stdout).toMatch(/^ {2}carried over {9}2\n {2}already there {8}0\n {2}made stricter {8}0\n {2}rejected {13}1\n {4}line 4: count /);
    expect(applied.stdout).not.toMatch(/Dry run|Next/);
    await ask(place.cwd, async ({ check, add, bodies }) => {
      expect(await check(PHONE, 'ada')).toEqual({ status: 'too_soon', retryAt: SOON.getTime() });
      const bob = await check(PHONE, 'bob');
      expect(bob).toMatchObject({ status: 'free', counter: { count: 1, createdAt: Date.UTC(2026, 0, 1), expires: Date.UTC(2026, 0, 1) + 500 } });
      if (bob.status !== 'free') throw new Error(bob.status);
      expect(await add(PHONE, 'bob', bob.counter)).toMatchObject({ status: 'added', counter: { count: 2 } });
      // Nothing of the rejected line was written, and no id in clear.
      expect((await bodies()).join('\n').split('\n')).toHaveLength(2);
      expect((await bodies()).join()).not.toMatch(/2025550143|ada"|bob"|carol/);
    });
  });

  it('ends with 0 when no line is rejected, and may be run again: what is there is left alone', async () => {
    const place = createTable(LINES.slice(0, 2));
    const runs = [];
    for (const flags of [[], ['--apply'], [], ['--apply']]) runs.push(await runHere([...IMPORT, ...flags, '--json'], place));
    const before = await ask(place.cwd, ({ bodies }) => bodies());
    expect(runs.map((run) => [run.exit, reportOf(run)])).toEqual([
      [0, { applied: false, carriedOver: 2, alreadyThere: 0, madeStricter: 0, rejected: [] }],
      [0, { applied: true, carriedOver: 2, alreadyThere: 0, madeStricter: 0, rejected: [] }],
      [0, { applied: false, carriedOver: 0, alreadyThere: 2, madeStricter: 0, rejected: [] }],
      [0, { applied: true, carriedOver: 0, alreadyThere: 2, madeStricter: 0, rejected: [] }],
    ]);
    await runHere([...IMPORT, '--apply'], place);
    expect(await ask(place.cwd, ({ bodies }) => bodies())).toEqual(before);
  });

  it('never makes a counter weaker that is there: the stricter stays, and a dry run says so', async () => {
    const place = createTable([`1,${PHONE},ada,1,${toSql(SOON)},`, `2,${PHONE},bob,3,${toSql(SOON)},`]);
    await runHere([...IMPORT, '--apply'], place);
    const later = new Date(SOON.getTime() + HOUR);
    writeFileSync(
      join(place.cwd, 'svretries.csv'),
      [HEADER, `1,${PHONE},ada,2,${toSql(later)},`, `2,${PHONE},bob,1,2026-01-01 00:00:00,`].join('\n'),
    );
    const dry = await runHere([...IMPORT, '--json'], place);
    expect(await ask(place.cwd, ({ check }) => check(PHONE, 'ada'))).toEqual({ status: 'too_soon', retryAt: SOON.getTime() });
    const applied = await runHere([...IMPORT, '--apply', '--json'], place);
    expect([dry, applied].map(reportOf)).toEqual([
      { applied: false, carriedOver: 0, alreadyThere: 1, madeStricter: 1, rejected: [] },
      { applied: true, carriedOver: 0, alreadyThere: 1, madeStricter: 1, rejected: [] },
    ]);
    await ask(place.cwd, async ({ check }) => {
      expect(await check(PHONE, 'ada')).toEqual({ status: 'too_soon', retryAt: later.getTime() });
      expect(await check(PHONE, 'bob')).toEqual({ status: 'too_soon', retryAt: SOON.getTime() });
    });
  });

  it.each([
    ['+02:00', -2 * HOUR],
    ['-05:30', 5.5 * HOUR],
    ['Z', 0],
  ])('takes times without a zone as %s when it is told so', async (offset, difference) => {
    const place = createTable([LINES[0]!]);
    const run = await runHere([...IMPORT, '--apply', '--utc-offset', offset], place);
    expect(run.exit).toBe(0);
    expect(await ask(place.cwd, ({ check }) => check(PHONE, 'ada'))).toEqual({ status: 'too_soon', retryAt: SOON.getTime() + difference });
  });

  it('makes a key beside a new database, and uses it from then on', async () => {
    const { cwd } = createTable(LINES.slice(0, 1));
    const applied = await runHere([...IMPORT, '--apply'], { cwd });
    expect(applied.stderr).toMatch(/^Made countersign\.db, a new database\.\nMade countersign\.db\.key, its secret: /);
    const key = readFileSync(join(cwd, 'countersign.db.key'), 'utf8').trim();
    expect(await ask(cwd, ({ check }) => check(PHONE, 'ada'), key)).toMatchObject({ status: 'too_soon' });
    expect(reportOf(await runHere([...IMPORT, '--json'], { cwd }))).toMatchObject({ alreadyThere: 1 });
  });

  it('makes no key for a look at a database that has not been begun', async () => {
    const { cwd } = createTable(LINES.slice(0, 1));
    await ask(cwd, ({ bodies }) => bodies());
    expect(reportOf(await runHere([...IMPORT, '--json'], { cwd }))).toMatchObject({ carriedOver: 1 });
    expect(readdirSync(cwd)).not.toContain('countersign.db.key');
    expect((await runHere([...IMPORT, '--apply', '--json'], { cwd })).exit).toBe(0);
  });

  it('I3 is refused under another secret than the database was begun with, dry or not: nobody would find the counters', async () => {
    const place = createTable();
    await runHere(['start', '+12025550144'], place);
    const other = { cwd: place.cwd, env: { COUNTERSIGN_SECRET: `${SECRET}, another` } };
    for (const flags of [[], ['--apply']]) {
      const run = await runHere([...IMPORT, ...flags, '--json'], other);
      expect([run.exit, parseJson(run)]).toMatchObject([3, { error: { code: 'configuration_invalid', field: 'COUNTERSIGN_SECRET' } }]);
      const without = await runHere([...IMPORT, ...flags, '--json'], { cwd: place.cwd });
      expect([without.exit, parseJson(without)]).toMatchObject([3, { error: { code: 'configuration_invalid' } }]);
    }
    expect(await ask(place.cwd, ({ bodies }) => bodies())).toEqual([]);
    expect(readdirSync(place.cwd)).not.toContain('countersign.db.key');
    expect((await runHere([...IMPORT, '--apply', '--json'], place)).exit).toBe(1);
  });

  it('I3 begins a database with its fingerprint: from then on no other secret will do', async () => {
    const place = createTable();
    await runHere([...IMPORT, '--apply'], place);
    const run = await runHere(['start', PHONE, '--json'], { cwd: place.cwd, env: { COUNTERSIGN_SECRET: `${SECRET}, another` } });
    expect([run.exit, parseJson(run)]).toMatchObject([3, { error: { code: 'configuration_invalid' } }]);
  });

  it('stops when a counter here is damaged, says how many were written, and goes on when run again', async () => {
    const place = createTable(Array.from({ length: 1_200 }, (_, line) => `${line},unique-${line},ada,1,${toSql(SOON)},`));
    const { id } = createKeyRing({ secret: SECRET }).counterKey('unique-700', 'ada');
    const breakWith = (body: string) =>
      ask(place.cwd, async () => {
        const store = createSqliteStore({ path: join(place.cwd, 'countersign.db') });
        await store.update(toCounterRecordKey(id), () => ({ result: undefined, next: { body, expiresAt: undefined } }));
        await store.close();
      });
    await breakWith('[2]');
    const stopped = await runCli([...IMPORT, '--apply'], place);
    expect(stopped).toMatchObject({ exit: 3, stdout: '' });
    expect(stopped.stderr).toMatch(
      /^Stopped when 999 were written\. Run it again: .*\nerror: the record of this resend counter is of a newer version /,
    );
    expect(stopped.stderr).not.toContain('unique-700');
    await breakWith(`[1,${Date.now() - 100},"x","y",0,0]`);
    expect((await runHere([...IMPORT, '--apply', '--json'], place)).exit).toBe(3);
    const dry = await runHere([...IMPORT, '--json'], place);
    expect([dry.exit, dry.stderr]).toEqual([3, '']);
  });

  it('I5 writes each counter once when four processes import at once', async () => {
    const place = createTable(Array.from({ length: 1_000 }, (_, line) => `${line},unique-${line},ada,1,${toSql(SOON)},`));
    await runHere(['import', 'svretries', 'svretries.csv', '--apply', '--db', 'other.db'], place);
    const runs = await Promise.all(Array.from({ length: 4 }, () => runCli([...IMPORT, '--apply', '--json'], place)));
    expect(runs.map(({ exit }) => exit)).toEqual([0, 0, 0, 0]);
    const counts = runs.map(reportOf) as { carriedOver: number; alreadyThere: number }[];
    expect(counts.map(({ carriedOver, alreadyThere }) => carriedOver + alreadyThere)).toEqual(Array(4).fill(1_000));
    expect(counts.reduce((sum, { carriedOver }) => sum + carriedOver, 0)).toBe(1_000);
  });

  it('carries a hundred thousand lines over', async () => {
    const place = createTable(Array.from({ length: 100_000 }, (_, line) => `${line},unique-${line},ada,${line % 5},${toSql(SOON)},`));
    expect(reportOf(await runCli([...IMPORT, '--apply', '--json'], place))).toMatchObject({ carriedOver: 100_000, rejected: [] });
    expect(reportOf(await runCli([...IMPORT, '--json'], place))).toMatchObject({ alreadyThere: 100_000 });
  });
});

describe('import svretries that is not understood', () => {
  const write = (content: string | Buffer) => (cwd: string) => writeFileSync(join(cwd, 'svretries.csv'), content);

  it.each<[name: string, prepare: (cwd: string) => unknown, message: RegExp]>([
    ['is not there', () => undefined, /the file cannot be found/],
    ['is a folder', (cwd) => mkdirSync(join(cwd, 'svretries.csv')), /the file is a folder/],
    ['is empty', write(''), /the file is empty/],
    ['is not UTF-8', write(Buffer.from(`${HEADER}\n1,${PHONE},José,0,,`, 'latin1')), /the file is not UTF-8/],
    ['lacks columns', write(`id,unique_id\n1,${PHONE}`), /the file has no column user_id, count, expires:/],
    ['has a quote that is not closed', write(`${HEADER}\n1,"${PHONE},ada,0,,`), /the file is no CSV/],
  ])('ends with 2, tells what is wrong, writes nothing and repeats nothing: the file %s', async (_name, prepare, message) => {
    const cwd = createFolder();
    prepare(cwd);
    const before = readdirSync(cwd);
    const human = await runCli([...IMPORT, '--apply'], { cwd, env });
    const json = await runHere([...IMPORT, '--apply', '--json'], { cwd, env });
    expect([human.exit, human.stdout, json.exit]).toEqual([2, '', 2]);
    expect(human.stderr).toMatch(message);
    expect(human.stderr).toMatch(/^error: .*nothing was written \(invalid_request\)\n$/);
    expect(parseJson(json)).toMatchObject({ error: { code: 'invalid_request', field: 'file' } });
    expect(human.stderr + json.stdout).not.toContain('2025550143');
    expect(readdirSync(cwd)).toEqual(before);
  });

  it.each([
    ['an offset that is none', [...IMPORT, '--utc-offset', PHONE], /--utc-offset must be hours and minutes/],
    ['a number for a file', ['import', 'svretries', PHONE], /the file cannot be found/],
    ['no file', ['import', 'svretries'], /missing required argument 'file'/],
    ['two files', [...IMPORT, PHONE], /too many arguments/],
    ['a number for a table', ['import', PHONE], /unknown command|too many arguments|give one of its commands/],
    ['an option that is none', [...IMPORT, `--aply=${PHONE}`], /unknown option/],
  ])('ends with 2 and repeats nothing that was typed: %s', async (_name, args, message) => {
    const place = createTable();
    const run = await runHere(args, place);
    expect([run.exit, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toContain('2025550143');
  });

  it('says what there is to import, and what the file has to be', async () => {
    const cwd = createFolder();
    expect(await runHere(['import'], { cwd })).toMatchObject({ exit: 2, stderr: expect.stringContaining('svretries') });
    const help = await runHere(['import', 'svretries', '--help'], { cwd });
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    for (const words of ['--apply', '--utc-offset', '--db', 'Exit codes: 0 ', 'are not carried over']) expect(help.stdout).toContain(words);
  });
});
