import { parseCode } from '../core/code-input.ts';
import { CHANNELS, type Channel, channelsFor, type Destination, parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import type { ProviderOptions } from '../providers/provider.ts';

/** Untrusted input → checked values. Every fault is thrown, naming the field and never its value. */

/** Whose verification, as the caller says it. */
export interface ParsedOwner {
  readonly purpose: string;
  readonly requester: string | undefined;
}

/** A checked {@link StartInput}. */
export interface ParsedStart extends ParsedOwner {
  readonly to: Destination;
  readonly channel: Channel;
  readonly code: string | undefined;
  readonly options: ProviderOptions | undefined;
}

/** A checked {@link ResendInput}. */
export interface ParsedResend extends ParsedOwner {
  readonly id: string;
  readonly channel: Channel | undefined;
  readonly code: string | undefined;
  readonly options: ProviderOptions | undefined;
}

/** A checked {@link CheckInput}. */
export interface ParsedCheck extends ParsedOwner {
  /** Which verification: by its id, or by its destination. */
  readonly of: string | Destination;
  readonly code: string;
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
  /** Present where it issues codes of its own, so that callers cannot bring theirs. */
  readonly check?: unknown;
}

export function parseStart(input: unknown, offer: Offer): ParsedStart {
  const fields = parseFields(input, ['to', 'channel', 'purpose', 'requester', 'code', 'providerOptions']);
  const to = parseDestination(fields.to);
  const channel = fields.channel === undefined ? channelsFor(to.kind)[0] : parseChannel(fields.channel);
  assertReaches(channel, to.kind);
  assertOffered(channel, offer.channels);
  return { to, channel, ...parseOwner(fields), ...parseBrought(fields, offer) };
}

export function parseResend(input: unknown, offer: Offer): ParsedResend {
  const fields = parseFields(input, ['id', 'channel', 'purpose', 'requester', 'code', 'providerOptions']);
  const channel = fields.channel === undefined ? undefined : parseChannel(fields.channel);
  if (channel !== undefined) assertOffered(channel, offer.channels);
  return { id: parseId(fields.id), channel, ...parseOwner(fields), ...parseBrought(fields, offer) };
}

/** @param isShared whether a verification without a requester is its destination's, and not its id's. */
export function parseCheck(input: unknown, isShared: boolean): ParsedCheck {
  const fields = parseFields(input, ['id', 'to', 'code', 'purpose', 'requester', 'attemptId']);
  const attemptId = parseOptionalText(fields.attemptId, 'attemptId', 8, 128);
  if (fields.to === undefined) return { of: parseId(fields.id), code: parseCode(fields.code), ...parseOwner(fields), attemptId };
  if (fields.id !== undefined) throw invalid('give either `id` or `to`, not both', 'to');
  const owner = parseOwner(fields);
  // Whoever knows no more than a number must not guess at what somebody else has started.
  if (owner.requester === undefined && !isShared) throw invalid('a check by `to` needs the `requester` it was started with', 'requester');
  return { of: parseDestination(fields.to), code: parseCode(fields.code), ...owner, attemptId };
}

export function parseVerificationInput(input: unknown): ParsedOwner & { readonly id: string } {
  const fields = parseFields(input, ['id', 'purpose', 'requester']);
  return { id: parseId(fields.id), ...parseOwner(fields) };
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
  { code, providerOptions }: { readonly code?: unknown; readonly providerOptions?: unknown },
  offer: Offer,
): { readonly code: string | undefined; readonly options: ProviderOptions | undefined } {
  if (code !== undefined && offer.check !== undefined) throw invalid('`code` cannot be brought here: the provider issues its own', 'code');
  return { code: parseOptionalCode(code), options: parseProviderOptions(providerOptions, offer) };
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

function parseOptionalText(value: unknown, field: string, min: number, max: number): string | undefined {
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
