import { CountersignError } from '../core/errors.ts';
import type { SqliteDatabase } from './sqlite-driver.ts';

/** `CSGN`, in the header of every file of ours, so that another program's file is never taken for one. */
export const APPLICATION_ID = 0x4353_474e;

/**
 * One script per version, each from the one before it. Never change one that was released.
 *
 * `records` has a number for its row beside the key: an update by it touches one page, where a table without rowids (tried) takes twice as
 * long to fill, and bodies above 1 kB spill into pages of their own. `expires_at` is rounded up to the hour, so that its index stays as it
 * is from one write to the next. `journal` numbers never come back, which cursors rest on; an index on `at` grows at its end and costs
 * nothing to measure, one on `destination` would take a third of the updates per second (tried).
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE records (
     no INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     partition TEXT NOT NULL,
     id TEXT NOT NULL,
     version INTEGER NOT NULL,
     body TEXT NOT NULL,
     expires_at INTEGER,
     UNIQUE (kind, partition, id)
   ) STRICT;
   CREATE INDEX records_expires_at ON records (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE journal (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     service TEXT NOT NULL,
     type TEXT NOT NULL,
     destination TEXT NOT NULL,
     data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX journal_at ON journal (at);`,
];

/** The version of the tables this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Ensure the file is ours, or empty, and not of a later version, before anything in it is changed. In one transaction: two looks at a file that
 * another process is just filling would see it half ours.
 *
 * @throws CountersignError `configuration_invalid` otherwise.
 */
export function inspect(database: SqliteDatabase): void {
  database.exec('BEGIN');
  try {
    assertOurs(database);
  } finally {
    rollback(database);
  }
}

/** Brings the tables up to date, in one transaction: of several processes that open a file at once one does it, and the others find it done. */
export function migrate(database: SqliteDatabase): void {
  if (readPragma(database, 'user_version') === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    assertOurs(database);
    for (const script of MIGRATIONS.slice(readPragma(database, 'user_version'))) database.exec(script);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    rollback(database);
    throw error;
  }
}

/** Ensure the file is ours, or empty, and not of a later version. */
function assertOurs(database: SqliteDatabase): void {
  const version = readPragma(database, 'user_version');
  const applicationId = readPragma(database, 'application_id');
  if (applicationId === APPLICATION_ID) {
    if (version <= SCHEMA_VERSION) return;
    const message = `the SQLite file was written by a later version of countersign (its tables are of version ${version}): run that one`;
    throw new CountersignError('configuration_invalid', message, { field: 'path' });
  }
  if (applicationId === 0 && version === 0 && isEmpty(database)) return;
  throw new CountersignError('configuration_invalid', 'the SQLite file belongs to another program: give a path of its own', { field: 'path' });
}

/** Ends a transaction that failed. SQLite may have ended it itself, which is as good. */
export function rollback(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // Only "no transaction is active" is possible here.
  }
}

/** The value of a pragma that is a number. */
export function readPragma(database: SqliteDatabase, name: string): number {
  return Number((database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown> | undefined)?.[name]);
}

function isEmpty(database: SqliteDatabase): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
