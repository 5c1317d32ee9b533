import { CHANNELS, type Channel } from '../core/destination.ts';
import { isDuration, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { isSafeReference } from '../core/reference.ts';
import { createMessageText } from '../senders/message-text.ts';
import type { Message, Sender, SendResult } from '../senders/sender.ts';
import type { Provider, ProviderSendRequest, ProviderSendResult } from './provider.ts';

/** What a self-issued code travels by, and what its message says. */
export interface SelfIssuedProviderOptions {
  /** The ways out, in the order in which they are tried on each channel. At least one. */
  readonly senders: readonly Sender[];
  /** The text, with `{code}` exactly once. @see MessageTextOptions.template */
  readonly template?: string;
  /** The subject line of emails. @see MessageTextOptions.subject */
  readonly subject?: string;
  /** The https origin that an SMS binds its code to. @see MessageTextOptions.origin */
  readonly origin?: string;
  /**
   * How long one sender may take, in milliseconds; what happened after that is `unknown`, and no other sender is tried. Times the number of
   * senders on one channel it may not pass 50 s: a longer send would still be on its way when its delivery already reads as `unknown` (60 s).
   *
   * @defaultValue 10 000
   */
  readonly sendTimeout?: number;
}

/** Ten seconds less than the 60 s after which a delivery that is still `sending` reads as `unknown`: time to claim it and to write down its end. */
const LONGEST_SEND: number = 50 * SECOND;

/** The longest name of a sender: it becomes part of events, deliveries and metrics. */
const MAX_NAME_LENGTH = 40;

const UNKNOWN: SendResult = Object.freeze({ status: 'unknown' });

/**
 * Makes the provider that issues codes by itself and hands each to one of your senders.
 *
 * The senders of a channel are tried in order, and the next one only after the one before has surely refused. Whatever leaves room for doubt
 * (a throw, an answer that is none, the timeout) is `unknown` and ends the attempt: a second message would be a second cost, and trying on
 * would turn one claimed send into several.
 *
 * @throws {CountersignError} `configuration_invalid`, naming `senders`, `sendTimeout`, `template`, `subject` or `origin`.
 * @example
 * const provider = createSelfIssuedProvider({ senders: [createConsoleSender()], origin: 'https://example.com' });
 */
export function createSelfIssuedProvider({ senders, sendTimeout = 10 * SECOND, ...texts }: SelfIssuedProviderOptions): Provider {
  assertSenders(senders);
  const waysOut = [...senders];
  const channels = Object.freeze(CHANNELS.filter((channel) => waysOut.some((sender) => sender.channels.includes(channel))));
  assertSendTimeout(sendTimeout, Math.max(...channels.map((channel) => sendersOn(waysOut, channel).length)));
  const text = createMessageText({ ...texts, channels });

  return Object.freeze({
    name: 'self_issued',
    channels,
    findLanguage: text.findLanguage,
    async send({ to, channel, code, deliveryId, language }: ProviderSendRequest): Promise<ProviderSendResult> {
      const message: Message = Object.freeze({ to, channel, code, deliveryId, ...text.render(code, channel, language) });
      let permanent = true;
      let error: CountersignError | undefined;
      for (const sender of sendersOn(waysOut, channel)) {
        const result = await attempt(sender, message, sendTimeout);
        if (result.status === 'sent') return { sender: sender.name, ...result };
        if (result.status === 'unknown') return result;
        permanent &&= result.permanent;
        error ??= result.error;
      }
      return { status: 'refused', permanent, ...(error !== undefined && { error }) };
    },
  });
}

function sendersOn(senders: readonly Sender[], channel: Channel): readonly Sender[] {
  return senders.filter((sender) => sender.channels.includes(channel));
}

/**
 * Asks one sender, once, and never rejects. A timer of our own and not `AbortSignal.timeout`: that one does not keep the process alive, so a
 * script whose sender hangs would end without an answer, and it cannot be cleared when the answer is there.
 */
async function attempt(sender: Sender, message: Message, timeout: number): Promise<SendResult> {
  let controller: AbortController | undefined;
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => {
      resolve(UNKNOWN); // First: what a sender answers because it was aborted comes too late to be believed.
      isLate = true;
      controller?.abort(toLateReason());
    }, timeout);
  });
  // Made when it is asked for: most senders do not, and it costs as much as the rest of this function.
  const options = {
    get signal() {
      controller ??= new AbortController();
      if (isLate) controller.abort(toLateReason());
      return controller.signal;
    },
  };
  // Inside a promise, so that a throw is a rejection; caught here, so that one after the timeout is not unhandled.
  const answer = Promise.resolve()
    .then(() => sender.send(message, options))
    .then((value) => parseResult(value, message))
    .catch(() => UNKNOWN);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function toLateReason(): DOMException {
  return new DOMException('The time for one send is over', 'TimeoutError');
}

/** What a sender answered, as our own copy: it is foreign code, and what it hands back goes into the record. Anything unheard of is `unknown`. */
function parseResult(value: unknown, message: Message): SendResult {
  const { status, permanent, error, reference } = (value ?? {}) as Readonly<Record<'status' | 'permanent' | 'error' | 'reference', unknown>>;
  if (status === 'refused') return { status, permanent: permanent === true, ...(error instanceof CountersignError && { error }) };
  if (status !== 'sent') return UNKNOWN;
  return isSafeReference(reference, message.to, message.code) ? { status, reference } : { status };
}

function assertSenders(senders: unknown): asserts senders is readonly Sender[] {
  if (!Array.isArray(senders) || senders.length === 0) throw invalid('senders', 'must list at least one sender');
  if (!senders.every(isSender)) {
    const name = `a \`name\` (1 to ${MAX_NAME_LENGTH} printable characters, no space)`;
    throw invalid('senders', `must each have ${name}, \`channels\` (of ${CHANNELS.join(', ')}) and \`send\``);
  }
}

function isSender(value: unknown): value is Sender {
  if (typeof value !== 'object' || value === null) return false;
  const { name, channels, send } = value as { name?: unknown; channels?: unknown; send?: unknown };
  if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || !/^[\x21-\x7e]+$/.test(name)) return false;
  if (!Array.isArray(channels) || channels.length === 0) return false;
  return typeof send === 'function' && channels.every((channel) => CHANNELS.includes(channel));
}

function assertSendTimeout(sendTimeout: unknown, sendersInARow: number): void {
  if (!isDuration(sendTimeout)) throw invalid('sendTimeout', 'must be a whole number of milliseconds');
  if (sendTimeout * sendersInARow > LONGEST_SEND) {
    throw invalid('sendTimeout', `times ${sendersInARow} senders on one channel must not pass ${LONGEST_SEND} ms`);
  }
}

function invalid(field: 'senders' | 'sendTimeout', problem: string): CountersignError {
  return new CountersignError('configuration_invalid', `\`${field}\` ${problem}`, { field });
}
