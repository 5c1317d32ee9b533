import { isSafeOrigin } from '../core/loopback.ts';
import { assertNoFaults, DEFAULT_TIMEOUT, type Fault, findTextFaults, findTimeoutFaults } from './faults.ts';
import { createHttpGatewaySender, type RefusedAnswer } from './http-gateway.ts';
import { isGsmText } from './message-text.ts';
import type { Message, Sender, SendResult } from './sender.ts';

/** How to send through Vonage's SMS API. */
export interface VonageOptions {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Who the message comes from: a number of the account, or a name where the country allows one. */
  readonly from: string;
  /** Where the API is, instead of at Vonage: an origin, `https` or loopback. */
  readonly baseUrl?: string;
  /**
   * Milliseconds for one send, at most 50 s.
   *
   * @defaultValue 10 000
   */
  readonly timeout?: number;
}

/** A long text is several messages, and so are its statuses: only where all agree is anything said. */
const STATUS = '/messages/*/status';

/**
 * Vonage answers 200 whatever happened, and says in each message's status what did (https://developer.vonage.com/en/api-errors/sms). Internal errors (5) are
 * not here: nobody says whether the message left.
 */
const REFUSED: readonly RefusedAnswer[] = [
  // Parameters that Vonage calls invalid (3), a number it does not know (6) or has barred (7), a text too long (12), a network code (22), a destination that a
  // trial account may not send to (29), a number that is no longer in use (33).
  { status: 200, at: STATUS, values: [3, 6, 7, 12, 22, 29, 33], permanent: true },
  {
    status: 200,
    at: STATUS,
    values: [4, 14, 32],
    permanent: false,
    problem: 'Vonage refuses the credentials: compare `apiKey` and `apiSecret` with the dashboard',
  },
  { status: 200, at: STATUS, values: [15], permanent: false, problem: 'Vonage does not let this account send from `from`' },
  // Too fast (1), parameters missing (2), an account that is barred (8), without credit (9), with too many connections (10) or not meant for this API (11).
  { status: 200, at: STATUS, values: [1, 2, 8, 9, 10, 11], permanent: false },
];

/**
 * Makes a sender of SMS through Vonage's SMS API (https://developer.vonage.com/en/api/sms), without its SDK. A text that the GSM alphabet cannot write is sent
 * as Unicode.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every option at fault and no value.
 * @example
 * const sms = createVonageSender({ apiKey, apiSecret, from: 'Example' });
 * const provider = createSelfIssuedProvider({ senders: [sms] });
 */
export function createVonageSender(options: VonageOptions): Sender {
  assertNoFaults(findFaults(options));
  const senders = { text: createOne(options, 'text'), unicode: createOne(options, 'unicode') };
  const { name, channels } = senders.text;
  return Object.freeze({
    name,
    channels,
    send: (message: Message, given: { readonly signal: AbortSignal }): Promise<SendResult> =>
      senders[isGsmText(message.text.reveal()) ? 'text' : 'unicode'].send(message, given),
  });
}

function createOne({ apiKey, apiSecret, from, baseUrl = 'https://rest.nexmo.com', timeout = DEFAULT_TIMEOUT }: VonageOptions, type: string): Sender {
  return createHttpGatewaySender({
    name: 'vonage',
    channels: ['sms'],
    url: `${new URL(baseUrl).origin}/sms/json`,
    headers: { authorization: 'Basic {credentials}' },
    values: { credentials: Buffer.from(`${apiKey}:${apiSecret}`).toString('base64'), from },
    body: { form: { from: '{from}', to: '{toDigits}', text: '{text}', type, 'client-ref': '{deliveryId}' } },
    accepted: { status: 200, at: STATUS, values: [0] },
    refused: REFUSED,
    reference: '/messages/0/message-id',
    timeout,
  });
}

function findFaults({ apiKey, apiSecret, from, baseUrl, timeout = DEFAULT_TIMEOUT }: VonageOptions): Fault[] {
  return [
    // A colon would end the key where the password of Basic authentication begins (RFC 7617 §2).
    ...findTextFaults('apiKey', apiKey, /^[\x21-\x39\x3b-\x7e]+$/, 'must be a text without spaces and colons'),
    ...findTextFaults('apiSecret', apiSecret, /^[\x21-\x7e]+$/, 'must be a text without spaces'),
    ...findTextFaults('from', from, /^(?! )[\x20-\x7e]{1,15}(?<! )$/, 'must be a number or a name: 1 to 15 printable ASCII characters'),
    ...(baseUrl === undefined || isSafeOrigin(baseUrl) ? [] : [['baseUrl', 'must be an https origin, or one on loopback'] as const]),
    ...findTimeoutFaults(timeout),
  ];
}
