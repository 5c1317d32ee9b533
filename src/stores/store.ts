/**
 * What the engine asks of a database, and all it asks. The engine calls it; nobody else writes records.
 *
 * A store keeps *records*: a key, and a body that is text to it. It knows nothing of codes, ladders or budgets, and it offers one way to write:
 * {@link Store.update}. Whatever wants a second way is a rule in the wrong place. Not in this contract: deleting a record (only its expiry
 * does), locks, counters, scans by content, and anything that spans two records.
 *
 * Every method rejects with `CountersignError` `store_unavailable` when the database cannot be reached or does not answer, and with
 * `configuration_invalid` when it never will as it is configured.
 */
export interface Store {
  /**
   * Replaces a record by what `decide` makes of it, all or nothing.
   *
   * `decide` is pure and synchronous, does not change its argument, and may run more than once; what it returned last is what was
   * committed. If it throws, that call alone rejects, with what was thrown, and nothing of it is written. `now` is the store's clock.
   * Calls for one record are decided as if one after the other, over all processes. Resolves after the commit is durable.
   *
   * A reply that is lost is looked for in the record before anything is decided again; where it can no longer be told whether a write
   * happened the call rejects with `store_unavailable`.
   */
  update<T>(key: RecordKey, decide: Decide<T>): Promise<T>;

  /** Reads one record and the store's clock. What it answers may be out of date at once: decide nothing by it. */
  read(key: RecordKey): Promise<Snapshot>;

  /** Lists the records of one kind and partition in the order of their ids (by code unit), those after `after` first, at most `limit` (1–1000). */
  list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]>;

  /** Adds entries to the journal that belong to no update. Durable when it resolves. */
  append(entries: readonly JournalEntry[]): Promise<void>;

  /**
   * Reads the journal in the order it was written, from behind `cursor` (as an earlier page gave it). The pages of one reading hold every entry
   * that was durable when the first was asked for, once. Of those written meanwhile it may miss some, as a later place may be committed before an
   * earlier one; the next reading has them. Who reads on by time begins a minute before the last `at`.
   */
  entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage>;

  /**
   * Removes at most `limit` records whose `expiresAt` has passed, never one written less than {@link MIN_RECORD_AGE} ago, and as many
   * journal entries older than {@link JOURNAL_RETENTION}. Resolves with how many records went; bounded work per call, safe to call from everywhere.
   */
  sweep(limit: number): Promise<number>;

  /** Resolves when the store can read and write now. */
  ping(): Promise<void>;

  /** Lets go of connections and files; calls under way are finished first, later ones reject with `store_unavailable`. Idempotent. */
  close(): Promise<void>;

  /** What this store is, for logs and for the suite. */
  describe(): StoreDescription;
}

/** Names one record. `kind` separates uses (`destination`, `meta`, …); `partition` groups what operators list, and is `''` where nothing is. */
export interface RecordKey {
  readonly kind: string;
  readonly partition: string;
  readonly id: string;
}

/** A record's text: compact JSON of the engine's, opaque to a store. Valid UTF-16 without NUL, at most 256 KiB. */
export type RecordBody = string;

/** Pure and synchronous: from what the record is, and the store's clock in milliseconds, to what it shall be and what to answer. */
export type Decide<T> = (current: RecordBody | undefined, now: number) => Decision<T>;

/** What a `decide` wants done. */
export interface Decision<T> {
  /** Resolves the call, once committed. */
  readonly result: T;
  /** What to write; without it nothing is written and the record stays. */
  readonly next?: NextRecord;
  /** Goes into the journal together with `next`: in the same transaction where the database has them. */
  readonly entries?: readonly JournalEntry[];
}

/** A record as it shall be. */
export interface NextRecord {
  readonly body: RecordBody;
  /**
   * From when on the record may be removed, in milliseconds of the store's clock; undefined for never. A store may keep it longer, and keeps it at least
   * {@link MIN_RECORD_AGE} after its last write: absence is the one version that repeats.
   */
  readonly expiresAt: number | undefined;
}

/** One record as {@link Store.read} found it. */
export interface Snapshot {
  readonly body: RecordBody | undefined;
  /** The store's clock, in milliseconds. */
  readonly now: number;
}

/** One row of {@link Store.list}. */
export interface ListedRecord {
  readonly id: string;
  readonly body: RecordBody;
}

/** Something that happened, kept for operators for 30 days. It never holds a code, a number or a token. */
export interface JournalEntry {
  /** Milliseconds of the store's clock. */
  readonly at: number;
  readonly service: string;
  /** `delivery`, `check`, `unblock`, `erase`, … */
  readonly type: string;
  /** The keyed hash of the exact destination, by which its entries are found. */
  readonly destination: string;
  /** Compact JSON. */
  readonly data: string;
}

/** Which journal entries are wanted; every given field must match. */
export interface JournalFilter {
  readonly service?: string;
  readonly destination?: string;
  /** Inclusive, in milliseconds. */
  readonly from?: number;
  /** Exclusive, in milliseconds. */
  readonly until?: number;
  /** At most this many entries, 1–1000. */
  readonly limit: number;
}

/** A page of the journal; without `cursor` there is no more. */
export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  readonly cursor?: string;
}

/** What a store says of itself. */
export interface StoreDescription {
  /** `memory`, `sqlite`, `postgres`, … */
  readonly name: string;
  /** Whether an answered write survives the end of the process. */
  readonly durable: boolean;
}

/** No record is removed sooner than this after its last write: far longer than {@link MAX_WRITE_AGE}, so that no stalled insert meets its absence. */
export const MIN_RECORD_AGE = 60_000;

/** A write later than this after its read is not applied but decided again: a process that stood still approves nothing that expired meanwhile. */
export const MAX_WRITE_AGE = 5_000;

/** Journal entries older than this may be removed: 30 days. */
export const JOURNAL_RETENTION = 2_592_000_000;
