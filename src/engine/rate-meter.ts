import type { RecordKey, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import { decideTakePermits, LEASE_LIFE, type Pace, type TakenPermits } from './rate-rule.ts';

/** Whether a request may go on, or from when on one may, in the store's time. */
export type RateVerdict = { readonly allowed: true } | { readonly allowed: false; readonly retryAt: Date };

/** One key's or address's permits in this process. */
export interface RateMeter {
  take(): Promise<RateVerdict>;
}

/** What a meter is made of. */
export interface RateMeterOptions {
  readonly store: Store;
  readonly record: RecordKey;
  readonly pace: Pace;
  readonly monotonic: () => number;
}

const ALLOWED: RateVerdict = Object.freeze({ allowed: true });

interface Waiting {
  resolve(verdict: RateVerdict): void;
  reject(error: unknown): void;
}

/** Makes a meter with nothing in it. */
export function createRateMeter(options: RateMeterOptions): RateMeter {
  return new StoreMeter(options);
}

/**
 * Asks the store once for all who wait, and hands out from a lease what it was given beyond. Every time is counted from before the store was asked: its own
 * clock was read later, so that a lease is over here before it is over there, and a refusal too.
 */
class StoreMeter implements RateMeter {
  readonly #options: RateMeterOptions;
  #waiting: Waiting[] = [];
  #isAsking = false;
  /** When the store was asked last. */
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Permits that were used since. */
  #used = 0;
  /** Permits of the lease that are left. */
  #left = 0;
  #refusal: { readonly until: number; readonly verdict: RateVerdict } | undefined;

  constructor(options: RateMeterOptions) {
    this.#options = options;
  }

  take(): Promise<RateVerdict> {
    const verdict = this.#answer();
    if (verdict !== undefined) return Promise.resolve(verdict);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#isAsking) return;
      this.#isAsking = true;
      // After what is to be done at once: others who take one now are asked for together with this.
      void Promise.resolve().then(() => this.#askWhileWaiting());
    });
  }

  /** What can be said without the store. */
  #answer(): RateVerdict | undefined {
    const now = this.#options.monotonic();
    if (this.#left > 0 && now < this.#askedAt + LEASE_LIFE) {
      this.#left -= 1;
      this.#used += 1;
      return ALLOWED;
    }
    return this.#refusal !== undefined && now < this.#refusal.until ? this.#refusal.verdict : undefined;
  }

  async #askWhileWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const asking = this.#waiting;
      this.#waiting = [];
      await this.#ask(asking);
      // Who came meanwhile may be served from what was brought.
      this.#waiting = this.#waiting.filter(({ resolve }) => {
        const verdict = this.#answer();
        if (verdict !== undefined) resolve(verdict);
        return verdict === undefined;
      });
    }
    this.#isAsking = false;
  }

  async #ask(asking: readonly Waiting[]): Promise<void> {
    const { store, record, pace, monotonic } = this.#options;
    const askedAt = monotonic();
    const want = { now: asking.length, ahead: this.#plan(askedAt) };
    try {
      // In an async function: a store that throws instead of rejecting fails no less.
      const taken = await ask((async () => store.update(record, decideTakePermits(want, pace)))());
      const refused = this.#note(askedAt, taken);
      for (const [index, { resolve }] of asking.entries()) resolve(index < taken.granted ? ALLOWED : refused);
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }

  /** As many as would be used within a lease at the pace of late, and at most twice as many as were used: one that is hardly used takes none. */
  #plan(now: number): number {
    const elapsed = Math.max(now - this.#askedAt, 1);
    return Math.min(this.#options.pace.lease, 2 * this.#used, Math.floor((this.#used * LEASE_LIFE) / elapsed));
  }

  #note(askedAt: number, { granted, leased, wait, retryAt }: TakenPermits): RateVerdict {
    const verdict: RateVerdict = Object.freeze({ allowed: false, retryAt: new Date(retryAt) });
    [this.#askedAt, this.#used, this.#left] = [askedAt, granted, leased];
    this.#refusal = wait > 0 ? { until: askedAt + wait, verdict } : undefined;
    return verdict;
  }
}
