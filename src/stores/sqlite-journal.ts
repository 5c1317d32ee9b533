import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts';
import { JOURNAL_RETENTION, type JournalEntry, type JournalFilter } from './store.ts';

/** One row of `journal`. */
export interface JournalRow extends JournalEntry {
  readonly seq: number;
}

/** A part of the journal that is still to be searched: numbers above `after`, up to `until`. */
export interface JournalSpan {
  readonly after: number;
  readonly until: number;
}

/** Rows looked at in one go, about 2 ms. A search yields the event loop between, and no index has to be kept for what operators may ask. */
const WINDOW = 4_000;

/** The journal's statements. Each is bounded; those that write belong inside a transaction. */
export class SqliteJournal {
  readonly #insert: SqliteStatement;
  readonly #span: SqliteStatement;
  readonly #windowEnd: SqliteStatement;
  readonly #select: SqliteStatement;
  readonly #sweep: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#insert = database.prepare('INSERT INTO journal (at, service, type, destination, data) VALUES (?, ?, ?, ?, ?)');
    this.#span = database.prepare('SELECT min(seq) AS first, max(seq) AS last FROM journal WHERE at >= ? AND at < ?');
    this.#windowEnd = database.prepare('SELECT max(seq) AS last FROM (SELECT seq FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)');
    // "+" keeps SQLite from searching by time: rows are looked at in the order they were written, and no more than the window holds.
    this.#select = database.prepare(
      `SELECT seq, at, service, type, destination, data FROM journal
       WHERE seq > ?1 AND seq <= ?2 AND +at >= ?3 AND +at < ?4 AND (?5 IS NULL OR service = ?5) AND (?6 IS NULL OR destination = ?6)
       ORDER BY seq LIMIT ?7`,
    );
    this.#sweep = database.prepare('DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE at < ? ORDER BY at LIMIT ?)');
  }

  insert(entries: readonly JournalEntry[]): void {
    for (const { at, service, type, destination, data } of entries) this.#insert.run(at, service, type, destination, data);
  }

  /** Where entries of the times asked for lie, behind `after`. The index on `at` tells; it holds nothing else, so that a long range is cheap too. */
  span({ from, until }: JournalFilter, after: number): JournalSpan {
    const { first, last } = this.#span.get(from ?? EARLIEST, until ?? LATEST) as { first: number | null; last: number | null };
    return { after: Math.max(after, (first ?? 0) - 1), until: last ?? 0 };
  }

  /** The matching rows of the next window, at most `limit`, and what is then left to search; undefined when nothing is. */
  search(filter: JournalFilter, span: JournalSpan, limit: number): { rows: readonly JournalRow[]; rest: JournalSpan | undefined } {
    const { last } = this.#windowEnd.get(span.after, span.until, WINDOW) as { last: number | null };
    if (last === null) return { rows: [], rest: undefined };
    const { service = null, destination = null, from = EARLIEST, until = LATEST } = filter;
    const rows = this.#select.all(span.after, last, from, until, service, destination, limit) as readonly JournalRow[];
    return { rows, rest: { after: last, until: span.until } };
  }

  /** Removes at most `limit` entries older than 30 days. */
  sweep(now: number, limit: number): void {
    this.#sweep.run(now - JOURNAL_RETENTION, limit);
  }
}

/** The first and the last time a `Date` can be: bounds that leave nothing out. */
const EARLIEST = -8_640_000_000_000_000;
const LATEST = 8_640_000_000_000_001;
