import { describe, expect, it } from 'vitest';
import { DAY, HOUR, isDuration, MAX_DURATION, MAX_WAIT, MINUTE, SECOND } from './duration.ts';

describe('a duration', () => {
  it('is a whole number of milliseconds, of which these are names', () => {
    expect([SECOND, MINUTE, HOUR, DAY, MAX_WAIT, MAX_DURATION]).toEqual([1_000, 60_000, 3_600_000, 86_400_000, 2_592_000_000, 34_560_000_000]);
  });

  it.each([1, SECOND, DAY, MAX_DURATION])('may be %i', (value) => {
    expect(isDuration(value)).toBe(true);
  });

  it.each([0, -1, 0.5, 1.5, MAX_DURATION + 1, Number.NaN, Number.POSITIVE_INFINITY, '1000', 1000n, null, undefined, [1000], {}, true, new Date(5)])(
    'may not be %o',
    (value) => {
      expect(isDuration(value)).toBe(false);
    },
  );
});
