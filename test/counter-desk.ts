import { expect } from 'vitest';
import { createKeyRing } from '../src/core/keys.ts';
import { decodeCounter } from '../src/engine/counter-codec.ts';
import type { CounterRecord } from '../src/engine/counter-record.ts';
import { DEFAULT_LIMITS } from '../src/engine/limits.ts';
import {
  type AddCountOutcome,
  type CheckCountOutcome,
  type DeleteCountOutcome,
  decideAddCount,
  decideCheckCount,
  decideDeleteCount,
  type ResendCounter,
} from '../src/engine/resend-counter.ts';
import type { Decide, NextRecord } from '../src/stores/store.ts';
import { T0 } from './builders.ts';

/** Keyed hashes as the shell makes them. */
export const RING: ReturnType<typeof createKeyRing> = createKeyRing({ secret: 'a secret of thirty-two bytes, and more' });
export const KEY: ReturnType<typeof RING.counterKey> = RING.counterKey('+12025550143', 'ada');

/** A resend counter in a store of one record, on a clock that stands still until a test moves it. */
export class CounterDesk {
  clock: number = T0;
  next: NextRecord | undefined;
  readonly waits: readonly number[];
  readonly key: typeof KEY;
  #claims = 0;

  constructor(waits: readonly number[] = DEFAULT_LIMITS.ladder, key: typeof KEY = KEY) {
    this.waits = waits;
    this.key = key;
  }

  /** Asks under a claim id of its own, unless one is given. */
  check(claimId: string = this.newClaimId()): CheckCountOutcome {
    return this.run(decideCheckCount({ key: this.key, claimId, waits: this.waits }));
  }

  /** Adds to a counter as it was checked; without a claim id as a copied one, which has lost it. */
  add(counter: Pick<ResendCounter, 'count' | 'expires'>, claimId = ''): AddCountOutcome {
    return this.run(decideAddCount({ key: this.key, claimId, count: counter.count, expires: counter.expires, waits: this.waits }));
  }

  remove(): DeleteCountOutcome {
    return this.run(decideDeleteCount());
  }

  /** Checks and adds: one message. */
  send(): ResendCounter {
    const claimId = this.newClaimId();
    return expectAdded(this.add(expectFree(this.check(claimId)), claimId));
  }

  newClaimId(): string {
    this.#claims += 1;
    return `claim-${this.#claims}`;
  }

  record(): CounterRecord | undefined {
    return this.next && decodeCounter(this.next.body);
  }

  /** Decides twice, because a rule may run more than once and says the same each time, and keeps what is to be written. */
  run<T>(decide: Decide<T>): T {
    const decision = decide(this.next?.body, this.clock);
    expect(decide(this.next?.body, this.clock)).toEqual(decision);
    if (decision.next !== undefined) this.next = decision.next;
    return decision.result;
  }
}

export function expectFree(outcome: CheckCountOutcome): ResendCounter {
  if (outcome.status !== 'free') throw new Error(`expected a free counter, got ${JSON.stringify(outcome)}`);
  return outcome.counter;
}

export function expectAdded(outcome: AddCountOutcome): ResendCounter {
  if (outcome.status !== 'added') throw new Error(`expected a rung, got ${JSON.stringify(outcome)}`);
  return outcome.counter;
}
