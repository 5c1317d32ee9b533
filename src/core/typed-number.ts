import { type CountryCode, getCountryCallingCode, isSupportedCountry, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { type Destination, parseDestination } from './destination.ts';
import { HIDDEN_CHARACTER, toAsciiDigits } from './digits.ts';
import { CountersignError } from './errors.ts';

/** The longest text that is looked at: 15 digits, a prefix, separators, and the marks that a contact list puts round them. */
const MAX_INPUT_LENGTH = 128;

/**
 * What copying brings along and nobody sees: the marks by which a contact list keeps a number from left to right, and the ones by which a
 * page says where a number may be broken. Every other hidden character is refused, as in a number that a program sends.
 */
const COPIED_MARKS = /[\p{Bidi_Control}\u00ad\u200b\u2060\ufeff]/gu;

/** Every dash but the wavy ones, which stand for a range; and the long vowel mark, which is next to the digits of a Japanese keyboard. */
const DASHES = /(?![\u301c\u3030])[\p{Pd}\u2212\u30fc]/gu;

const DOTS = /[\u00b7\u2022\u2027\u30fb]/g;

/** What stands between digits and says nothing. A slash is none: it may part two numbers. */
const SEPARATORS = /[ ()[\].-]+/g;

/** The trunk prefix as in `+44 (0)7700 900123`: dialled at home, left out from abroad. */
const BRACKETED_TRUNK = /(?<=\d.*)[([] ?0 ?[)\]]/;

/** What is refused before anything is removed, each with its reason. */
const REFUSED_SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'is empty'],
  [/@/, 'is an email address'],
  [/[\p{L}\p{M}]/u, 'contains letters; leave out names and extensions'],
  [/[^0-9+ ()[\]./-]/, 'contains a character that is not part of a number, or an extension'],
  [/\.{3}/, 'is cut short by dots'],
  [/\+.*\+/, 'contains more than one plus; give one number'],
  [/[0-9].*\+/, 'must begin with its plus'],
];

/**
 * Reads a phone number as a person types or pastes it beside a chosen country: as at home, with the trunk prefix or without, or as from
 * abroad, after `+`, `00`, the country's own prefix (`011` in the US) or `tel:`. What is written as from abroad may be of any country, and
 * so may a number of a neighbour that shares the calling code.
 *
 * A text is read in every way that it can be, and a way counts when it ends in a valid number. Two that end in different numbers are
 * refused, since the code would go to a stranger as likely as not: in Hong Kong, which dials 002, `00251…` may be of Peru or of Ethiopia.
 *
 * Digits without a plus are first what they are at home. Where they are no number there, and begin with the chosen country's calling code,
 * they are read as from abroad; codes of other countries need their plus or `00`. One case is refused: a landline at home that is a mobile
 * with a plus before it, as `491701234567` in Germany, where it is either in the town of Leer (0491) or, far more often, a mobile whose
 * plus was forgotten. A 0 or a plus settles it.
 *
 * @param country ISO 3166-1 alpha-2 in capitals. With any other text, such as none, only `+` and `00` are understood.
 * @throws {CountersignError} `invalid_destination` on anything that is not one number, or that {@link parseDestination} refuses; the
 * message never repeats the input.
 */
export function parseTypedPhone(text: string, country: string): Destination {
  const typed = toPlainText(text);
  const home = isSupportedCountry(country) ? country : undefined;
  for (const { index } of typed.matchAll(/\//g)) {
    // `030 123456/57` is a number and the end of another; `030/123456` has an area code before its slash, which is no number.
    if (readAll(typed.slice(0, index), home).size > 0) throw invalid('is more than one; give one number');
  }
  const [number, another] = readAll(typed, home);
  if (number === undefined) throw invalid('is not in use; give one of the chosen country, or begin with + and the calling code of its own');
  if (another !== undefined) throw invalid('can be read as two; begin it with + and the calling code of its country');
  return parseDestination(number);
}

/** A number as its country groups it for those who call from abroad: `+1 202 555 0143`. @param e164 what {@link Destination.reveal} tells. */
export function formatPhone(e164: string): string {
  const parsed = parsePhoneNumberFromString(e164, { extract: false });
  return parsed?.number === e164 ? parsed.formatInternational() : e164;
}

/** Brings the text to ASCII digits, a plus and separators, and refuses everything else. */
function toPlainText(text: string): string {
  if (text.length > MAX_INPUT_LENGTH) throw invalid(`is longer than ${MAX_INPUT_LENGTH} characters`);
  const visible = text.replace(COPIED_MARKS, '').trim();
  // Line breaks and tabs inside are among these: they part two numbers.
  if (HIDDEN_CHARACTER.test(visible)) throw invalid('contains a line break, a control or an invisible character');
  const typed = toAsciiDigits(visible)
    .replace(DASHES, '-')
    .replace(DOTS, '.')
    .replace(/^tel: ?/i, '');
  for (const [pattern, fault] of REFUSED_SPELLINGS) if (pattern.test(typed)) throw invalid(fault);
  return typed;
}

/** The numbers, in E.164, that a text may mean. */
function readAll(typed: string, home: CountryCode | undefined): Set<string> {
  // Some countries have no trunk prefix, and some a 0 that is dialled from abroad too: the numbering plan tells which of the two is one.
  const spellings = BRACKETED_TRUNK.test(typed) ? [typed, typed.replace(BRACKETED_TRUNK, ' ')] : [typed];
  const numbers = spellings.flatMap((spelling) => {
    const dialled = spelling.replace(SEPARATORS, '').replaceAll('/', '');
    if (dialled.startsWith('+')) return [read(dialled)];
    const abroad = dialled.startsWith('00') ? [read(`+${dialled.slice(2)}`)] : [];
    return home ? [...abroad, ...readAsAtHome(dialled, home)] : abroad;
  });
  return new Set(numbers.flatMap((number) => number?.number ?? []));
}

/** As dialled in a country: what libphonenumber makes of it, which knows the country's own prefix for calls abroad. */
function readAsAtHome(dialled: string, home: CountryCode): (PhoneNumber | undefined)[] {
  const national = read(dialled, home);
  const abroad = read(`+${dialled}`);
  if (national === undefined) return abroad?.countryCallingCode === getCountryCallingCode(home) ? [abroad] : [];
  return abroad && isMobile(abroad) && !isMobile(national) ? [national, abroad] : [national];
}

/** A valid number, without the trunk or operator's prefix that was dialled; undefined for anything else. */
function read(dialled: string, defaultCountry?: CountryCode): PhoneNumber | undefined {
  const parsed = parsePhoneNumberFromString(dialled, { extract: false, ...(defaultCountry && { defaultCountry }) });
  return parsed?.isValid() ? parsed : undefined;
}

/** Whether it may be a mobile: in the US and its neighbours nobody can tell by the number. */
function isMobile(number: PhoneNumber): boolean {
  return /MOBILE/.test(number.getType() ?? '');
}

function invalid(fault: string): CountersignError {
  return new CountersignError('invalid_destination', `The phone number ${fault}`, { field: 'to' });
}
