import { isSafeOrigin } from '../core/loopback.ts';
import { assertNoFaults, DEFAULT_TIMEOUT, type Fault, findTextFaults, findTimeoutFaults } from './faults.ts';
import { createHttpGatewaySender, type RefusedAnswer } from './http-gateway.ts';
import type { Sender } from './sender.ts';

/** How to send through Twilio's Messaging API: an account, and who the message comes from. */
export type TwilioMessagingOptions = TwilioMessagingAccount &
  ({ readonly from: string; readonly messagingServiceSid?: never } | { readonly messagingServiceSid: string; readonly from?: never });

/** The account, and how it is reached. */
export interface TwilioMessagingAccount {
  /** `AC` + 32 hex. */
  readonly accountSid: string;
  readonly authToken: string;
  /** Where the API is, instead of at Twilio: an origin, `https` or loopback. */
  readonly baseUrl?: string;
  /**
   * Milliseconds for one send, at most 50 s.
   *
   * @defaultValue 10 000
   */
  readonly timeout?: number;
}

/**
 * Destinations that Twilio does not send an SMS to, by its error dictionary (https://www.twilio.com/docs/api/errors): an invalid number (21211), a short code
 * (21265), a country that the account may not send to (21408), somebody who opted out (21610), no route from this sender to this number (21612), no mobile
 * number (21614), a landline (21635).
 */
const UNREACHABLE = [21211, 21265, 21408, 21610, 21612, 21614, 21635];

const REFUSED: readonly RefusedAnswer[] = [
  { status: '4xx', at: '/code', values: UNREACHABLE, permanent: true },
  // Error 20003 (https://www.twilio.com/docs/api/errors/20003).
  { status: 401, permanent: false, problem: 'Twilio refuses the credentials: compare `accountSid` and `authToken` with the console' },
  // "An API request that receives an error 429 response is never processed" (https://www.twilio.com/docs/api/errors/20429).
  { status: 429, permanent: false },
  // The rest of what Twilio itself refuses, a full queue (21611) and a wrong `from` (21606, 21659) among it: seen by its code, which a proxy's answer has not.
  { status: '4xx', at: '/code', permanent: false },
];

/**
 * Makes a sender of SMS through Twilio's Messaging API (https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource), without its
 * SDK. The codes are ours; for Twilio's own there is `countersign/providers/twilio-verify`.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every option at fault and no value.
 * @example
 * const sms = createTwilioMessagingSender({ accountSid, authToken, from: '+14155550100' });
 * const provider = createSelfIssuedProvider({ senders: [sms] });
 */
export function createTwilioMessagingSender(options: TwilioMessagingOptions): Sender {
  const { accountSid, authToken, from, messagingServiceSid, baseUrl = 'https://api.twilio.com', timeout = DEFAULT_TIMEOUT } = options;
  assertNoFaults(findFaults(options));
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
  const origin: Readonly<Record<string, string>> = from === undefined ? { MessagingServiceSid: '{origin}' } : { From: '{origin}' };
  return createHttpGatewaySender({
    name: 'twilio_messaging',
    channels: ['sms'],
    url: `${new URL(baseUrl).origin}/2010-04-01/Accounts/${accountSid}/Messages.json`,
    headers: { authorization: 'Basic {credentials}' },
    values: { credentials, origin: from ?? messagingServiceSid },
    body: { form: { To: '{to}', Body: '{text}', ...origin } },
    accepted: { status: 201 },
    refused: REFUSED,
    reference: '/sid',
    timeout,
  });
}

function findFaults(options: TwilioMessagingOptions): Fault[] {
  const { accountSid, authToken, from, messagingServiceSid, baseUrl, timeout = DEFAULT_TIMEOUT } = options;
  return [
    ...findTextFaults('accountSid', accountSid, /^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hex digits'),
    ...findTextFaults('authToken', authToken, /^[\x21-\x7e]+$/, 'must be a text without spaces'),
    ...findOriginFaults(from, messagingServiceSid),
    ...(baseUrl === undefined || isSafeOrigin(baseUrl) ? [] : [['baseUrl', 'must be an https origin, or one on loopback'] as const]),
    ...findTimeoutFaults(timeout),
  ];
}

function findOriginFaults(from: unknown, messagingServiceSid: unknown): Fault[] {
  if ((from === undefined) === (messagingServiceSid === undefined)) return [['from', 'or `messagingServiceSid` must be given, and not both']];
  return from === undefined
    ? findTextFaults('messagingServiceSid', messagingServiceSid, /^MG[0-9a-fA-F]{32}$/, 'must be MG and 32 hex digits')
    : findTextFaults(
        'from',
        from,
        /^(?! )[\x20-\x7e]{1,16}(?<! )$/,
        'must be a number, a short code or a sender id: 1 to 16 printable ASCII characters',
      );
}
