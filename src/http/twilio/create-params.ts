import { isIP } from 'node:net';
import { CHANNELS, channelsFor, type Destination, parseDestination } from '../../core/destination.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { ServiceStartInput } from '../../engine/service-verifier.ts';
import type { Fields } from './fields.ts';
import { type Payment, readPayment, toBinding } from './payment.ts';
import { invalidParameter, TwilioError } from './twilio-errors.ts';

/** What a create asks for. */
export interface CreateParams {
  readonly to: Destination;
  readonly payment: Payment;
  /** By the name of a rate limit, what its buckets count this create under. */
  readonly rateValues: ReadonlyMap<string, string>;
  readonly start: ServiceStartInput;
}

/** An address, a token, an id: what a rate limit tells callers apart by. */
const MAX_RATE_VALUE = 1_024;

/** Twilio's bounds of a name that stands in a message, and of tags. */
const MAX_FRIENDLY_NAME = 30;
const TAGS = { entries: 10, length: 128 } as const;

/** @throws {TwilioError} 60200 for a parameter that is missing or wrong, and the codes of those that have one of their own. */
export function readCreate(fields: Fields, service: ServiceSettings): CreateParams {
  const to = parseDestination(fields.required('To'));
  const channel = readChannel(fields, to, service);
  // Twilio passes over a code where the service does not take any, in silence.
  const code = service.customCodes ? fields.text('CustomCode') : undefined;
  const locale = fields.text('Locale');
  const payment = readPayment(fields, service.psd2);
  if (service.psd2 && channel === 'call') throw new TwilioError(60214);
  assertWellFormed(fields, channel);
  const binding = toBinding(payment);
  return {
    to,
    payment,
    rateValues: readRateValues(fields),
    start: {
      to: to.reveal(),
      channel,
      ...(code !== undefined && { code }),
      ...(locale !== undefined && { locale }),
      ...(binding !== undefined && { binding, note: binding }),
    },
  };
}

/** Ensure that a channel nobody has here is told from one that this service does not use. */
function readChannel(fields: Fields, to: Destination, service: ServiceSettings): (typeof CHANNELS)[number] {
  fields.required('Channel');
  const channel = fields.oneOf('Channel', CHANNELS);
  if (channel === undefined || !channelsFor(to.kind).includes(channel)) throw invalidParameter('Channel', 'does not reach To');
  if (service.channels !== null && !service.channels.includes(channel)) throw new TwilioError(60223);
  return channel;
}

/** A number counts as its text: clients write ids either way. */
function readRateValues(fields: Fields): ReadonlyMap<string, string> {
  const given = Object.entries(fields.json('RateLimits') ?? {});
  const values = given.map(([name, value]) => [name, typeof value === 'number' ? String(value) : value] as const);
  const isFine = values.every((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '' && pair[1].length <= MAX_RATE_VALUE);
  if (!isFine) throw invalidParameter('RateLimits', `must be a JSON object of texts, each of 1 to ${MAX_RATE_VALUE} characters`);
  return new Map(values as readonly (readonly [string, string])[]);
}

/**
 * What is understood and changes nothing here; `docs/twilio-compatible.md` says so of each. A text that Twilio would refuse is refused, so that a fault does
 * not wait for the way back.
 */
function assertWellFormed(fields: Fields, channel: string): void {
  if (fields.text('CustomMessage') !== undefined) throw new TwilioError(60243);
  // There are no templates to name.
  if (fields.text('TemplateSid') !== undefined || fields.text('Templates') !== undefined) throw new TwilioError(60228);
  if (fields.text('AppHash') !== undefined) throw channel === 'sms' ? invalidParameter('AppHash', 'is not offered here') : new TwilioError(60602);
  fields.upTo('CustomFriendlyName', MAX_FRIENDLY_NAME);
  fields.jsonMap('Tags', TAGS);
  fields.json('ChannelConfiguration');
  fields.json('TemplateCustomSubstitutions');
  fields.oneOf('RiskCheck', ['enable', 'disable']);
  fields.flag('EnableSnaClientToken');
  fields.text('SendDigits');
  if (isIP(fields.text('DeviceIp') ?? '::') === 0) throw invalidParameter('DeviceIp', 'must be an IPv4 or IPv6 address');
}
