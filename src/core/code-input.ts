import { HIDDEN_CHARACTER, toAsciiDigits } from './digits.ts';
import { CountersignError } from './errors.ts';

/** The longest text that is looked at: ten digits with a separator between any two of them, twice over. */
const MAX_INPUT_LENGTH = 64;

/** Spaces and dashes as a phone's keyboard or a copied message has them; after NFKC, which turns no-break and thin spaces into spaces. */
const SEPARATORS = /[ \-\u2010-\u2015\u2212]+/g;

/**
 * Reads a code as a person types or pastes it: `123456`, `123 456`, `123-456`, with the digits of any script.
 *
 * Ensure that nothing but a string of digits reaches the comparison: a missing value, `true` or an array once equalled a code that was
 * never set (CVE-2025-12374, CVE-2026-7458).
 *
 * @returns 4 to 10 ASCII digits.
 * @throws {CountersignError} `invalid_code` on anything else; the message never repeats the input.
 */
export function parseCode(input: unknown): string {
  if (typeof input !== 'string') throw invalid(`must be a string, not ${describeType(input)}`);
  if (input.length === 0) throw invalid('is empty');
  if (input.length > MAX_INPUT_LENGTH) throw invalid(`is longer than ${MAX_INPUT_LENGTH} characters`);
  if (HIDDEN_CHARACTER.test(input)) throw invalid('contains a control, bidirectional or invisible character');
  const code = toAsciiDigits(input).replace(SEPARATORS, '');
  if (/\p{L}/u.test(code)) throw invalid('contains letters; a code is digits only');
  if (!/^\d*$/.test(code)) throw invalid('contains a character other than digits, spaces and dashes');
  if (code.length < 4 || code.length > 10) throw invalid('must have 4 to 10 digits');
  return code;
}

function invalid(fault: string): CountersignError {
  return new CountersignError('invalid_code', `\`code\` ${fault}`, { field: 'code' });
}

function describeType(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
