import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Desk, EASY, expectRefusal, expectSend, makePool, makeRecord, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import {
  agePool,
  chargeGuess,
  disableUsedUp,
  findPool,
  isEmptyPool,
  keepSend,
  LOG_WINDOW,
  mergePools,
  nextBudgetedSendAt,
  nextGuessAt,
  nextSpacedSendAt,
  putPool,
  RETURNED_WINDOW,
  recordSend,
  takeBackSend,
} from './budgets.ts';
import { DEFAULT_LIMITS, RUN_RETENTION } from './limits.ts';
import { EMPTY_POOL, type Pool } from './record.ts';

const limits = DEFAULT_LIMITS;
const own = makePool({ sends: [T0] });
const record = makeRecord({ shared: makePool({ sends: [1] }), known: [{ requester: 'ada', approvedAt: T0, pool: own }] });

/** `count` times, `gap` apart, the last at {@link T0}. */
function log(count: number, gap: number): number[] {
  return Array.from({ length: count }, (_, position) => T0 - (count - 1 - position) * gap);
}

const anyPool: fc.Arbitrary<Pool> = fc.record({
  sends: fc.array(fc.nat(DAY), { maxLength: 30 }).map((times) => times.sort((a, b) => a - b)),
  wrong: fc.array(fc.nat(DAY), { maxLength: 30 }).map((times) => times.sort((a, b) => a - b)),
  run: fc.nat(100),
  runAt: fc.nat(DAY),
  disabled: fc.boolean(),
  returned: fc.option(fc.record({ by: fc.constantFrom(undefined, 'ada', 'bob'), at: fc.nat(DAY) }), { nil: undefined }),
});

describe('budgets', () => {
  it('are those of a known requester, and else the ones that everyone shares', () => {
    expect(findPool(record, 'ada')).toEqual({ pool: own, known: true });
    expect(findPool(record, 'bob')).toEqual({ pool: record.shared, known: false });
    expect(findPool(record, undefined)).toEqual({ pool: record.shared, known: false });
  });

  it('are put back where they were found', () => {
    const pool = makePool({ run: 1, runAt: T0 });
    const bob = { requester: 'bob', approvedAt: T0, pool: own };
    const both = makeRecord({ ...record, known: [...record.known, bob] });
    expect(putPool(both, 'ada', pool)).toEqual({ ...both, known: [{ ...both.known[0], pool }, bob] });
    expect(putPool(both, 'eve', pool)).toEqual({ ...both, shared: pool });
    expect(putPool(both, undefined, pool)).toEqual({ ...both, shared: pool });
  });

  it.each([
    ['nothing was sent', [], 0],
    ['one was sent', [T0], T0 + 30 * SECOND],
    ['more were sent: the last counts', [T0 - HOUR, T0], T0 + 30 * SECOND],
  ])('space two sends by 30 seconds: %s', (_name, sends, expected) => {
    expect(nextSpacedSendAt(makePool({ sends }), limits)).toBe(expected);
  });

  it.each([
    ['4 in an hour', false, log(4, MINUTE), 0],
    ['5 in an hour', false, log(5, MINUTE), T0 - 4 * MINUTE + HOUR],
    ['6, of which the first has left the hour', false, log(6, 15 * MINUTE), T0],
    ['9 in a day', false, log(9, 2 * HOUR), T0 - 8 * HOUR + HOUR],
    ['10 in a day', false, log(10, 2 * HOUR), T0 - 18 * HOUR + DAY],
    ['5 in an hour and 10 in a day: the later of both', false, [T0 - 20 * HOUR, ...log(9, MINUTE)], T0 + 4 * HOUR],
    ['10 in a day by a known requester', true, log(10, 2 * HOUR), T0 - 8 * HOUR + HOUR],
    ['19 in a day by a known requester', true, log(19, HOUR), T0 - 4 * HOUR + HOUR],
    ['20 in a day by a known requester', true, log(20, HOUR), T0 - 19 * HOUR + DAY],
  ])('allow 5 sends in an hour and 10 (known: 20) in a day: after %s', (_name, known, sends, expected) => {
    expect(nextBudgetedSendAt(makePool({ sends, wrong: log(50, 1) }), known, limits)).toBe(expected);
  });

  it.each([
    ['9 in an hour', log(9, MINUTE), 0],
    ['10 in an hour', log(10, MINUTE), T0 - 9 * MINUTE + HOUR],
    ['19 in a day', log(19, HOUR), T0 - 9 * HOUR + HOUR],
    ['20 in a day', log(20, HOUR), T0 - 19 * HOUR + DAY],
  ])('I3 allow 10 wrong guesses in an hour and 20 in a day: after %s', (_name, wrong, expected) => {
    expect(nextGuessAt(makePool({ wrong, sends: log(50, 1) }), limits)).toBe(expected);
  });

  it.each([
    ['on the minute', 0, 0],
    ['a millisecond after it', 1, MINUTE],
    ['a millisecond before it', -1, 0],
    ['in the middle of it', 30 * SECOND, MINUTE],
  ])('I12 end on a whole minute, so that they do not tell when somebody was here: used %s', (_name, offset, rounded) => {
    const sends = log(5, 0).map((at) => at + offset);
    expect(nextBudgetedSendAt(makePool({ sends }), false, limits)).toBe(T0 + HOUR + rounded);
    expect(nextGuessAt(makePool({ wrong: [...sends, ...sends] }), limits)).toBe(T0 + HOUR + rounded);
  });

  it('note a send, and take back only that one, and remember that', () => {
    const pool = recordSend(makePool({ sends: [1, 2] }), 2);
    expect(pool).toEqual(makePool({ sends: [1, 2, 2] }));
    const returned = { by: 'ada', at: 5 };
    expect(takeBackSend(pool, 2, returned)).toEqual(makePool({ sends: [1, 2], returned }));
    expect(takeBackSend(pool, 1, returned)).toEqual(makePool({ sends: [2, 2], returned }));
    expect(takeBackSend(pool, 3, returned)).toBe(pool);
  });

  it.each([
    ['whoever was given back the last keeps one', 'ada', 'ada', true],
    ['somebody else does', 'ada', 'bob', false],
    ['somebody without a requester does', 'ada', undefined, false],
    ['somebody without a requester was given back and keeps one', undefined, undefined, true],
    ['somebody without a requester was given back, and somebody with one keeps one', undefined, 'ada', false],
  ])('forget that a send was given back when %s', (_name, by, requester, isForgotten) => {
    const pool = makePool({ sends: [T0], returned: { by, at: T0 } });
    expect(keepSend(pool, requester)).toEqual({ ...pool, returned: isForgotten ? undefined : pool.returned });
    expect(keepSend(makePool(), requester)).toEqual(EMPTY_POOL);
  });

  it.each([
    [0, 1, false],
    [98, 99, false],
    [99, 100, true],
    [100, 101, true],
  ])('I3 disable a destination with the 100th wrong guess in a row: %i before', (run, after, disabled) => {
    const pool = disableUsedUp(chargeGuess(makePool({ wrong: [1], run, runAt: 1 }), T0), limits);
    expect(pool).toEqual(makePool({ wrong: [1, T0], run: after, runAt: T0, disabled }));
  });

  it('I3 leave a disabled destination disabled, whatever is guessed', () => {
    expect(disableUsedUp(chargeGuess(makePool({ disabled: true }), T0), limits).disabled).toBe(true);
  });

  it('merge in order of time, the stricter of both in everything', () => {
    const a = makePool({ sends: [10, 1000], wrong: [9], run: 3, runAt: 9, returned: { by: 'ada', at: 8 } });
    const b = makePool({ sends: [9, 200], wrong: [10, 100], run: 2, runAt: 100, disabled: true, returned: { by: 'bob', at: 7 } });
    const merged = { sends: [9, 10, 200, 1000], wrong: [9, 10, 100], run: 3, runAt: 100, disabled: true, returned: { by: 'ada', at: 8 } };
    expect(mergePools(a, b)).toEqual(merged);
    expect(mergePools(b, a)).toEqual(merged);
    expect(mergePools(a, a).disabled).toBe(false);
    for (const pools of [[a, EMPTY_POOL] as const, [EMPTY_POOL, a] as const]) expect(mergePools(...pools).returned).toEqual(a.returned);
    expect(mergePools(EMPTY_POOL, EMPTY_POOL)).toEqual(EMPTY_POOL);
  });

  it('return nothing by merging: whatever either refuses, both refuse for as long', () => {
    fc.assert(
      fc.property(anyPool, anyPool, fc.boolean(), (a, b, known) => {
        const merged = mergePools(a, b);
        for (const pool of [a, b]) {
          expect(nextSpacedSendAt(merged, limits)).toBeGreaterThanOrEqual(nextSpacedSendAt(pool, limits));
          expect(nextBudgetedSendAt(merged, known, limits)).toBeGreaterThanOrEqual(nextBudgetedSendAt(pool, known, limits));
          expect(nextGuessAt(merged, limits)).toBeGreaterThanOrEqual(nextGuessAt(pool, limits));
          expect(merged.run).toBeGreaterThanOrEqual(pool.run);
          expect(merged.runAt).toBeGreaterThanOrEqual(pool.runAt);
          expect(merged.disabled || !pool.disabled).toBe(true);
          expect(merged.returned?.at ?? 0).toBeGreaterThanOrEqual(pool.returned?.at ?? 0);
        }
      }),
    );
  });

  it.each([
    ['nothing', {}, true],
    ['when a run that is over ended', { runAt: T0 }, true],
    ['a send', { sends: [T0] }, false],
    ['a wrong guess', { wrong: [T0] }, false],
    ['a run', { run: 1 }, false],
    ['that they are disabled', { disabled: true }, false],
    ['that a send was given back', { returned: { by: undefined, at: T0 } }, false],
  ])('are empty when they remember nothing that counts: %s', (_name, given, expected) => {
    expect(isEmptyPool(makePool(given))).toBe(expected);
  });
});

describe('budgets with time', () => {
  it.each([
    ['a day and a minute', LOG_WINDOW - 1, 1],
    ['no longer', LOG_WINDOW, 0],
  ])('remember sends and wrong guesses for %s', (_name, after, kept) => {
    const pool = makePool({ sends: [T0 - 1, T0], wrong: [T0 - 1, T0] });
    const aged = agePool(pool, T0 + after, RUN_RETENTION);
    expect([aged.sends, aged.wrong]).toEqual(kept === 1 ? [[T0], [T0]] : [[], []]);
  });

  it.each([
    ['sends', { sends: [T0 - LOG_WINDOW, T0], wrong: [T0] }],
    ['wrong guesses', { sends: [T0], wrong: [T0 - LOG_WINDOW, T0] }],
    ['both', { sends: [T0 - LOG_WINDOW, T0], wrong: [T0 - LOG_WINDOW, T0] }],
  ])('I3 forget old %s alone: what is newer stays, and so does a run', (_name, logs) => {
    const run = { run: 99, runAt: T0 - LOG_WINDOW };
    expect(agePool(makePool({ ...logs, ...run }), T0, RUN_RETENTION)).toEqual(makePool({ sends: [T0], wrong: [T0], ...run }));
  });

  it('keep each log as it is while nothing in it is old', () => {
    const pool = makePool({ sends: [T0 - LOG_WINDOW], wrong: [T0] });
    const aged = agePool(pool, T0, RUN_RETENTION);
    expect(aged).toEqual(makePool({ wrong: [T0] }));
    expect(aged.wrong).toBe(pool.wrong);
    expect(agePool(makePool({ sends: pool.wrong, wrong: pool.sends }), T0, RUN_RETENTION).sends).toBe(pool.wrong);
  });

  it.each([
    ['400 days after its last guess', RUN_RETENTION - 1, 7],
    ['no longer', RUN_RETENTION, 0],
  ])('I3 remember a run of wrong guesses for %s', (_name, after, run) => {
    const aged = agePool(makePool({ run: 7, runAt: T0, disabled: true }), T0 + after, RUN_RETENTION);
    expect(aged).toEqual(makePool({ run, runAt: run === 0 ? 0 : T0, disabled: true }));
  });

  it.each([
    ['a day', RETURNED_WINDOW - 1, true],
    ['no longer', RETURNED_WINDOW, false],
  ])('remember for %s that a send was given back, and lose nothing else with that', (_name, after, isKept) => {
    const pool = makePool({ wrong: [T0 + 1], run: 7, runAt: T0, returned: { by: 'ada', at: T0 } });
    expect(agePool(pool, T0 + after, RUN_RETENTION)).toEqual({ ...pool, returned: isKept ? pool.returned : undefined });
    expect(RETURNED_WINDOW).toBe(DAY);
  });

  it('are disabled for ever', () => {
    expect(agePool(makePool({ disabled: true }), T0 + 10_000 * DAY, RUN_RETENTION).disabled).toBe(true);
  });

  it('are the empty ones when nothing in them matters any more', () => {
    expect(agePool(makePool({ sends: [T0], wrong: [T0], run: 1, runAt: T0 }), T0 + RUN_RETENTION, RUN_RETENTION)).toBe(EMPTY_POOL);
  });

  it('decide the same whether or not they were brought up to the time', () => {
    fc.assert(
      fc.property(anyPool, fc.nat(3 * DAY), fc.boolean(), (pool, now, known) => {
        const aged = agePool(pool, now, RUN_RETENTION);
        expect(nextBudgetedSendAt(aged, known, limits) > now).toBe(nextBudgetedSendAt(pool, known, limits) > now);
        expect(nextGuessAt(aged, limits) > now).toBe(nextGuessAt(pool, limits) > now);
        expect(nextSpacedSendAt(aged, limits) > now).toBe(nextSpacedSendAt(pool, limits) > now);
      }),
    );
  });
});

describe('sends under the budgets', () => {
  it('I5 are 30 seconds apart to the millisecond, whoever of the strangers asks', () => {
    const desk = new Desk();
    desk.send({ requester: 'ada' });
    desk.clock += 30 * SECOND - 1;
    const refused = { reason: 'resend_too_soon', retryAt: T0 + 30 * SECOND, live: undefined, resendAt: T0 + 30 * SECOND };
    expect(expectRefusal(desk.start({ requester: 'bob' }))).toMatchObject(refused);
    desk.clock += 1;
    expectSend(desk.start({ requester: 'bob' }));
  });

  it('I5 I12 I17 are refused until the whole minute at which the hour has room again', () => {
    const desk = new Desk();
    desk.clock += 1;
    for (const requester of ['a', 'b', 'c', 'd', 'e']) {
      desk.send({ requester });
      desk.clock += MINUTE;
    }
    const retryAt = T0 + HOUR + MINUTE;
    expect(expectRefusal(desk.start({ requester: 'f' }))).toEqual({
      kind: 'refused',
      reason: 'budget_exhausted',
      retryAt,
      live: undefined,
      resendAt: retryAt,
    });
    desk.clock = retryAt - 1;
    expect(expectRefusal(desk.start({ requester: 'f' })).reason).toBe('budget_exhausted');
    desk.clock = retryAt;
    expectSend(desk.start({ requester: 'f' }));
  });

  it('I5 are at most 5 in every hour and 10 in every day, whoever asks and whenever', () => {
    const step = fc.record({ wait: fc.integer({ min: 1, max: 3 * HOUR }), requester: fc.constantFrom('a', 'b', 'c', 'd', undefined) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const desk = new Desk({ ladder: [1], renewBefore: 1 });
        const sends: number[] = [];
        for (const { wait, requester } of steps) {
          desk.clock += Math.round(wait / 6);
          const outcome = desk.start({ requester });
          if (outcome.kind === 'send') {
            sends.push(desk.clock);
            desk.complete(outcome, 'unknown');
          }
        }
        for (const [position, at] of sends.entries()) {
          const within = (length: number) => sends.slice(position).filter((other) => other < at + length).length;
          expect(within(30 * SECOND)).toBe(1);
          expect(within(HOUR)).toBeLessThanOrEqual(5);
          expect(within(DAY)).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('I5 count when nobody knows what became of them, and when they are refused a second time', () => {
    const desk = new Desk();
    desk.send({ requester: 'ada' }, 'unknown');
    expect(desk.view().shared.sends).toEqual([T0]);
    desk.clock += 2 * MINUTE;
    desk.send({ requester: 'ada' }, 'refused');
    expect(desk.view().shared.sends).toEqual([T0]);
    desk.send({ requester: 'ada' }, 'refused');
    expect(desk.view().shared.sends).toEqual([T0, desk.clock]);
  });
});

describe('guesses under the budgets', () => {
  it('I3 are at most 10 wrong ones in every hour and 20 in every day, over all verifications, and a right one must wait as well', () => {
    const desk = new Desk({ ...EASY, guessesPerVerification: 4 });
    const wrong: number[] = [];
    let { entryId } = desk.send().verification;
    for (let step = 0; step < 60; step += 1) {
      desk.clock += 8 * MINUTE;
      const outcome = desk.check(entryId);
      if (outcome.kind === 'wrong' || outcome.kind === 'used_up') wrong.push(desk.clock);
      if (outcome.kind === 'budget_exhausted') expect(desk.check(entryId, { right: true })).toEqual(outcome);
      entryId = desk.send().verification.entryId;
    }
    for (const [position, at] of wrong.entries()) {
      const within = (length: number) => wrong.slice(position).filter((other) => other < at + length).length;
      expect(within(HOUR)).toBeLessThanOrEqual(10);
      expect(within(DAY)).toBeLessThanOrEqual(20);
    }
    expect(wrong).toHaveLength(20);
  });

  it('I3 I17 are refused until the whole minute at which the hour has room again, and not charged until then', () => {
    const desk = new Desk({ ...EASY, wrongPerHour: 2 });
    desk.clock += 1;
    const { entryId } = desk.send().verification;
    desk.check(entryId);
    desk.check(entryId);
    const retryAt = T0 + HOUR + MINUTE;
    expect(desk.check(entryId)).toEqual({ kind: 'budget_exhausted', retryAt });
    expect(desk.wrote).toBe(false);
    desk.clock = retryAt - 5 * MINUTE;
    const late = desk.send().verification.entryId;
    desk.clock = retryAt - 1;
    expect(desk.check(late, { right: true })).toEqual({ kind: 'budget_exhausted', retryAt });
    desk.clock = retryAt;
    expect(desk.check(late, { right: true }).kind).toBe('approved');
  });

  it('I3 are refused for good after 100 wrong ones in a row, and so are sends, until an operator clears it', () => {
    const desk = new Desk({ ...EASY, guessesPerVerification: 100, wrongPerHour: 100, wrongPerDay: 100, life: 10 * HOUR });
    const { entryId } = desk.send().verification;
    for (let guess = 1; guess < 100; guess += 1) expect(desk.check(entryId)).toEqual({ kind: 'wrong', attemptsLeft: 100 - guess });
    desk.clock += MINUTE;
    const other = desk.send().verification.entryId;
    expect(desk.check(entryId)).toEqual({ kind: 'used_up' });
    expect(desk.expiresAt).toBeUndefined();
    desk.clock += 2 * HOUR;
    expect(desk.check(other, { right: true })).toEqual({ kind: 'destination_blocked' });
    desk.clock += 1_000 * DAY;
    const refused = { kind: 'refused', reason: 'destination_blocked', retryAt: undefined, live: undefined, resendAt: desk.clock };
    expect(desk.start({ requester: 'ada' })).toEqual(refused);
  });
});
