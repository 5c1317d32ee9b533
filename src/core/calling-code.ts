import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';

/** Which countries have a calling code: one alone for most, some two dozen for `1`. */
const COUNTRIES: ReadonlyMap<string, readonly string[]> = groupCountries();

/** The calling code of a country that shares it with no other; undefined for any other text. @param country ISO 3166-1 alpha-2. */
export function ownCallingCode(country: string): string | undefined {
  return [...COUNTRIES].find(([, countries]) => countries.length === 1 && countries[0] === country)?.[0];
}

/** The country of a masked phone number, where its calling code tells; undefined where several share it, and for an address. */
export function countryOfMasked(masked: string): string | undefined {
  const countries = COUNTRIES.get(callingCodeOfMasked(masked) ?? '') ?? [];
  return countries.length === 1 ? countries[0] : undefined;
}

/** Whether digits are the beginning of some calling code, or all of one. No calling code is the beginning of another. */
export function isCallingPrefix(digits: string): boolean {
  return [...COUNTRIES.keys()].some((code) => code.startsWith(digits));
}

/** What stands before the first hidden digit; undefined for an address. */
export function callingCodeOfMasked(masked: string): string | undefined {
  return /^\+(\d{1,3})\*/.exec(masked)?.[1];
}

function groupCountries(): ReadonlyMap<string, readonly string[]> {
  const countries = new Map<string, string[]>();
  for (const country of getCountries()) {
    const code = getCountryCallingCode(country);
    countries.set(code, [...(countries.get(code) ?? []), country]);
  }
  return countries;
}
