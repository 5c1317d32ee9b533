import fc from 'fast-check';
import { type CountryCode, getCountries, getCountryCallingCode, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import { Destination, parseDestination } from './destination.ts';
import { CountersignError } from './errors.ts';
import { formatPhone, parseTypedPhone } from './typed-number.ts';

/** The one error that reading may end in. */
function refusal(text: string, country: string): CountersignError {
  try {
    parseTypedPhone(text, country);
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'invalid_destination', field: 'to' });
    return error as CountersignError;
  }
  throw new Error('was accepted');
}

/** An example number of every country: as called from abroad, and as written at home. */
const MOBILES = getCountries().map((country) => {
  const number = `+${getCountryCallingCode(country)}${examples[country]}`;
  const parsed = parsePhoneNumberFromString(number)!;
  return { country, number, national: parsed.formatNational(), international: parsed.formatInternational(), significant: examples[country] };
});

/** What is dialled before a call abroad where it is not `00`; the first of them where there are several. */
const DIALLED_ABROAD = new Map<CountryCode, string>([
  ['US', '011'],
  ['CA', '011'],
  ['JM', '011'],
  ['JP', '010'],
  ['RU', '810'],
  ['KZ', '810'],
  ['AU', '0011'],
  ['CU', '119'],
  ['KE', '000'],
  ['NG', '009'],
  ['MN', '001'],
  ['HK', '001'],
  ['SG', '001'],
  ['TH', '001'],
  ['KR', '002'],
  ['TW', '002'],
  ['BR', '0015'],
  ['CO', '009'],
  ['FI', '990'],
  ['CV', '0'],
]);

/** A country for each pattern of prefixes for calls abroad, and those above. */
const HOMES = [...new Set([...new Map(getCountries().map((country) => [toPrefixes(country), country])).values(), ...DIALLED_ABROAD.keys()])];

describe('a phone number typed beside a country', () => {
  it.each([
    ['202 555 0143', 'US', '+12025550143'],
    ['(202) 555-0143', 'US', '+12025550143'],
    ['[202] 555.0143', 'US', '+12025550143'],
    ['202/555-0143', 'US', '+12025550143'],
    ['202·555·0143', 'US', '+12025550143'],
    ['1-202-555-0143', 'US', '+12025550143'],
    ['12025550143', 'US', '+12025550143'],
    ['+1 202 555 0143', 'US', '+12025550143'],
    ['011 44 7911 123456', 'US', '+447911123456'],
    ['0044 7911 123456', 'US', '+447911123456'],
    ['tel:+1-202-555-0143', 'DE', '+12025550143'],
    ['TEL: +1 (202) 555-0143', 'DE', '+12025550143'],
    ['tel:202-555-0143', 'US', '+12025550143'],
    ['07911 123456', 'GB', '+447911123456'],
    ['7911 123456', 'GB', '+447911123456'],
    ['(0) 7911 123456', 'GB', '+447911123456'],
    ['+44 (0)7911 123456', 'US', '+447911123456'],
    ['+44 ( 0 ) 7911 123456', 'US', '+447911123456'],
    ['＋44（０）7911 123456', 'US', '+447911123456'],
    ['+44[0]7911 123456', 'US', '+447911123456'],
    ['0044 (0)7911 123456', 'DE', '+447911123456'],
    ['44 (0)7911 123456', 'GB', '+447911123456'],
    ['+44 07911 123456', 'US', '+447911123456'],
    ['(+44) 7911 123456', 'US', '+447911123456'],
    ['447911123456', 'GB', '+447911123456'],
    ['0170 1234567', 'DE', '+491701234567'],
    ['(0) 491 701234567', 'DE', '+49491701234567'],
    ['0170/1234567', 'DE', '+491701234567'],
    ['0170 / 123 45 67', 'DE', '+491701234567'],
    ['0049/170/1234567', 'AT', '+491701234567'],
    ['1701234567', 'DE', '+491701234567'],
    ['0475/12.34.56', 'BE', '+32475123456'],
    ['0475/12/34/56', 'BE', '+32475123456'],
    ['0170–123‐45—67', 'DE', '+491701234567'],
    ['0170−1234‑567', 'DE', '+491701234567'],
    ['090ー1234ー5678', 'JP', '+819012345678'],
    ['090ｰ1234ｰ5678', 'JP', '+819012345678'],
    ['010 44 7911 123456', 'JP', '+447911123456'],
    ['8 912 345-67-89', 'RU', '+79123456789'],
    ['810 44 7911 123456', 'RU', '+447911123456'],
    ['8 10 1 202 555 0143', 'KZ', '+12025550143'],
    ['0 15 11 96123-4567', 'BR', '+5511961234567'],
    ['011 15 2345-6789', 'AR', '+5491123456789'],
    ['347 123 4567', 'IT', '+393471234567'],
    ['06 6982 0000', 'IT', '+390669820000'],
    ['+39 (0)6 6982 0000', 'DE', '+390669820000'],
    ['+39 (0)347 123 4567', 'DE', '+393471234567'],
    ['\u202a+1\u00a0202\u00a0555\u00a00143\u202c', 'DE', '+12025550143'],
    ['\u202d202\u202f555\u20090143\u202c', 'US', '+12025550143'],
    ['\u2066+1 202 555 0143\u2069', 'DE', '+12025550143'],
    ['\u200e(202)\u200f 555\u061c-0143', 'US', '+12025550143'],
    ['202\u200b555\u00ad01\u206043', 'US', '+12025550143'],
    ['\ufeff +1 202 555 0143\r\n', 'DE', '+12025550143'],
    ['＋１ ２０２ ５５５ ０１４３', 'DE', '+12025550143'],
    ['٢٠٢ ٥٥٥ ٠١٤٣', 'US', '+12025550143'],
    ['+۱ ۲۰۲ ۵۵۵ ۰۱۴۳', 'IR', '+12025550143'],
    ['०१७० १२३४५६७', 'DE', '+491701234567'],
  ])('reads %j beside %s', (text, country, number) => {
    const destination = parseTypedPhone(text, country);
    expect(destination).toBeInstanceOf(Destination);
    expect(destination.reveal()).toBe(number);
    expect(destination.masked).toBe(parseDestination(number).masked);
  });

  it.each([
    ['a German landline without its 0', '4912345678', 'DE', '+494912345678'],
    ['a mobile of Leer’s area code with its 0', '0491 701234567', 'DE', '+49491701234567'],
    ['an Italian mobile that begins like its country', '391 123 4567', 'IT', '+393911234567'],
    ['an Indian mobile that begins like its country', '91234 56789', 'IN', '+919123456789'],
    ['a Brazilian mobile of area 55', '55 99123-4567', 'BR', '+5555991234567'],
    ['a Canadian number beside the US, which shares its code', '416 555 0143', 'US', '+14165550143'],
    ['a number of Guernsey beside Britain', '07911 123456', 'GB', '+447911123456'],
  ])('is first what it is at home: %s', (_, text, country, number) => {
    expect(parseTypedPhone(text, country).reveal()).toBe(number);
  });

  it.each([
    ['a German mobile without its plus, or a landline without its 0', '491701234567', 'DE'],
    ['a British mobile without its plus, or a German landline without its 0', '447911123456', 'DE'],
    ['002 and Peru in Hong Kong, or 00 and Ethiopia', '00251 911 234 567', 'HK'],
    ['004 and India in Singapore, or 00 and Germany', '0049 151 23456789', 'SG'],
  ])('is refused where it may be two: %s', (_, text, country) => {
    expect(refusal(text, country).message).toMatch(/read as two/);
  });

  it.each([
    ['nothing', '', /empty/],
    ['spaces', ' \u00a0 ', /empty/],
    ['marks that nobody sees', '\u202a\u202c\u200e', /empty/],
    ['only a plus', '+', /not in use/],
    ['only separators', ' (-) / ', /not in use/],
    ['a word', 'ada', /letters/],
    ['an email address', 'ada@example.com', /email/],
    ['a number and an email address', '202 555 0143 ada@example.com', /email/],
    ['letters for digits', '1-202-555-CODE', /letters/],
    ['letters for digits in full width', '202 555 ＣＯＤＥ', /letters/],
    ['an extension', '202 555 0143 x5', /letters/],
    ['an extension in words', '202 555 0143 ext. 5', /letters/],
    ['an RFC 3966 extension', 'tel:+1-202-555-0143;ext=5', /letters/],
    ['a context', 'tel:5550143;phone-context=+1202', /letters/],
    ['a name before it', 'Ada: +1 202 555 0143', /letters/],
    ['a dialled extension', '202 555 0143,,5', /extension/],
    ['a hash extension', '202 555 0143#5', /extension/],
    ['a star code', '*31#2025550143', /extension/],
    ['a percent-encoded URI', 'tel:+1%20202%20555%200143', /not part/],
    ['two numbers and a comma', '202 555 0143, 202 555 0144', /not part/],
    ['two numbers and a semicolon', '202 555 0143; 202 555 0144', /not part/],
    ['two numbers and a slash', '202 555 0143 / 202 555 0144', /more than one;/],
    ['a number and the end of another', '202 555 0143/44', /more than one;/],
    ['two numbers and a line break', '202 555 0143\n202 555 0144', /line break/],
    ['two cells of a table', '202 555 0143\t202 555 0144', /line break/],
    ['two numbers and a line separator', '202 555 0143\u2028202 555 0144', /line break/],
    ['two numbers and spaces', '202 555 0143 202 555 0144', /not in use/],
    ['two numbers with a plus each', '+1 202 555 0143 +1 202 555 0144', /more than one plus/],
    ['two numbers with a plus to the second', '202 555 0143 +1 202 555 0144', /begin with its plus/],
    ['a range', '202 555 0143〜44', /not part/],
    ['a range in full width', '202 555 0143～44', /not part/],
    ['a number cut short', '202 555…0143', /cut short/],
    ['the mark of a footnote', '202 555 014¹', /not part/],
    ['a circled digit', '202 555 014③', /not part/],
    ['a combining mark', '202\u0332 555 0143', /letters/],
    ['a NUL', '202\u0000 555 0143', /control/],
    ['a Hangul filler', '202\u3164 555 0143', /invisible/],
    ['a lone surrogate', '202 555 0143\ud835', /control/],
    ['two pluses', '++1 202 555 0143', /more than one plus/],
    ['a plus and 00', '+001 202 555 0143', /not in use/],
    ['a plus after 00', '00+1 202 555 0143', /begin with its plus/],
    ['another country’s number without its plus', '33612345678', /not in use/],
    ['a number too short', '202 555 014', /not in use/],
    ['a number too long', '202 555 01433', /not in use/],
    ['no calling code', '+999 202 555 0143', /not in use/],
    ['10 kB of digits', '2'.repeat(10_240), /longer than 128/],
    ['10 kB of marks', '\u200e'.repeat(10_240), /longer than 128/],
    ['premium rate', '900 234 5678', /premium-rate/],
    ['premium rate, as dialled', '1 (900) 234-5678', /premium-rate/],
    ['premium rate, from abroad', '011 44 906 123 4567', /premium-rate/],
    ['toll-free', '800 234 5678', /toll-free/],
    ['a satellite', '+881 6 1234 5678', /no country/],
    ['international free phone', '00 800 1234 5678', /no country/],
  ])('is not %s', (_, text, message) => {
    expect(refusal(text, 'US').message).toMatch(message);
  });

  it('is not one and the end of another where numbers have any length', () => {
    expect(parseTypedPhone('030/123456', 'DE').reveal()).toBe('+4930123456');
    expect(parseTypedPhone('030/12345657', 'DE').reveal()).toBe('+493012345657');
    for (const text of ['030/123456/57', '030 123456/57', '030-123456 / 7']) expect(refusal(text, 'DE').message).toMatch(/more than one;/);
  });

  it.each(['', 'XX', 'us', 'toString', '__proto__', '001', 'U\u0000'])('is read only as from abroad beside %j', (country) => {
    expect(parseTypedPhone('+1 202 555 0143', country).reveal()).toBe('+12025550143');
    expect(parseTypedPhone('001 202 555 0143', country).reveal()).toBe('+12025550143');
    expect(refusal('202 555 0143', country).message).toMatch(/begin with \+/);
    expect(refusal('1 202 555 0143', country).message).toMatch(/begin with \+/);
  });

  it.each(MOBILES)('is one, however the example of $country is written', ({ country, number, national, international, significant }) => {
    for (const text of [national, international, significant, number, `00${number.slice(1)}`, `tel:${number}`]) {
      expect(parseTypedPhone(text, country).reveal()).toBe(number);
    }
    expect(parseTypedPhone(international, 'DE').reveal()).toBe(number);
  });

  it('is one without its plus, but in three countries where it may be a landline', () => {
    const refused = MOBILES.filter(({ country, number }) => {
      try {
        return parseTypedPhone(number.slice(1), country).reveal() !== number;
      } catch (error) {
        expect((error as Error).message).toMatch(/read as two/);
        return true;
      }
    });
    expect(refused.map(({ country }) => country)).toEqual(['DE', 'ID', 'XK']);
  });

  it('is never another than the one dialled after a prefix for calls abroad', () => {
    const texts = HOMES.flatMap((home) => {
      // Where another prefix is listed, 00 is none and may be the beginning of one: then two numbers are possible.
      const prefixes = new Set(['00', DIALLED_ABROAD.get(home) ?? '00']);
      return [...prefixes].flatMap((prefix) => MOBILES.map(({ number }) => ({ home, number, text: `${prefix} ${number.slice(1)}` })));
    });
    const refused = texts.filter(({ home, number, text }) => {
      const read = revealOrRefuse(text, home);
      if (read !== undefined) expect(read).toBe(number);
      return read === undefined;
    });
    expect(refused.length).toBeLessThan(texts.length / 40);
  });

  it('is the same in any dress', () => {
    fc.assert(
      fc.property(dressedPhone(), ({ country, number, text }) => {
        expect(parseTypedPhone(text, country).reveal()).toBe(number);
      }),
      { numRuns: 3_000 },
    );
  });

  it('ends in what the strict reading takes as it is, or in the one error, and repeats nothing', () => {
    const piece = fc.constantFrom(...'+ 00 011 0 (0) 44 49 1 202 555 0143 170 7911 123456 / - . \u00a0 \u202a ２ ٣ x @ tel: ; \n'.split(' '), ' ');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 140 }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.stringMatching(/^[0-9]{4,40}$/),
    );
    const country = fc.oneof(fc.constantFrom<string>(...getCountries()), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(text, country, (typed, home) => {
        try {
          const number = parseTypedPhone(typed, home).reveal();
          expect(parseDestination(number).reveal()).toBe(number);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_destination', field: 'to' });
          for (const [, run] of typed.matchAll(/(?=([0-9]{4}))/g)) expect((error as Error).message).not.toContain(run);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a phone number as shown', () => {
  it.each([
    ['+12025550143', '+1 202 555 0143'],
    ['+447911123456', '+44 7911 123456'],
    ['+491701234567', '+49 170 1234567'],
    ['+390669820000', '+39 06 6982 0000'],
    ['+4407911123456', '+4407911123456'],
    ['+999', '+999'],
    ['', ''],
  ])('%j is %j', (number, shown) => {
    expect(formatPhone(number)).toBe(shown);
  });

  it.each(MOBILES)('has all digits of $country and no others', ({ number, country }) => {
    expect(formatPhone(number).replace(/[^+0-9]/g, '')).toBe(number);
    expect(parseTypedPhone(formatPhone(number), country).reveal()).toBe(number);
  });
});

function toPrefixes(country: CountryCode): string {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  return metadata.numberingPlan!.IDDPrefix();
}

/** The number that was read, or undefined where it may be two. */
function revealOrRefuse(text: string, country: string): string | undefined {
  try {
    return parseTypedPhone(text, country).reveal();
  } catch (error) {
    expect((error as Error).message).toMatch(/read as two/);
    return undefined;
  }
}

/** An example number at home or from abroad, in digits of any script, with separators between them and marks round them. */
function dressedPhone(): fc.Arbitrary<{ country: CountryCode; number: string; text: string }> {
  const zero = fc.constantFrom(0x30, 0x660, 0x6f0, 0x966, 0xff10);
  const between = fc.constantFrom('', '', '', ' ', '-', '.', '–', '\u00a0', '\u202f', '\u2011', '\u200e', '\u00ad');
  const around = fc.constantFrom(['', ''], ['\u202a', '\u202c'], ['\u202d', '\u202c'], ['\u2066', '\u2069'], ['\u200e', ''], [' ', '\n']);
  const plus = fc.constantFrom('+', '＋', '00', 'tel:+');
  const written = fc.constantFrom('national', 'international', 'significant') satisfies fc.Arbitrary<keyof (typeof MOBILES)[number]>;
  return fc
    .tuple(fc.constantFrom(...MOBILES), written, plus, zero, around, fc.array(between, { minLength: 30, maxLength: 30 }))
    .map(([mobile, form, start, base, [before, after], gaps]) => {
      const dress = (character: string, at: number) =>
        /[0-9]/.test(character) ? String.fromCodePoint(base + Number(character)) + gaps[at % gaps.length] : character;
      const digits = Array.from(mobile[form].replace('+', ''), dress).join('');
      const text = `${before}${form === 'international' ? start : ''}${digits}${after}`;
      return { country: mobile.country, number: mobile.number, text };
    });
}
