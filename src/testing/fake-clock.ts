import type { Clock } from '../core/clock.ts';

/** A clock that stands still until a test moves it: {@link createFakeClock}. */
export interface FakeClock extends Clock {
  /** Moves it by so many milliseconds; a negative number sets it back, as time servers do. */
  advance(milliseconds: number): void;
  /** Sets it to a time, in milliseconds since 1970-01-01 UTC. */
  set(time: number): void;
}

/** Neither a whole minute nor a whole second, so that rounding shows. */
const START = Date.UTC(2026, 0, 15, 12, 0, 17, 345);

/**
 * Makes a clock for tests. Give it to the store: everything else asks the store what time it is.
 *
 * @param start milliseconds since 1970-01-01 UTC.
 * @throws TypeError for a time that is not in whole milliseconds.
 * @example
 * const clock = createFakeClock();
 * const store = createMemoryStore({ clock });
 * // … a start
 * clock.advance(10 * 60_000); // and its code has expired
 */
export function createFakeClock(start: number = START): FakeClock {
  let time = toTime(start);
  return Object.freeze({
    now: () => time,
    advance(milliseconds: number): void {
      time = toTime(time + milliseconds);
    },
    set(to: number): void {
      time = toTime(to);
    },
  });
}

function toTime(time: number): number {
  if (Number.isSafeInteger(time)) return time;
  throw new TypeError('a clock is set in whole milliseconds');
}
