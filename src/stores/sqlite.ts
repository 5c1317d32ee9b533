import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { closedError, keyText, type PendingCall, toPendingCall } from './batch.ts';
import { openSqlite } from './sqlite-connection.ts';
import { loadSqliteDriver, type SqliteDatabase } from './sqlite-driver.ts';
import { isBusy, toStoreError } from './sqlite-errors.ts';
import { type JournalRow, SqliteJournal } from './sqlite-journal.ts';
import { SqliteRecords } from './sqlite-records.ts';
import { APPLICATION_ID } from './sqlite-schema.ts';
import { SqliteTurns } from './sqlite-turns.ts';
import { assertEntries, assertPageSize, assertRecordKey, parseCursor, toStorableDecide } from './storable.ts';
import type { Decide, JournalEntry, JournalFilter, JournalPage, ListedRecord, RecordKey, Snapshot, Store, StoreDescription } from './store.ts';
import { systemClock } from './system-clock.ts';

/** Settings of {@link createSqliteStore}. */
export interface SqliteStoreOptions {
  /**
   * The file, made with mode 0600 when there is none. Two more lie beside it while it is open, with `-wal` and `-shm` behind its name. It must be on a
   * local disk: the lock that several processes share does not work over a network.
   */
  readonly path: string;
  /**
   * Where `now` comes from.
   * @defaultValue the machine's clock
   */
  readonly clock?: Clock;
  /**
   * How long a file that another process has locked is waited for, in milliseconds. The event loop is free meanwhile, except at construction.
   * Longer sits out a long backup, shorter lets callers know sooner.
   * @defaultValue 5000
   */
  readonly busyTimeout?: number;
}

type Item = RecordItem | WorkItem;

/** A call of `update`. */
interface RecordItem {
  readonly key: RecordKey;
  readonly text: string;
  readonly call: PendingCall;
  reject(error: unknown): void;
}

/** Anything else that writes. */
interface WorkItem {
  run(now: number): void;
  deliver(): void;
  reject(error: unknown): void;
}

/** Records removed in one transaction, about 3 ms, and 8 more where a checkpoint of the log falls into it; the event loop is free between two. */
const SWEEP_STEP = 200;

/**
 * A store in one SQLite file, for one process or several on one machine. What it answered is on the disk, and survives the end of the process and of
 * the machine's power.
 *
 * It needs Node 22.13 or later, or the package `@photostructure/sqlite`. Opening is synchronous and sets up the tables.
 *
 * @throws CountersignError `configuration_invalid` when the driver is missing, the file or its folder cannot be written, or the file belongs to another
 * program or to a later version; `store_unavailable` when it stays locked for `busyTimeout`, is damaged, or the disk is full.
 * @example
 * const store = createSqliteStore({ path: './countersign.db' });
 * await store.update({ kind: 'hits', partition: '', id: 'home' }, (current) => {
 *   const hits = Number(current ?? '0') + 1;
 *   return { result: hits, next: { body: String(hits), expiresAt: undefined } };
 * });
 * await store.close();
 */
export function createSqliteStore({ path, clock = systemClock, busyTimeout = 5_000 }: SqliteStoreOptions): Store {
  if (!(Number.isFinite(busyTimeout) && busyTimeout >= 0)) {
    throw new CountersignError('configuration_invalid', 'busyTimeout must be a number of milliseconds of at least 0', { field: 'busyTimeout' });
  }
  return new SqliteStore(openSqlite(loadSqliteDriver(), path, busyTimeout), clock, busyTimeout);
}

class SqliteStore implements Store {
  readonly #database: SqliteDatabase;
  readonly #clock: Clock;
  readonly #busyTimeout: number;
  readonly #journal: SqliteJournal;
  readonly #records: SqliteRecords;
  readonly #turns: SqliteTurns<Item>;
  /** Reads, searches and sweeps under way, which closing waits for; their errors are their callers'. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(database: SqliteDatabase, clock: Clock, busyTimeout: number) {
    this.#database = database;
    this.#clock = clock;
    this.#busyTimeout = busyTimeout;
    this.#journal = new SqliteJournal(database);
    this.#records = new SqliteRecords(database, this.#journal);
    this.#turns = new SqliteTurns({ database, clock, busyTimeout, run: (items, now) => this.#run(items, now) });
  }

  update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      assertRecordKey(key);
      this.#turns.add({ key: { ...key }, text: keyText(key), call: toPendingCall(toStorableDecide(decide), resolve, reject), reject });
    });
  }

  async read(key: RecordKey): Promise<Snapshot> {
    this.#assertOpen();
    assertRecordKey(key);
    return this.#untilDone(this.#look(() => ({ body: this.#records.read(key), now: this.#clock.now() })));
  }

  async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    this.#assertOpen();
    assertRecordKey({ kind, partition, id: after ?? '' });
    assertPageSize(limit);
    return this.#untilDone(this.#look(() => this.#records.list(kind, partition, after, limit)));
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    this.#assertOpen();
    assertEntries(entries);
    const copy = entries.map((entry) => ({ ...entry }));
    await this.#write(() => this.#journal.insert(copy));
  }

  async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    this.#assertOpen();
    assertPageSize(filter.limit);
    return this.#untilDone(this.#search({ ...filter }, parseCursor(cursor)));
  }

  async sweep(limit: number): Promise<number> {
    this.#assertOpen();
    return this.#untilDone(this.#sweepInSteps(limit));
  }

  /** Commits a write that changes nothing, and so goes all the way to the disk. */
  async ping(): Promise<void> {
    this.#assertOpen();
    await this.#write(() => this.#database.exec(`PRAGMA application_id = ${APPLICATION_ID}`));
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  describe(): StoreDescription {
    return { name: 'sqlite', durable: true };
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError('sqlite');
  }

  /** The body of a transaction: calls for one record are decided together, on one read, with at most one write. */
  #run(items: readonly Item[], now: number): () => void {
    const records = new Map<string, { key: RecordKey; calls: PendingCall[] }>();
    const deliveries: (() => void)[] = [];
    for (const item of items) {
      if ('run' in item) {
        item.run(now);
        deliveries.push(() => item.deliver());
        continue;
      }
      const record = records.get(item.text);
      if (record) record.calls.push(item.call);
      else records.set(item.text, { key: item.key, calls: [item.call] });
    }
    for (const { key, calls } of records.values()) deliveries.push(this.#records.decide(key, calls, now));
    return () => {
      for (const deliver of deliveries) deliver();
    };
  }

  /** Runs `work` in the next transaction; resolves after its commit with what it returned. */
  #write<T>(work: (now: number) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      const run = (now: number) => {
        result = work(now);
      };
      this.#turns.add({ run, deliver: () => resolve(result), reject });
    });
  }

  /** Reads outside any transaction of ours. Others' writes do not stand in the way; a file that is being opened, closed or repaired may. */
  async #look<T>(work: () => T): Promise<T> {
    const until = performance.now() + this.#busyTimeout;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= until) throw toStoreError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async #search(filter: JournalFilter, after: number): Promise<JournalPage> {
    const found: JournalRow[] = [];
    let span = await this.#look(() => this.#journal.span(filter, after));
    for (;;) {
      const { rows, rest } = await this.#look(() => this.#journal.search(filter, span, filter.limit + 1 - found.length));
      found.push(...rows);
      if (rest === undefined || found.length > filter.limit) break;
      span = rest;
      await nextTick();
    }
    const page = found.slice(0, filter.limit);
    const entries = page.map(({ at, service, type, destination, data }) => ({ at, service, type, destination, data }));
    return { entries, ...(found.length > filter.limit && { cursor: String(page.at(-1)?.seq) }) };
  }

  async #sweepInSteps(limit: number): Promise<number> {
    let removed = 0;
    while (removed < limit) {
      const step = Math.min(SWEEP_STEP, limit - removed);
      const count = await this.#write((now) => {
        this.#journal.sweep(now, step);
        return this.#records.sweep(now, step);
      });
      removed += count;
      if (count < step) break;
    }
    return removed;
  }

  async #untilDone<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#turns.idle();
    try {
      // Whoever copies the file now has all of it, and the log does not grow from one process to the next. Others' readers may prevent it.
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // What is committed is in the log, and whoever opens the file next reads it there.
    }
    // @photostructure/sqlite lets go of the file when the statements are collected as garbage; node:sqlite at once.
    this.#database.close();
  }
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
