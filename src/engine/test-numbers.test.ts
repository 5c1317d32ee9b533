import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { DEPLOYMENT } from '../../test/tenants-world.ts';
import { parseDestination } from '../core/destination.ts';
import { DAY, SECOND } from '../core/duration.ts';
import { parseService } from './parse-service.ts';
import { findTestCode, isReservedNumber, MAX_TEST_PERIOD } from './test-numbers.ts';

const toTime = (time: number) => new Date(time).toISOString();
const parse = (given: object) =>
  parseService(
    { name: 'x', test: { numbers: ['+14155550100'], code: '123456', until: toTime(T0 + DAY), ...given } },
    { deployment: DEPLOYMENT, now: T0 },
  );
const faultOf = (given: object) => errorOf(() => parse(given)).message;

describe('numbers that are given to nobody', () => {
  it.each([
    ['+14155550100', true],
    ['+12025550199', true],
    ['+12045550123', true],
    ['+14155550200', false],
    ['+14155550099', false],
    ['+14155551100', false],
    ['+14155560100', false],
    ['+1415555010', false],
    ['+141555501000', false],
    ['+11155550100', false],
    ['+4155550100', false],
    [' +14155550100', false],
  ])('%s: %s', (number, isReserved) => {
    expect(isReservedNumber(number)).toBe(isReserved);
  });
});

describe('test numbers', () => {
  it.each(['+14155552671', '+4915123456789'])('are taken from elsewhere only where the operator acknowledges it: %s', (number) => {
    expect(faultOf({ numbers: ['+14155550100', number] })).toContain('`test.numbers` must be from');
    expect(faultOf({ numbers: [number], acknowledged: false })).toContain('`test.numbers` must be from');
    expect(parse({ numbers: [number], acknowledged: true }).test).toMatchObject({ numbers: [number], acknowledged: true });
  });

  it.each(['+18005550100', '+447700900123', '+1 415 555 0100', '14155550100', 'ada@example.com', '', '+1415555０100'])(
    'must be such as a verification can be started for: %s',
    (number) => {
      expect(faultOf({ numbers: [number], acknowledged: true })).toContain('`test.numbers` must be a list of');
    },
  );

  it('are at most 100, and each once', () => {
    const numbers = Array.from({ length: 101 }, (_, index) => (index < 100 ? `+141555501${String(index).padStart(2, '0')}` : '+12025550100'));
    expect(parse({ numbers: numbers.slice(0, 100) }).test?.numbers).toHaveLength(100);
    expect(faultOf({ numbers })).toContain('a list of 1 to 100');
    expect(faultOf({ numbers: ['+14155550100', '+14155550100'] })).toContain('different');
  });

  it.each([
    [toTime(T0 + 1), true],
    [toTime(T0 + MAX_TEST_PERIOD), true],
    [toTime(T0), false],
    [toTime(T0 - DAY), false],
    [toTime(T0 + MAX_TEST_PERIOD + 1), false],
  ])('end in the next 90 days: %s', (until, isGood) => {
    if (isGood) expect(parse({ until }).test?.until).toBe(until);
    else expect(faultOf({ until })).toBe('`test.until` must lie in the next 90 days');
  });

  it.each([
    '2026-01-02',
    '2026-02-30T00:00:00Z',
    '2026-01-02T25:00:00Z',
    '2026-01-02T00:00:00',
    '2026-01-02T00:00:00+01:00',
    'tomorrow',
    '',
    7,
    null,
  ])('end at a time that can be read in one way: %j', (until) => {
    expect(faultOf({ until })).toContain('`test.until` must be a time such as');
  });

  it('keep the time of their end in one spelling', () => {
    expect(parse({ until: '2026-01-02T00:00:00Z' }).test?.until).toBe('2026-01-02T00:00:00.000Z');
    expect(parse({ until: '2026-01-02T00:00:00.5Z' }).test?.until).toBe('2026-01-02T00:00:00.500Z');
  });

  it('have their code before their end and not at it, and no other number has', () => {
    const fields = parse({});
    const at = (number: string, now: number) => findTestCode(fields, parseDestination(number), now)?.reveal();
    expect(at('+14155550100', T0 + DAY - 1)).toBe('123456');
    expect(at('+14155550100', T0 + DAY)).toBeUndefined();
    expect(at('+14155550101', T0)).toBeUndefined();
    expect(findTestCode({ test: null }, parseDestination('+14155550100'), T0)).toBeUndefined();
    expect(`${findTestCode(fields, parseDestination('+14155550100'), T0)}`).toBe('[secret]');
  });

  it('are never a number that somebody may have, where nothing is acknowledged', () => {
    const anyNumber = fc.oneof(
      fc.integer({ min: 2_000_000_000, max: 9_999_999_999 }).map((digits) => `+1${digits}`),
      fc.integer({ min: 0, max: 199 }).map((line) => `+14155550${String(line).padStart(3, '0')}`),
    );
    fc.assert(
      fc.property(anyNumber, fc.integer({ min: 1, max: 90 * 86_400 }), (number, seconds) => {
        try {
          parse({ numbers: [number], until: toTime(T0 + seconds * SECOND) });
        } catch {
          return;
        }
        expect(number).toMatch(/^\+1\d{3}55501\d\d$/);
      }),
    );
  });
});
