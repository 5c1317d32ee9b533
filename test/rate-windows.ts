import { expect } from 'vitest';
import type { Pace } from '../src/engine/rate-rule.ts';

/**
 * Expects that no window has more permits than the burst and what comes back in it. A window that begins and ends with a permit is the tightest there is
 * about it, so only those are looked at. @param used in milliseconds, in any order.
 */
export function expectWithin({ interval, tolerance }: Pace, used: readonly number[]): void {
  const times = used.toSorted((a, b) => a - b);
  // Of what is too much by the end of a window, the least at its beginning: in one pass instead of over all pairs.
  let floor = Number.POSITIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  for (const [index, time] of times.entries()) {
    floor = Math.min(floor, index * interval - time * 1_000);
    worst = Math.max(worst, (index + 1) * interval - time * 1_000 - floor);
  }
  expect(worst).toBeLessThanOrEqual(tolerance);
}
