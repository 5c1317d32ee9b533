import { openSqlite } from '../../src/stores/sqlite-connection.ts';
import { loadSqliteDriver, type SqliteDatabase, type SqliteStatement } from '../../src/stores/sqlite-driver.ts';
import type { RecordKey } from '../../src/stores/store.ts';

/** A record as it lies in a file. */
export interface StoredRow {
  readonly key: RecordKey;
  readonly body: string;
  readonly expiresAt: number | null;
}

interface Waiting {
  readonly key: RecordKey;
  readonly body: string;
  readonly version: number;
  readonly resolve: () => void;
}

/** How many updates one transaction takes at most. */
const MAX_GROUP = 64;

/**
 * The least that any limiter on SQLite has to do: one guarded update per operation, by its key, in the same table with the same pragmas as the
 * store's, and with the same grouping, one transaction per tick. It reads nothing, decides nothing, and takes its texts ready made.
 */
export class SqliteFloor {
  readonly #database: SqliteDatabase;
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  #waiting: Waiting[] = [];

  /** @param options.cacheMebibytes for a file that is only to be filled; what is measured keeps SQLite's own 2 MB, as the store does. */
  constructor(path: string, { cacheMebibytes }: { readonly cacheMebibytes?: number } = {}) {
    const database = openSqlite(loadSqliteDriver(), path, 5_000);
    if (cacheMebibytes !== undefined) database.exec(`PRAGMA cache_size = -${cacheMebibytes * 1_024}`);
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#insert = database.prepare('INSERT INTO records (kind, partition, id, version, body, expires_at) VALUES (?, ?, ?, 1, ?, ?)');
    this.#update = database.prepare(
      'UPDATE records SET version = version + 1, body = ? WHERE kind = ? AND partition = ? AND id = ? AND version = ? RETURNING version',
    );
  }

  /** Puts rows in, not to be timed. */
  fill(rows: Iterable<StoredRow>): void {
    this.#begin.run();
    for (const { key, body, expiresAt } of rows) this.#insert.run(key.kind, key.partition, key.id, body, expiresAt);
    this.#commit.run();
  }

  /** Replaces the body of a row that has this version (1: not updated before); resolves after the commit. */
  update(key: RecordKey, body: string, version = 1): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(this.#turn);
      this.#waiting.push({ key, body, version, resolve });
    });
  }

  close(): void {
    // A connection with statements is closed when those are collected; who copies the file now is to have all of it.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#database.close();
  }

  #turn = (): void => {
    const group = this.#waiting.splice(0, MAX_GROUP);
    if (this.#waiting.length > 0) setImmediate(this.#turn);
    this.#begin.run();
    for (const { key, body, version } of group) {
      if (this.#update.get(body, key.kind, key.partition, key.id, version) === undefined) throw new Error('the floor missed a row');
    }
    this.#commit.run();
    for (const { resolve } of group) resolve();
  };
}
