import type { JournalEntry, RecordBody, RecordKey } from './store.ts';

/**
 * What a database must offer to become a store: *read one record with its version and the clock*, and *write it if the version is still that one*.
 * `createCompareAndSet` calls it, and makes of it `Store.update`: queues, retries, lost replies and the cache are there, not here. Two calls
 * for one record by one process never overlap, except that one which has not answered in time is given up and another made; calls for different
 * records do, so a driver may gather those of one tick into one statement, sorted by key.
 *
 * What every rule of the loop rests on, and each driver owes:
 * - **Reads are fresh.** A read that begins after a write was answered sees it: the primary, never a replica that lags.
 * - **One clock**, the database's own, in milliseconds, for reads and writes, and the same one whichever process asks. Ask for the time of
 *   the call, not of its transaction (`clock_timestamp()`, not `now()`).
 * - **Records do not vanish.** Nothing removes a record before its `expiresAt`: absence is the one version that repeats. A record that has
 *   expired is either there or gone, and reads and writes agree on which.
 * - **An error after which nothing is certain is thrown as it came.** Guessing `not_applied` approves twice, guessing `unknown` costs one read.
 *   A driver that knows a remedy throws a `CountersignError` that names it, and callers are given that; `configuration_invalid` is not tried again.
 *
 * Not in this contract: how the other methods of a store list, sweep and read the journal; connecting, migrating and closing.
 */
export interface VersionedDriver {
  /** Names the database in messages: `postgres`, `redis`, … */
  readonly name: string;

  /**
   * Reads one record and the clock. Throws whatever goes wrong; the loop tries a few times and then rejects with `store_unavailable`. A
   * `CountersignError` that names a remedy reaches the caller as it is, unless a write is in doubt; `configuration_invalid` without another try.
   */
  read(key: RecordKey): Promise<VersionedSnapshot>;

  /**
   * Writes one record, atomically, if and only if both hold at the moment of the write:
   * - its version is `expected`, byte for byte (mind collations that fold case), or it is absent where `expected` is undefined;
   * - the database's clock is at most `MAX_WRITE_AGE` (5 s) past `readAt`, for inserts too.
   *
   * Body, version, `expiresAt` and, where the database can, `entries` are stored together and durable before it answers. `applied: false`
   * says that this write changed nothing and never will; where that is not certain, throw. A client that sends a command again on its own after a
   * cut meets its own write: turn that off, or answer `applied: true` where the record's version already is `version`.
   * A write must not lie waiting in the database either (for a row lock, say) beyond the loop's `callTimeout`.
   */
  write(write: VersionedWrite): Promise<WriteReply>;

  /**
   * Says what an error thrown by {@link write} means. Everything it does not know for certain is `unknown`, and so it is without this method
   * or if it throws.
   */
  classify?(error: unknown): WriteFailure;
}

/** A record as it was read, with the database's clock in milliseconds; an absent record has neither version nor body. */
export type VersionedSnapshot =
  | { readonly version: string; readonly body: RecordBody; readonly now: number }
  | { readonly version?: undefined; readonly body?: undefined; readonly now: number };

/** One conditional write. */
export interface VersionedWrite {
  readonly key: RecordKey;
  /** The version the record must still have; undefined: it must be absent. */
  readonly expected: string | undefined;
  /** The version it gets: ASCII, at most 83 characters, opaque to a driver, and unlike any other ever. */
  readonly version: string;
  readonly body: RecordBody;
  /** From when on the record may be removed, in milliseconds of the database's clock, and at least 60 s after this write; undefined for never. */
  readonly expiresAt: number | undefined;
  /** The database's clock when the record was read, in milliseconds; never ahead of it. */
  readonly readAt: number;
  /** For the journal: in the same transaction where the database has them. */
  readonly entries: readonly JournalEntry[];
}

/** What a write came to. */
export interface WriteReply {
  /** False when the version or the age forbade it. */
  readonly applied: boolean;
  /** The database's clock at the write, in milliseconds; never later than the reply. */
  readonly now: number;
}

/**
 * What a write that threw came to:
 * - `conflict`: not applied, and worth another try at once (deadlock, serialization failure, lock timeout: 40001, 40P01, 55P03);
 * - `not_applied`: the server answered with an error, nothing was written, and another try would meet the same; the calls reject;
 * - `unknown`: a cut wire, a timeout, a server going down (08xxx, 57Pxx): it may have been written, or may yet be.
 */
export type WriteFailure = 'conflict' | 'not_applied' | 'unknown';
