import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import type { SqliteDatabase, SqliteDriver } from './sqlite-driver.ts';
import { isBusy, toOpenError } from './sqlite-errors.ts';
import { inspect, migrate, readPragma } from './sqlite-schema.ts';

/** `PRAGMA synchronous` as a number: the WAL is flushed to the disk at every commit. */
const FULL = 2;

/** Between two looks at a locked file while it is opened, in milliseconds. */
const LOOK_EVERY = 5;

/**
 * Opens a file of ours, makes it when there is none, and brings its tables up to date. While another process has it locked this waits up to
 * `busyTimeout` ms and blocks, as everything at construction does.
 *
 * @throws CountersignError `configuration_invalid` when the path, the file or its folder cannot serve; `store_unavailable` when the file is locked,
 * damaged, or the disk is full.
 */
export function openSqlite(driver: SqliteDriver, path: string, busyTimeout: number): SqliteDatabase {
  const file = resolvePath(path);
  createFile(file);
  let database: SqliteDatabase | undefined;
  try {
    const opened = new driver.DatabaseSync(file);
    database = opened;
    waitWhileBusy(busyTimeout, () => inspect(opened));
    waitWhileBusy(busyTimeout, () => configure(opened));
    waitWhileBusy(busyTimeout, () => migrate(opened));
    return opened;
  } catch (error) {
    database?.close();
    throw toOpenError(error);
  }
}

/** An absolute path: SQLite would take one that begins with `file:` for a URI, and the process may change its folder. */
function resolvePath(path: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new CountersignError('configuration_invalid', 'path must name a file', { field: 'path' });
  }
  if (path === ':memory:' || path.startsWith('file:')) {
    const message = 'path must name a file, not a database in memory or a URI: for a store in memory use createMemoryStore()';
    throw new CountersignError('configuration_invalid', message, { field: 'path' });
  }
  return resolve(path);
}

/** Makes the file for its owner alone; SQLite gives the files beside it the same mode. One that is there keeps the mode it has. */
function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(cause);
  }
  try {
    // SQLite would open a file it may not write for reading, and say so at the first write.
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw unusable(cause);
  }
}

/** What passes by itself, or by making room; anything else is a matter of the path and its permissions. */
const PASSING = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO'];

function unusable(cause: unknown): CountersignError {
  if (PASSING.includes(String((cause as NodeJS.ErrnoException).code))) {
    return new CountersignError('store_unavailable', 'the SQLite file cannot be made: look at the disk, and at the limit on open files', { cause });
  }
  const message = 'the SQLite file cannot be made or written: its folder must exist, and the process needs write permission on both';
  return new CountersignError('configuration_invalid', message, { field: 'path', cause });
}

/** Builds differ in their defaults, and some file systems refuse, so that each setting is read back. */
function configure(database: SqliteDatabase): void {
  // A locked file is waited for by a timer: SQLite's own wait would stop the event loop.
  database.exec('PRAGMA busy_timeout = 0');
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: unknown };
  if (mode !== 'wal') {
    const message = 'the SQLite file cannot keep a write-ahead log where it is: put it on a local disk';
    throw new CountersignError('configuration_invalid', message, { field: 'path' });
  }
  // What was in a record until it was replaced is overwritten with zeros where it stood: free to measure, and an erased record leaves less behind.
  database.exec('PRAGMA secure_delete = FAST');
  database.exec('PRAGMA synchronous = FULL');
  if (readPragma(database, 'synchronous') !== FULL) {
    throw new CountersignError('configuration_invalid', 'this build of SQLite does not keep synchronous = FULL: use another');
  }
}

/** Tries again while another process opens, closes or changes the file. SQLite's own wait does not cover turning the WAL on. */
function waitWhileBusy(busyTimeout: number, work: () => void): void {
  const until = performance.now() + busyTimeout;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY);
  }
}
