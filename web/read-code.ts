const DIGIT = /\p{Nd}/u;

/** What people and messages put between the digits of a code: white space, dots, dashes, and the invisible marks that set a text's direction. */
const SEPARATOR = /[\s.\p{Pd}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069]/u;
const SEPARATORS = new RegExp(SEPARATOR, 'gu');

/** Writes decimal digits of any script as 0–9, and leaves everything else. */
export function toAsciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    // Unicode keeps decimal digits in unbroken runs from 0 to 9, so that a digit's value is the number of digits before it.
    const point = digit.codePointAt(0) ?? 0;
    let before = 0;
    while (DIGIT.test(String.fromCodePoint(point - before - 1))) before += 1;
    return String(before % 10);
  });
}

/** The digits of a text, as 0–9, without what stands between them. */
export function digitsOf(text: string): string {
  return toAsciiDigits(text).replace(/\D/g, '');
}

/**
 * Finds the code in what was pasted: a code in any spelling, the beginning of one, or a whole message with one code of this length in it.
 *
 * @returns the digits; `undefined` where there is none, or more than one: a guess that is wrong costs the person an attempt.
 */
export function readCode(text: string, length: number): string | undefined {
  const ascii = toAsciiDigits(text);
  const bare = ascii.replace(SEPARATORS, '');
  if (/^\d+$/.test(bare)) return bare.length <= length ? bare : undefined;
  // The last line of a message for WebOTP, "@example.com #123456", says which it is: https://wicg.github.io/sms-one-time-codes/
  // A browser makes one line of what is pasted into a field, so that it need not begin one here.
  const [, bound] = new RegExp(`(?:^|\\s)@\\S+ #(\\d{${length}})(?!\\d)`).exec(ascii) ?? [];
  if (bound) return bound;
  return theOne(ascii, `\\d{${length}}`) ?? theOne(ascii, `(?<!\\d[ \\u00a0])\\d+(?:[ \\u00a0-]\\d+)+`, length);
}

/** The one match that stands alone: no part of a word, of an amount, of a date or of a longer number. */
function theOne(text: string, pattern: string, length?: number): string | undefined {
  const alone = new RegExp(`(?<![a-z\\d+]|\\d[-.,:/]|\\+\\d[\\d ()-]*)${pattern}(?![a-z\\d]|[-.,:/]\\d)`, 'gi');
  const found = new Set(Array.from(text.matchAll(alone), ([match]) => digitsOf(match)));
  const codes = [...found].filter((digits) => length === undefined || digits.length === length);
  return codes.length === 1 ? codes[0] : undefined;
}
