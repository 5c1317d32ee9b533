import { CODE_LENGTH } from '../core/codes.ts';
import { CHANNELS, type Channel } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toBareLanguage } from '../core/language-tag.ts';
import { describeOriginFault, describeSubjectFault, describeTemplateFault, PLACEHOLDER, toOriginHost } from '../core/message-rules.ts';
import { Secret } from '../core/secret.ts';
import { BUILT_IN_TEXTS, type BuiltInText, DEFAULT_TEXT } from './built-in-texts.ts';

/** What the texts of a deployment are made of. */
export interface MessageTextOptions {
  /**
   * The text, with `{code}` exactly once and no other brace. Line feeds are allowed; other control characters and bidirectional controls are
   * not, because what a person reads must be what was written. It stands for every language.
   *
   * @defaultValue `'Your verification code is {code}. Never share it with anyone.'`
   */
  readonly template?: string;
  /**
   * The subject line of an email: one line, no placeholder, because lock screens and logs of mail servers show subjects. It stands for every language.
   *
   * @defaultValue `'Your verification code'`
   */
  readonly subject?: string;
  /**
   * The site the code belongs to, such as `https://example.com`: every SMS then ends with the line `@example.com #123456`, and browsers fill
   * the code in on that site only. Costs about 20 of the 160 characters. https, and nothing after the host.
   *
   * @see {@link https://wicg.github.io/sms-one-time-codes/}
   */
  readonly origin?: string;
  /**
   * The channels that the texts are for; where `sms` is not among them nobody is warned about the length of an SMS.
   *
   * @defaultValue all of them
   */
  readonly channels?: readonly Channel[];
}

/** One text, ready to be put into a message. */
export interface RenderedText {
  /** Undefined on every channel but `email`. */
  readonly subject: string | undefined;
  readonly text: Secret;
}

/** Turns codes into texts. */
export interface MessageText {
  /** @param language as {@link findLanguage} called it. @defaultValue English */
  render(code: Secret, channel: Channel, language?: string): RenderedText;
  /** What the language of a tag (BCP 47) is called here, if there is a text in it: its region does not matter. With a template of your own it is any. */
  findLanguage(locale: string): string | undefined;
  /** What an operator should know about the texts; each was also emitted as a process warning with the code `COUNTERSIGN_TEMPLATE`. */
  readonly warnings: readonly string[];
}

/** The GSM 7 bit default alphabet (3GPP TS 23.038 §6.2.1), one septet each; CR is left out, which no template may hold. */
const GSM_BASIC: ReadonlySet<string> = new Set(
  '@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);

/** Its extension table (3GPP TS 23.038 §6.2.1.1), an escape and a septet each; form feed and braces are left out for the same reason. */
const GSM_EXTENSION: ReadonlySet<string> = new Set('^\\[~]|€');

/** What one SMS holds: 140 octets (3GPP TS 23.040 §9.2.3.24.1), which are 160 septets or 70 UCS-2 units. */
const SEGMENT = { septets: 160, units: 70 } as const;

/** What the length of a text is measured with. */
const LONGEST_CODE = new Secret('0'.repeat(CODE_LENGTH.max));

/**
 * Makes the texts that carry codes. Checked once, here, so that a mistake shows when a process starts and not when a person waits.
 *
 * An SMS that takes more than one segment is no error, it only costs more with every send: that is a warning.
 *
 * @throws {CountersignError} `configuration_invalid`, naming `template`, `subject` or `origin`.
 * @example
 * const texts = createMessageText({ template: '{code} is your Example code.', origin: 'https://example.com' });
 * texts.render(code, 'sms').text.reveal();   // '123456 is your Example code.\n\n@example.com #123456'
 */
export function createMessageText({ template, subject, origin, channels = CHANNELS }: MessageTextOptions = {}): MessageText {
  const given = { template, subject };
  const standard = createText(DEFAULT_TEXT, given);
  // A template of their own would else have a subject in another language.
  const texts = new Map(template === undefined ? [...BUILT_IN_TEXTS].map(([language, builtIn]) => [language, createText(builtIn, given)]) : []);
  const host = parseOriginHost(origin);

  const findLanguage = (locale: string): string | undefined => {
    const language = toBareLanguage(locale);
    return template !== undefined || texts.has(language) ? language : undefined;
  };

  const render = (code: Secret, channel: Channel, language?: string): RenderedText => {
    const { before, after, subject } = (language === undefined ? undefined : texts.get(language)) ?? standard;
    const body = `${before}${code.reveal()}${after}`;
    // Only in an SMS: the format is read by nothing else, and a voice would read it out.
    const text = host === undefined || channel !== 'sms' ? body : `${body}\n\n@${host} #${code.reveal()}`;
    return { subject: channel === 'email' ? subject : undefined, text: new Secret(text) };
  };

  const warning = channels.includes('sms') ? describeExcess(render(LONGEST_CODE, 'sms').text.reveal()) : undefined;
  if (warning !== undefined) process.emitWarning(warning, { code: 'COUNTERSIGN_TEMPLATE' });
  return Object.freeze({ render, findLanguage, warnings: Object.freeze(warning === undefined ? [] : [warning]) });
}

/** A text in one language: what comes before and after the code. Split once, so that nothing in a code can act as a replacement pattern. */
interface Text {
  readonly before: string;
  readonly after: string;
  readonly subject: string;
}

/** A built-in text, with what was given in its place. */
function createText(
  builtIn: BuiltInText,
  { template = builtIn.template, subject = builtIn.subject }: { readonly template: string | undefined; readonly subject: string | undefined },
): Text {
  assertText('template', describeTemplateFault(template));
  assertText('subject', describeSubjectFault(subject));
  const [before = '', after = ''] = template.split(PLACEHOLDER);
  return { before, after, subject };
}

/** What the ends of SMS are made of; undefined where no origin is given. */
function parseOriginHost(origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  assertText('origin', describeOriginFault(origin));
  return toOriginHost(origin);
}

/** Whether a text needs nothing but the GSM 7-bit alphabet: a gateway that has to be told would put a question mark in the place of anything else. */
export function isGsmText(text: string): boolean {
  return findForeign(text) === undefined;
}

function findForeign(text: string): string | undefined {
  return [...text].find((character) => !GSM_BASIC.has(character) && !GSM_EXTENSION.has(character));
}

/** What to tell an operator whose SMS does not fit into one segment; undefined when it does. */
function describeExcess(text: string): string | undefined {
  const foreign = findForeign(text);
  const length = foreign === undefined ? countSeptets(text) : text.length;
  const limit = foreign === undefined ? SEGMENT.septets : SEGMENT.units;
  if (length <= limit) return undefined;
  const why = foreign === undefined ? '' : `, or ${SEGMENT.septets} without ${nameCharacter(foreign)}, which is not in the GSM 7-bit alphabet`;
  const excess = `With a code of ${CODE_LENGTH.max} digits the SMS text takes ${length} characters as networks count`;
  return `${excess}; one message holds ${limit}${why}. Each send is billed as more than one message: shorten \`template\`.`;
}

function countSeptets(text: string): number {
  return [...text].reduce((septets, character) => septets + (GSM_EXTENSION.has(character) ? 2 : 1), 0);
}

function nameCharacter(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function assertText(field: 'template' | 'subject' | 'origin', fault: string | undefined): void {
  if (fault !== undefined) throw new CountersignError('configuration_invalid', `\`${field}\` ${fault}`, { field });
}
