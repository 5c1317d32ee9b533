import { describe, expect, it } from 'vitest';
import { formatWait } from './format-wait.ts';

describe('a wait', () => {
  it.each([
    [-1, '0:00'],
    [0, '0:00'],
    [1, '0:01'],
    [1_000, '0:01'],
    [1_001, '0:02'],
    [59_001, '1:00'],
    [118_000, '1:58'],
    [3_599_000, '59:59'],
    [3_600_000, '1:00:00'],
    [86_399_000, '23:59:59'],
    [172_800_000, '48:00:00'],
  ])('of %d ms is %s', (milliseconds, expected) => {
    expect(formatWait(milliseconds)).toBe(expected);
  });
});
