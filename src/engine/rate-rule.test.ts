import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, errorOf, T0 } from '../../test/builders.ts';
import { expectWithin } from '../../test/rate-windows.ts';
import { HOUR, MINUTE } from '../core/duration.ts';
import { decodeRate, encodeRate } from './rate-record.ts';
import { decideTakePermits, LEASE_LIFE, type RateLimit, toPace, type WantedPermits } from './rate-rule.ts';

/** One record on a clock that a test sets. */
class Desk {
  clock = T0;
  body: string | undefined;
  expiresAt: number | undefined;
  wrote = false;
  readonly pace: ReturnType<typeof toPace>;

  constructor(limit: RateLimit) {
    this.pace = toPace(limit);
  }

  take(now: number, ahead = 0) {
    const want: WantedPermits = { now, ahead };
    const decide = decideTakePermits(want, this.pace);
    const { result, next } = deepFreeze(decide(this.body, this.clock));
    expect(decide(this.body, this.clock).result).toEqual(result);
    this.wrote = next !== undefined;
    if (next) [this.body, this.expiresAt] = [next.body, next.expiresAt];
    return result;
  }
}

/** One a second, ten at once. */
const SLOW: RateLimit = { perMinute: 60, burst: 10 };
/** One a millisecond, a thousand at once: 50 in a lease. */
const FAST: RateLimit = { perMinute: 60_000, burst: 1_000 };

describe('a pace', () => {
  it.each<[RateLimit, ReturnType<typeof toPace>]>([
    [SLOW, { interval: 1_000_000, tolerance: 10_000_000, lease: 0 }],
    [FAST, { interval: 1_000, tolerance: 1_000_000, lease: 50 }],
    [
      { perMinute: 1_200, burst: 1 },
      { interval: 50_000, tolerance: 50_000, lease: 1 },
    ],
    [
      { perMinute: 1_199, burst: 1 },
      { interval: 50_042, tolerance: 50_042, lease: 0 },
    ],
    [
      { perMinute: 600_000, burst: 100_000 },
      { interval: 100, tolerance: 10_000_000, lease: 100 },
    ],
    [
      { perMinute: 1, burst: 100_000 },
      { interval: 60_000_000, tolerance: 6_000_000_000_000, lease: 0 },
    ],
  ])('of %j is %j', (limit, pace) => {
    expect(toPace(limit)).toEqual(pace);
  });

  it.each([
    ['perMinute', 0],
    ['perMinute', -1],
    ['perMinute', 1.5],
    ['perMinute', 600_001],
    ['perMinute', Number.NaN],
    ['perMinute', '60'],
    ['burst', 0],
    ['burst', 100_001],
    ['burst', undefined],
  ])('is refused with %s %j', (field, value) => {
    const error = errorOf(() => toPace({ ...SLOW, [field]: value }));
    expect([error.code, error.field]).toEqual(['configuration_invalid', field]);
  });
});

describe('permits', () => {
  it('are there at once up to the burst, and come back one by one', () => {
    const desk = new Desk(SLOW);
    expect(desk.take(4)).toEqual({ granted: 4, leased: 0, wait: 0, retryAt: T0 });
    expect(desk.take(100)).toEqual({ granted: 6, leased: 0, wait: 1_000, retryAt: T0 + 1_000 });
    desk.clock += 999;
    expect([desk.take(1), desk.wrote]).toEqual([{ granted: 0, leased: 0, wait: 1, retryAt: T0 + 1_000 }, false]);
    desk.clock += 1;
    expect([desk.take(1).granted, desk.take(1).granted]).toEqual([1, 0]);
    desk.clock += 5_500;
    expect(desk.take(100)).toMatchObject({ granted: 5, wait: 500 });
    desk.clock += HOUR;
    expect(desk.take(100).granted).toBe(10);
  });

  it('expire when all are there again', () => {
    const desk = new Desk(SLOW);
    desk.take(3);
    expect(desk.expiresAt).toBe(T0 + 3_000);
    desk.clock += MINUTE;
    desk.take(1);
    expect(desk.expiresAt).toBe(T0 + MINUTE + 1_000);
  });

  it('are taken ahead as if they were used when the lease is over', () => {
    const desk = new Desk(FAST);
    expect(desk.take(1, 50)).toEqual({ granted: 1, leased: 50, wait: 0, retryAt: T0 });
    expect(decodeRate(desk.body ?? '')).toBe((T0 + LEASE_LIFE + 50) * 1_000);
    expect(desk.take(1_000)).toMatchObject({ granted: 900 });
    desk.clock += 100;
    expect(desk.take(10, 50)).toMatchObject({ granted: 10, leased: 50 });
  });

  it('are taken ahead only where all who wait got theirs, and as many as there are', () => {
    const desk = new Desk(FAST);
    expect(desk.take(1_001, 50)).toMatchObject({ granted: 1_000, leased: 0, wait: 1 });
    desk.clock += 30;
    expect(desk.take(10, 50)).toMatchObject({ granted: 10, leased: 20, wait: 1 });
    expect(new Desk({ perMinute: 60_000, burst: 50 }).take(1, 50)).toMatchObject({ granted: 1, leased: 0 });
    expect(new Desk({ perMinute: 60_000, burst: 60 }).take(1, 50)).toMatchObject({ granted: 1, leased: 10 });
  });

  it('I17: are refused a millisecond before the time that was told, and given at it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600_000 }), fc.integer({ min: 1, max: 50 }), fc.nat(5_000), (perMinute, burst, wait) => {
        const desk = new Desk({ perMinute, burst });
        desk.take(burst);
        desk.clock += wait;
        desk.take(burst);
        const { retryAt } = desk.take(1);
        const { body } = desk;
        if (desk.wrote) return;
        desk.clock = retryAt - 1;
        expect(desk.take(1).granted).toBe(0);
        desk.body = body;
        desk.clock = retryAt;
        expect(desk.take(1).granted).toBe(1);
      }),
    );
  });

  it('are never more than the burst and what came back, in any window, whatever is taken ahead and when it is used, with clocks set back', () => {
    const anyLimit = fc.record({ perMinute: fc.constantFrom(60, 1_200, 7_777, 60_000, 600_000), burst: fc.constantFrom(1, 2, 60, 150, 1_000) });
    const anyStep = fc.record({
      wait: fc.oneof(fc.nat(3), fc.nat(120), fc.nat(2_000)),
      now: fc.oneof(fc.nat(3), fc.nat(300)),
      ahead: fc.nat(100),
      usedAfter: fc.nat(LEASE_LIFE),
      back: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(HOUR) }),
    });
    fc.assert(
      fc.property(anyLimit, fc.array(anyStep, { maxLength: 30 }), (limit, steps) => {
        const desk = new Desk(limit);
        const used: number[] = [];
        let time = 0;
        for (const { wait, now, ahead, usedAfter, back } of steps) {
          time += wait;
          desk.clock += wait - back;
          const { granted, leased } = desk.take(now, Math.min(ahead, desk.pace.lease));
          expect([granted <= now, leased <= ahead]).toEqual([true, true]);
          used.push(...Array<number>(granted).fill(time), ...Array<number>(leased).fill(time + usedAfter));
        }
        expectWithin(desk.pace, used);
      }),
      { numRuns: 300 },
    );
  });

  it('are used up when the clock is set back, and come back from then on', () => {
    const desk = new Desk(SLOW);
    desk.take(1);
    desk.clock -= HOUR;
    expect([desk.take(1), desk.wrote]).toEqual([{ granted: 0, leased: 0, wait: 1_000, retryAt: desk.clock + 1_000 }, true]);
    desk.clock += 3_000;
    expect(desk.take(5)).toMatchObject({ granted: 3, wait: 1_000 });
  });

  it('are left as they are when the clock is behind by less than 5 s: two processes may differ by that', () => {
    const desk = new Desk(SLOW);
    desk.take(10);
    desk.clock -= 5_000;
    expect([desk.take(1), desk.wrote]).toEqual([{ granted: 0, leased: 0, wait: 6_000, retryAt: T0 + 1_000 }, false]);
  });
});

describe('the record of a rate limit', () => {
  it('is read as it was written', () => {
    expect([encodeRate(17), decodeRate('[1,17]')]).toEqual(['[1,17]', 17]);
  });

  it.each([
    ['no JSON', '17', 'not one of ours'],
    ['a newer version', '[2,17]', 'newer version'],
    ['no time', '[1]', 'damaged'],
    ['a second time', '[1,17,17]', 'damaged'],
    ['a time that is none', '[1,null]', 'damaged'],
    ['a part of a time', '[1,1.5]', 'damaged'],
    ['a time before all times', '[1,-1]', 'damaged'],
  ])('is refused with %s', (_name, body, how) => {
    const error = errorOf(() => decideTakePermits({ now: 1, ahead: 0 }, toPace(SLOW))(body, T0));
    expect([error.code, error.message]).toEqual(['store_unavailable', expect.stringContaining(how)]);
  });
});
