import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHANNELS } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { describeSubjectFault, describeTemplateFault } from '../core/message-rules.ts';
import { Secret } from '../core/secret.ts';
import { BUILT_IN_TEXTS } from './built-in-texts.ts';
import { createMessageText, isGsmText, type MessageTextOptions } from './message-text.ts';

const code = new Secret('123456');
const emitWarning = vi.spyOn(process, 'emitWarning');

beforeEach(() => {
  emitWarning.mockImplementation(() => {});
});
afterEach(() => {
  emitWarning.mockReset();
});

const sms = (options?: MessageTextOptions) => createMessageText(options).render(code, 'sms').text.reveal();
const warningsOf = (template: string, more?: MessageTextOptions) => createMessageText({ template, ...more }).warnings;

/** The code of what making texts of `options` throws; `field` must be the one at fault. */
function refused(options: object, field: string): string | undefined {
  try {
    createMessageText(options as MessageTextOptions);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    expect(error).toMatchObject({ code: 'configuration_invalid', field });
    return error.code;
  }
  return undefined;
}

describe('message text', () => {
  it('has an English text and a subject of its own, without a warning', () => {
    const texts = createMessageText();
    expect(texts.render(code, 'sms').text.reveal()).toBe('Your verification code is 123456. Never share it with anyone.');
    expect(texts.render(code, 'email').subject).toBe('Your verification code');
    expect(texts.warnings).toEqual([]);
    expect(emitWarning).not.toHaveBeenCalled();
  });

  it('puts the code where the template says', () => {
    expect(sms({ template: '{code} ist Ihr Code' })).toBe('123456 ist Ihr Code');
    expect(sms({ template: 'Ihr Code:\n{code}' })).toBe('Ihr Code:\n123456');
    expect(sms({ template: '{code}' })).toBe('123456');
  });

  it('takes a code literally, replacement patterns too', () => {
    const text = createMessageText({ template: 'a {code} b' }).render(new Secret("$&$'{code}"), 'sms').text;
    expect(text.reveal()).toBe("a $&$'{code} b");
  });

  it('gives a subject to emails only', () => {
    const texts = createMessageText({ subject: 'Sign in' });
    expect(CHANNELS.map((channel) => texts.render(code, channel).subject)).toEqual([undefined, undefined, undefined, 'Sign in']);
  });

  it('shows neither text nor code when a rendered text is printed', () => {
    expect(JSON.stringify(createMessageText().render(code, 'email'))).toBe('{"subject":"Your verification code","text":"[secret]"}');
  });
});

describe('the texts by language', () => {
  const longest = new Secret('0123456789');

  it.each([...BUILT_IN_TEXTS.keys()])('say the code once and fit into one SMS, a code of ten digits too: %s', (language) => {
    const text = createMessageText().render(longest, 'sms', language).text.reveal();
    expect(text.split(longest.reveal())).toHaveLength(2);
    expect(text.length).toBeLessThanOrEqual(isGsmText(text) ? 160 : 70);
    expect(isGsmText(text)).toBe(language !== 'ar');
    expect(describeTemplateFault(BUILT_IN_TEXTS.get(language)?.template)).toBeUndefined();
    expect(describeSubjectFault(BUILT_IN_TEXTS.get(language)?.subject)).toBeUndefined();
  });

  it('are those of the language that was asked for, its region apart, and English where none was', () => {
    const texts = createMessageText();
    expect(['fr', 'fr-CA', 'es-419', 'ar-EG', 'en-GB', 'en'].map(texts.findLanguage)).toEqual(['fr', 'fr', 'es', 'ar', 'en', 'en']);
    const say = (language?: string) => texts.render(code, 'email', language);
    expect(say('fr').text.reveal()).toBe('Votre code de vérification est 123456. Ne le communiquez à personne.');
    expect([say('fr').subject, say('es').subject]).toEqual(['Votre code de vérification', 'Tu código de verificación']);
    expect(say().text.reveal()).toBe(say('en').text.reveal());
  });

  it('are in no language but these', () => {
    for (const locale of ['de', 'fra', 'frr-DE', '', 'toString', '__proto__']) expect(createMessageText().findLanguage(locale)).toBeUndefined();
  });

  it('give way to a template of one’s own, which stands for every language, and to a subject', () => {
    const own = createMessageText({ template: '{code} ist Ihr Code' });
    expect(['de-AT', 'fr'].map(own.findLanguage)).toEqual(['de', 'fr']);
    expect(own.render(code, 'email', 'fr')).toEqual(own.render(code, 'email'));
    expect(own.render(code, 'email', 'fr').text.reveal()).toBe('123456 ist Ihr Code');
    const titled = createMessageText({ subject: 'Shop' }).render(code, 'email', 'fr');
    expect([titled.subject, titled.text.reveal()]).toEqual(['Shop', 'Votre code de vérification est 123456. Ne le communiquez à personne.']);
  });
});

describe('template check', () => {
  it.each([
    ['nothing', ''],
    ['a number', 5],
    ['null', null],
    ['no code', 'Your code'],
    ['two codes', '{code} or {code}'],
    ['another placeholder', '{code} for {name}'],
    ['an empty placeholder', '{code} {}'],
    ['a doubled brace', '{{code}}'],
    ['a brace alone', '{code} {'],
    ['a closing brace alone', '} {code}'],
    ['another spelling of the placeholder', '{Code}'],
    ['CR', 'a\r\n{code}'],
    ['a tab', '\t{code}'],
    ['NUL', '{code}\0'],
    ['escape', '\x1b[2J{code}'],
    ['DEL', '{code}\x7f'],
    ['a C1 control', '{code}\x85'],
    ['a right-to-left override', '\u202e{code}'],
    ['a bidirectional isolate', '{code}\u2066'],
    ['a right-to-left mark', '{code}\u200f'],
    ['the Arabic letter mark', '{code}\u061c'],
    ['a line separator', '{code}\u2028'],
    ['a paragraph separator', '{code}\u2029'],
    ['half a character', '{code}\ud83d'],
  ])('refuses %s', (_, template) => {
    expect(refused({ template }, 'template')).toBe('configuration_invalid');
  });

  it.each([
    ['line feeds', '\n{code}\n\n'],
    ['letters of any script', 'קוד {code} کد‌شما'],
    ['emoji', '👩‍🚀 {code}'],
  ])('takes %s', (_, template) => {
    expect(refused({ template }, 'template')).toBeUndefined();
  });
});

describe('subject check', () => {
  it.each([
    ['nothing', ''],
    ['blanks', '  '],
    ['a number', 5],
    ['a line feed, which would begin a header', 'Code\nBcc: x@example.com'],
    ['CRLF', 'Code\r\nBcc: x@example.com'],
    ['a line separator', 'Code\u2028'],
    ['a bidirectional control', '\u202eCode'],
    ['the code', 'Code {code}'],
    ['any brace', 'Code }'],
  ])('refuses %s', (_, subject) => {
    expect(refused({ subject }, 'subject')).toBe('configuration_invalid');
  });

  it('takes one line in any script', () => {
    expect(createMessageText({ subject: 'Überprüfung ✓' }).render(code, 'email').subject).toBe('Überprüfung ✓');
  });
});

describe('what an operator reads', () => {
  it.each([
    [{ template: 5 }, '`template` must be a text that holds `{code}`'],
    [{ template: 'Your code' }, '`template` must hold `{code}` exactly once'],
    [{ template: '{code} {name}' }, '`template` may hold no placeholder and no brace but `{code}`'],
    [{ template: '{code}\r' }, '`template` may hold no control characters but line feeds, and no bidirectional controls'],
    [{ subject: '' }, '`subject` must be a text'],
    [{ subject: 'a\nb' }, '`subject` must be one line without control characters'],
    [{ subject: '{code}' }, '`subject` may hold no placeholder: it never carries the code'],
    [{ origin: 'http://example.com' }, '`origin` must be `https://` and a host name: no user, port, path, query or fragment'],
  ])('%j: %s', (options, message) => {
    expect(() => createMessageText(options as MessageTextOptions)).toThrow(expect.objectContaining({ message }));
  });
});

describe('origin-bound line (WICG origin-bound one-time codes)', () => {
  /** The parser of the specification's §3.2, written from its steps. */
  function parse(message: string): { host: string; code: string } | undefined {
    const line =
      message
        .replace(/\r\n|\r/g, '\n')
        .split('\n')
        .at(-1) ?? '';
    const match = /^@([^\t\n\f\r ]+) #([^\t\n\f\r ]+)/.exec(line);
    return match === null ? undefined : { host: match[1] ?? '', code: match[2] ?? '' };
  }

  it('is the last line, after an empty one, and nothing else', () => {
    expect(sms({ template: 'Code {code}', origin: 'https://example.com' })).toBe('Code 123456\n\n@example.com #123456');
  });

  it('is read by the specified parser, whatever the template and the code', () => {
    const words = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '@', '#', '%', 'é', '1') });
    fc.assert(
      fc.property(words, words, fc.stringMatching(/^[0-9]{4,10}$/), (before, after, digits) => {
        const texts = createMessageText({ template: `${before}{code}${after}`, origin: 'https://login.example.com' });
        const message = texts.render(new Secret(digits), 'sms').text.reveal();
        expect(parse(message)).toEqual({ host: 'login.example.com', code: digits });
        expect(message.endsWith(`\n\n@login.example.com #${digits}`)).toBe(true);
      }),
    );
  });

  it('goes into an SMS only: nothing else reads it, and a voice would speak it', () => {
    const texts = createMessageText({ template: '{code}', origin: 'https://example.com' });
    const rendered = CHANNELS.map((channel) => texts.render(code, channel).text.reveal());
    expect(rendered).toEqual(['123456\n\n@example.com #123456', '123456', '123456', '123456']);
  });

  it.each([
    ['https://example.com', 'example.com'],
    ['https://example.com/', 'example.com'],
    ['HTTPS://EXAMPLE.com', 'example.com'],
    ['https://münchen.example', 'xn--mnchen-3ya.example'],
    ['https://my-app.example.co.uk', 'my-app.example.co.uk'],
    ['https://localhost', 'localhost'],
  ])('writes %s as a browser writes its host', (origin, host) => {
    expect(sms({ template: '{code}', origin })).toBe(`123456\n\n@${host} #123456`);
  });

  it.each([
    '',
    'example.com',
    'http://example.com',
    'ftp://example.com',
    'https:example.com',
    'https://',
    'https:///example.com',
    'https://example.com/login',
    'https://example.com/.',
    'https://example.com?',
    'https://example.com/?a=b',
    'https://example.com#top',
    'https://example.com:8443',
    'https://example.com:443',
    'https://user@example.com',
    'https://@example.com',
    'https://user:password@example.com',
    'https://example.com\\@evil.example',
    ' https://example.com',
    'https://exa\tmple.com',
    'https://example.com\n',
    'https://exam ple.com',
    'https://example.com.',
    'https://*.example.com',
    'https://under_score.example',
    'https://[::1]',
    'https://a%20b.example',
    'https://xn--a.example',
    5,
    null,
    new URL('https://example.com'),
  ])('refuses %j', (origin) => {
    expect(refused({ origin }, 'origin')).toBe('configuration_invalid');
  });
});

describe('length of an SMS', () => {
  /** 3GPP TS 23.038 §6.2.1, read row by row: code points of 0x00 to 0x7F without CR (0x0D) and escape (0x1B). */
  const basic = [
    ...[0x40, 0xa3, 0x24, 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, 0x0a, 0xd8, 0xf8, 0xc5, 0xe5],
    ...[0x394, 0x5f, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0xc6, 0xe6, 0xdf, 0xc9],
    ...[0x20, 0x21, 0x22, 0x23, 0xa4, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f],
    ...Array.from({ length: 16 }, (_, offset) => 0x30 + offset),
    ...[0xa1, ...Array.from({ length: 26 }, (_, offset) => 0x41 + offset), 0xc4, 0xd6, 0xd1, 0xdc, 0xa7],
    ...[0xbf, ...Array.from({ length: 26 }, (_, offset) => 0x61 + offset), 0xe4, 0xf6, 0xf1, 0xfc, 0xe0],
  ].map((point) => String.fromCodePoint(point));
  /** §6.2.1.1: caret, backslash, square brackets, tilde, bar, euro. */
  const extension = [0x5e, 0x5c, 0x5b, 0x7e, 0x5d, 0x7c, 0x20ac].map((point) => String.fromCodePoint(point));

  it('knows the whole alphabet', () => {
    expect(new Set(basic).size).toBe(126);
  });

  it('warns at 161 septets and not at 160, the longest code included', () => {
    expect(warningsOf(`${'a'.repeat(150)}{code}`)).toEqual([]);
    const excess = 'With a code of 10 digits the SMS text takes 161 characters as networks count; one message holds 160.';
    const advice = 'Each send is billed as more than one message: shorten `template`.';
    expect(warningsOf(`${'a'.repeat(151)}{code}`)).toEqual([`${excess} ${advice}`]);
  });

  it.each(basic)('counts %j once', (character) => {
    expect(warningsOf(`${character}${'a'.repeat(149)}{code}`)).toEqual([]);
    expect(warningsOf(`${character}${'a'.repeat(150)}{code}`)).toHaveLength(1);
  });

  it.each(extension)('counts %j twice', (character) => {
    expect(warningsOf(`${character}${'a'.repeat(148)}{code}`)).toEqual([]);
    expect(warningsOf(`${character}${'a'.repeat(149)}{code}`)).toEqual([expect.stringContaining('takes 161 characters')]);
  });

  it('counts 70 units where one character is not in the alphabet, and names it', () => {
    const foreign = fc
      .integer({ min: 0xa0, max: 0xffff })
      .map((point) => String.fromCodePoint(point))
      .filter((character) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(character) && !basic.includes(character) && character !== '€');
    fc.assert(
      fc.property(foreign, (character) => {
        expect(warningsOf(`${character}${'a'.repeat(59)}{code}`)).toEqual([]);
        const name = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
        expect(warningsOf(`${character}${'a'.repeat(60)}{code}`)).toEqual([
          expect.stringContaining(`takes 71 characters as networks count; one message holds 70, or 160 without ${name}`),
        ]);
      }),
    );
  });

  it('counts a character beyond the basic plane as two units', () => {
    expect(warningsOf(`👍${'a'.repeat(58)}{code}`)).toEqual([]);
    expect(warningsOf(`👍${'a'.repeat(59)}{code}`)).toEqual([expect.stringContaining('U+1F44D')]);
  });

  it('counts the origin line, in which the code stands again', () => {
    const line = '\n\n@example.com #0000000000'.length;
    const origin = 'https://example.com';
    expect(warningsOf(`${'a'.repeat(150 - line)}{code}`, { origin })).toEqual([]);
    expect(warningsOf(`${'a'.repeat(151 - line)}{code}`, { origin })).toHaveLength(1);
  });

  it('emits each warning once, at creation, with a code to filter by', () => {
    const texts = createMessageText({ template: `${'a'.repeat(151)}{code}` });
    texts.render(code, 'sms');
    expect(emitWarning.mock.calls).toEqual([[texts.warnings[0], { code: 'COUNTERSIGN_TEMPLATE' }]]);
  });

  it('warns nobody whose texts never become an SMS', () => {
    const template = `${'a'.repeat(500)}{code}`;
    expect(warningsOf(template, { channels: ['email', 'call'] })).toEqual([]);
    expect(warningsOf(template, { channels: ['email', 'sms'] })).toHaveLength(1);
  });
});
