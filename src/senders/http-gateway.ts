import type { Channel } from '../core/destination.ts';
import { Secret } from '../core/secret.ts';
import { assertNoFaults, DEFAULT_TIMEOUT } from './faults.ts';
import { type AnswerPattern, judge, type RefusedAnswer } from './http-gateway/answers.ts';
import { exchange } from './http-gateway/exchange.ts';
import { compileRequest } from './http-gateway/request.ts';
import { findFaults, type GatewaySettings, type RequestTemplates } from './http-gateway/settings.ts';
import { toValues } from './http-gateway/template.ts';
import type { Message, Sender, SendResult } from './sender.ts';
import { limitTime } from './time-limit.ts';

export type { AnswerPattern, RefusedAnswer, StatusPattern } from './http-gateway/answers.ts';
export type { JsonTemplate, RequestTemplates } from './http-gateway/settings.ts';

/**
 * How one gateway is asked, and what its answers mean.
 *
 * Placeholders are `{to}` (E.164, or an address), `{toDigits}` (without the plus), `{text}`, `{code}`, `{channel}`, `{deliveryId}`, for a sender of emails
 * alone `{subject}`, and those of `values`. Each is encoded for its place.
 */
export interface HttpGatewayOptions extends RequestTemplates {
  /** A short name for events and deliveries. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /** The answers that say that the gateway has taken the message. */
  readonly accepted: AnswerPattern | readonly AnswerPattern[];
  /**
   * The answers that say that the message surely was not sent; the first that fits counts. Any other answer is `unknown`. Leave out what a proxy or a failing
   * gateway may answer after it has read the request: most 5xx, and 408.
   *
   * @defaultValue none
   */
  readonly refused?: readonly RefusedAnswer[];
  /** Where the gateway's own id of the message is in its JSON answer: a JSON pointer, such as `/id`. */
  readonly reference?: string;
  /**
   * How long one send may take, in milliseconds, at most 50 s; what happened then is `unknown`. The provider's `sendTimeout` ends it as well.
   *
   * @defaultValue 10 000
   */
  readonly timeout?: number;
  /**
   * Whether `http` will do on a network: codes, numbers and credentials can be read on the way.
   *
   * @defaultValue false; loopback needs none
   */
  readonly allowUnencrypted?: boolean;
}

/**
 * Makes a sender of any gateway that takes one HTTP request per message.
 *
 * One request per send, no redirect followed, nothing repeated; of an answer at most 64 kB are read. `refused` where no connection was made. It never throws
 * when sending, and prints nothing; credentials in `headers`, `url` or `values` cannot be printed from it.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every option at fault and no value.
 * @example
 * const gateway = createHttpGatewaySender({
 *   name: 'example',
 *   channels: ['sms'],
 *   url: 'https://gateway.example.com/messages',
 *   headers: { authorization: 'Bearer {token}', 'idempotency-key': '{deliveryId}' },
 *   values: { token, from: 'Example' },
 *   body: { json: { to: '{to}', from: '{from}', text: '{text}' } },
 *   accepted: { status: '2xx' },
 *   refused: [{ status: [400, 422], permanent: true }, { status: 429, permanent: false }],
 *   reference: '/id',
 * });
 */
export function createHttpGatewaySender(options: HttpGatewayOptions): Sender {
  const settings: GatewaySettings = { ...options, timeout: options.timeout ?? DEFAULT_TIMEOUT };
  assertNoFaults(findFaults(settings));
  const { name, channels, timeout, reference, values = {} } = settings;
  const rules = structuredClone({ accepted: [settings.accepted].flat(), refused: settings.refused ?? [], reference });
  const needsBody = [...rules.accepted, ...rules.refused].some(({ at }) => at !== undefined) || reference !== undefined;
  const constants = new Map(Object.entries(values).map(([key, value]) => [key, new Secret(value)]));
  const toRequest = compileRequest(settings);

  return Object.freeze({
    name,
    channels: Object.freeze([...channels]),
    async send(message: Message, { signal }: { readonly signal: AbortSignal }): Promise<SendResult> {
      const request = toRequest(toValues(message, constants));
      if (request === undefined) return { status: 'refused', permanent: true };
      const limit = limitTime(timeout, signal);
      try {
        const answer = await exchange(request, needsBody, limit.signal);
        if (answer === 'lost') return { status: 'unknown' };
        if ('notMade' in answer) return { status: 'refused', permanent: false, cause: answer.notMade };
        return judge(answer, rules, message.to, message.code);
      } finally {
        limit.end();
      }
    },
  });
}
