import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterDesk, KEY } from '../../test/counter-desk.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { CLAIM_LIFE } from './counter-record.ts';
import { type CheckCountOutcome, decideCheckCount, type ResendCounter } from './resend-counter.ts';

const CALLERS = 3;

type Step =
  | { readonly do: 'check'; readonly caller: number }
  | { readonly do: 'add'; readonly caller: number; readonly isCopy: boolean }
  | { readonly do: 'remove' }
  | { readonly do: 'pass'; readonly time: number };

const caller = fc.nat(CALLERS - 1);
const check: fc.Arbitrary<Step> = fc.record({ do: fc.constant('check' as const), caller });
const add: fc.Arbitrary<Step> = fc.record({ do: fc.constant('add' as const), caller, isCopy: fc.boolean() });
const remove: fc.Arbitrary<Step> = fc.constant({ do: 'remove' });
/** Around what matters, now and then far, and now and then back. */
const time = fc.oneof(
  fc.constantFrom(1, SECOND, CLAIM_LIFE - 1, CLAIM_LIFE, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY, 40 * DAY),
  fc.integer({ min: -HOUR, max: 0 }),
);
const pass: fc.Arbitrary<Step> = fc.record({ do: fc.constant('pass' as const), time });
const steps = fc.array(
  fc.oneof({ weight: 4, arbitrary: check }, { weight: 4, arbitrary: add }, { weight: 1, arbitrary: remove }, { weight: 4, arbitrary: pass }),
  {
    maxLength: 60,
  },
);
const waits = fc.oneof(
  fc.constant([2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY]),
  fc.array(fc.integer({ min: 1, max: 20 * MINUTE }), { minLength: 1, maxLength: 5 }).map((given) => given.sort((a, b) => a - b)),
);

/** Plays steps, and holds each answer against what was answered before: nothing of the rules is known here but what they promise. */
class Watcher {
  readonly desk: CounterDesk;
  readonly #held: ({ counter: ResendCounter; claimId: string } | undefined)[] = Array(CALLERS).fill(undefined);
  /** The last rung climbed since the counter was made. */
  #added: { readonly count: number; readonly at: number; readonly expires: number } | undefined;
  /** When somebody was let through last; undefined once a rung was climbed with it. */
  #freeAt: number | undefined;
  /** From when on the counter may be gone. */
  #keptUntil = 0;

  constructor(given: readonly number[]) {
    this.desk = new CounterDesk(given);
  }

  play(step: Step): void {
    if (step.do === 'pass') this.desk.clock = Math.max(0, this.desk.clock + step.time);
    else if (step.do === 'check') this.#check(step.caller);
    else if (step.do === 'add') this.#add(step.caller, step.isCopy);
    else if (this.desk.remove().deleted) this.#added = undefined;
    this.#keptUntil = this.desk.next?.expiresAt ?? 0;
  }

  #check(caller: number): void {
    const before = this.desk.next;
    const claimId = this.desk.newClaimId();
    const outcome = this.desk.check(claimId);
    if (outcome.status !== 'free') {
      expect(this.desk.next).toBe(before);
      this.#expectTruthful(outcome.retryAt);
      return;
    }
    const now = this.#now();
    const { counter } = outcome;
    if (this.#freeAt !== undefined) expect(now - this.#freeAt).toBeGreaterThanOrEqual(CLAIM_LIFE);
    if (now >= this.#keptUntil) this.#added = undefined;
    const stood = this.#added?.count ?? 0;
    expect(counter.count).toBe(stood >= this.desk.waits.length ? 0 : stood);
    if (this.#added) expect(now).toBeGreaterThanOrEqual(this.#added.expires);
    this.#freeAt = now;
    this.#held[caller] = { counter, claimId };
  }

  #add(caller: number, isCopy: boolean): void {
    const held = this.#held[caller];
    if (held === undefined) return;
    const before = this.desk.next;
    const outcome = this.desk.add(held.counter, isCopy ? '' : held.claimId);
    if (outcome.status === 'stale') {
      expect(this.desk.next).toBe(before);
      this.#expectTruthful(outcome.retryAt);
      return;
    }
    const now = this.#now();
    const { count, expires } = outcome.counter;
    expect(isCopy).toBe(false);
    expect(this.#freeAt).toBeDefined();
    expect(now - (this.#freeAt ?? 0)).toBeLessThan(CLAIM_LIFE);
    expect(count).toBe(held.counter.count + 1);
    expect(expires).toBe(now + this.desk.waits[count - 1]!);
    if (this.#added) expect(now - this.#added.at).toBeGreaterThanOrEqual(this.desk.waits[this.#added.count - 1]!);
    this.#added = { count, at: now, expires };
    this.#freeAt = undefined;
  }

  /** I17: just before, a check is refused; from then on it is let through; and without a time, at once. Only looked at, not written. */
  #expectTruthful(retryAt: number | undefined): void {
    const look = (at: number): CheckCountOutcome['status'] =>
      decideCheckCount({ key: KEY, claimId: 'look', waits: this.desk.waits })(this.desk.next?.body, at).result.status;
    if (retryAt === undefined) {
      expect(look(this.desk.clock)).toBe('free');
    } else {
      expect([look(retryAt - 1), look(retryAt)]).toEqual([expect.not.stringMatching('free'), 'free']);
    }
  }

  #now(): number {
    return this.desk.record()?.seen ?? this.desk.clock;
  }
}

describe('every history of a resend counter', () => {
  it('I5 I17 skips no rung, cuts no wait short, lets one caller through in 15 s unless a rung was climbed, and tells true times', () => {
    fc.assert(
      fc.property(waits, steps, (given, history) => {
        const watcher = new Watcher(given);
        for (const step of history) watcher.play(step);
      }),
      { numRuns: 2_000 },
    );
  });

  it('climbs the whole ladder and begins again where everyone keeps to it', () => {
    fc.assert(
      fc.property(waits, (given) => {
        const desk = new CounterDesk(given);
        const counts = Array.from({ length: given.length + 1 }, () => {
          const { count, expires } = desk.send();
          desk.clock = expires;
          return count;
        });
        expect(counts).toEqual([...given.map((_, step) => step + 1), 1]);
      }),
    );
  });
});
