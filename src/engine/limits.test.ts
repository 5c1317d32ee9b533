import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { DEFAULT_LIMITS, type Limits, resolveLimits } from './limits.ts';

const faultOf = (given: unknown) => errorOf(() => resolveLimits(given as Partial<Limits>));

/** Each numeric limit with the smallest and the largest value that it may have. */
const RANGES: readonly (readonly [keyof Limits, number, number])[] = [
  ['codeLength', 4, 10],
  ['life', MINUTE, 10 * MINUTE],
  ['emailLife', MINUTE, DAY],
  ['renewBefore', 1, DAY],
  ['retention', MINUTE, 30 * DAY],
  ['sharedRung', 1, DAY],
  ['sendSpacing', 1, HOUR],
  ['sendsPerHour', 1, 100],
  ['sendsPerDay', 1, 100],
  ['knownSendsPerDay', 1, 100],
  ['guessesPerVerification', 1, 100],
  ['wrongPerHour', 1, 100],
  ['wrongPerDay', 1, 100],
  ['wrongInARow', 1, 100],
  ['knownRequesters', 0, 20],
  ['knownFor', MINUTE, 400 * DAY],
  ['sendingFor', SECOND, 10 * MINUTE],
  ['replayFor', 1, 10 * MINUTE],
];

const BAD_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5.5, -1, '5', null, true, [5], {}, 5n];

describe('limits', () => {
  it('are those of the design where nothing is said', () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
    expect(resolveLimits({})).toEqual({
      ...{ codeLength: 6, life: 600_000, emailLife: 600_000, renewBefore: 120_000, retention: 86_400_000 },
      ...{ ladder: [120_000, 300_000, 900_000, 86_400_000], sharedRung: 900_000, sendSpacing: 30_000 },
      ...{ sendsPerHour: 5, sendsPerDay: 10, knownSendsPerDay: 20, sendsPerVerification: null, guessesPerVerification: 5, holdUsedUp: false },
      ...{ wrongPerHour: 10, wrongPerDay: 20, wrongInARow: 100, knownRequesters: 5, knownFor: 15_552_000_000 },
      ...{ sendingFor: 60_000, replayFor: 60_000, resendPolicy: 'repeat', sharePending: false },
    });
  });

  it('are those that are given, and the defaults where undefined is', () => {
    const given = { codeLength: 8, ladder: [1_000], resendPolicy: 'rotate', sharePending: true } as const;
    expect(resolveLimits({ ...given, life: undefined } as unknown as Partial<Limits>)).toEqual({ ...DEFAULT_LIMITS, ...given });
  });

  it('change no more: neither they nor their ladder, nor by the list that was given', () => {
    const ladder = [1_000];
    const limits = resolveLimits({ ladder });
    ladder.push(1);
    expect(limits.ladder).toEqual([1_000]);
    expect([Object.isFrozen(limits), Object.isFrozen(limits.ladder)]).toEqual([true, true]);
  });

  it.each(RANGES)('take for %s whole numbers from %i to %i, and nothing else', (name, min, max) => {
    // A life may be as short as what has to be left of it.
    const others: Partial<Limits> = { renewBefore: 1, ...(name === 'renewBefore' && { life: 10 * MINUTE, emailLife: DAY }) };
    for (const value of name === 'renewBefore' ? [min, 10 * MINUTE - 1] : [min, max]) {
      expect(resolveLimits({ ...others, [name]: value })[name]).toBe(value);
    }
    for (const value of [...BAD_NUMBERS, min - 1, max + 1]) {
      const error = faultOf({ ...others, [name]: value });
      expect(error).toMatchObject({ code: 'configuration_invalid', field: 'limits' });
      expect(error.message).toMatch(new RegExp(`^\`limits\\.${name}\` must be a whole number (of milliseconds )?from ${min} to ${max}$`));
    }
  });

  it.each([
    ['no list', 120_000, 'must be a list of durations'],
    ['null', null, 'must be a list of durations'],
    ['too long', Array.from({ length: 21 }, () => 1_000), 'must have at most 20 rungs'],
    ['with a rung of no time', [0, 1_000], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['negative', [-1], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['with a fraction', [1.5], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['with a text', ['1000'], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['with a rung too long', [30 * DAY + 1], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['with one rung too long of two', [1_000, 31 * DAY], 'must hold whole numbers of milliseconds, from 1 to 30 days'],
    ['shrinking', [2_000, 1_000], 'must never shrink from one rung to the next'],
    ['shrinking at its end', [1_000, 2_000, 1_999], 'must never shrink from one rung to the next'],
  ])('refuse a ladder that is %s', (_name, ladder, fault) => {
    expect(faultOf({ ladder }).message).toBe(`\`limits.ladder\` ${fault}`);
  });

  it.each([
    ['no rung', []],
    ['one rung', [1]],
    ['rungs of one length', [1_000, 1_000]],
    ['the longest', [1, 30 * DAY]],
    ['20 rungs', Array.from({ length: 20 }, () => 1_000)],
  ])('take a ladder of %s', (_name, ladder) => {
    expect(resolveLimits({ ladder }).ladder).toEqual(ladder);
  });

  it.each([
    ['resendPolicy', ['Repeat', '', null, true, 1], 'must be "repeat" or "rotate"'],
    ['sharePending', ['true', 1, 0, null], 'must be true or false'],
    ['holdUsedUp', ['true', 1, 0, null], 'must be true or false'],
    ['sendsPerVerification', [0, 101, 1.5, '5', true], 'must be null or a whole number from 1 to 100'],
  ])('refuse for %s what is none of its values', (name, values, fault) => {
    for (const value of values) expect(faultOf({ [name]: value }).message).toBe(`\`limits.${name}\` ${fault}`);
    expect(resolveLimits({ resendPolicy: 'repeat', sharePending: false, holdUsedUp: false, sendsPerVerification: null })).toEqual(DEFAULT_LIMITS);
    expect(resolveLimits({ holdUsedUp: true, sendsPerVerification: 100 })).toMatchObject({ holdUsedUp: true, sendsPerVerification: 100 });
  });

  it('name every bad value in one message', () => {
    const bad = {
      ...Object.fromEntries(RANGES.map(([name]) => [name, -1])),
      ladder: [0],
      resendPolicy: 'never',
      sharePending: 'no',
      holdUsedUp: 'no',
      sendsPerVerification: 0,
      sendsPerWeek: 1,
    };
    const { message } = faultOf(bad);
    for (const name of [...Object.keys(DEFAULT_LIMITS), 'sendsPerWeek']) expect(message).toContain(`\`limits.${name}\``);
    expect(message.split('; ')).toHaveLength(Object.keys(DEFAULT_LIMITS).length + 1);
    expect(message).toContain('`limits.sendsPerWeek` is not a limit');
  });

  it.each(['sendsPerWeek', 'toString', 'constructor', '__proto__', ''])('refuse what is not one: %o', (name) => {
    expect(faultOf(Object.fromEntries([[name, 1]])).message).toBe(`\`limits.${name}\` is not a limit`);
  });

  it.each([null, 'fast', 5, [], [5], true])('refuse what is no object: %o', (given) => {
    const error = faultOf(given);
    expect([error.code, error.message, error.field]).toEqual(['configuration_invalid', '`limits` must be an object', 'limits']);
  });

  it.each([
    ['a life', { life: 2 * MINUTE }, false],
    ['a life by email', { emailLife: 2 * MINUTE }, false],
    ['either, by one millisecond', { life: 2 * MINUTE + 1, emailLife: 2 * MINUTE + 1 }, true],
    ['what has to be left of it', { renewBefore: 10 * MINUTE }, false],
    ['what has to be left of it, by one millisecond', { renewBefore: 10 * MINUTE - 1 }, true],
  ])('refuse a verification that would be renewed as soon as it begins: %s', (_name, given, accepted) => {
    if (accepted) expect(resolveLimits(given)).toMatchObject(given);
    else expect(faultOf(given).message).toBe('`limits.renewBefore` must be shorter than `limits.life` and `limits.emailLife`');
  });

  it('say that once the values themselves are right', () => {
    expect(faultOf({ life: 1, renewBefore: 5 * MINUTE }).message).toBe('`limits.life` must be a whole number of milliseconds from 60000 to 600000');
  });
});
