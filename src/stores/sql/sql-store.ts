import { closedError } from '../batch.ts';
import { type CompareAndSet, createCompareAndSet } from '../compare-and-set.ts';
import { fromSortable, toSortable } from '../sortable-id.ts';
import { assertEntries, assertPageSize, assertRecordKey, parseCursor, toStorableDecide } from '../storable.ts';
import type { Decide, JournalEntry, JournalFilter, JournalPage, ListedRecord, RecordKey, Snapshot, Store, StoreDescription } from '../store.ts';
import type { VersionedDriver } from '../versioned-driver.ts';
import type { NumberedEntry, SqlBackend } from './backend.ts';
import { toCallerError } from './failure.ts';
import { createSqlDriver, toStoredKey } from './sql-driver.ts';

/** Numbers of the journal looked at in one statement, some 10 ms: a search of all of it is many short ones, none of which meets a timeout. */
const WINDOW = 20_000;

/** Records removed in one statement: it holds its locks for a few milliseconds. */
const SWEEP_STEP = 200;

/** A store on a SQL server: what PostgreSQL and MySQL have in common, which is all but the statements. */
export class SqlStore implements Store {
  readonly #backend: SqlBackend;
  readonly #driver: VersionedDriver;
  readonly #records: CompareAndSet;
  /** Everything but updates that is under way, which closing waits for; their errors are their callers'. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @param cacheSize as of `createCompareAndSet`; 0 where a test's clock stands in for the server's. */
  constructor(backend: SqlBackend, cacheSize: number | undefined) {
    this.#backend = backend;
    this.#driver = createSqlDriver(backend);
    this.#records = createCompareAndSet(this.#driver, cacheSize === undefined ? {} : { cacheSize });
  }

  async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.#assertOpen();
    assertRecordKey(key);
    toStoredKey(key);
    return this.#records.update(key, toStorableDecide(decide));
  }

  read(key: RecordKey): Promise<Snapshot> {
    return this.#do(async () => {
      assertRecordKey(key);
      const { body, now } = await this.#driver.read(key);
      return { body, now };
    });
  }

  list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    return this.#do(async () => {
      assertRecordKey({ kind, partition, id: after ?? '' });
      assertPageSize(limit);
      await this.#backend.prepare();
      const rows = await this.#backend.listRecords(kind, partition, after === undefined ? undefined : toSortable(after), limit);
      return rows.map(({ id, body }) => ({ id: fromSortable(id), body }));
    });
  }

  append(entries: readonly JournalEntry[]): Promise<void> {
    return this.#do(async () => {
      assertEntries(entries);
      if (entries.length === 0) return;
      const copy = entries.map((entry) => ({ ...entry }));
      await this.#backend.prepare();
      await this.#backend.appendEntries(copy);
    });
  }

  entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    return this.#do(async () => {
      assertPageSize(filter.limit);
      const after = parseCursor(cursor);
      await this.#backend.prepare();
      return this.#search({ ...filter }, after);
    });
  }

  sweep(limit: number): Promise<number> {
    return this.#do(async () => {
      await this.#backend.prepare();
      let removed = 0;
      for (let left = limit; left > 0; left -= SWEEP_STEP) {
        const step = Math.min(SWEEP_STEP, left);
        await this.#backend.sweepJournal(step);
        const count = await this.#backend.sweepRecords(step);
        removed += count;
        if (count < step) break;
      }
      return removed;
    });
  }

  ping(): Promise<void> {
    return this.#do(async () => {
      await this.#backend.prepare();
      await this.#backend.ping();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  describe(): StoreDescription {
    return { name: this.#backend.name, durable: true };
  }

  async #search(filter: JournalFilter, after: number): Promise<JournalPage> {
    const found: NumberedEntry[] = [];
    const wanted = filter.limit + 1;
    if (filter.destination === undefined) {
      const span = await this.#backend.journalSpan();
      const last = span?.last ?? 0;
      for (let from = Math.max(after, (span?.first ?? 0) - 1); from < last && found.length < wanted; from += WINDOW) {
        const search = { ...filter, limit: wanted - found.length, after: from, last: Math.min(from + WINDOW, last) };
        found.push(...(await this.#backend.searchJournal(search)));
      }
    } else {
      // There are few entries of one destination, and an index that leads to them.
      found.push(...(await this.#backend.searchJournal({ ...filter, limit: wanted, after, last: undefined })));
    }
    const page = found.slice(0, filter.limit);
    const entries = page.map(({ at, service, type, destination, data }) => ({ at, service, type, destination, data }));
    return { entries, ...(found.length > filter.limit && { cursor: String(page.at(-1)?.seq) }) };
  }

  /** Does what a caller asked for, if this is open, and tells errors in our own words. */
  async #do<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const done = work();
    this.#underWay.add(done);
    try {
      return await done;
    } catch (error) {
      throw toCallerError(error);
    } finally {
      this.#underWay.delete(done);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(this.#backend.name);
  }

  async #finish(): Promise<void> {
    await this.#records.close();
    await Promise.allSettled(this.#underWay);
    await this.#backend.close();
  }
}
