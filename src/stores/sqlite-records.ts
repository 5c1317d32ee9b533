import { decideBatch, type PendingCall } from './batch.ts';
import { fromSortable, toSortable } from './sortable-id.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts';
import type { SqliteJournal } from './sqlite-journal.ts';
import { type ListedRecord, MIN_RECORD_AGE, type NextRecord, type RecordBody, type RecordKey } from './store.ts';

interface RecordRow {
  readonly no: number;
  readonly version: number;
  readonly body: RecordBody;
  readonly expires_at: number | null;
}

const HOUR = 3_600_000;

/** The records' statements. Those that write belong inside a transaction that has the write lock. */
export class SqliteRecords {
  readonly #journal: SqliteJournal;
  readonly #select: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #updateExpiry: SqliteStatement;
  readonly #list: SqliteStatement;
  readonly #listAfter: SqliteStatement;
  readonly #sweep: SqliteStatement;

  constructor(database: SqliteDatabase, journal: SqliteJournal) {
    this.#journal = journal;
    this.#select = database.prepare('SELECT no, version, body, expires_at FROM records WHERE kind = ? AND partition = ? AND id = ?');
    this.#insert = database.prepare('INSERT INTO records (kind, partition, id, version, body, expires_at) VALUES (?, ?, ?, 1, ?, ?)');
    this.#update = database.prepare('UPDATE records SET version = version + 1, body = ? WHERE no = ? AND version = ?');
    this.#updateExpiry = database.prepare('UPDATE records SET version = version + 1, body = ?, expires_at = ? WHERE no = ? AND version = ?');
    this.#list = database.prepare('SELECT id, body FROM records WHERE kind = ? AND partition = ? ORDER BY id LIMIT ?');
    this.#listAfter = database.prepare('SELECT id, body FROM records WHERE kind = ? AND partition = ? AND id > ? ORDER BY id LIMIT ?');
    this.#sweep = database.prepare('DELETE FROM records WHERE no IN (SELECT no FROM records WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)');
  }

  read({ kind, partition, id }: RecordKey): RecordBody | undefined {
    return this.#find(kind, partition, toSortable(id))?.body;
  }

  list(kind: string, partition: string, after: string | undefined, limit: number): readonly ListedRecord[] {
    const rows = after === undefined ? this.#list.all(kind, partition, limit) : this.#listAfter.all(kind, partition, toSortable(after), limit);
    return (rows as readonly ListedRecord[]).map(({ id, body }) => ({ id: fromSortable(id), body }));
  }

  /** Decides calls on one record and writes what they make of it; returns what tells the callers. */
  decide({ kind, partition, id }: RecordKey, calls: readonly PendingCall[], now: number): () => void {
    const sortable = toSortable(id);
    const row = this.#find(kind, partition, sortable);
    const { next, entries, deliver } = decideBatch(calls, row?.body, now);
    if (next) {
      const expiresAt = toStoredExpiry(next, now);
      if (row) this.#replace(row, next.body, expiresAt);
      else this.#insert.run(kind, partition, sortable, next.body, expiresAt);
    }
    if (entries.length > 0) this.#journal.insert(entries);
    return deliver;
  }

  /** Removes at most `limit` records whose time has come; returns how many. */
  sweep(now: number, limit: number): number {
    return Number(this.#sweep.run(now, limit).changes);
  }

  #find(kind: string, partition: string, sortable: string): RecordRow | undefined {
    return this.#select.get(kind, partition, sortable) as RecordRow | undefined;
  }

  /** `expires_at` is named only where it changes: SQLite rewrites the index of a column that is set, even to what it was. */
  #replace({ no, version, expires_at }: RecordRow, body: RecordBody, expiresAt: number | null): void {
    const { changes } = expires_at === expiresAt ? this.#update.run(body, no, version) : this.#updateExpiry.run(body, expiresAt, no, version);
    // The lock makes this impossible. Without it, a write by someone else would be overwritten here, and nobody would know.
    if (Number(changes) !== 1) throw new Error('a record changed under its lock');
  }
}

/** Rounded up to the hour, so that most writes leave the index alone, and never sooner than a record may go: a sweep needs to know no more. */
function toStoredExpiry({ expiresAt }: NextRecord, now: number): number | null {
  return expiresAt === undefined ? null : Math.ceil(Math.max(expiresAt, now + MIN_RECORD_AGE) / HOUR) * HOUR;
}
