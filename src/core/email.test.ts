import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldEmail, maskEmail, parseEmail } from './email.ts';
import { CountersignError } from './errors.ts';

/** The one error that parsing may end in. */
function refusal(input: string): CountersignError {
  try {
    parseEmail(input);
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'invalid_destination', field: 'to' });
    return error as CountersignError;
  }
  throw new Error('was accepted');
}

const LOCAL_64 = 'a'.repeat(64);
const LABEL_63 = 'b'.repeat(63);
/** 254 characters: 64 before the @ and 189 after it. */
const LONGEST = `${LOCAL_64}@${LABEL_63}.${LABEL_63}.${'c'.repeat(57)}.com`;

/** Fifteen letters that take some fifty in ASCII. */
const IDEOGRAPHS = Array.from({ length: 15 }, (_, at) => String.fromCodePoint(0x4e00 + at * 997)).join('');

describe('an email address as typed', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace@Example.COM', 'Ada.Lovelace@example.com'],
    ['ada+tag@example.com', 'ada+tag@example.com'],
    ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
    ['1@2.example', '1@2.example'],
    ['a@a-b.example', 'a@a-b.example'],
    ['a@b.c.d.example.co.uk', 'a@b.c.d.example.co.uk'],
    ['a@bücher.de', 'a@xn--bcher-kva.de'],
    ['a@BÜCHER.de', 'a@xn--bcher-kva.de'],
    ['a@xn--bcher-kva.de', 'a@xn--bcher-kva.de'],
    ['a@XN--BCHER-KVA.de', 'a@xn--bcher-kva.de'],
    ['a@faß.de', 'a@xn--fa-hia.de'],
    ['a@例え.jp', 'a@xn--r8jz45g.jp'],
    ['a@ｅxample.com', 'a@example.com'],
    ['a@mañana.example', 'a@xn--maana-pta.example'],
    // Cyrillic а: what looks like another's domain is shown as what it is.
    ['a@\u0430pple.com', 'a@xn--pple-43d.com'],
    [`${LOCAL_64}@example.com`, `${LOCAL_64}@example.com`],
    [`a@${LABEL_63}.com`, `a@${LABEL_63}.com`],
    [LONGEST, LONGEST],
  ])('reads %j', (input, address) => {
    expect(parseEmail(input)).toBe(address);
  });

  it.each([
    ['nothing', '', /no @/],
    ['no @', 'ada.example.com', /no @/],
    ['only an @', '@', /nothing before its @/],
    ['no local part', '@example.com', /nothing before its @/],
    ['no domain', 'ada@', /full domain/],
    ['two @', 'ada@example.com@example.org', /more than one @/],
    ['two @ in a row', 'ada@@example.com', /more than one @/],
    ['10 kB', `${'a'.repeat(10_240)}@example.com`, /longer than 254/],
    ['255 characters', `${LOCAL_64}@${LABEL_63}.${LABEL_63}.${'c'.repeat(58)}.com`, /longer than 254/],
    ['255 characters once in ASCII', `${LOCAL_64}@${`${IDEOGRAPHS}.`.repeat(6)}com`, /longer than 254/],
    ['65 characters of local part', `${LOCAL_64}a@example.com`, /more than 64/],
    ['64 characters of label', `a@${LABEL_63}b.com`, /more than 63/],
    ['64 characters of label once in ASCII', `a@${'ü'.repeat(60)}.com`, /domain/],
    ['two addresses and a comma', 'ada@example.com,eve@example.com', /comma/],
    ['two addresses and a semicolon', 'ada@example.com;eve@example.com', /comma/],
    ['two addresses and a space', 'ada@example.com eve@example.com', /white space/],
    ['two addresses and a newline', 'ada@example.com\neve@example.com', /control/],
    ['a route', '@eve.example,@ada.example:ada@example.com', /comma/],
    ['a header after CRLF', 'ada@example.com\r\nBcc: eve@example.com', /control/],
    ['a newline after it', 'ada@example.com\n', /control/],
    ['a tab', 'ada\t@example.com', /control/],
    ['a NUL after it', 'ada@example.com\u0000', /control/],
    ['a NUL inside', 'ada\u0000@example.com', /control/],
    ['a NUL in the domain', 'ada@example\u0000.com', /control/],
    ['a space before it', ' ada@example.com', /white space/],
    ['a space after it', 'ada@example.com ', /white space/],
    ['a space inside', 'a da@example.com', /white space/],
    ['a no-break space', 'ada\u00a0@example.com', /white space/],
    ['an ideographic space', 'ada@example.com\u3000', /white space/],
    ['a zero-width space', 'ada@exam\u200bple.com', /invisible/],
    ['a zero-width joiner', 'ada@exam\u200dple.com', /invisible/],
    ['a byte order mark', '\ufeffada@example.com', /invisible/],
    ['a soft hyphen', 'ada@exam\u00adple.com', /invisible/],
    ['a variation selector', 'ada@exam\ufe0fple.com', /invisible/],
    ['a right-to-left override', 'ada@\u202emoc.elpmaxe', /bidirectional/],
    ['isolates', '\u2068ada@example.com\u2069', /bidirectional/],
    ['a lone surrogate', 'ada@example.com\ud800', /control/],
    ['a display name', 'Ada <ada@example.com>', /white space/],
    ['angle brackets', '<ada@example.com>', /angle brackets/],
    ['a mailto: URI', 'mailto:ada@example.com', /needs quoting/],
    ['a quoted local part', '"ada"@example.com', /quoted/],
    ['a quoted @', '"ada@evil.example"@example.com', /quoted/],
    ['a quoted pair', 'ada\\@evil.example@example.com', /quoted/],
    ['a comment', 'ada(comment)@example.com', /comment/],
    ['a comment in the domain', 'ada@example.com(comment)', /comment/],
    ['a dot at the beginning', '.ada@example.com', /dot/],
    ['a dot at the end', 'ada.@example.com', /dot/],
    ['two dots in a row', 'ada..lovelace@example.com', /dot/],
    ['a letter outside ASCII', 'adä@example.com', /outside ASCII/],
    ['a Cyrillic a', '\u0430da@example.com', /outside ASCII/],
    ['a full-width letter', 'ａda@example.com', /outside ASCII/],
    ['a full-width @', 'ada＠example.com', /no @/],
    ['a colon', 'a:da@example.com', /needs quoting/],
    ['one label', 'ada@localhost', /full domain/],
    ['a dot before the domain', 'ada@.example.com', /dot/],
    ['a dot after the domain', 'ada@example.com.', /dot/],
    ['two dots in the domain', 'ada@example..com', /dot/],
    ['a hyphen before a label', 'ada@-example.com', /hyphen/],
    ['a hyphen after a label', 'ada@example-.com', /hyphen/],
    ['an underscore in the domain', 'ada@exam_ple.com', /no domain name has/],
    ['an escape in the domain', 'ada@ex%41mple.com', /no domain name has/],
    ['a path', 'ada@example.com/x', /no domain name has/],
    ['a query', 'ada@example.com?x', /no domain name has/],
    ['a fragment', 'ada@example.com#x', /no domain name has/],
    ['a port', 'ada@example.com:25', /no domain name has/],
    ['an emoji for a domain', 'ada@☃.net', /no domain name has/],
    ['an ideographic full stop', 'ada@example。com', /no domain name has/],
    ['a broken A-label', 'ada@xn--a.com', /full domain/],
    ['an IP literal', 'ada@[192.0.2.1]', /IP address/],
    ['an IPv6 literal', 'ada@[IPv6:2001:db8::1]', /IP address/],
    ['an IPv4 address', 'ada@192.0.2.1', /IP address/],
    ['a full-width IPv4 address', 'ada@１９２.0.2.1', /IP address/],
    ['a hexadecimal IPv4 address', 'ada@0x7f.1', /IP address/],
    ['a numeric top-level domain', 'ada@example.123', /full domain/],
  ])('refuses %s', (_, input, message) => {
    expect(refusal(input).message).toMatch(message);
  });

  it('ends in a plain address that it reads as itself, or in the one error', () => {
    const piece = fc.constantFrom('a', 'B', '@', '.', '-', '+', 'com', 'ü', 'ｅ', '例', '\u0301', '\u200d', '%41', '"', '1', ' ', 'xn--');
    const input = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.emailAddress(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.array(piece, { maxLength: 12 }).map((pieces) => `ada@${pieces.join('')}.com`),
    );
    fc.assert(
      fc.property(input, (typed) => {
        try {
          const address = parseEmail(typed);
          expect(address).toMatch(/^[!-?A-~]{1,64}@[a-z0-9.-]{3,252}$/);
          expect(parseEmail(address)).toBe(address);
          expect(address.slice(0, address.indexOf('@'))).toBe(typed.slice(0, typed.indexOf('@')));
        } catch (error) {
          expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_destination' });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('never repeats what was typed', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9]{4,20}$/),
        fc.constantFrom('', '@', '@a', '@a.1', '.@a.com', '@-a.com', '"@a.com', '@a.com,b'),
        (digits, rest) => {
          const { message } = refusal(digits + rest);
          for (const [, run] of digits.matchAll(/(?=([0-9]{4}))/g)) expect(message).not.toContain(run);
        },
      ),
    );
  });

  it('takes a time that grows with the length at most', () => {
    for (const hostile of ['a'.repeat(253), '-'.repeat(253), `a@${'-'.repeat(250)}`, `a@${'a-'.repeat(125)}`, '('.repeat(254), '@'.repeat(254)]) {
      const start = performance.now();
      for (let run = 0; run < 100; run += 1) refusal(hostile);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
  });
});

describe('the fold of an email address', () => {
  it.each([
    ['case', ['Ada@example.com', 'ada@example.com', 'ADA@example.com']],
    ['tags, wherever', ['ada+a@example.com', 'ada+b+c@example.com', 'ada@example.com']],
    ['Gmail', ['ada.lovelace@gmail.com', 'adalovelace@gmail.com', 'A.D.A.Lovelace+x@googlemail.com']],
    ['Outlook', ['ada+x@outlook.com', 'Ada@outlook.com']],
    ['iCloud', ['ada@icloud.com', 'ada@me.com', 'ada+x@mac.com']],
    ['Proton', ['ada.lovelace@proton.me', 'ada_lovelace@pm.me', 'ada-lovelace+x@protonmail.com', 'AdaLovelace@protonmail.ch']],
    ['Yandex', ['ada.lovelace@yandex.ru', 'ada-lovelace@ya.ru', 'ada.lovelace+x@yandex.com', 'ada-lovelace@yandex.kz']],
    ['Yahoo', ['ada-shop@yahoo.com', 'ada-news+x@yahoo.com', 'ada@yahoo.com']],
    ['Yahoo in a country', ['ada-shop@yahoo.co.uk', 'ada@yahoo.co.uk']],
    ['Fastmail', ['ada@fastmail.com', 'ada+shop@fastmail.com', 'shop@ada.fastmail.com', 'news@ada.fastmail.com']],
  ])('is one for %s', (_, spellings) => {
    expect(spellings.map(parseEmail)).toEqual(spellings);
    expect(new Set(spellings.map(foldEmail)).size).toBe(1);
  });

  it.each([
    ['dots where they count', 'ada.lovelace@example.com', 'adalovelace@example.com'],
    ['dots at Outlook', 'ada.lovelace@outlook.com', 'adalovelace@outlook.com'],
    ['hyphens where they count', 'ada-shop@example.com', 'ada@example.com'],
    ['hyphens at Gmail', 'ada-shop@gmail.com', 'ada@gmail.com'],
    ['one name at Outlook and at Hotmail', 'ada@outlook.com', 'ada@hotmail.com'],
    ['one name at two Yahoos', 'ada@yahoo.com', 'ada@yahoo.co.uk'],
    ['one name at two Fastmails', 'ada@fastmail.com', 'ada@fastmail.fm'],
    ['two names at Gmail', 'ada@gmail.com', 'eve@gmail.com'],
    ['Gmail and a domain that ends like it', 'ada@gmail.com', 'ada@notgmail.com'],
    ['Gmail and a domain that begins like it', 'a.da@gmail.com.example', 'ada@gmail.com.example'],
    ['subdomains of others', 'shop@ada.example.com', 'ada@example.com'],
    ['names that are nothing but a tag', '+a@example.com', '+b@example.com'],
    ['names that are nothing but ignored characters', '_@proton.me', '-@proton.me'],
  ])('keeps apart %s', (_, one, other) => {
    expect(foldEmail(parseEmail(one))).not.toBe(foldEmail(parseEmail(other)));
  });

  const local = fc.array(fc.constantFrom('a', 'B', '1', '.', '-', '_', '+'), { minLength: 1, maxLength: 8 }).map((characters) => characters.join(''));
  const domain = fc.constantFrom(
    'gmail.com',
    'googlemail.com',
    'me.com',
    'pm.me',
    'ya.ru',
    'yahoo.com',
    'a-b.fastmail.com',
    'fastmail.fm',
    'x.example',
  );

  it('is idempotent, keeps something to count, and stays an address', () => {
    fc.assert(
      fc.property(local, domain, (name, host) => {
        const folded = foldEmail(`${name}@${host}`);
        expect(folded).toMatch(/^[^@A-Z]+@[a-z0-9.-]+$/);
        expect(foldEmail(folded)).toBe(folded);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is one for every tag and every case', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
    fc.assert(
      fc.property(name, fc.stringMatching(/^[a-z0-9+.-]{0,9}$/), domain, (user, tag, host) => {
        expect(foldEmail(`${user}+${tag}@${host}`)).toBe(foldEmail(`${user.toUpperCase()}@${host}`));
      }),
    );
  });
});

describe('the mask of an email address', () => {
  it.each([
    ['ada@example.com', 'a***@example.com'],
    ['a@example.com', 'a***@example.com'],
    ['Ada.Lovelace+x@xn--bcher-kva.de', 'A***@xn--bcher-kva.de'],
  ])('of %s is %s', (address, masked) => {
    expect(maskEmail(address)).toBe(masked);
  });
});
