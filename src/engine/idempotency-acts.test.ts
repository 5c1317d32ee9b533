import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, T0 } from '../../test/builders.ts';
import type { Decide } from '../stores/store.ts';
import { ASK_AGAIN, decideClaimKey, decideKeepAnswer, decideReleaseKey, KEY_LIFE, RUN_LEASE } from './idempotency-acts.ts';

const [ONE, OTHER] = ['1'.repeat(43), '2'.repeat(43)];

/** One key's record on a clock that a test sets. */
class Key {
  clock = T0;
  body: string | undefined;
  expiresAt: number | undefined;

  run<T>(decide: Decide<T>): T {
    const decision = deepFreeze(decide(this.body, this.clock));
    expect(decide(this.body, this.clock)).toEqual(decision);
    if (decision.next) [this.body, this.expiresAt] = [decision.next.body, decision.next.expiresAt];
    return decision.result;
  }

  claim(body: string, run: string) {
    return this.run(decideClaimKey(body, run));
  }
}

describe('an idempotency key', () => {
  it('is claimed by one, who keeps an answer for all, for 24 h', () => {
    const key = new Key();
    expect(key.claim(ONE, 'a')).toEqual({ kind: 'claimed' });
    key.clock += 500;
    expect(key.claim(ONE, 'b')).toEqual({ kind: 'running', retryAt: T0 + 500 + ASK_AGAIN });
    expect(key.run(decideKeepAnswer('a', 'sealed'))).toBe(true);
    const kept = { kind: 'kept', sealed: 'sealed' };
    expect([key.claim(ONE, 'c'), key.expiresAt]).toEqual([kept, T0 + 500 + KEY_LIFE]);
    key.clock += KEY_LIFE - 1;
    expect(key.claim(ONE, 'c')).toEqual(kept);
    key.clock += 1;
    expect(key.claim(ONE, 'c')).toEqual({ kind: 'claimed' });
  });

  it.each<[string, (key: Key) => unknown]>([
    ['while it runs', () => undefined],
    ['after its lease', (key) => (key.clock += RUN_LEASE)],
    ['when an answer is kept', (key) => key.run(decideKeepAnswer('a', 'sealed'))],
    ['when it was released', (key) => key.run(decideReleaseKey('a'))],
    ['at the end of its 24 h', (key) => (key.clock += KEY_LIFE - 1)],
  ])('is no other request’s %s', (_when, act) => {
    const key = new Key();
    key.claim(ONE, 'a');
    act(key);
    expect(key.claim(OTHER, 'b')).toEqual({ kind: 'mismatch' });
  });

  it('is any request’s after 24 h', () => {
    const key = new Key();
    key.claim(ONE, 'a');
    key.clock += KEY_LIFE;
    expect(key.claim(OTHER, 'b')).toEqual({ kind: 'claimed' });
  });

  it('is given to the next one when the lease of a run that crashed is over, and to one alone', () => {
    const key = new Key();
    key.claim(ONE, 'a');
    key.clock += RUN_LEASE - 1;
    expect(key.claim(ONE, 'b')).toEqual({ kind: 'running', retryAt: T0 + RUN_LEASE });
    key.clock += 1;
    expect([key.claim(ONE, 'b').kind, key.claim(ONE, 'c').kind]).toEqual(['claimed', 'running']);
  });

  it('keeps the answer of a run that took longer than its lease, unless the next one has begun', () => {
    const key = new Key();
    key.claim(ONE, 'a');
    key.clock += RUN_LEASE;
    const { body } = key;
    expect(key.run(decideKeepAnswer('a', 'late'))).toBe(true);
    key.body = body;
    key.claim(ONE, 'b');
    expect([key.run(decideKeepAnswer('a', 'late')), key.run(decideReleaseKey('a'))]).toEqual([false, false]);
    expect([key.run(decideKeepAnswer('b', 'next')), key.run(decideKeepAnswer('a', 'late'))]).toEqual([true, false]);
    expect(key.claim(ONE, 'c')).toEqual({ kind: 'kept', sealed: 'next' });
  });

  it('is free at once when it was released', () => {
    const key = new Key();
    key.claim(ONE, 'a');
    expect([key.run(decideReleaseKey('a')), key.claim(ONE, 'b').kind]).toEqual([true, 'claimed']);
  });

  it('keeps nothing for a record that is gone', () => {
    const key = new Key();
    expect([key.run(decideKeepAnswer('a', 'sealed')), key.run(decideReleaseKey('a')), key.body]).toEqual([false, false, undefined]);
  });

  it('I11 runs once until an answer is kept or a lease is over, whatever the clock does', () => {
    const anyStep = fc.oneof(
      fc.record({ kind: fc.constantFrom('claim', 'keep', 'release'), who: fc.nat(3), body: fc.constantFrom(ONE, ONE, ONE, OTHER) }),
      fc.record({ kind: fc.constant('wait'), by: fc.oneof(fc.integer({ min: -RUN_LEASE, max: RUN_LEASE }), fc.nat(KEY_LIFE)) }),
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        const key = new Key();
        let [seen, startedAt, owner, runs, body] = [T0, Number.NEGATIVE_INFINITY, '', 0, ''];
        for (const step of steps) {
          if (!('who' in step)) {
            key.clock += step.by;
            continue;
          }
          // The rule's own time, told anew: the latest at which it has written anything.
          const now = Math.max(key.clock, seen);
          const run = `${step.who}.${runs}`;
          if (step.kind === 'claim') {
            const found = key.claim(step.body, run);
            if (found.kind !== 'claimed') continue;
            expect(owner === '' || now >= startedAt + RUN_LEASE).toBe(true);
            expect(body === '' || body === step.body || now >= seen + KEY_LIFE).toBe(true);
            [owner, startedAt, body, seen] = [run, now, step.body, now];
            runs += 1;
          } else if (key.run(step.kind === 'keep' ? decideKeepAnswer(owner, 's') : decideReleaseKey(owner))) {
            // A kept answer holds the key for a day from then on.
            [owner, startedAt, seen] = step.kind === 'keep' ? ['kept', now + KEY_LIFE - RUN_LEASE, now] : ['', startedAt, now];
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
