import { type NumberType, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { HIDDEN_CHARACTER, toAsciiDigits } from './digits.ts';
import { CountersignError } from './errors.ts';

/** The longest text that is looked at: 15 digits, a plus, and three separators to each of them. */
const MAX_INPUT_LENGTH = 64;

/** What people put between the digits; NFKC has turned no-break and thin spaces, and full-width forms, into these. */
const SEPARATORS = /[ ().-]+/g;

/** ITU-T E.164: a calling code that does not begin with 0, and 15 digits at the most. Nothing that can be verified has fewer than 7. */
const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Calling codes of no country: free phone, shared cost, satellites, universal personal numbers, global networks, disaster relief, premium
 * rate. Refused by code, because by type libphonenumber calls some of them mobile or VoIP, and all of them are dear.
 */
const NON_GEOGRAPHIC = /^\+(?:800|808|870|878|881|882|883|888|979)/;

/** Kinds of number that bill their caller, or that no one person holds. */
const REFUSED_TYPES = new Set<NumberType>(['PREMIUM_RATE', 'SHARED_COST', 'TOLL_FREE', 'UAN', 'PAGER', 'VOICEMAIL', 'PERSONAL_NUMBER']);

/**
 * What is refused before anything is removed, each with its reason. Libraries that read such texts disagree about the number in them: of
 * `call me +1 … now` libphonenumber-js makes the number, and Google's own port one with three more digits.
 */
const REFUSED_SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\p{L}/u, 'contains letters; extensions, `tel:` and text around the number are refused'],
  [/[^0-9+ ().-]/, 'contains a character other than digits, a plus, spaces and -().'],
  [/^[^+]*$/, 'must begin with + and the calling code of its country'],
  [/\+.*\+/, 'contains more than one plus; give one number'],
  [/[0-9].*\+/, 'must begin with its plus'],
  [/\([ .-]*0[ .-]*\)/, 'contains a trunk prefix (0); leave it out, as when calling from abroad'],
];

/** A number as parsed: never another than the one that was typed. */
interface ParsedPhone {
  /** E.164: a plus and 7 to 15 digits. */
  number: string;
  /** Region as libphonenumber tells it, which may surprise (`+44 7911` is Guernsey); undefined where it knows none. */
  country: string | undefined;
  /** Without the plus. */
  callingCode: string;
}

/**
 * Parses a phone number in E.164 form, as people write it: spaces, `-`, `(`, `)` and `.` between the digits, and digits of any script.
 *
 * libphonenumber judges the number but does not read it: it would find one in `call me +1 …`, drop an extension, skip a NUL and remove a
 * trunk prefix, and then a code would go to a number that nobody typed.
 *
 * @throws {CountersignError} `invalid_destination` on anything else; the message never repeats the input.
 */
export function parsePhone(input: string): ParsedPhone {
  const number = toDigits(input);
  if (NON_GEOGRAPHIC.test(number)) throw invalid('belongs to no country (satellite, global or premium service); those are refused');
  const parsed = parsePhoneNumberFromString(number, { extract: false });
  if (parsed === undefined) throw invalid('does not begin with the calling code of a country');
  if (parsed.number !== number) throw invalid('contains a trunk or carrier prefix; write it as it is called from abroad');
  const type = parsed.getType();
  // A number that has a type is valid: asking only for the type saves a second match against every pattern of its country.
  if (type === undefined && !parsed.isValid()) throw invalid("is not in use in its country's numbering plan");
  if (REFUSED_TYPES.has(type)) throw invalid('is a premium-rate, shared-cost, toll-free or personal number, a pager or a voice mailbox');
  return { number, country: parsed.country, callingCode: parsed.countryCallingCode };
}

/** Removes what may stand between digits and refuses everything else. */
function toDigits(input: string): string {
  if (input.length > MAX_INPUT_LENGTH) throw invalid(`is longer than ${MAX_INPUT_LENGTH} characters`);
  if (HIDDEN_CHARACTER.test(input)) throw invalid('contains a control, bidirectional or invisible character');
  const typed = toAsciiDigits(input);
  for (const [pattern, fault] of REFUSED_SPELLINGS) if (pattern.test(typed)) throw invalid(fault);
  const number = typed.replace(SEPARATORS, '');
  if (!E164.test(number)) throw invalid('must be a plus and 7 to 15 digits, the first of them not 0');
  return number;
}

/**
 * Spellings of one handset, `[from, to]`; no `to` is matched by a `from`. Found by asking libphonenumber-js 1.13 for pairs of valid numbers
 * that differ by inserted digits or by calling code, and kept where a source says that both are reached:
 *
 * - Argentina writes a mobile with a 9 for those who call it from abroad; networks deliver without it, and libphonenumber calls that fixed.
 * - Brazil put a 9 before mobile numbers that began with 6–9 (2012–2016); of the old ones 7… is still valid.
 * - Mexico dropped the 1 of mobiles in 2019. The old form is no longer valid; the row is for a caller with older numbers.
 * - Palestinian mobiles answer under +972 too (google/libphonenumber#1134).
 * - San Marino's landlines answer under Italy's code too (en.wikipedia.org/wiki/Telephone_numbers_in_San_Marino).
 * - The Gambia put two digits of the operator before seven; both are reached from September 2026 on (validatorjs/validator.js#2870).
 * - Gabon replaced the leading 0 by 1, 6 or 7 in 2019, by operator; libphonenumber takes the old form too, with its 0 and without.
 */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^\+549(?=\d{10}$)/, '+54'],
  [/^\+55\d\d(?=[6-9]\d{7}$)/, '$&9'],
  [/^\+521(?=\d{10}$)/, '+52'],
  [/^\+972(?=5[69]\d{7}$)/, '+970'],
  [/^\+39(?=0549\d{6}$)/, '+378'],
  [/^\+220(?:44|8[3679])(?=\d{7}$)/, '+220'],
  [/^\+2410(?=1\d{6}$)/, '+2411'],
  [/^\+2410?(?=[256]\d{6}$)/, '+2416'],
  [/^\+2410?(?=[47]\d{6}$)/, '+2417'],
  [/^\+2410(?=3\d{6}$)/, '+241'],
];

/**
 * The spelling that all spellings of one handset share: what limits are counted by. A code sent to one of them never proves another, so a
 * pair that is folded wrongly costs two people one budget, and lets an approval of one end the other's run of wrong guesses.
 */
export function foldPhone(number: string): string {
  for (const [from, to] of ALIASES) if (from.test(number)) return number.replace(from, to);
  return number;
}

/** `+1********71`: the calling code, a star for each hidden digit, and the two digits by which its owner knows it again. */
export function maskPhone(number: string, callingCode: string): string {
  const prefix = `+${callingCode}`;
  return prefix + '*'.repeat(Math.max(0, number.length - prefix.length - 2)) + number.slice(-2);
}

function invalid(fault: string): CountersignError {
  return new CountersignError('invalid_destination', `The phone number in \`to\` ${fault}`, { field: 'to' });
}
