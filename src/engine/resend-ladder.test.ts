import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Desk, EASY, expectRefusal, expectSend, makeLadder, makeRecord, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { climbLadder, findLadder, ladderEndsAt, nextRungAt, putLadder } from './resend-ladder.ts';

const limits = DEFAULT_LIMITS;
const requester = 'ada';

describe('resend ladder', () => {
  it.each([
    ['its first rung after the first send', 1, 2 * MINUTE],
    ['its second rung after the second', 2, 5 * MINUTE],
    ['its third rung after the third', 3, 15 * MINUTE],
    ['its last rung after the fourth', 4, DAY],
    ['its last rung when it was longer once', 5, DAY],
  ])('makes the next send wait for %s', (_name, step, wait) => {
    expect(nextRungAt(makeLadder({ requester, step }), limits)).toBe(T0 + wait);
  });

  it('makes nobody wait at its foot', () => {
    expect(nextRungAt(undefined, limits)).toBe(0);
  });

  it('makes whoever stands on a rung that it never had wait for the longest', () => {
    expect(nextRungAt(makeLadder({ requester, step: -1 }), limits)).toBe(T0 + DAY);
  });

  it.each([
    [1, 2 * MINUTE],
    [2, 5 * MINUTE],
    [3, 15 * MINUTE],
    [4, 15 * MINUTE],
  ])('makes those without a requester wait 15 minutes at most: after send %i', (step, wait) => {
    expect(nextRungAt(makeLadder({ step }), limits)).toBe(T0 + wait);
  });

  it('goes up by one with each send, and begins again behind its last rung', () => {
    const steps = [undefined, 1, 2, 3, 4, 5].map((step) => climbLadder(step === undefined ? step : makeLadder({ step }), requester, T0, limits).step);
    expect(steps).toEqual([1, 2, 3, 4, 1, 1]);
  });

  it('notes who climbed it, and when', () => {
    expect(climbLadder(undefined, requester, T0, limits)).toEqual({ requester, step: 1, at: T0 });
    expect(climbLadder(undefined, undefined, T0, limits)).toEqual({ requester: '', step: 1, at: T0 });
    expect(climbLadder(makeLadder({ requester }), requester, T0 + MINUTE, limits)).toEqual({ requester, step: 2, at: T0 + MINUTE });
  });

  it.each([
    ['its longest rung after the last send', makeLadder({ requester })],
    ['as long for those without a requester', makeLadder()],
  ])('is remembered for %s', (_name, ladder) => {
    expect(ladderEndsAt(ladder, limits)).toBe(T0 + DAY);
  });

  it('is forgotten only after its wait is over, wherever it stood', () => {
    const rungs = fc.array(fc.integer({ min: 1, max: DAY }), { minLength: 1, maxLength: 6 }).map((waits) => waits.sort((a, b) => a - b));
    fc.assert(
      fc.property(rungs, fc.integer({ min: -2, max: 8 }), fc.constantFrom('', requester), (ladder, step, name) => {
        const other = { ...limits, ladder };
        const stood = makeLadder({ requester: name, step });
        expect(nextRungAt(stood, other)).toBeLessThanOrEqual(ladderEndsAt(stood, other));
      }),
    );
  });

  it('is found and kept by requester, and those without one share one', () => {
    const [ada, shared] = [makeLadder({ requester }), makeLadder()];
    const record = makeRecord({ ladders: [ada, shared] });
    expect(findLadder(record, requester, limits)).toBe(ada);
    expect(findLadder(record, undefined, limits)).toBe(shared);
    expect(findLadder(record, 'bob', limits)).toBeUndefined();
    const higher = makeLadder({ requester, step: 2 });
    expect(putLadder(record, requester, higher, limits).ladders).toEqual([shared, higher]);
    expect(putLadder(record, requester, undefined, limits).ladders).toEqual([shared]);
    expect(putLadder(record, undefined, undefined, limits).ladders).toEqual([ada]);
  });
});

describe('sends under the resend ladder', () => {
  it('I5 I17 are refused to the millisecond before each rung has passed, allowed when it has, and begin again behind the last', () => {
    const desk = new Desk({ renewBefore: 1 });
    for (const wait of [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY, 2 * MINUTE, 5 * MINUTE]) {
      const { resendAt } = desk.send({ requester });
      expect(resendAt).toBe(desk.clock + wait);
      const sentAt = desk.clock;
      for (const early of [0, 1, wait - 1]) {
        desk.clock = sentAt + early;
        expect(expectRefusal(desk.start({ requester })).retryAt).toBe(sentAt + wait);
      }
      desk.clock = sentAt + wait;
    }
    expectSend(desk.start({ requester }));
  });

  it('I5 without a requester wait by one ladder, 15 minutes at most', () => {
    const desk = new Desk({ sendsPerHour: 100, sendsPerDay: 100 });
    for (const wait of [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 2 * MINUTE]) {
      const { resendAt } = desk.send();
      expect(resendAt).toBe(desk.clock + wait);
      desk.clock += wait - 1;
      expect(expectRefusal(desk.start())).toMatchObject({ reason: 'resend_too_soon', retryAt: desk.clock + 1 });
      desk.clock += 1;
    }
  });

  it('of one requester leave the ladder of another where it is', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += 30 * SECOND;
    expect(desk.send({ requester: 'bob' }).resendAt).toBe(desk.clock + 2 * MINUTE);
    desk.clock += 30 * SECOND;
    expect(expectRefusal(desk.start({ requester })).retryAt).toBe(T0 + 2 * MINUTE);
    expect(desk.send().resendAt).toBe(desk.clock + 2 * MINUTE);
  });

  it('I5 are not sooner for another purpose, service or exact destination under one limit', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += 2 * MINUTE - 1;
    for (const other of [{ purpose: 'login' }, { service: 'shop' }, { destination: 'other' }, { life: HOUR }, { channel: 'call' as const }]) {
      expect(expectRefusal(desk.start({ requester, ...other })).reason).toBe('resend_too_soon');
    }
  });

  it.each([
    ['the longest rung after the last send is not over', DAY - 1, 2],
    ['it is over', DAY, 1],
  ])('find the ladder as it was while %s, then its foot', (_name, wait, step) => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += wait;
    desk.send({ requester });
    expect(findLadder(desk.view(), requester, desk.limits)?.step).toBe(step);
  });

  it('that were refused give their rung and their place in the budget back once, and the next keeps both', () => {
    const desk = new Desk({ renewBefore: 1 });
    desk.send({ requester }, 'refused');
    expect(desk.view()).toMatchObject({ ladders: [], shared: { sends: [], returned: { by: requester, at: T0 } } });
    desk.send({ requester }, 'refused');
    expect(desk.view()).toMatchObject({ ladders: [{ requester, step: 1 }], shared: { sends: [T0], returned: undefined } });
    expect(expectRefusal(desk.start({ requester })).retryAt).toBe(T0 + 2 * MINUTE);
  });

  it('give back nothing for a refusal that follows one given back, however the sends before it went', () => {
    const desk = new Desk({ ...EASY, ladder: [MINUTE, HOUR] });
    desk.send({ requester });
    desk.clock += MINUTE;
    desk.send({ requester }, 'refused');
    expect(findLadder(desk.view(), requester, desk.limits)).toEqual({ requester, step: 1, at: T0 });
    desk.send({ requester }, 'refused');
    expect(findLadder(desk.view(), requester, desk.limits)).toEqual({ requester, step: 2, at: T0 + MINUTE });
  });

  it.each(['sent', 'unknown'] as const)('end the chance that one given back has used up when the next is %s', (state) => {
    const desk = new Desk({ ...EASY, ladder: [MINUTE, HOUR] });
    desk.send({ requester }, 'refused');
    desk.send({ requester }, state);
    expect(findLadder(desk.view(), requester, desk.limits)).toEqual({ requester, step: 1, at: T0 });
    desk.clock += MINUTE;
    desk.send({ requester }, 'refused');
    expect(findLadder(desk.view(), requester, desk.limits)).toEqual({ requester, step: 1, at: T0 });
  });
});
