import fc from 'fast-check';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import { toAsciiDigits } from './digits.ts';
import { CountersignError } from './errors.ts';
import { foldPhone, maskPhone, parsePhone } from './phone.ts';

/** The one error that parsing may end in. */
function refusal(input: string): CountersignError {
  try {
    parsePhone(input);
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'invalid_destination', field: 'to' });
    return error as CountersignError;
  }
  throw new Error('was accepted');
}

/** An example number of every region that libphonenumber knows one of, in E.164. */
const MOBILES = getCountries().flatMap((country) => {
  const national = examples[country];
  return national === undefined
    ? []
    : [{ country, callingCode: getCountryCallingCode(country), number: `+${getCountryCallingCode(country)}${national}` }];
});

describe('a phone number as typed', () => {
  it.each([
    ['+14155552671', '+14155552671', 'US', '1'],
    ['+1 415 555 2671', '+14155552671', 'US', '1'],
    ['+1 (415) 555-2671', '+14155552671', 'US', '1'],
    ['+1.415.555.2671', '+14155552671', 'US', '1'],
    ['(+1) 415-555-2671', '+14155552671', 'US', '1'],
    [' +14155552671 ', '+14155552671', 'US', '1'],
    ['+1\u00a0415\u00a0555\u00a02671', '+14155552671', 'US', '1'],
    ['+1\u202f415\u20095552671', '+14155552671', 'US', '1'],
    ['+1415555２６７１', '+14155552671', 'US', '1'],
    ['＋１４１５５５５２６７１', '+14155552671', 'US', '1'],
    ['+١٤١٥٥٥٥٢٦٧١', '+14155552671', 'US', '1'],
    ['+۱۴۱۵۵۵۵۲۶۷۱', '+14155552671', 'US', '1'],
    ['+१४१५५५५२६७१', '+14155552671', 'US', '1'],
    ['＋1（415）555－2671', '+14155552671', 'US', '1'],
    ['+447911123456', '+447911123456', 'GG', '44'],
    ['+4915112345678', '+4915112345678', 'DE', '49'],
    ['+39 (06) 1234 5678', '+390612345678', 'IT', '39'],
    ['+39 (06) 6982 0000', '+390669820000', 'VA', '39'],
    ['+6834012', '+6834012', 'NU', '683'],
    ['+5491123456789', '+5491123456789', 'AR', '54'],
  ])('reads %j', (input, number, country, callingCode) => {
    expect(parsePhone(input)).toEqual({ number, country, callingCode });
  });

  it.each([
    ['nothing', '', /must begin with \+/],
    ['only spaces', '   ', /must begin with \+/],
    ['only a plus', '+', /7 to 15 digits/],
    ['a number without its plus', '14155552671', /must begin with \+/],
    ['a national number', '(415) 555-2671', /must begin with \+/],
    ['the 00 of a call from abroad', '0014155552671', /must begin with \+/],
    ['a plus and 00', '+0014155552671', /first of them not 0/],
    ['two pluses', '++14155552671', /more than one plus/],
    ['a plus at the end', '14155552671+', /begin with its plus/],
    ['a plus inside', '1+4155552671', /begin with its plus/],
    ['10 kB of digits', `+${'1'.repeat(10_240)}`, /longer than 64/],
    ['10 kB of spaces', `+${' '.repeat(10_240)}14155552671`, /longer than 64/],
    ['six digits', '+123456', /7 to 15 digits/],
    ['sixteen digits', '+4915112345678901', /7 to 15 digits/],
    ['text before it', 'call me +14155552671', /letters/],
    ['text round it', 'call me +14155552671 now', /letters/],
    ['letters for digits', '+1415KKK2671', /letters/],
    ['a tel: URI', 'tel:+14155552671', /letters/],
    ['a context', 'tel:4155552671;phone-context=+1', /letters/],
    ['an RFC 3966 extension', '+14155552671;ext=1', /letters/],
    ['an extension', '+14155552671 x123', /letters/],
    ['an extension in words', '+1 415 555 2671 ext. 5', /letters/],
    ['a dialled extension', '+14155552671,,5', /other than digits/],
    ['a star code', '+14155552671*5', /other than digits/],
    ['a hash code', '+14155552671#5', /other than digits/],
    ['two numbers and a comma', '+14155552671,+14155552672', /other than digits/],
    ['two numbers and a semicolon', '+14155552671;+14155552672', /other than digits/],
    ['two numbers and a slash', '+14155552671/72', /other than digits/],
    ['two numbers and a space', '+14155552671 +14155552672', /more than one plus/],
    ['two numbers and a newline', '+14155552671\n+14155552672', /control/],
    ['two numbers and one plus', '+14155552671 14155552672', /7 to 15 digits/],
    ['a newline after it', '+14155552671\n', /control/],
    ['CRLF', '+14155552671\r\nBcc: a', /control/],
    ['a tab', '+1\t4155552671', /control/],
    ['a NUL before it', '\u0000+14155552671', /control/],
    ['a NUL after it', '+14155552671\u0000', /control/],
    ['a NUL inside', '+1415\u00005552671', /control/],
    ['a zero-width space', '+1415\u200b5552671', /invisible/],
    ['a zero-width joiner', '+1415\u200d5552671', /invisible/],
    ['a byte order mark', '\ufeff+14155552671', /invisible/],
    ['a soft hyphen', '+1415\u00ad5552671', /invisible/],
    ['embedding marks', '\u202a+14155552671\u202c', /bidirectional/],
    ['a right-to-left override', '+\u202e17625555141', /bidirectional/],
    ['a left-to-right mark', '\u200e+14155552671', /bidirectional/],
    ['a line separator', '+1415\u20285552671', /control/],
    ['a Hangul filler', '+1415\u31645552671', /invisible/],
    ['a variation selector', '+1415\ufe0f5552671', /invisible/],
    ['a lone surrogate', '+14155552671\ud835', /control/],
    ['the mark of a footnote', '+1415555267¹', /other than digits/],
    ['a circled digit', '+1415555267①', /other than digits/],
    ['a bracketed digit', '+1⑷155552671', /other than digits/],
    ['a Roman numeral', '+1415555267Ⅰ', /letters/],
    ['a combining mark', '+1415\u03325552671', /other than digits/],
    ['an en dash', '+1415–5552671', /other than digits/],
    ['a trunk prefix in brackets', '+44(0)7911123456', /trunk prefix/],
    ['a spaced trunk prefix in brackets', '+44 ( 0 ) 7911 123456', /trunk prefix/],
    ['a trunk prefix in full-width brackets', '+44（０）7911123456', /trunk prefix/],
    ['a trunk prefix in brackets where the 0 is dialled', '+39 (0)6 6982 0000', /trunk prefix/],
    ['a trunk prefix', '+4407911123456', /trunk or carrier prefix/],
    ['a trunk prefix in the area code', '+44 (07911) 123456', /trunk or carrier prefix/],
    ['a trunk prefix 1', '+1 1 415 555 2671', /trunk or carrier prefix/],
    ['an Argentine 15', '+54 11 15 2345 6789', /trunk or carrier prefix/],
    ['a short form of San Marino', '+378 886377', /trunk or carrier prefix/],
    ['a calling code of no country', '+999123456789', /calling code/],
    ['a number that is too short for its country', '+1415555267', /not in use/],
    ['a number that is too long for its country', '+141555526711', /not in use/],
    ['an area code that is not in use', '+12115552671', /not in use/],
    ['Mexico as until 2019', '+5215512345678', /not in use/],
    ['Côte d’Ivoire as until 2021', '+22507123456', /not in use/],
    ['Benin as until 2024', '+22997123456', /not in use/],
    ['international free phone', '+80012345678', /no country/],
    ['international shared cost', '+80812345678', /no country/],
    ['Inmarsat', '+870773111632', /no country/],
    ['universal personal telecommunications', '+878101234567890', /no country/],
    ['satellite', '+881612345678', /no country/],
    ['international networks (882)', '+882161234567', /no country/],
    ['international networks (883)', '+883120123456', /no country/],
    ['disaster relief', '+888123456789', /no country/],
    ['international premium rate', '+979123456789', /no country/],
    ['premium rate', '+19002345678', /premium-rate/],
    ['toll-free', '+18002345678', /toll-free/],
    ['a US personal number', '+15002345678', /personal number/],
    ['shared cost', '+448453031234', /shared-cost/],
    ['a UK personal number', '+447012345678', /personal number/],
    ['a UAN', '+445512345678', /premium-rate/],
    ['a pager', '+447640123456', /pager/],
    ['a voice mailbox', '+41860123456789', /voice mailbox/],
  ])('refuses %s', (_, input, message) => {
    expect(refusal(input).message).toMatch(message);
  });

  it.each(MOBILES)('reads the example of $country as itself', ({ number, callingCode }) => {
    expect(parsePhone(number)).toMatchObject({ number, callingCode });
  });

  it('reads the digits of every script that Intl can write', () => {
    for (const system of Intl.supportedValuesOf('numberingSystem')) {
      const digits = new Intl.NumberFormat('en', { numberingSystem: system, useGrouping: false }).format(14155552671n);
      if (!/^\p{Nd}{11}$/u.test(digits)) continue;
      expect(parsePhone(`+${digits}`).number).toBe('+14155552671');
    }
  });

  it('reads no digit out of a character that is not one', () => {
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
      const character = String.fromCodePoint(codePoint);
      const digits = toAsciiDigits(character);
      if (/^[0-9 +().-]*[0-9][0-9 +().-]*$/.test(digits)) expect(character).toMatch(/^\p{Nd}$/u);
    }
  });

  it('ends in a number that libphonenumber knows, or in the one error', () => {
    const piece = fc.constantFrom(
      '+',
      '1',
      '415',
      '5552671',
      '0',
      '(0)',
      '44',
      '7911',
      ' ',
      '-',
      '\u00a0',
      '２',
      '٣',
      '²',
      'x',
      '\u200b',
      '\n',
      ';',
      '00',
    );
    const input = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(input, (typed) => {
        try {
          const { number } = parsePhone(typed);
          expect(number).toMatch(/^\+[1-9][0-9]{6,14}$/);
          expect(parsePhoneNumberFromString(number, { extract: false })?.number).toBe(number);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_destination' });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps the digits that were typed, however they are grouped', () => {
    fc.assert(
      fc.property(spelledPhone(), ({ number, typed }) => {
        expect(parsePhone(typed).number).toBe(number);
      }),
    );
  });

  it('never repeats what was typed', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9]{4,40}$/),
        fc.constantFrom('', ' ', '+', '+1', '+44(0)', '+999', '+800', '+1900', '+1 x'),
        (digits, start) => {
          try {
            parsePhone(start + digits);
          } catch (error) {
            for (const run of runsOfFour(start + digits)) expect((error as Error).message).not.toContain(run);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the fold of a phone number', () => {
  it.each([
    ['an Argentine mobile', ['+5491123456789', '+541123456789']],
    ['an Argentine mobile in the provinces', ['+5492234123456', '+542234123456']],
    ['a Brazilian mobile', ['+5511977654321', '+551177654321']],
    ['a Palestinian mobile', ['+970592123456', '+972592123456']],
    ['a Palestinian mobile of the second network', ['+970562123456', '+972562123456']],
    ['a landline in San Marino', ['+3780549886377', '+390549886377']],
    ['a Gambian mobile', ['+2203012345', '+220833012345']],
    ['a Gambian mobile of the second network', ['+2207012345', '+220877012345']],
    ['a mobile in Gabon (62)', ['+24162123456', '+24102123456', '+2412123456']],
    ['a mobile in Gabon (65)', ['+24165123456', '+24105123456', '+2415123456']],
    ['a mobile in Gabon (66)', ['+24166123456', '+24106123456', '+2416123456']],
    ['a mobile in Gabon (74)', ['+24174123456', '+24104123456', '+2414123456']],
    ['a mobile in Gabon (77)', ['+24177123456', '+24107123456', '+2417123456']],
    ['a mobile in Gabon (03)', ['+24103123456', '+2413123456']],
    ['a landline in Gabon', ['+24111440000', '+24101440000']],
  ])('is one for %s, every spelling of which is accepted', (_, spellings) => {
    expect(spellings.map((spelling) => parsePhone(spelling).number)).toEqual(spellings);
    expect(new Set(spellings.map(foldPhone)).size).toBe(1);
  });

  it.each([
    ['+5215512345678', '+525512345678'],
    ['+551187654321', '+5511987654321'],
    ['+551167654321', '+5511967654321'],
    ['+22044' + '4212345', '+2204212345'],
  ])('takes %s, which libphonenumber no longer or not yet accepts, to %s', (number, folded) => {
    expect(foldPhone(number)).toBe(folded);
  });

  it.each([
    ['a Brazilian landline and the mobile that begins like it', '+551141234567', '+5511941234567'],
    ['an Israeli and a Palestinian mobile', '+972542123456', '+970592123456'],
    ['two networks of Gabon', '+24166123456', '+24176123456'],
    ['two neighbours', '+14155552671', '+14155552672'],
    ['the Vatican and San Marino', '+390669820000', '+3780549886377'],
  ])('keeps apart %s', (_, one, other) => {
    expect(foldPhone(one)).not.toBe(foldPhone(other));
  });

  it('leaves every other example as it is', () => {
    const folded = MOBILES.filter(({ number }) => foldPhone(number) !== number).map(({ country }) => country);
    expect(folded).toEqual(['AR', 'GA']);
  });

  it('is idempotent', () => {
    const prefix = fc.constantFrom(
      '54',
      '549',
      '55',
      '5511',
      '521',
      '972',
      '97259',
      '390549',
      '220',
      '22083',
      '22044',
      '241',
      '2410',
      '2411',
      '1',
      '',
    );
    fc.assert(
      fc.property(prefix, fc.stringMatching(/^[0-9]{4,11}$/), (start, rest) => {
        const once = foldPhone(`+${start}${rest}`);
        expect(foldPhone(once)).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the mask of a phone number', () => {
  it.each([
    ['+14155552671', '1', '+1********71'],
    ['+447911123456', '44', '+44********56'],
    ['+3780549886377', '378', '+378********77'],
    ['+6834012', '683', '+683**12'],
  ])('of %s (+%s) is %s', (number, callingCode, masked) => {
    expect(maskPhone(number, callingCode)).toBe(masked);
  });

  it.each(MOBILES)('shows the calling code and two digits of $country', ({ number, callingCode }) => {
    const masked = maskPhone(number, callingCode);
    expect(masked).toMatch(/^\+[0-9]{1,3}\*{2,}[0-9]{2}$/);
    expect(masked).toHaveLength(number.length);
  });
});

/** Every run of four digits in a text. */
function runsOfFour(text: string): string[] {
  return [...text.matchAll(/(?=([0-9]{4}))/g)].map(([, run]) => run!);
}

/** A number, and the number with separators put in and digits of other scripts. */
function spelledPhone(): fc.Arbitrary<{ number: string; typed: string }> {
  const spelling = fc.tuple(fc.constantFrom(0x30, 0x660, 0x6f0, 0x966, 0xff10), fc.constantFrom('', '', ' ', '-', '.', '\u00a0', '\u2009'));
  return fc.tuple(fc.constantFrom(...MOBILES), fc.array(spelling, { minLength: 15, maxLength: 15 })).map(([{ number }, spellings]) => ({
    number,
    typed: `+${[...number.slice(1)].map((digit, at) => String.fromCodePoint(spellings[at]![0] + Number(digit)) + spellings[at]![1]).join('')}`,
  }));
}
