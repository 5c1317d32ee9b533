import { getCountries, getExampleNumber, type PhoneNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { toLanguageTag } from './language-tag.ts';

/** How many languages' lists are kept: a page is read in a few, and the browser that asks names any it likes. */
const MAX_LANGUAGES = 8;

/** A country as a picker offers it. */
export interface Country {
  /** ISO 3166-1 alpha-2; libphonenumber adds `AC`, `TA` and `XK`, which have calling codes and no code of their own there. */
  readonly country: string;
  /** Without the plus. Several countries share `1`, `7`, `39`, `44` and some others. */
  readonly callingCode: string;
  /** In the language that was asked for. */
  readonly name: string;
  /** A mobile number as written at home: libphonenumber's own example, `01512 3456789` for Germany. */
  readonly example: string;
}

let plans: readonly Omit<Country, 'name'>[] | undefined;

/** By language tag; the one that was asked for last is the last. */
const lists = new Map<string, readonly Country[]>();

/**
 * The countries that have mobile numbers, named and sorted as in a language. Made when first asked for, and kept.
 *
 * @param language A language tag (BCP 47). English is used where the runtime has no names in it, and where it is none.
 * @param allowed ISO 3166-1 alpha-2 of those to offer; null or nothing offers all.
 *
 * @example
 * listCountries('de', ['AT', 'DE'])
 * // [{ country: 'DE', callingCode: '49', name: 'Deutschland', example: '01512 3456789' }, { country: 'AT', … name: 'Österreich', … }]
 */
export function listCountries(language: string, allowed?: readonly string[] | null): readonly Country[] {
  const countries = listAll(toNameLanguage(language));
  return allowed ? countries.filter(({ country }) => allowed.includes(country)) : countries;
}

/**
 * What the picker begins with: the browser's region where it is offered, or else the only one that is. Otherwise undefined, and the person
 * chooses: a number typed as at home beside a country that was guessed may be valid there, and a stranger's.
 *
 * @param region ISO 3166-1 alpha-2 of the language that the browser prefers.
 */
export function suggestCountry({ region, countries }: { region: string | undefined; countries: readonly Country[] }): string | undefined {
  return (countries.find(({ country }) => country === region) ?? (countries.length === 1 ? countries[0] : undefined))?.country;
}

function listAll(language: string): readonly Country[] {
  const list = lists.get(language) ?? nameAll(language);
  lists.delete(language);
  lists.set(language, list);
  const [oldest] = lists.keys();
  if (lists.size > MAX_LANGUAGES && oldest !== undefined) lists.delete(oldest);
  return list;
}

function nameAll(language: string): readonly Country[] {
  const names = new Intl.DisplayNames(language, { type: 'region' });
  const { compare } = new Intl.Collator(language);
  plans ??= getCountries().flatMap((country) => toPlan(country, getExampleNumber(country, examples)));
  const named = plans.map((plan) => Object.freeze({ ...plan, name: names.of(plan.country) ?? plan.country }));
  return Object.freeze(named.sort((one, other) => compare(one.name, other.name)));
}

function toPlan(country: string, example: PhoneNumber | undefined): Omit<Country, 'name'>[] {
  // In the US and its neighbours a mobile cannot be told by its number.
  if (example === undefined || !/MOBILE/.test(example.getType() ?? '')) return [];
  return [{ country, callingCode: example.countryCallingCode, example: example.formatNational() }];
}

/** One that the runtime has names in, without extensions such as `-u-co-phonebk`: those would be lists of their own, with the same names. */
function toNameLanguage(language: string): string {
  const { baseName } = new Intl.Locale(toLanguageTag(language) ?? 'en');
  return Intl.DisplayNames.supportedLocalesOf(baseName)[0] ?? 'en';
}
