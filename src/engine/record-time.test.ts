import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceTime, toClock, wasSetBack } from './record-time.ts';

const anyClock = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe("a record's time", () => {
  it.each([
    ['stands still with the clock', { seen: 1000, clock: 1000 }, 1000, 1000],
    ['goes on with the clock', { seen: 1000, clock: 1000 }, 1001, 1001],
    ['stays at what was seen when the clock is set back', { seen: 1000, clock: 1000 }, 400, 1000],
    ['goes on from what was seen at the pace of a clock that was set back', { seen: 1000, clock: 400 }, 450, 1050],
    ['stays at what was seen when the clock is set back once more', { seen: 1000, clock: 400 }, 100, 1000],
    ['goes on by less than the clock has to catch up', { seen: 1000, clock: 400 }, 999, 1599],
    ['is the clock once that is past what was seen', { seen: 1000, clock: 1000 }, 1700, 1700],
  ])('%s', (_name, time, clock, seen) => {
    expect(advanceTime(time, clock)).toEqual({ seen, clock });
  });

  it('I8 is never before what was seen, nor before the clock, whatever the clock does', () => {
    fc.assert(
      fc.property(anyClock, fc.array(anyClock, { minLength: 1 }), (first, clocks) => {
        let time = { seen: first, clock: first };
        for (const clock of clocks) {
          const next = advanceTime(time, clock);
          expect(next.seen).toBeGreaterThanOrEqual(time.seen);
          expect(next.seen).toBeGreaterThanOrEqual(clock);
          expect(next.clock).toBe(clock);
          time = next;
        }
      }),
    );
  });

  it('passes as fast as the clock while that only goes forward, so that no wait stands still', () => {
    fc.assert(
      fc.property(anyClock, fc.nat(1_000_000), fc.nat(1_000), (seen, back, forth) => {
        const time = advanceTime({ seen, clock: seen }, seen - back - forth);
        expect(advanceTime(time, seen - back).seen).toBe(back === 0 ? seen : seen + forth);
      }),
    );
  });

  it.each([
    ['not before', 999, true],
    ['not at', 1000, false],
    ['not after', 1001, false],
  ])('knows that the clock was set back: %s what it showed last', (_name, clock, expected) => {
    expect(wasSetBack({ seen: 5000, clock: 1000 }, clock)).toBe(expected);
  });

  it("is told in the store's clock", () => {
    expect(toClock(1500, { seen: 1000, clock: 1000 })).toBe(1500);
    expect(toClock(1500, { seen: 1000, clock: 400 })).toBe(900);
  });
});
