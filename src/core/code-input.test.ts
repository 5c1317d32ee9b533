import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCode } from './code-input.ts';
import { CountersignError } from './errors.ts';

/** The one error that parsing may end in. */
function refusal(input: unknown): CountersignError {
  try {
    parseCode(input);
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'invalid_code', field: 'code' });
    return error as CountersignError;
  }
  throw new Error('was accepted');
}

describe('a code as typed', () => {
  it.each([
    ['1234', '1234'],
    ['0000', '0000'],
    ['1234567890', '1234567890'],
    ['123 456', '123456'],
    [' 123456 ', '123456'],
    ['1 2 3 4 5 6', '123456'],
    ['123-456', '123456'],
    ['123\u00a0456', '123456'],
    ['123\u202f456', '123456'],
    ['123\u2009456', '123456'],
    ['123\u3000456', '123456'],
    ['123\u2010456', '123456'],
    ['123\u2011456', '123456'],
    ['123\u2012456', '123456'],
    ['123\u2013456', '123456'],
    ['123\u2014456', '123456'],
    ['123\u2212456', '123456'],
    ['123\uff0d456', '123456'],
    ['１２３４５６', '123456'],
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['१२३४५६', '123456'],
    ['𝟏𝟐𝟑𝟜𝟝𝟞', '123456'],
    ['12३٤５6', '123456'],
  ])('reads %j as %s', (input, code) => {
    expect(parseCode(input)).toBe(code);
  });

  it.each([
    ['undefined', undefined, /type undefined/],
    ['null', null, /not null/],
    ['true', true, /type boolean/],
    ['a number', 123456, /type number/],
    ['a bigint', 123456n, /type bigint/],
    ['an array', ['123456'], /an array/],
    ['an empty array', [], /an array/],
    ['an object', { $ne: '' }, /type object/],
    ['an object that prints a code', { toString: () => '123456' }, /type object/],
    ['a String object', new String('123456'), /type object/],
    ['a function', () => '123456', /type function/],
    ['a symbol', Symbol('123456'), /type symbol/],
    ['the empty text', '', /is empty/],
    ['only spaces', '    ', /4 to 10 digits/],
    ['only dashes', '----', /4 to 10 digits/],
    ['three digits', '123', /4 to 10 digits/],
    ['eleven digits', '12345678901', /4 to 10 digits/],
    ['10 kB of digits', '1'.repeat(10_240), /longer than 64/],
    ['10 kB of spaces round a code', `${' '.repeat(10_240)}123456`, /longer than 64/],
    ['65 characters', ' '.repeat(59).concat('123456'), /longer than 64/],
    ['NULs', '12\u000034\u000056', /control/],
    ['a NUL at the end', '123456\u0000', /control/],
    ['a newline', '123456\n', /control/],
    ['a tab', '123\t456', /control/],
    ['a zero-width space', '123\u200b456', /invisible/],
    ['a soft hyphen', '123\u00ad456', /invisible/],
    ['a byte order mark', '\ufeff123456', /invisible/],
    ['bidirectional isolates', '\u2068123456\u2069', /bidirectional/],
    ['a right-to-left override', '\u202e654321', /bidirectional/],
    ['a lone surrogate', '123456\ud800', /control/],
    ['a letter', '12345a', /letters/],
    ['an exponent', '1e5000', /letters/],
    ['a hexadecimal number', '0x1234', /letters/],
    ['the letter O', '12345O', /letters/],
    ['a word', 'true', /letters/],
    ['a Roman numeral', 'Ⅻ1234', /letters/],
    ['a plus', '+123456', /other than digits/],
    ['a decimal point', '1234.56', /other than digits/],
    ['a superscript', '12345²', /other than digits/],
    ['a circled digit', '①②③④⑤⑥', /other than digits/],
    ['a bracketed digit', '⑴⑵⑶⑷', /other than digits/],
    ['a fraction', '1234½', /other than digits/],
    ['a combining mark', '12345\u03326', /other than digits/],
    ['an underscore', '123_456', /other than digits/],
  ])('refuses %s', (_, input, message) => {
    expect(refusal(input).message).toMatch(message);
  });

  it('accepts 64 characters and no more', () => {
    expect(parseCode(' '.repeat(58).concat('123456'))).toBe('123456');
  });

  it('returns 4 to 10 ASCII digits or throws the one error, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.string({ unit: 'binary', maxLength: 80 }),
          spelledCode().map(([, typed]) => typed),
        ),
        (input) => {
          try {
            expect(parseCode(input)).toMatch(/^[0-9]{4,10}$/);
          } catch (error) {
            expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_code' });
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('reads the same code from every way to group it', () => {
    fc.assert(
      fc.property(spelledCode(), ([code, typed]) => {
        expect(parseCode(typed)).toBe(code);
      }),
    );
  });

  it('never repeats what was typed', () => {
    const digits = fc.stringMatching(/^[0-9]{4,12}$/);
    fc.assert(
      fc.property(digits, fc.constantFrom('x', '\u0000', '²', '.', ' '.repeat(64), '0000000'), (code, spoiler) => {
        const { message, stack, cause } = refusal(code + spoiler);
        expect(message).not.toContain(code.slice(0, 4));
        expect(stack?.split('\n')[0]).not.toContain(code.slice(0, 4));
        expect(cause).toBeUndefined();
      }),
    );
  });
});

/** A code, and the code with separators put in and digits of other scripts. */
function spelledCode(): fc.Arbitrary<[code: string, typed: string]> {
  const character = fc.tuple(
    fc.integer({ min: 0, max: 9 }),
    fc.constantFrom(0x30, 0x660, 0x6f0, 0x966, 0xff10, 0x1d7ce),
    fc.constantFrom('', '', ' ', '-', '\u00a0', '\u2013'),
  );
  return fc
    .array(character, { minLength: 4, maxLength: 10 })
    .map((characters) => [
      characters.map(([digit]) => digit).join(''),
      characters.map(([digit, zero, separator]) => String.fromCodePoint(zero + digit) + separator).join(''),
    ]);
}
