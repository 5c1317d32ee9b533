import { isIP } from 'node:net';
import { CountersignError } from '../../core/errors.ts';
import type { ProviderOptions } from '../provider.ts';
import type { TwilioCreate } from './client.ts';

/** What a start or resend may hand through to Twilio as `providerOptions`; each is a parameter of Twilio's, by its name in the SDK. */
export interface TwilioVerifySendOptions {
  /** Language of the message, such as `de` or `pt-BR`; else Twilio goes by the country. */
  readonly locale?: string;
  /** Values for the service's own rate limits, by their unique names: `{ end_user_ip: '203.0.113.7' }`. */
  readonly rateLimits?: Readonly<Record<string, string>>;
  /** The name in the message instead of the service's, 1–30 characters. */
  readonly customFriendlyName?: string;
  /** The address of the person's device, IPv4 or IPv6. */
  readonly deviceIp?: string;
  /** `disable` takes this message past Fraud Guard and Geo Permissions. */
  readonly riskCheck?: 'enable' | 'disable';
  /** Kept by Twilio as metadata: at most 10, keys and values of at most 128 characters, nothing personal. */
  readonly tags?: Readonly<Record<string, string>>;
}

const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length > 0 && value.length <= max;

const CHECKS: { readonly [Name in keyof Required<TwilioVerifySendOptions>]: readonly [isRight: (value: unknown) => boolean, rule: string] } = {
  locale: [(value) => isText(value, 35) && /^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$/.test(value), 'must be a language tag such as "de" or "pt-BR"'],
  rateLimits: [
    (value) => isMap(value, 128) && Object.keys(value).every((name) => /^[A-Za-z0-9._-]+$/.test(name)),
    'must be an object of texts by unique name',
  ],
  customFriendlyName: [(value) => isText(value, 30) && !/\p{Cc}/u.test(value), 'must be a text of 1 to 30 characters'],
  deviceIp: [(value) => typeof value === 'string' && isIP(value) !== 0, 'must be an IPv4 or IPv6 address'],
  riskCheck: [(value) => value === 'enable' || value === 'disable', 'must be "enable" or "disable"'],
  tags: [
    (value) => isMap(value, 128) && Object.keys(value).length <= 10,
    'must be an object of at most 10 texts, keys and values of at most 128 characters',
  ],
};

/**
 * Checks what was handed through.
 *
 * @throws {CountersignError} `invalid_request`, naming the option and never its value.
 */
export function parseSendOptions(options: ProviderOptions): TwilioVerifySendOptions {
  const fault = findOptionFault(options, 'providerOptions');
  if (fault !== undefined) throw new CountersignError('invalid_request', fault, { field: 'providerOptions' });
  return toGiven(options);
}

/** What is wrong with options, in a sentence that names the option and never its value; undefined where nothing is. @param field where they stand. */
export function findOptionFault(options: unknown, field: string): string | undefined {
  if (!isPlainObject(options)) return `\`${field}\` must be an object`;
  for (const [name, value] of Object.entries(toGiven(options))) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof typeof CHECKS] : undefined;
    if (check === undefined) return `\`${field}\` has an unknown option; known are ${Object.keys(CHECKS).join(', ')}`;
    const [isRight, rule] = check;
    if (!isRight(value)) return `\`${field}.${name}\` ${rule}`;
  }
  return undefined;
}

/** Without those that are there and undefined. */
function toGiven(options: ProviderOptions): TwilioVerifySendOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** As the SDK takes them. */
export function toCreateOptions({ tags, ...options }: TwilioVerifySendOptions): Omit<TwilioCreate, 'to' | 'channel'> {
  return { ...options, ...(tags && { tags: JSON.stringify(tags) }) };
}

function isMap(value: unknown, max: number): value is Record<string, string> {
  if (!isPlainObject(value)) return false;
  return Object.entries(value).every(([name, text]) => isText(name, max) && isText(text, max));
}

/** A `Map` or a `Date` has no entries to check, and would be sent as nothing. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
