import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { createCountryGuard } from './country-guard.ts';
import type { GuardRequest } from './guard.ts';

const phone: GuardRequest = { country: 'DE', kind: 'phone', channel: 'sms', service: 'default', purpose: 'default' };
const assess = (request: GuardRequest) => createCountryGuard({ allowedCountries: ['DE', 'AT'] }).assess(request);

describe('country guard', () => {
  it.each([
    ['a country that is named first', phone],
    ['a country that is named last', { ...phone, country: 'AT' }],
    ['an address, which has no country', { ...phone, country: undefined, kind: 'email', channel: 'email' }],
    ['an address, whatever country is told for it', { ...phone, country: 'KP', kind: 'email', channel: 'email' }],
  ] as const)('lets through %s', (_name, request) => {
    expect(assess(request)).toEqual({ allowed: true });
  });

  it.each([
    ['another country', 'CH', 'CH is not among the allowed countries'],
    ['a country by other letters', 'de', 'de is not among the allowed countries'],
    ['no country', undefined, 'a number without a region is not among the allowed countries'],
  ])('refuses a number of %s, and says why', (_name, country, detail) => {
    expect(assess({ ...phone, country })).toEqual({ allowed: false, rule: 'allowed_countries', detail });
  });

  it('lets through no country that is named later', () => {
    const allowedCountries = ['DE'];
    const made = createCountryGuard({ allowedCountries });
    allowedCountries.push('CH');
    expect(made.assess({ ...phone, country: 'CH' })).toMatchObject({ allowed: false });
  });

  it.each([
    ['no list', 'DE', /^`allowedCountries` must be a list of at least one country$/],
    ['nothing', undefined, /^`allowedCountries` must be a list of at least one country$/],
    ['an empty list', [], /^`allowedCountries` must be a list of at least one country$/],
    ['a set', new Set(['DE']), /^`allowedCountries` must be a list of at least one country$/],
    ['lower case', ['de'], /^`allowedCountries` must hold ISO 3166-1 alpha-2 codes in upper case$/],
    ['three letters', ['DEU'], /ISO 3166-1/],
    ['a calling code', ['49'], /ISO 3166-1/],
    ['a number', [49], /ISO 3166-1/],
    ['no country', ['XX'], /ISO 3166-1/],
    ['a word that every object knows', ['constructor'], /ISO 3166-1/],
    ['one that is none among others', ['DE', 'XX'], /ISO 3166-1/],
    ['a hole', Array(1), /ISO 3166-1/],
    ['null in the list', [null], /ISO 3166-1/],
  ])('is not made of %s', (_name, allowedCountries, message) => {
    const error = errorOf(() => createCountryGuard({ allowedCountries: allowedCountries as string[] }));
    expect(error).toMatchObject({ code: 'configuration_invalid', field: 'allowedCountries' });
    expect(error.message).toMatch(message);
  });
});
