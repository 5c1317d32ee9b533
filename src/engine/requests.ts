import { parseCode } from '../core/code-input.ts';
import { CHANNELS, type Channel, channelsFor, type Destination, parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toLanguageTag } from '../core/language-tag.ts';
import type { ProviderOptions } from '../providers/provider.ts';

/** Untrusted input → checked values. Every fault is thrown, naming the field and never its value. */

/** Whose verification, as the caller says it. */
export interface ParsedOwner {
  readonly purpose: string;
  readonly requester: string | undefined;
}

/** A checked {@link StartInput}. */
export interface ParsedStart extends ParsedOwner, ParsedBrought {
  readonly to: Destination;
  readonly channel: Channel;
  readonly binding: string | undefined;
  readonly note: string | undefined;
}

/** A checked {@link ResendInput}. */
export interface ParsedResend extends ParsedOwner, ParsedBrought {
  readonly id: string;
  readonly channel: Channel | undefined;
}

/** What a caller brings for one message. */
export interface ParsedBrought {
  readonly code: string | undefined;
  /** As the provider calls it. */
  readonly language: string | undefined;
  readonly options: ProviderOptions | undefined;
}

/** A checked {@link VerificationInput}. */
export interface ParsedWhich extends ParsedOwner {
  /** Which verification: by its id, or by its destination. */
  readonly of: string | Destination;
}

/** A checked {@link CheckInput}. */
export interface ParsedCheck extends ParsedWhich {
  readonly code: string;
  readonly binding: string | undefined;
  readonly attemptId: string | undefined;
}

/** A checked {@link DestinationInput}. */
export interface ParsedDestinationInput {
  readonly to: Destination;
  readonly by: string | undefined;
}

const DEFAULT_PURPOSE = 'default';
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** What a provider takes. */
export interface Offer {
  /** The channels that it has a way out for. */
  readonly channels: readonly Channel[];
  /** Checks its options; absent where it takes none. */
  parseOptions?(options: ProviderOptions): ProviderOptions;
  /** What it calls a language; absent where it has no choice of languages. */
  findLanguage?(locale: string): string | undefined;
  /** Present where it issues codes of its own, so that callers cannot bring theirs. */
  readonly check?: unknown;
}

export function parseStart(input: unknown, offer: Offer): ParsedStart {
  const fields = parseFields(input, ['to', 'channel', 'purpose', 'requester', 'code', 'locale', 'binding', 'note', 'providerOptions']);
  const to = parseDestination(fields.to);
  const channel = fields.channel === undefined ? channelsFor(to.kind)[0] : parseChannel(fields.channel);
  assertReaches(channel, to.kind);
  assertOffered(channel, offer.channels);
  const binding = parseBinding(fields.binding);
  return { to, channel, binding, note: parseOptionalText(fields.note, 'note', 1, 1_024), ...parseOwner(fields), ...parseBrought(fields, offer) };
}

export function parseResend(input: unknown, offer: Offer): ParsedResend {
  const fields = parseFields(input, ['id', 'channel', 'purpose', 'requester', 'code', 'locale', 'providerOptions']);
  const channel = fields.channel === undefined ? undefined : parseChannel(fields.channel);
  if (channel !== undefined) assertOffered(channel, offer.channels);
  return { id: parseId(fields.id), channel, ...parseOwner(fields), ...parseBrought(fields, offer) };
}

/** @param isShared whether a verification without a requester is its destination's, and not its id's. */
export function parseCheck(input: unknown, isShared: boolean): ParsedCheck {
  const fields = parseFields(input, ['id', 'to', 'code', 'purpose', 'requester', 'binding', 'attemptId']);
  const attemptId = parseOptionalText(fields.attemptId, 'attemptId', 8, 128);
  // Each by its name: V8 copies spreads slowly, and nothing is asked for as often.
  const { of, purpose, requester } = parseWhich(fields, isShared);
  return { of, purpose, requester, code: parseCode(fields.code), binding: parseBinding(fields.binding), attemptId };
}

/** @param isShared as for a check. */
export function parseVerificationInput(input: unknown, isShared: boolean): ParsedWhich {
  return parseWhich(parseFields(input, ['id', 'to', 'purpose', 'requester']), isShared);
}

function parseWhich(
  fields: { readonly id?: unknown; readonly to?: unknown; readonly purpose?: unknown; readonly requester?: unknown },
  isShared: boolean,
): ParsedWhich {
  const { purpose, requester } = parseOwner(fields);
  if (fields.to === undefined) return { of: parseId(fields.id), purpose, requester };
  if (fields.id !== undefined) throw invalid('give either `id` or `to`, not both', 'to');
  // Whoever knows no more than a number must not touch what somebody else has started.
  if (requester === undefined && !isShared) throw invalid('a verification named by `to` takes the `requester` it was started with', 'requester');
  return { of: parseDestination(fields.to), purpose, requester };
}

export function parseDestinationInput(input: unknown): ParsedDestinationInput {
  const fields = parseFields(input, ['to', 'by']);
  return { to: parseDestination(fields.to), by: fields.by === undefined ? undefined : parseName(fields.by, 'by') };
}

/** The name of a service, purpose or operator. */
export function parseName(value: unknown, field: string, code: 'invalid_request' | 'configuration_invalid' = 'invalid_request'): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new CountersignError(code, `\`${field}\` must be 1 to 64 letters, digits, "_", "." or "-"`, { field });
}

/** Ensure that a channel reaches this kind of destination. */
export function assertReaches(channel: Channel, kind: Destination['kind']): void {
  if (!channelsFor(kind).includes(channel))
    throw invalid(`\`channel\` ${channel} does not reach ${kind === 'email' ? 'an address' : 'a phone number'}`, 'channel');
}

/** Ensure that no field is misspelt: `requestor` passed over in silence would leave a verification unbound. */
function parseFields<Name extends string>(input: unknown, names: readonly Name[]): { readonly [N in Name]?: unknown } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid('the input must be an object', 'input');
  if (Object.keys(input).some((name) => !(names as readonly string[]).includes(name))) {
    throw invalid(`the input has an unknown field; known are ${names.join(', ')}`, 'input');
  }
  return input as { readonly [N in Name]?: unknown };
}

function parseOwner(fields: { readonly purpose?: unknown; readonly requester?: unknown }): ParsedOwner {
  return {
    purpose: fields.purpose === undefined ? DEFAULT_PURPOSE : parseName(fields.purpose, 'purpose'),
    requester: parseOptionalText(fields.requester, 'requester', 1, 256),
  };
}

function parseId(value: unknown): string {
  if (typeof value !== 'string' || value.length === 0) throw invalid('`id` must be a string that is not empty', 'id');
  return value;
}

function parseChannel(value: unknown): Channel {
  const channel = CHANNELS.find((name) => name === value);
  if (channel === undefined) throw invalid(`\`channel\` must be one of ${CHANNELS.join(', ')}`, 'channel');
  return channel;
}

function assertOffered(channel: Channel, offered: readonly Channel[]): void {
  if (!offered.includes(channel)) throw invalid(`\`channel\` ${channel} is not offered here; offered: ${offered.join(', ')}`, 'channel');
}

function parseBrought(
  { code, locale, providerOptions }: { readonly code?: unknown; readonly locale?: unknown; readonly providerOptions?: unknown },
  offer: Offer,
): ParsedBrought {
  if (code !== undefined && offer.check !== undefined) throw invalid('`code` cannot be brought here: the provider issues its own', 'code');
  return { code: parseOptionalCode(code), language: parseLocale(locale, offer), options: parseProviderOptions(providerOptions, offer) };
}

function parseLocale(value: unknown, offer: Offer): string | undefined {
  if (value === undefined) return undefined;
  const tag = toLanguageTag(value);
  const language = tag && offer.findLanguage?.(tag);
  if (!language) throw invalid('`locale` must be a language tag (BCP 47) of a language that messages are written in here', 'locale');
  return language;
}

function parseBinding(value: unknown): string | undefined {
  return parseOptionalText(value, 'binding', 1, 256);
}

function parseProviderOptions(options: unknown, offer: Offer): ProviderOptions | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid('`providerOptions` must be an object', 'providerOptions');
  if (offer.parseOptions === undefined) throw invalid('`providerOptions` are not taken by this provider', 'providerOptions');
  return offer.parseOptions({ ...options });
}

function parseOptionalCode(value: unknown): string | undefined {
  return value === undefined ? undefined : parseCode(value);
}

/** A text that comes back as it was given; undefined for none. @throws {CountersignError} `invalid_request`. */
export function parseOptionalText(value: unknown, field: string, min: number, max: number): string | undefined {
  if (value === undefined) return undefined;
  // A null requester is not "none": it is a missing account id that would leave the verification unbound.
  // Half a surrogate pair becomes U+FFFD where it is hashed: two requesters would become one.
  if (typeof value !== 'string' || value.length < min || value.length > max || /[\0\p{Cs}]/u.test(value)) {
    throw invalid(`\`${field}\` must be a string of ${min} to ${max} characters, well-formed and without NUL`, field);
  }
  return value;
}

function invalid(message: string, field: string): CountersignError {
  return new CountersignError('invalid_request', message, { field });
}
