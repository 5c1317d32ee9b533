import { foldEmail, maskEmail, parseEmail } from './email.ts';
import { CountersignError } from './errors.ts';
import { foldPhone, maskPhone, parsePhone } from './phone.ts';
import { printAs } from './print-as.ts';

/** How a code travels. */
export const CHANNELS = ['sms', 'call', 'whatsapp', 'email'] as const;

/** `sms`, `call` and `whatsapp` reach a phone number, `email` an address. */
export type Channel = (typeof CHANNELS)[number];

/**
 * Where a code goes: an E.164 phone number or an email address, after strict parsing. It prints masked wherever it is printed;
 * {@link Destination.reveal} is the only way to the text.
 */
export class Destination {
  readonly kind: 'phone' | 'email';
  /** Calling code and last two digits (`+1********71`), or first letter and domain (`a***@example.com`). */
  readonly masked: string;
  readonly #canonical: string;

  static {
    printAs(Destination.prototype, ({ masked }) => masked);
  }

  /** @param canonical what {@link parseDestination} made of an input, and nothing else. */
  constructor(canonical: string, masked: string) {
    this.kind = canonical.includes('@') ? 'email' : 'phone';
    this.masked = masked;
    this.#canonical = canonical;
  }

  /** The exact canonical text a message is sent to: its identity. */
  reveal(): string {
    return this.#canonical;
  }

  /** The spelling that all spellings of one handset or mailbox share: what limits are counted by, never what a code proves. */
  revealFolded(): string {
    return this.kind === 'email' ? foldEmail(this.#canonical) : foldPhone(this.#canonical);
  }

  /** ISO 3166-1 alpha-2 region of a phone number as libphonenumber tells it; undefined for an address, or where a number has none. */
  get country(): string | undefined {
    return this.kind === 'email' ? undefined : parsePhone(this.#canonical).country;
  }
}

/** The longest text that is looked at; an address may have 254 characters (RFC 5321 §4.5.3.1), a number far fewer. */
const MAX_INPUT_LENGTH = 320;

/**
 * Parses a phone number in E.164 form or an email address.
 *
 * @throws {CountersignError} `invalid_destination` on anything else; the message never repeats the input.
 */
export function parseDestination(input: unknown): Destination {
  if (typeof input !== 'string') throw invalid(`\`to\` must be a string, not ${describeType(input)}`);
  if (input.length === 0) throw invalid('`to` is empty');
  if (input.length > MAX_INPUT_LENGTH) throw invalid(`\`to\` is longer than ${MAX_INPUT_LENGTH} characters`);
  if (input.includes('@')) {
    const address = parseEmail(input);
    return new Destination(address, maskEmail(address));
  }
  const { number, callingCode } = parsePhone(input);
  return new Destination(number, maskPhone(number, callingCode));
}

/** The channels that reach a kind of destination; the first is the default. */
export function channelsFor(kind: Destination['kind']): readonly [Channel, ...Channel[]] {
  return kind === 'email' ? ['email'] : ['sms', 'call', 'whatsapp'];
}

function invalid(message: string): CountersignError {
  return new CountersignError('invalid_destination', message, { field: 'to' });
}

function describeType(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
