/**
 * A character that cannot be seen, or that moves what can be: control characters, line and paragraph separators, zero-width and bidirectional
 * marks, soft hyphens, fillers, private and unassigned ones. Two texts that look alike differ by these, so they are looked for before NFKC.
 */
export const HIDDEN_CHARACTER: RegExp = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const DECIMAL_DIGIT = /\p{Nd}/u;

/** What nearly everybody types: there is nothing to map in it. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * NFKC, then every decimal digit of every script (full-width, Arabic-Indic, Persian, Devanagari …) as its ASCII digit. Other number signs
 * (`²`, `①`, `⑴`, `½`) stay as they are, to be refused as foreign: NFKC would make the mark of a footnote one more digit of the number.
 */
export function toAsciiDigits(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replace(/[^\p{No}]+/gu, (run) => run.normalize('NFKC')).replace(/\p{Nd}/gu, toAsciiDigit);
}

/**
 * Unicode's stability policy keeps the decimal digits of a script in one unbroken row from zero to nine, so a digit's value is how far into
 * its row it stands (two rows may touch). A table of our own would miss the scripts of the next version.
 */
function toAsciiDigit(digit: string): string {
  const codePoint = digit.codePointAt(0) as number;
  let before = 0;
  while (DECIMAL_DIGIT.test(String.fromCodePoint(codePoint - before - 1))) before += 1;
  return String(before % 10);
}
