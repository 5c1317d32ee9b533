import { describe, expect, it } from 'vitest';
import { describeTime, describeWait } from '../../src/cli/when.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

describe('a wait', () => {
  it.each([
    [0, '0 s'],
    [1, '1 s'],
    [45 * SECOND, '45 s'],
    [118 * SECOND, '1 min 58 s'],
    [117_001, '1 min 58 s'],
    [59_001, '1 min'],
    [120 * SECOND, '2 min'],
    [3_605 * SECOND, '1 h'],
    [3_720 * SECOND, '1 h 2 min'],
    [DAY - 1, '1 d'],
    [DAY + 5 * SECOND, '1 d'],
    [2 * DAY + 3 * 3_600 * SECOND, '2 d 3 h'],
  ])('of %d ms is told as %s', (duration, text) => {
    expect(describeWait(duration)).toBe(text);
  });
});

describe('a time', () => {
  const now = new Date(2026, 10, 22, 14, 1, 23, 0);
  const tell = (duration: number) => describeTime(new Date(now.getTime() + duration), now);

  it('is on the reader’s clock, rounded up to the second, and says how far off it is', () => {
    expect(tell(117_500)).toBe('14:03:21 (in 1 min 58 s)');
    expect(tell(118_000)).toBe('14:03:21 (in 1 min 58 s)');
  });

  it('has its date on another day', () => {
    expect(tell(DAY)).toBe('2026-11-23 14:01:23 (in 1 d)');
  });

  it('may be past', () => {
    expect(tell(-90_000)).toBe('13:59:53 (1 min 30 s ago)');
    expect(tell(0)).toBe('14:01:23 (now)');
  });
});
