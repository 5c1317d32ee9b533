import { CountersignError } from '../core/errors.ts';
import { type BatchDecision, decideBatch, keyText, type PendingCall } from './batch.ts';
import type { RecordCache } from './record-cache.ts';
import { MAX_WRITE_AGE, MIN_RECORD_AGE, type NextRecord, type RecordKey } from './store.ts';
import { isVersion, locateWrite, toNextVersion } from './version.ts';
import type { VersionedDriver, VersionedSnapshot, WriteFailure } from './versioned-driver.ts';

/** What every batch of one loop shares. Times are in milliseconds. */
export interface LoopContext {
  readonly driver: VersionedDriver;
  readonly cache: RecordCache;
  /** How long one call of the driver may take. */
  readonly callTimeout: number;
  /** How long a batch is tried. */
  readonly totalTimeout: number;
  readonly monotonic: () => number;
  /** Calls `wake` after so many milliseconds, unless what it returned is called before. */
  readonly delay: (milliseconds: number, wake: () => void) => () => void;
  readonly random: (size: number) => Uint8Array;
}

/** A write that was sent and not answered `applied`, with what was decided for its calls. */
interface SentWrite {
  readonly token: string;
  readonly expected: string | undefined;
  readonly readAt: number;
  /** Whether it may have been applied for all we know; false when the driver said that it was not. */
  readonly unknown: boolean;
  readonly decision: BatchDecision;
}

/** Conflicts after which a batch is given up: with 32 processes at one record, each as likely to win, one in ten million meets so many. */
const MAX_CONFLICTS = 500;

/** Writes of unknown outcome after which a batch is given up: a database that loses four replies in a row is not going to keep the fifth. */
const MAX_UNKNOWN_WRITES = 4;

/** Reads that may fail while no write is in doubt, two if they hang. A pool drops a dead connection after the first. */
const MAX_READS = 3;

/** Conflicts that are followed by another try at once. */
const PROMPT_RETRIES = 2;

/** Longest jitter after a conflict: at 50 ms a hot record's winner kept winning, and the slowest waited 687 ms; at 8 ms, 138 (prototype). */
const CONFLICT_PAUSE = 8;

/** Longest jitter while a database does not answer: it is to recover, not to be stormed. */
const FAILURE_PAUSE = 250;

/**
 * Decides one batch of calls on one record, writes, and settles every call, exactly once, with what was committed for it. Throws one
 * `store_unavailable` for all of them where it cannot; the write it could not account for may then have happened, or may yet.
 *
 * Each way round the loop: read, look for the writes sent before, decide, write where the version is unchanged. Calls that come later are not let in:
 * their outcome would be mixed with that of a write in doubt.
 */
export class BatchRun {
  readonly #loop: LoopContext;
  readonly #key: RecordKey;
  readonly #calls: readonly PendingCall[];
  readonly #startedAt: number;
  #sent: readonly SentWrite[] = [];
  #conflicts = 0;
  /** What the driver said of the last conflict, where it said anything: whose lock is in the way, say. */
  #lastConflict: CountersignError | undefined;
  #unknownWrites = 0;
  #failures = 0;

  constructor(loop: LoopContext, key: RecordKey, calls: readonly PendingCall[]) {
    this.#loop = loop;
    this.#key = key;
    this.#calls = calls;
    this.#startedAt = loop.monotonic();
  }

  async run(): Promise<void> {
    const cached = this.#loop.cache.take(keyText(this.#key));
    if (cached) {
      // Nothing compares a version for a decision that writes nothing: on a cached record it would outlive an operator's clear elsewhere.
      const decision = decideBatch(this.#calls, cached.body, cached.now);
      if (decision.next && (await this.#write(cached, decision, decision.next))) return;
    }
    for (;;) {
      const snapshot = await this.#read();
      if (this.#deliverApplied(snapshot)) return;
      this.#ensureWorthAnotherTry();
      const decision = decideBatch(this.#calls, snapshot.body, snapshot.now);
      if (decision.next ? await this.#write(snapshot, decision, decision.next) : await this.#deliverUnwritten(snapshot, decision)) return;
    }
  }

  /** Reads the record. While a write is in doubt it is tried for as long as the batch lives, as an approval may hang on it. */
  async #read(): Promise<VersionedSnapshot> {
    const { driver, callTimeout, totalTimeout } = this.#loop;
    for (let reads = 1; ; reads++) {
      try {
        const snapshot = await this.#call(() => driver.read(this.#key));
        if (snapshot.version === undefined || isVersion(snapshot.version)) return snapshot;
      } catch (error) {
        const elapsed = this.#elapsed();
        const inDoubt = this.#sent.some(({ unknown }) => unknown);
        const tired = inDoubt ? elapsed >= totalTimeout : reads >= MAX_READS || (reads > 1 && elapsed >= callTimeout);
        if (inDoubt && tired) throw this.#unavailable(`lost a reply and does not answer: the write may have happened${toReason(error)}`, error);
        if (!inDoubt && (tired || isHopeless(error))) throw this.#toOurs(error, 'does not answer');
        await this.#pauseAfterFailure();
        continue;
      }
      throw this.#unavailable('holds a record whose version nothing here has written: look at what else writes to it, or put a backup back');
    }
  }

  /**
   * Looks for the writes sent so far in the record that was read, and delivers what was decided with the one that is there: at most one is, as each
   * was decided on a record that held none of the others. Those that can no longer be applied are forgotten, those that can are kept.
   */
  #deliverApplied({ version, now }: VersionedSnapshot): boolean {
    const applied = this.#sent.find((sent) => locateWrite(sent, version) === 'applied');
    if (applied) {
      applied.decision.deliver();
      return true;
    }
    const pending: SentWrite[] = [];
    for (const sent of this.#sent) {
      const state = locateWrite(sent, version);
      // A conflict is the driver's word that it was not applied; it is only looked for in case a client sent it twice and met itself.
      if (!sent.unknown) continue;
      // After a minute the record may have expired and begun anew: then its absence from the version says nothing.
      if (state === 'untellable' || now - sent.readAt >= MIN_RECORD_AGE) {
        throw this.#unavailable('lost a reply, and it can no longer be told whether the write happened');
      }
      if (state === 'pending') pending.push(sent);
    }
    this.#sent = pending;
    return false;
  }

  /**
   * Delivers a decision that writes nothing. Not while an earlier write of this batch may still land: its calls would have been told one
   * thing and the record another. A store refuses it 5 s after its read, and its commit gets as long as a call; until then the record is read again.
   */
  async #deliverUnwritten({ now }: VersionedSnapshot, decision: BatchDecision): Promise<boolean> {
    if (this.#sent.some(({ readAt }) => now - readAt <= MAX_WRITE_AGE + this.#loop.callTimeout)) {
      await this.#pauseAfterFailure();
      return false;
    }
    decision.deliver();
    return true;
  }

  /** Writes what was decided. Resolves with whether that is done; if not, the record is to be read again. */
  async #write({ version: expected, now: readAt }: VersionedSnapshot, decision: BatchDecision, next: NextRecord): Promise<boolean> {
    const { driver, cache, random } = this.#loop;
    const { token, version } = toNextVersion(expected, random);
    const { body } = next;
    // A minute after the write, that is: it may be applied up to 5 s after the read.
    const expiresAt = next.expiresAt === undefined ? undefined : Math.max(next.expiresAt, readAt + MAX_WRITE_AGE + MIN_RECORD_AGE);
    let unknown = false;
    this.#lastConflict = undefined;
    try {
      const write = { key: this.#key, expected, version, body, expiresAt, readAt, entries: decision.entries };
      const { applied, now } = await this.#call(() => driver.write(write));
      if (applied) {
        cache.put(keyText(this.#key), { version, body, now });
        decision.deliver();
        return true;
      }
    } catch (error) {
      const failure = this.#classify(error);
      if (failure === 'not_applied') throw this.#toOurs(error, 'refused a write');
      unknown = failure === 'unknown';
      if (!unknown && error instanceof CountersignError) this.#lastConflict = error;
    }
    this.#sent = [...this.#sent, { token, expected, readAt, unknown, decision }];
    await (unknown ? this.#pauseAfterUnknown() : this.#pauseAfterConflict());
    return false;
  }

  #classify(error: unknown): WriteFailure {
    if (error instanceof CallTimeout) return 'unknown';
    try {
      return this.#loop.driver.classify?.(error) ?? 'unknown';
    } catch {
      return 'unknown';
    }
  }

  /** Called when every write sent so far was looked for, and none found. */
  #ensureWorthAnotherTry(): void {
    const late = this.#elapsed() >= this.#loop.totalTimeout;
    // A process that stood still for long was refused once, and had no chance yet.
    const contended = this.#conflicts >= MAX_CONFLICTS || (late && this.#conflicts > PROMPT_RETRIES);
    if (this.#unknownWrites >= MAX_UNKNOWN_WRITES || (late && this.#unknownWrites > 0)) {
      throw this.#unavailable('loses its replies');
    }
    if (contended)
      throw this.#lastConflict ?? this.#unavailable('has too much contention on one record: spread the calls, or let fewer processes make them');
  }

  async #pauseAfterConflict(): Promise<void> {
    this.#conflicts++;
    const doublings = this.#conflicts - PROMPT_RETRIES - 1;
    if (doublings >= 0) await this.#pause(Math.min(2 ** doublings, CONFLICT_PAUSE));
  }

  async #pauseAfterUnknown(): Promise<void> {
    this.#unknownWrites++;
    if (this.#unknownWrites > 1) await this.#pauseAfterFailure();
  }

  async #pauseAfterFailure(): Promise<void> {
    this.#failures++;
    await this.#pause(Math.min(CONFLICT_PAUSE * 2 ** (this.#failures - 1), FAILURE_PAUSE));
  }

  /** Waits for a random part of so many milliseconds: two processes that collided must not meet again. */
  #pause(longest: number): Promise<void> {
    const [high = 0, low = 0] = this.#loop.random(2);
    return new Promise((resolve) => {
      this.#loop.delay((longest * (high * 256 + low)) / 65_536, resolve);
    });
  }

  /** Gives a call of the driver its deadline. What it answers later is dropped: the next read will tell. */
  #call<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#loop.delay(this.#loop.callTimeout, () => reject(new CallTimeout()));
      const settled = async () => {
        try {
          resolve(await call());
        } catch (error) {
          reject(error);
        } finally {
          cancel();
        }
      };
      void settled();
    });
  }

  #elapsed(): number {
    return this.#loop.monotonic() - this.#startedAt;
  }

  /** A driver that knows a remedy throws our own error, and it is passed on as it is. */
  #toOurs(error: unknown, what: string): CountersignError {
    return error instanceof CountersignError ? error : this.#unavailable(what, error);
  }

  #unavailable(what: string, cause?: unknown): CountersignError {
    return new CountersignError('store_unavailable', `the ${this.#loop.driver.name} store ${what}`, { cause });
  }
}

/** Whether the database will never answer as it is configured, so that asking again is no use. */
function isHopeless(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'configuration_invalid';
}

/** What a driver that knows a remedy says, to be put behind other words. */
function toReason(error: unknown): string {
  return error instanceof CountersignError ? ` (${error.message})` : '';
}

/** A call of the driver that did not answer in time. */
class CallTimeout extends Error {
  override readonly name = 'TimeoutError';
}
