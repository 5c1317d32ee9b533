import { isSupportedCountry } from 'libphonenumber-js/max';
import { CountersignError } from '../core/errors.ts';
import type { Guard } from './guard.ts';

/** Which countries may be written to. */
export interface CountryGuardOptions {
  /** ISO 3166-1 alpha-2 codes, upper case, such as `['DE', 'FR']`. A calling code is no country: +1 has 25 regions, at prices 24 times apart. */
  readonly allowedCountries: readonly string[];
}

/**
 * Lets messages go only to numbers of the countries named, by libphonenumber's region. Addresses pass: they have no country.
 *
 * @throws {CountersignError} `configuration_invalid` for an empty list or a code that is no country.
 *
 * @example
 * createVerifier({ secret, store, provider, guard: createCountryGuard({ allowedCountries: ['DE', 'AT'] }) })
 */
export function createCountryGuard({ allowedCountries }: CountryGuardOptions): Guard {
  if (!Array.isArray(allowedCountries) || allowedCountries.length === 0) throw invalid('`allowedCountries` must be a list of at least one country');
  for (const country of allowedCountries) {
    if (typeof country !== 'string' || !isSupportedCountry(country))
      throw invalid('`allowedCountries` must hold ISO 3166-1 alpha-2 codes in upper case');
  }
  const allowed: ReadonlySet<string> = new Set(allowedCountries);
  return {
    assess({ kind, country }) {
      if (kind === 'email' || (country !== undefined && allowed.has(country))) return { allowed: true };
      return { allowed: false, rule: 'allowed_countries', detail: `${country ?? 'a number without a region'} is not among the allowed countries` };
    },
  };
}

function invalid(message: string): CountersignError {
  return new CountersignError('configuration_invalid', message, { field: 'allowedCountries' });
}
