import { CHANNELS, type Channel, type Destination, parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { printAs } from '../core/print-as.ts';
import type { Secret } from '../core/secret.ts';
import type { Message, Sender } from './sender.ts';

/** How much an outbox keeps. */
export interface OutboxSenderOptions {
  /**
   * How many messages are kept; the oldest go first. At least 1.
   *
   * @defaultValue 1000
   */
  readonly limit?: number;
}

/** A sender that keeps what it was given, for tests and development: {@link createOutboxSender}. */
export interface OutboxSender extends Sender {
  /** What is kept at this moment, newest last. */
  readonly messages: readonly OutboxMessage[];
  /**
   * The newest message, or the newest to one destination, in any spelling that parses to it.
   *
   * @throws {CountersignError} `not_found` when there is none, `invalid_destination` when `to` is not one.
   */
  last(to?: string): OutboxMessage;
  /** Forgets everything. */
  clear(): void;
}

/**
 * A message that was kept. It hands out the code and the text to whoever asks for them by name, and shows neither, nor the full
 * destination, where it is logged, serialized or spread.
 */
export class OutboxMessage {
  readonly to: Destination;
  readonly channel: Channel;
  /** The subject line of an email; undefined on other channels. */
  readonly subject: string | undefined;
  readonly deliveryId: string;
  readonly #code: Secret;
  readonly #text: Secret;

  static {
    printAs(OutboxMessage.prototype, ({ channel, to }) => `OutboxMessage(${channel} to ${to.masked})`);
  }

  constructor({ to, channel, subject, deliveryId, code, text }: Message) {
    this.to = to;
    this.channel = channel;
    this.subject = subject;
    this.deliveryId = deliveryId;
    this.#code = code;
    this.#text = text;
  }

  /** The code itself: what the person would have read. On the prototype, so that no copy or print of this object takes it along. */
  get code(): string {
    return this.#code.reveal();
  }

  /** The whole text itself, code included. */
  get text(): string {
    return this.#text.reveal();
  }
}

/**
 * Makes a sender that delivers into memory. Every message counts as sent. For tests and development: it holds live codes.
 *
 * @throws {CountersignError} `configuration_invalid`, naming `limit`.
 * @example
 * const outbox = createOutboxSender();
 * const provider = createSelfIssuedProvider({ senders: [outbox] });
 * // … verifier.start({ to: '+14155552671' })
 * outbox.last('+14155552671').code;   // '123456'
 */
export function createOutboxSender({ limit = 1_000 }: OutboxSenderOptions = {}): OutboxSender {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new CountersignError('configuration_invalid', '`limit` must be a whole number of at least 1', { field: 'limit' });
  }
  const kept: OutboxMessage[] = [];
  return Object.freeze({
    name: 'outbox',
    channels: CHANNELS,
    get messages(): readonly OutboxMessage[] {
      return Object.freeze([...kept]);
    },
    async send(message: Message) {
      kept.push(new OutboxMessage(message));
      if (kept.length > limit) kept.shift();
      return { status: 'sent' } as const;
    },
    last(to?: string): OutboxMessage {
      const canonical = to === undefined ? undefined : parseDestination(to).reveal();
      const found = kept.findLast((message) => canonical === undefined || message.to.reveal() === canonical);
      if (found === undefined) throw new CountersignError('not_found', describeAbsence(kept.length));
      return found;
    },
    clear(): void {
      kept.length = 0;
    },
  });
}

/** Tells an empty outbox from one that holds messages to others, and names nobody: messages end in tickets. */
function describeAbsence(held: number): string {
  return held === 0 ? 'The outbox holds no message' : `The outbox holds no message to that destination, and ${held} to others`;
}
