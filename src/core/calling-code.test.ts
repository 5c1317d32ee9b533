import { describe, expect, it } from 'vitest';
import { callingCodeOfMasked, countryOfMasked, isCallingPrefix, ownCallingCode } from './calling-code.ts';
import { parseDestination } from './destination.ts';

describe('a calling code', () => {
  it.each([
    ['+4930901820', '49', 'DE'],
    ['+14155552671', '1', undefined],
    ['+447911123456', '44', undefined],
    ['+351912345678', '351', 'PT'],
    ['someone@example.com', undefined, undefined],
  ])('of %s masked is %s, of %s', (to, code, country) => {
    const { masked } = parseDestination(to);
    expect(callingCodeOfMasked(masked)).toBe(code);
    expect(countryOfMasked(masked)).toBe(country);
  });

  it.each([
    ['DE', '49'],
    ['US', undefined],
    ['GB', undefined],
    ['de', undefined],
    ['', undefined],
  ])('that is %s’s alone is %s', (country, code) => {
    expect(ownCallingCode(country)).toBe(code);
  });

  it.each([
    ['4', true],
    ['44', true],
    ['441', false],
    ['999', false],
  ])('may begin with %s: %s', (digits, isPrefix) => {
    expect(isCallingPrefix(digits)).toBe(isPrefix);
  });
});
