import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../core/duration.ts';
import { parseTime, parseUtcOffset } from './parse-time.ts';

const AT = Date.UTC(2026, 0, 31, 10, 20, 30);

describe('a time', () => {
  it.each([
    ['2026-01-31T10:20:30Z', AT],
    ['2026-01-31t10:20:30z', AT],
    ['2026-01-31T12:20:30+02:00', AT],
    ['2026-01-31T04:50:30-0530', AT],
    ['2026-01-31 10:20:30+00', AT],
    ['2026-01-31 12:20:30 +02:00', AT],
    ['2026-01-31T10:20:30.5Z', AT + 500],
    ['2026-01-31T10:20:30,5Z', AT + 500],
    ['2026-01-31T10:20:30.123Z', AT + 123],
    ['2026-01-31T10:20:30.123000Z', AT + 123],
    ['2026-01-31T10:20Z', AT - 30_000],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('is read as ISO 8601 and as databases print it: %s', (text, time) => {
    expect(parseTime(text, 7 * HOUR)).toBe(time);
  });

  it.each([
    [0, AT],
    [2 * HOUR, AT - 2 * HOUR],
    [-(5 * HOUR + 30 * MINUTE), AT + 5 * HOUR + 30 * MINUTE],
  ])('without a zone is ahead of UTC by the offset given: %i', (offset, time) => {
    expect([parseTime('2026-01-31 10:20:30', offset), parseTime('2026-01-31T10:20:30.000000', offset)]).toEqual([time, time]);
  });

  it('is rounded up to the millisecond, so that no wait ends early', () => {
    expect([parseTime('2026-01-31 10:20:30.123456', 0), parseTime('2026-01-31 10:20:30.000001', 0)]).toEqual([AT + 124, AT + 1]);
  });

  it.each([
    ...['', 'now', '2026-01-31', '10:20:30', '1769854830', '31.01.2026 10:20:30', '01/31/2026 10:20', '26-01-31 10:20:30', ' 2026-01-31 10:20:30'],
    ...['2026-02-30 10:20:30', '2025-02-29 10:20:30', '2026-13-01 10:20:30', '2026-00-10 10:20:30', '2026-01-00 10:20:30', '2026-01-32 10:20:30'],
    ...['2026-01-31 24:00:00', '2026-01-31 10:60:00', '2026-01-31 10:20:60', '2026-01-31 10:20:30.', '1969-12-31 23:59:59', '0000-01-01 00:00:00'],
    ...['2026-01-31 10:20:30+15:00', '2026-01-31 10:20:30+02:60', '2026-01-31 10:20:30 CET', '2026-01-31T10:20:30Z\n', '2026-01-31  10:20:30'],
  ])('is nothing else: %j', (text) => {
    expect(parseTime(text, 0)).toBeUndefined();
  });

  it('is what it was when JavaScript printed it', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString(), HOUR)).toBe(date.getTime());
      }),
    );
  });
});

describe('an offset from UTC', () => {
  it.each([
    ['Z', 0],
    ['z', 0],
    ['+00:00', 0],
    ['-00:00', 0],
    ['+02:00', 2 * HOUR],
    ['-05:30', -5.5 * HOUR],
    ['+0545', 5.75 * HOUR],
    ['-03', -3 * HOUR],
    ['+14:00', 14 * HOUR],
    ['-14:00', -14 * HOUR],
  ])('is read: %s', (text, offset) => {
    expect(parseUtcOffset(text)).toBe(offset);
  });

  it.each(['', '2', '02:00', '+2', '+2:00', '+14:01', '-15:00', '+01:60', 'CET', 'UTC', '+02:00 ', '+02:'])('is nothing else: %j', (text) => {
    expect(parseUtcOffset(text)).toBeUndefined();
  });
});
