import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts';
import { openSqlite } from '../../src/stores/sqlite-connection.ts';
import { loadSqliteDriver, type SqliteDatabase, type SqliteDriver, type SqliteStatement } from '../../src/stores/sqlite-driver.ts';
import { toOpenError, toStoreError } from '../../src/stores/sqlite-errors.ts';
import { APPLICATION_ID, readPragma, SCHEMA_VERSION } from '../../src/stores/sqlite-schema.ts';
import type { Decide } from '../../src/stores/store.ts';
import { connect, useTemporaryFiles } from './sqlite-files.ts';
import { codeOf, createTestClock, entry, HOUR, increment, itBehavesAsAStore, keyOf, MINUTE, put, START } from './store-behaviour.ts';

const newPath = useTemporaryFiles();

/** What `createSqliteStore` throws, as its code and message. */
function refusalOf(options: SqliteStoreOptions): { code: string; message: string; field?: string } {
  try {
    void createSqliteStore(options).close();
  } catch (error) {
    return (error as { toJSON(): { code: string; message: string; field?: string } }).toJSON();
  }
  throw new Error('it was opened');
}

function onlyValue(database: SqliteDatabase, sql: string): unknown {
  return Object.values(database.prepare(sql).get() as object)[0];
}

/** The driver, with something else done where a statement is run or prepared. */
function driverWith({
  exec = (database, sql) => database.exec(sql),
  prepare = (database, sql) => database.prepare(sql),
}: {
  exec?: (database: SqliteDatabase, sql: string) => void;
  prepare?: (database: SqliteDatabase, sql: string) => SqliteStatement;
}): SqliteDriver {
  const { DatabaseSync } = loadSqliteDriver();
  return {
    DatabaseSync: class {
      readonly #database: SqliteDatabase;
      constructor(path: string) {
        this.#database = new DatabaseSync(path);
      }
      exec(sql: string) {
        exec(this.#database, sql);
      }
      prepare(sql: string) {
        return prepare(this.#database, sql);
      }
      close() {
        this.#database.close();
      }
    },
  };
}

describe('SQLite store', () => {
  itBehavesAsAStore((clock) => createSqliteStore({ path: newPath(), clock }));

  it('says what it is', async () => {
    const store = createSqliteStore({ path: newPath() });
    expect(store.describe()).toEqual({ name: 'sqlite', durable: true });
    await store.close();
  });

  it('finds everything again when the file is opened again', async () => {
    const path = newPath();
    const first = createSqliteStore({ path });
    await first.update(keyOf('a'), put('kept'));
    await first.append([entry()]);
    await first.close();
    const second = createSqliteStore({ path });
    expect((await second.read(keyOf('a'))).body).toBe('kept');
    expect((await second.entries({ limit: 10 }, undefined)).entries).toEqual([entry()]);
    await second.close();
  });

  it('leaves all of it in the one file when it is closed', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    await store.update(keyOf('a'), put('kept'));
    await store.close();
    const copy = newPath('copy.db');
    writeFileSync(copy, readFileSync(path));
    const copied = createSqliteStore({ path: copy });
    expect((await copied.read(keyOf('a'))).body).toBe('kept');
    await copied.close();
  });

  it('reads the clock once for all calls of one tick, and once more before the commit', async () => {
    let readings = 0;
    const store = createSqliteStore({ path: newPath(), clock: { now: () => START + ++readings } });
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.update(keyOf(`r${index % 9}`), increment)));
    expect(readings).toBe(2);
    await store.close();
  });

  it('takes at most 512 calls into one transaction', async () => {
    let readings = 0;
    const store = createSqliteStore({ path: newPath(), clock: { now: () => START + ++readings } });
    await Promise.all(Array.from({ length: 1025 }, () => store.update(keyOf('a'), increment)));
    expect(readings).toBe(6);
    await store.close();
  });

  it('holds no read open, so that the log can be emptied', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    await store.update(keyOf('a'), put('x'));
    await store.read(keyOf('a'));
    await store.list('test', '', undefined, 10);
    await store.entries({ limit: 10 }, undefined);
    const other = connect(path);
    expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toEqual({ busy: 0, log: 0, checkpointed: 0 });
    other.close();
    await store.close();
  });

  it('counts the writes of a record, and leaves its expiry alone while the hour stays the same', async () => {
    const path = newPath();
    const clock = createTestClock();
    const store = createSqliteStore({ path, clock });
    const other = connect(path);
    const row = () => other.prepare('SELECT version, expires_at FROM records').get();
    const hour = Math.ceil((START + 5 * HOUR) / HOUR) * HOUR;
    await store.update(keyOf('a'), put('x', START + 5 * HOUR));
    expect(row()).toEqual({ version: 1, expires_at: hour });
    // An index on a column that an UPDATE names is rewritten: where it is not named, this trigger is silent.
    other.exec(`CREATE TRIGGER named UPDATE OF expires_at ON records BEGIN SELECT raise(ABORT, 'touched'); END`);
    await store.update(keyOf('a'), put('y', hour - 1));
    await store.update(keyOf('a'), put('z', hour));
    expect(row()).toEqual({ version: 3, expires_at: hour });
    expect(await codeOf(store.update(keyOf('a'), put('z', hour + 1)))).toBe('store_unavailable');
    other.close();
    await store.close();
  });

  it('searches a long journal by windows, and finds what is far apart', async () => {
    const store = createSqliteStore({ path: newPath() });
    const rare = new Set([0, 3_999, 4_000, 4_001, 8_500, 8_999]);
    const written = Array.from({ length: 9_000 }, (_, index) =>
      entry({ at: START + index, destination: rare.has(index) ? 'rare' : 'common', data: String(index) }),
    );
    await store.append(written);
    const found = await store.entries({ destination: 'rare', limit: 10 }, undefined);
    expect(found.entries.map(({ data }) => Number(data))).toEqual([...rare]);
    const first = await store.entries({ destination: 'rare', limit: 3 }, undefined);
    const second = await store.entries({ destination: 'rare', limit: 3 }, first.cursor);
    expect([...first.entries, ...second.entries].map(({ data }) => Number(data))).toEqual([...rare]);
    expect(second.cursor).toBeUndefined();
    const late = await store.entries({ from: START + 8_400, until: START + 8_999, destination: 'rare', limit: 10 }, undefined);
    expect(late.entries.map(({ data }) => data)).toEqual(['8500']);
    await store.close();
  });
});

describe('SQLite file', () => {
  it('is made for its owner alone, with what lies beside it', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    await store.update(keyOf('a'), increment);
    expect(['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  it('keeps the mode it has when it was there before', async () => {
    const path = newPath();
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    await createSqliteStore({ path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('bears our mark and the version of its tables', async () => {
    const path = newPath();
    await createSqliteStore({ path }).close();
    const other = connect(path);
    expect(readPragma(other, 'application_id')).toBe(APPLICATION_ID);
    expect(readPragma(other, 'user_version')).toBe(SCHEMA_VERSION);
    other.close();
  });

  it('keeps a write-ahead log and flushes it at each commit, on every connection', () => {
    const path = newPath();
    for (let round = 0; round < 2; round += 1) {
      const database = openSqlite(loadSqliteDriver(), path, 0);
      expect(onlyValue(database, 'PRAGMA synchronous')).toBe(2);
      expect(onlyValue(database, 'PRAGMA journal_mode')).toBe('wal');
      expect(onlyValue(database, 'PRAGMA busy_timeout')).toBe(0);
      database.close();
    }
  });

  it.each([
    ['synchronous', 'PRAGMA synchronous = FULL', /synchronous/],
    ['journal_mode', 'PRAGMA journal_mode = WAL', /write-ahead log/],
  ])('is refused by a build that does not keep %s', (_, setting, message) => {
    // A database that takes the setting for another one, as a build without it would.
    const deaf = driverWith({
      exec: (database, sql) => database.exec(sql === setting ? 'PRAGMA synchronous = NORMAL' : sql),
      prepare: (database, sql) => database.prepare(sql === setting ? 'PRAGMA journal_mode' : sql),
    });
    const open = () => openSqlite(deaf, newPath(), 0);
    expect(open).toThrow(expect.objectContaining({ code: 'configuration_invalid', message: expect.stringMatching(message) }));
  });

  it.each([
    ['nothing', ''],
    ['memory', ':memory:'],
    ['a URI', 'file:test.db?mode=memory'],
    ['a NUL', '/tmp/a\0b'],
  ])('is not %s', (_, path) => {
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', field: 'path' });
  });

  it('points from a database in memory to the memory store', () => {
    expect(refusalOf({ path: ':memory:' }).message).toContain('createMemoryStore()');
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('is not opened with a busyTimeout of %d', (busyTimeout) => {
    expect(refusalOf({ path: newPath(), busyTimeout })).toMatchObject({ code: 'configuration_invalid', field: 'busyTimeout' });
  });

  it('needs a folder that is there', () => {
    const path = join(newPath('missing'), 'test.db');
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', field: 'path', message: expect.stringContaining('folder') });
  });

  it('is not a folder', () => {
    const path = newPath('folder');
    mkdirSync(path);
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', field: 'path' });
  });

  it('is refused, and left as it was, when another program wrote it', () => {
    const path = newPath();
    const other = connect(path);
    other.exec('CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)');
    other.close();
    const before = readFileSync(path);
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('another program') });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is refused when it bears another program’s mark, though it is empty', () => {
    const path = newPath();
    const other = connect(path);
    other.exec('PRAGMA application_id = 7');
    other.close();
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('another program') });
  });

  it('is not taken for another program’s while another process is just filling it', async () => {
    const path = newPath();
    const other = connect(path);
    other.exec('PRAGMA journal_mode = WAL');
    other.close();
    let isFilled = false;
    const interrupted = driverWith({
      prepare: (database, sql) => {
        if (sql.includes('sqlite_schema') && !isFilled) {
          isFilled = true;
          void createSqliteStore({ path }).close();
        }
        return database.prepare(sql);
      },
    });
    openSqlite(interrupted, path, 0).close();
    expect(isFilled).toBe(true);
  });

  it('is refused when its tables are of a later version', async () => {
    const path = newPath();
    await createSqliteStore({ path }).close();
    const other = connect(path);
    other.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    other.close();
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('later version') });
  });

  it('is refused when it is no database', () => {
    const path = newPath();
    writeFileSync(path, 'not a database, but long enough to be looked at as one'.repeat(100));
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', field: 'path' });
  });

  it('is refused when its header was overwritten', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    await store.update(keyOf('a'), increment);
    await store.close();
    overwrite(path, 0, 'x'.repeat(100));
    expect(refusalOf({ path })).toMatchObject({ code: 'configuration_invalid', field: 'path' });
  });

  it('fails for what stood in a page that was overwritten, and serves the rest', async () => {
    const path = newPath();
    const first = createSqliteStore({ path });
    const ids = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'));
    await Promise.all(ids.map((id) => first.update(keyOf(id), put(`marker ${id} ${'x'.repeat(400)}`))));
    await first.close();
    const at = readFileSync(path).indexOf('marker 0500');
    overwrite(path, at - (at % 4096), '\u0000'.repeat(200));

    const store = createSqliteStore({ path });
    const error = await store.read(keyOf('0500')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('backup'), cause: { code: 'SQLITE_CORRUPT' } });
    const calls = ['0000', '0500', '0999'].map((id) => store.update(keyOf(id), increment));
    expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'store_unavailable', 'resolved']);
    await store.close();
  });
});

/** Writes over the bytes of a file from `position` on. */
function overwrite(path: string, position: number, text: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, text, position);
  closeSync(file);
}

describe('SQLite transactions', () => {
  it('reject the one call whose row is refused, and commit its neighbours', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    const other = connect(path);
    other.exec(`CREATE TRIGGER refusing INSERT ON records WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'bad row'); END`);
    const calls = ['a', 'bad', 'b', 'a'].map((id) => store.update(keyOf(id), increment));
    expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'store_unavailable', 'resolved', 'resolved']);
    expect((await store.read(keyOf('a'))).body).toBe('2');
    other.close();
    await store.close();
  });

  it('write a record and its journal entries, or neither', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    const other = connect(path);
    other.exec(`CREATE TRIGGER refusing INSERT ON journal WHEN new.type = 'bad' BEGIN SELECT raise(ABORT, 'bad row'); END`);
    const journaled =
      (type: string): Decide<number> =>
      (current, now) => ({ ...increment(current, now), entries: [entry(), entry({ type })] });
    expect(await codeOf(store.update(keyOf('a'), journaled('bad')))).toBe('store_unavailable');
    expect((await store.read(keyOf('a'))).body).toBeUndefined();
    expect((await store.entries({ limit: 10 }, undefined)).entries).toEqual([]);
    expect(await store.update(keyOf('a'), journaled('good'))).toBe(1);
    expect((await store.entries({ limit: 10 }, undefined)).entries).toHaveLength(2);
    other.close();
    await store.close();
  });

  it('wait for a lock without stopping the event loop, and go on when it is gone', async () => {
    const path = newPath();
    const store = createSqliteStore({ path, busyTimeout: 30_000 });
    await store.update(keyOf('a'), increment);
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    let settled = 0;
    const calls = Array.from({ length: 20 }, () =>
      store.update(keyOf('a'), increment).then((count) => {
        settled += 1;
        return count;
      }),
    );
    // A wait inside SQLite would end with an error before the first of these turns.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(settled).toBe(0);
    expect((await store.read(keyOf('a'))).body).toBe('1');
    other.exec('ROLLBACK');
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    other.close();
    await store.close();
  });

  it('decide on what the holder of the lock wrote', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    await store.update(keyOf('a'), put('1'));
    const other = connect(path);
    other.exec(`BEGIN IMMEDIATE; UPDATE records SET body = '41'`);
    const counted = store.update(keyOf('a'), increment);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    other.exec('COMMIT');
    expect(await counted).toBe(42);
    other.close();
    await store.close();
  });

  it('give up on a lock after busyTimeout, naming it, and serve those who call later', async () => {
    const path = newPath();
    const store = createSqliteStore({ path, busyTimeout: 20 });
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    const error = await store.update(keyOf('a'), increment).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('locked'), cause: { code: 'SQLITE_BUSY' } });
    expect(await codeOf(store.ping())).toBe('store_unavailable');
    other.exec('ROLLBACK');
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await store.ping();
    other.close();
    await store.close();
  });

  it('let a closing store settle what waits for a lock', async () => {
    const path = newPath();
    const store = createSqliteStore({ path, busyTimeout: 20 });
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    const code = codeOf(store.update(keyOf('a'), increment));
    await store.close();
    expect(await code).toBe('store_unavailable');
    other.exec('ROLLBACK');
    other.close();
  });

  it('keep a locked file from being opened no longer than busyTimeout', async () => {
    const path = newPath();
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE; CREATE TABLE t (a)');
    expect(refusalOf({ path, busyTimeout: 20 })).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('locked') });
    other.exec('ROLLBACK');
    other.close();
    await createSqliteStore({ path, busyTimeout: 20 }).close();
  });

  it('take less than 10 ms of CPU for 500 expired records and as many journal entries', async () => {
    const clock = createTestClock();
    const store = createSqliteStore({ path: newPath(), clock });
    const count = 5_000;
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        store.update(keyOf(String((index * 7919) % count)), () => ({
          result: 0,
          next: { body: 'x'.repeat(450), expiresAt: START + MINUTE },
          entries: [entry({ at: START - 31 * 24 * HOUR })],
        })),
      ),
    );
    clock.advance(3 * HOUR);
    const costs: number[] = [];
    for (let step = 0; step < 9; step += 1) {
      const before = process.cpuUsage();
      expect(await store.sweep(500)).toBe(500);
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1000);
    }
    expect(costs.sort((a, b) => a - b)[4]).toBeLessThan(10);
    await store.close();
  });
});

describe('SQLite driver', () => {
  const failing = (error: unknown) => () => {
    throw error;
  };

  it('is Node’s own where there is one', () => {
    const own = { DatabaseSync: class {} };
    expect(loadSqliteDriver((name) => (name === 'node:sqlite' ? own : undefined), failing(new Error('not asked')))).toBe(own);
  });

  it('is the package otherwise', () => {
    const { DatabaseSync } = loadSqliteDriver(() => undefined, createRequire(import.meta.url));
    expect(DatabaseSync).toBeTypeOf('function');
  });

  it('is asked for by name where it is missing', () => {
    const missing = Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    expect(() => loadSqliteDriver(() => undefined, failing(missing))).toThrow(
      expect.objectContaining({ code: 'configuration_invalid', message: expect.stringContaining('npm install @photostructure/sqlite') }),
    );
  });

  it('is said to be unfit where its binary does not load', () => {
    expect(() => loadSqliteDriver(() => undefined, failing(new Error('no native build')))).toThrow(
      expect.objectContaining({ code: 'configuration_invalid', message: expect.stringContaining('platform') }),
    );
  });
});

describe('SQLite errors', () => {
  const thrown = (errcode: number) => Object.assign(new Error('UNIQUE constraint failed: +14155552671'), { errcode, code: 'ERR_SQLITE_ERROR' });

  it.each([
    [5, 'SQLITE_BUSY', 'locked'],
    [8, 'SQLITE_READONLY', 'write permission'],
    [10 | (3 << 8), 'SQLITE_IOERR', 'disk'],
    [11, 'SQLITE_CORRUPT', 'backup'],
    [13, 'SQLITE_FULL', 'full'],
    [14, 'SQLITE_CANTOPEN', 'folder'],
    [26, 'SQLITE_NOTADB', 'path'],
  ])('say of code %i its name and a remedy, and nothing the driver said', (errcode, name, remedy) => {
    for (const error of [toStoreError(thrown(errcode)), toOpenError(thrown(errcode))]) {
      expect(error.message).toContain(remedy);
      expect(error.cause).toEqual({ name: 'SqliteError', code: name });
      expect(JSON.stringify([error, error.message, error.cause])).not.toContain('4155552671');
    }
  });

  it('are about settings only while a file is opened', () => {
    expect([8, 14, 26, 3].map((code) => toOpenError(thrown(code)).code)).toEqual(Array(4).fill('configuration_invalid'));
    expect([5, 10, 11, 13].map((code) => toOpenError(thrown(code)).code)).toEqual(Array(4).fill('store_unavailable'));
    expect([3, 5, 8, 10, 11, 13, 14, 26].map((code) => toStoreError(thrown(code)).code)).toEqual(Array(8).fill('store_unavailable'));
  });

  it('keep of an unknown one no more than its name', () => {
    expect(toStoreError(new Error('+14155552671'))).toMatchObject({ message: 'SQLite failed', cause: { name: 'Error' } });
  });
});
