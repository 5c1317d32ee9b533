import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { type BatchDecision, closedError, decideBatch, keyText, type PendingCall, toPendingCall } from './batch.ts';
import { createMemoryJournal, type MemoryJournal } from './memory-journal.ts';
import { assertEntries, assertPageSize, assertRecordKey, parseCursor, toStorableDecide } from './storable.ts';
import {
  type Decide,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type ListedRecord,
  MAX_WRITE_AGE,
  MIN_RECORD_AGE,
  type RecordBody,
  type RecordKey,
  type Snapshot,
  type Store,
  type StoreDescription,
} from './store.ts';
import { systemClock } from './system-clock.ts';

/** Settings of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Where `now` comes from.
   * @defaultValue the machine's clock
   */
  readonly clock?: Clock;
  /**
   * How many records are kept at most; a record takes about 1 kB. When so many are there and none has expired, a call that would make one more
   * rejects with `store_unavailable`: none is pushed out, because a record forgotten is a limit forgotten.
   * @defaultValue no limit
   */
  readonly maxRecords?: number;
}

interface MemoryRecord {
  /** Kind and partition. */
  readonly group: string;
  readonly id: string;
  body: RecordBody;
  /** From when on a sweep takes it; Infinity for never. */
  removableAt: number;
}

interface Waiting {
  readonly key: RecordKey;
  readonly calls: PendingCall[];
}

/** Records looked at in one sweep, about 5 ms; the next sweep goes on behind them. */
const MAX_LOOKED_AT = 100_000;

/** Records looked at when a full store is asked for one more. */
const LOOKED_AT_WHEN_FULL = 1_000;

/** A process stopped for more than 5 s in so many decisions in a row is not going to decide in time. */
const MAX_ATTEMPTS = 3;

/**
 * A store in the process's own memory: for tests, for development, and for one process whose limits may end with it.
 *
 * @throws CountersignError `configuration_invalid` when `maxRecords` is not a whole number of at least 1.
 * @example
 * const store = createMemoryStore();
 * await store.update({ kind: 'hits', partition: '', id: 'home' }, (current) => {
 *   const hits = Number(current ?? '0') + 1;
 *   return { result: hits, next: { body: String(hits), expiresAt: undefined } };
 * });
 */
export function createMemoryStore({ clock = systemClock, maxRecords = Number.POSITIVE_INFINITY }: MemoryStoreOptions = {}): Store {
  if (maxRecords !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(maxRecords) && maxRecords >= 1)) {
    throw new CountersignError('configuration_invalid', 'maxRecords must be a whole number of at least 1', { field: 'maxRecords' });
  }
  return new MemoryStore(clock, maxRecords);
}

class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #maxRecords: number;
  readonly #records = new Map<string, MemoryRecord>();
  /** The ids of each kind and partition, so that listing a few services does not pass by every destination. */
  readonly #partitions = new Map<string, Set<string>>();
  readonly #journal: MemoryJournal = createMemoryJournal();
  /** Calls of this turn of the event loop, by record. */
  readonly #waiting = new Map<string, Waiting>();
  /** Where the last sweep stopped. An iterator of a Map goes on through insertions and deletions. */
  #walk: Iterator<[string, MemoryRecord], undefined> = this.#records.entries();
  #isClosed = false;

  constructor(clock: Clock, maxRecords: number) {
    this.#clock = clock;
    this.#maxRecords = maxRecords;
  }

  update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      assertRecordKey(key);
      this.#enqueue(key, toPendingCall(this.#withRoom(toStorableDecide(decide)), resolve, reject));
    });
  }

  async read(key: RecordKey): Promise<Snapshot> {
    this.#assertOpen();
    assertRecordKey(key);
    return { body: this.#records.get(keyText(key))?.body, now: this.#clock.now() };
  }

  async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    this.#assertOpen();
    assertRecordKey({ kind, partition, id: after ?? '' });
    assertPageSize(limit);
    const ids = [...(this.#partitions.get(`${kind}\0${partition}`) ?? [])];
    const page = ids
      .filter((id) => after === undefined || id > after)
      .sort()
      .slice(0, limit);
    return page.map((id) => ({ id, body: this.#records.get(keyText({ kind, partition, id }))?.body ?? '' }));
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    this.#assertOpen();
    assertEntries(entries);
    this.#journal.append(entries);
  }

  async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    this.#assertOpen();
    assertPageSize(filter.limit);
    return this.#journal.page(filter, parseCursor(cursor));
  }

  async sweep(limit: number): Promise<number> {
    this.#assertOpen();
    const now = this.#clock.now();
    this.#journal.sweep(now, limit);
    return this.#removeExpired(now, limit, MAX_LOOKED_AT);
  }

  async ping(): Promise<void> {
    this.#assertOpen();
  }

  /** Calls under way were queued before this, and are decided before it resolves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await null;
    this.#records.clear();
    this.#partitions.clear();
    this.#journal.clear();
  }

  describe(): StoreDescription {
    return { name: 'memory', durable: false };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError('memory');
  }

  #enqueue(key: RecordKey, call: PendingCall): void {
    const text = keyText(key);
    const waiting = this.#waiting.get(text);
    if (waiting) {
      waiting.calls.push(call);
      return;
    }
    // A microtask and not a timer: the calls made in one go are decided together, and a call alone waits for nothing.
    if (this.#waiting.size === 0) queueMicrotask(() => this.#decideWaiting());
    this.#waiting.set(text, { key: { ...key }, calls: [call] });
  }

  #decideWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [text, { key, calls }] of waiting) {
      try {
        this.#decide(text, key, calls);
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
  }

  #decide(text: string, key: RecordKey, calls: readonly PendingCall[]): void {
    const record = this.#records.get(text);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const now = this.#clock.now();
      const decided = decideBatch(calls, record?.body, now);
      if (this.#clock.now() - now <= MAX_WRITE_AGE) {
        this.#write(text, key, record, decided, now);
        decided.deliver();
        return;
      }
    }
    throw new CountersignError('store_unavailable', 'deciding took longer than 5 s, several times over: the process is being stopped or starved');
  }

  #write(text: string, key: RecordKey, record: MemoryRecord | undefined, { next, entries }: BatchDecision, now: number): void {
    if (next) {
      const removableAt = next.expiresAt === undefined ? Number.POSITIVE_INFINITY : Math.max(next.expiresAt, now + MIN_RECORD_AGE);
      if (record) {
        record.body = next.body;
        record.removableAt = removableAt;
      } else {
        this.#insert(text, key, next.body, removableAt);
      }
    }
    if (entries.length > 0) this.#journal.append(entries);
  }

  #insert(text: string, { kind, partition, id }: RecordKey, body: RecordBody, removableAt: number): void {
    const group = `${kind}\0${partition}`;
    this.#records.set(text, { group, id, body, removableAt });
    const ids = this.#partitions.get(group);
    if (ids) ids.add(id);
    else this.#partitions.set(group, new Set([id]));
  }

  /** Ensure one more record may be made, inside the call that wants it: its neighbours that want none are answered. */
  #withRoom<T>(decide: Decide<T>): Decide<T> {
    return (current, now) => {
      const decision = decide(current, now);
      if (!decision.next || current !== undefined || this.#records.size < this.#maxRecords) return decision;
      if (this.#removeExpired(now, LOOKED_AT_WHEN_FULL, LOOKED_AT_WHEN_FULL) > 0) return decision;
      throw new CountersignError('store_unavailable', `the memory store is full: it holds maxRecords (${this.#maxRecords}) records`);
    };
  }

  /** Goes on where the last call stopped, round and round, and looks at each record at most once. */
  #removeExpired(now: number, limit: number, lookAt: number): number {
    let removed = 0;
    for (let left = Math.min(lookAt, this.#records.size); left > 0 && removed < limit; left -= 1) {
      const [text, record] = this.#nextRecord() ?? [];
      if (text === undefined || record === undefined || record.removableAt > now) continue;
      this.#remove(text, record);
      removed += 1;
    }
    return removed;
  }

  #nextRecord(): [string, MemoryRecord] | undefined {
    const { value, done } = this.#walk.next();
    if (!done) return value;
    this.#walk = this.#records.entries();
    return this.#walk.next().value;
  }

  #remove(text: string, { group, id }: MemoryRecord): void {
    this.#records.delete(text);
    const ids = this.#partitions.get(group);
    ids?.delete(id);
    if (ids?.size === 0) this.#partitions.delete(group);
  }
}
