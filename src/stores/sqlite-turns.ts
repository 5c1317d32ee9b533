import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts';
import { isBusy, mayBeLocal, toStoreError } from './sqlite-errors.ts';
import { rollback } from './sqlite-schema.ts';
import { MAX_WRITE_AGE } from './store.ts';

/** What {@link SqliteTurns} works with. */
export interface SqliteTurnsOptions<Item> {
  readonly database: SqliteDatabase;
  readonly clock: Clock;
  /** How long a locked file is waited for, in milliseconds. */
  readonly busyTimeout: number;
  /**
   * Reads, decides and writes inside a transaction, and returns what tells the callers, to be called after the commit. Runs again, on what is
   * then in the file, when the transaction did not come about.
   */
  readonly run: (items: readonly Item[], now: number) => () => void;
}

/** A call that waits for its transaction. */
export interface TurnItem {
  reject(error: unknown): void;
}

interface Waiting<Item> {
  readonly item: Item;
  /** Monotonic, in milliseconds. */
  readonly since: number;
  /** Set after a transaction failed that this was in: by itself it may go through, or be the one that fails. */
  isAlone: boolean;
  /** How many transactions it was in that took too long. */
  stalls: number;
}

/** Calls in one transaction. At some 40 µs each they hold the event loop for 20 ms; more wait for the next turn. */
const MAX_CALLS = 512;

/** A process stopped for more than 5 s in so many transactions in a row is not going to decide in time. */
const MAX_STALLS = 3;

/**
 * Runs the calls of one tick in one transaction, and so pays for one flush of the disk instead of many. A transaction begins, decides, writes and
 * commits within one turn of the event loop, so that nothing else on this connection comes between; only the lock is waited for, by a timer.
 */
export class SqliteTurns<Item extends TurnItem> {
  readonly #options: SqliteTurnsOptions<Item>;
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  /** In the order they came. */
  #waiting: Waiting<Item>[] = [];
  #isScheduled = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: SqliteTurnsOptions<Item>) {
    this.#options = options;
    // The write lock is taken before anything is read: what is decided on cannot change until it is replaced.
    this.#begin = options.database.prepare('BEGIN IMMEDIATE');
    this.#commit = options.database.prepare('COMMIT');
  }

  /** Puts a call into the next transaction. */
  add(item: Item): void {
    this.#waiting.push({ item, since: performance.now(), isAlone: false, stalls: 0 });
    this.#schedule();
  }

  /** Resolves when every call that was added is settled. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  #turn = (): void => {
    this.#isScheduled = false;
    const group = this.#take();
    if (group.length > 0) {
      try {
        this.#transact(group);
      } catch (error) {
        rollback(this.#options.database);
        this.#recover(group, error);
      }
    }
    if (this.#waiting.length > 0) this.#schedule();
    else for (const resolve of this.#whenIdle.splice(0)) resolve();
  };

  #transact(group: readonly Waiting<Item>[]): void {
    const { clock, database, run } = this.#options;
    this.#begin.run();
    const now = clock.now();
    const items = group.map(({ item }) => item);
    const deliver = run(items, now);
    if (clock.now() - now > MAX_WRITE_AGE) {
      rollback(database);
      this.#decideAgain(group);
      return;
    }
    this.#commit.run();
    deliver();
  }

  /** The next calls in order: up to 512, or one that is to be alone. Those were put back in front of all others. */
  #take(): Waiting<Item>[] {
    return this.#waiting.splice(0, this.#waiting[0]?.isAlone ? 1 : MAX_CALLS);
  }

  /** The transaction is undone: its calls wait for the lock, go on one by one, or fail, by what stopped them. */
  #recover(group: readonly Waiting<Item>[], error: unknown): void {
    if (isBusy(error)) {
      this.#putBack(group);
      this.#waitForLock(error);
    } else if (group.length > 1 && mayBeLocal(error)) {
      for (const waiting of group) waiting.isAlone = true;
      this.#putBack(group);
    } else {
      for (const { item } of group) item.reject(toStoreError(error));
    }
  }

  /** The machine stood still between the read and now: what was decided may have expired. Nobody has been told of it. */
  #decideAgain(group: readonly Waiting<Item>[]): void {
    for (const waiting of group) waiting.stalls += 1;
    const message = 'a transaction took longer than 5 s, several times over: the process is being stopped or starved';
    for (const { item, stalls } of group) {
      if (stalls >= MAX_STALLS) item.reject(new CountersignError('store_unavailable', message));
    }
    this.#putBack(group.filter(({ stalls }) => stalls < MAX_STALLS));
  }

  /** Those who have waited long enough are told; the others look again in 1 to 4 ms, so that processes do not keep step. */
  #waitForLock(error: unknown): void {
    const tooOld = performance.now() - this.#options.busyTimeout;
    while (this.#waiting[0] && this.#waiting[0].since <= tooOld) this.#waiting.shift()?.item.reject(toStoreError(error));
    if (this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setTimeout(this.#turn, 1 + Math.random() * 3);
  }

  #putBack(group: readonly Waiting<Item>[]): void {
    this.#waiting = [...group, ...this.#waiting];
  }
}
