import { CountersignError } from '../core/errors.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { closedError, keyText, type PendingCall, toPendingCall } from './batch.ts';
import { BatchRun, type LoopContext } from './batch-run.ts';
import { createRecordCache } from './record-cache.ts';
import type { RecordKey, Store } from './store.ts';
import type { VersionedDriver } from './versioned-driver.ts';

export { MAX_WRITE_AGE, MIN_RECORD_AGE } from './store.ts';
export type { VersionedDriver, VersionedSnapshot, VersionedWrite, WriteFailure, WriteReply } from './versioned-driver.ts';

/** `Store.update` made of a {@link VersionedDriver}. */
export interface CompareAndSet {
  /**
   * As `Store.update` promises. Calls for one record in one process are queued and decided together: those made in one tick, and those that came
   * while the batch before them was under way. Different records do not wait for each other.
   *
   * Rejects with `store_unavailable` when the database does not answer, refuses the write, is too contended (500 conflicts, or `totalTimeout`),
   * or lost a reply and it cannot be told any more whether the write happened: wherever a reply was lost it may have, or may yet within 5 s.
   * The `cause` holds the name, code and status of what the driver threw, never its message.
   */
  readonly update: Store['update'];
  /** Makes later calls reject with `store_unavailable`; resolves when those under way are settled. Idempotent. The driver is left open. */
  close(): Promise<void>;
}

/** Settings of {@link createCompareAndSet}. The last three are for tests. */
export interface CompareAndSetOptions {
  /**
   * How long one call of the driver may take, in milliseconds. A read that takes longer has failed, a write's outcome is then unknown and is
   * looked for. Shorter gives up on slow commits, longer makes callers wait for a dead wire.
   * @defaultValue 2000
   */
  readonly callTimeout?: number;
  /**
   * How long a batch of calls is tried, in milliseconds, from its first read on; the driver call under way at its end may take its own time on top.
   * @defaultValue 10000
   */
  readonly totalTimeout?: number;
  /**
   * Of how many records the process remembers what it wrote last, for at most 4 s, so that the next decision that writes needs no read; 0 for none.
   * @defaultValue 10000
   */
  readonly cacheSize?: number;
  /**
   * A clock that never goes back, in milliseconds from anywhere.
   * @defaultValue `performance.now()`
   */
  readonly monotonic?: () => number;
  /**
   * Calls `wake` once after so many milliseconds, and returns what calls it off. Used for deadlines and for back-off.
   * @defaultValue `setTimeout` and `clearTimeout`
   */
  readonly delay?: (milliseconds: number, wake: () => void) => () => void;
  /**
   * So many random bytes, for the tokens of versions and for jitter. Bytes that repeat break the store: see `version.ts`.
   * @defaultValue `crypto.randomBytes()`, drawn 3 KiB at a time
   */
  readonly random?: (size: number) => Uint8Array;
}

// The pool is empty until the first write.
const DEFAULTS = {
  callTimeout: 2_000,
  totalTimeout: 10_000,
  cacheSize: 10_000,
  monotonic: () => performance.now(),
  delay: (milliseconds, wake) => {
    const timer = setTimeout(wake, milliseconds);
    return () => clearTimeout(timer);
  },
  random: createRandomPool(),
} satisfies Required<CompareAndSetOptions>;

/** Calls decided in one go. At 20 µs each this holds the event loop for 20 ms; more wait for the next batch, which needs no read. */
const MAX_BATCH = 1_024;

/**
 * Turns a database that can read a record with a version and write it if that is unchanged into `Store.update`.
 *
 * @example
 * const { update, close } = createCompareAndSet(createMyDriver(pool));
 * const count = await update({ kind: 'hits', partition: '', id: 'home' }, (current) => {
 *   const hits = Number(current ?? '0') + 1;
 *   return { result: hits, next: { body: String(hits), expiresAt: undefined } };
 * });
 */
export function createCompareAndSet(driver: VersionedDriver, options: CompareAndSetOptions = {}): CompareAndSet {
  const { cacheSize, ...settings } = resolveCompareAndSetOptions(options);
  const loop: LoopContext = { ...settings, driver, cache: createRecordCache(cacheSize, settings.monotonic) };
  // A record's queue is here for as long as a batch of it is under way.
  const queues = new Map<string, PendingCall[]>();
  let closing: Promise<void> | undefined;
  let whenIdle: (() => void) | undefined;

  const drain = async (key: RecordKey, queue: PendingCall[]) => {
    // Nothing is read before the calls of this tick have joined; a call that comes after the read would be answered from before it was made.
    await null;
    while (queue.length > 0) {
      const calls = queue.splice(0, MAX_BATCH);
      try {
        await new BatchRun(loop, key, calls).run();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    queues.delete(keyText(key));
    if (queues.size === 0) whenIdle?.();
  };

  const enqueue = (key: RecordKey, call: PendingCall) => {
    const queue = queues.get(keyText(key));
    if (queue) {
      queue.push(call);
      return;
    }
    const calls = [call];
    queues.set(keyText(key), calls);
    void drain({ ...key }, calls);
  };

  return {
    update: (key, decide) =>
      new Promise((resolve, reject) => {
        if (closing === undefined) enqueue(key, toPendingCall(decide, resolve, reject));
        else reject(closedError(driver.name));
      }),
    close: () => {
      closing ??= new Promise((resolve) => {
        whenIdle = resolve;
        if (queues.size === 0) resolve();
      });
      return closing;
    },
  };
}

function resolveCompareAndSetOptions(options: CompareAndSetOptions): Required<CompareAndSetOptions> {
  const resolved = { ...DEFAULTS, ...options };
  assertAtLeast('callTimeout', resolved.callTimeout, 1);
  assertAtLeast('totalTimeout', resolved.totalTimeout, 1);
  assertAtLeast('cacheSize', resolved.cacheSize, 0);
  return resolved;
}

function assertAtLeast(field: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new CountersignError('configuration_invalid', `${field} must be a number of at least ${least}`, { field });
}
