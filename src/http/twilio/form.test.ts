import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseForm, parseQuery } from './form.ts';
import { TwilioError } from './twilio-errors.ts';

const toText = (pairs: [string, string][]) => new URLSearchParams(pairs).toString();

describe('form', () => {
  it('gives back what was put into it, every value of every name in order', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 10 }), (pairs) => {
        const expected = new Map<string, string[]>();
        for (const [name, value] of pairs) expected.set(name, [...(expected.get(name) ?? []), value]);
        expect(parseForm(Buffer.from(toText(pairs)))).toEqual(expected);
        expect(parseQuery(`/v2/Services?${toText(pairs)}`)).toEqual(expected);
      }),
    );
  });

  it('takes bytes for a form or refuses them with an error of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(parseForm(Buffer.from(bytes))).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(TwilioError);
        }
      }),
    );
  });

  it.each<[string, [string, string[]][]]>([
    ['', []],
    ['&&', []],
    ['a', [['a', ['']]]],
    ['a=', [['a', ['']]]],
    ['a=1&a=2', [['a', ['1', '2']]]],
    ['a=b=c', [['a', ['b=c']]]],
    ['To=%2B1+2', [['To', ['+1 2']]]],
    ['Totp.Issuer=x', [['Totp.Issuer', ['x']]]],
    ['__proto__=x', [['__proto__', ['x']]]],
  ])('reads %j', (text, entries) => {
    expect([...parseForm(Buffer.from(text))]).toEqual(entries);
  });

  it('names a parameter whose value is broken, and nothing that may be a value itself', () => {
    expect(() => parseForm(Buffer.from('Code=%e2%82'))).toThrow('Invalid parameter `Code`: is not percent-encoded UTF-8');
    expect(() => parseForm(Buffer.from('%2B14155552671=%e2'))).toThrow('The form is not percent-encoded UTF-8');
  });
});
