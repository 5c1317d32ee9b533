import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, T0 } from '../../test/builders.ts';
import { MINUTE } from '../core/duration.ts';
import type { Decide } from '../stores/store.ts';
import {
  decideApprovePage,
  decideCancelPage,
  decideClaim,
  decideCurrent,
  decideExchange,
  decideIssueResult,
  decideOpenSession,
  PAGE_SESSION_LIFE,
  RESULT_LIFE,
  RESULT_PERIOD,
} from './page-session-acts.ts';
import { decodePageSession } from './page-session-record.ts';

const hash = (of: string | number) => `${of}`.padStart(22, '0');

const who = fc.constantFrom('ada', 'ada', 'ada', 'eve').map(hash);
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      who,
      hasLink: fc.constantFrom(true, true, false),
      destination: fc.option(fc.nat(4).map(hash)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('approve' as const, 'issue' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('keep' as const, 'cancel' as const), who }) },
  // Of all results that were made up, counted from the newest.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('exchange' as const), of: fc.nat(4), service: fc.constantFrom('VA1', 'VA1', 'VA1', 'VA2') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      by: fc.oneof(
        fc.nat(RESULT_LIFE / 4),
        fc.nat(RESULT_LIFE),
        fc.constant(RESULT_LIFE),
        fc.nat(RESULT_PERIOD),
        fc.nat(PAGE_SESSION_LIFE),
        fc.integer({ min: -10 * MINUTE, max: 0 }),
      ),
    }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** A session on a clock that a test sets, and what has come of it, told anew: a list of what happened. */
class History {
  clock = T0;
  /** The latest time at which anything was written. */
  seen = T0;
  body: string | undefined;
  owner: string | undefined;
  readonly tried = new Set<string>();
  approvedAt: number | undefined;
  readonly results = new Map<string, number>();
  made = 0;
  exchanges = 0;
  cancellations = 0;

  constructor() {
    this.run(decideOpenSession('VA1', 'sealed'));
  }

  run<T>(decide: Decide<T>): { readonly result: T; readonly wrote: boolean } {
    const { result, next } = deepFreeze(decide(this.body, this.clock));
    if (next === undefined) return { result, wrote: false };
    this.body = next.body;
    this.seen = Math.max(this.seen, this.clock);
    expect(next.expiresAt).toBe(T0 + 45 * MINUTE);
    return { result, wrote: true };
  }

  get now() {
    return Math.max(this.seen, this.clock);
  }

  get isOpen() {
    return this.now < T0 + PAGE_SESSION_LIFE && this.approvedAt === undefined && this.cancellations === 0;
  }

  take(step: Step) {
    const { now, isOpen } = this;
    switch (step.kind) {
      case 'wait':
        this.clock += step.by;
        return;
      case 'claim':
        return this.takeClaim(step);
      case 'keep':
        expect(this.run(decideCurrent(step.who, { verificationId: 'VE1', to: 'sealed' })).wrote).toBe(isOpen && step.who === this.owner);
        return;
      case 'cancel':
        expect(this.run(decideCancelPage(step.who)).wrote).toBe(isOpen && step.who === this.owner);
        if (isOpen && step.who === this.owner) this.cancellations += 1;
        return;
      case 'exchange': {
        const result = hash(this.made - step.of);
        const at = [...this.results].slice(-3).find(([made]) => made === result)?.[1];
        const isGood = step.service === 'VA1' && this.exchanges === 0 && at !== undefined && now < at + RESULT_LIFE;
        expect(this.run(decideExchange(step.service, result))).toEqual({ result: isGood ? 'claims' : undefined, wrote: isGood });
        if (isGood) this.exchanges += 1;
        return;
      }
      default:
        return this.takeResult(step);
    }
  }

  takeClaim({ who: browser, hasLink, destination }: Step & { readonly kind: 'claim' }) {
    const { isOpen } = this;
    const isOwn = browser === this.owner || (this.owner === undefined && hasLink);
    const isOneMore = destination !== null && !this.tried.has(destination);
    const may = isOpen && isOwn && !(isOneMore && this.tried.size === 3);
    expect(this.run(decideClaim({ browser, hasLink, destination: destination ?? undefined })).wrote).toBe(may);
    if (!may) return;
    this.owner = browser;
    if (destination !== null) this.tried.add(destination);
  }

  takeResult({ kind, who: browser }: Step & { readonly kind: 'approve' | 'issue' }) {
    const { now } = this;
    this.made += 1;
    const result = hash(this.made);
    const isFirst = kind === 'approve' && this.approvedAt === undefined && this.cancellations === 0;
    const isTold = this.approvedAt !== undefined && this.exchanges === 0 && now < this.approvedAt + RESULT_PERIOD;
    const may = browser === this.owner && (isFirst || isTold);
    expect(
      this.run(kind === 'approve' ? decideApprovePage(browser, { claims: 'claims', hash: result }) : decideIssueResult(browser, result)),
    ).toEqual({
      ...{ result: may, wrote: may },
    });
    if (!may) return;
    this.approvedAt ??= now;
    this.results.set(result, now);
  }
}

describe('whatever happens to a page session, and whatever its clock does', () => {
  it('I11 it is one browser’s, takes three numbers, and gives its claims once, within a minute of a result', () => {
    let exchanged = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30, size: 'max' }), (steps) => {
        const history = new History();
        for (const step of steps) {
          history.take(step);
          const { browser, destinations, seen, end } = decodePageSession(history.body ?? '');
          expect([browser, destinations, seen]).toEqual([history.owner, [...history.tried], history.seen]);
          const ends = {
            exchanged: history.exchanges,
            canceled: history.cancellations,
            approved: Number(history.approvedAt !== undefined && history.exchanges === 0),
          };
          expect(ends).toEqual({ exchanged: 0, canceled: 0, approved: 0, ...(end && { [end.kind]: 1 }) });
        }
        exchanged += history.exchanges;
      }),
      { numRuns: 2_000 },
    );
    // It has come that far, and not only been refused.
    expect(exchanged).toBeGreaterThan(100);
  });
});
