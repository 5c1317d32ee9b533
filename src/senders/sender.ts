import type { Channel, Destination } from '../core/destination.ts';
import type { CountersignError, ErrorCause } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/**
 * A way out for a self-issued code: an SMS gateway, an SMTP server, a terminal. The self-issued provider calls it, once per message.
 *
 * It promises to hand the message over at most once per call, to try nothing again by itself, and to say which of three things happened. A
 * throw counts as `unknown`: the message may be on its way, so the rung of the ladder stays claimed. Not in it: texts, limits, the choice of
 * the channel, and what a delivery receipt says later.
 */
export interface Sender {
  /** A short name for events and deliveries, such as `console` or `smtp`. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /** @param signal aborts when the time for one send is over; what happened then is `unknown`. */
  send(message: Message, options: { readonly signal: AbortSignal }): Promise<SendResult>;
}

/** One message, ready to go. The code is in `text` as well; neither prints itself. */
export interface Message {
  readonly to: Destination;
  readonly channel: Channel;
  /** The subject line of an email; other channels have none. It never holds the code. */
  readonly subject: string | undefined;
  readonly text: Secret;
  readonly code: Secret;
  /** The delivery's id (`VL` + 32 hex): what a gateway that takes an idempotency key is given. */
  readonly deliveryId: string;
}

/**
 * `sent`: accepted by whoever carries it on. `refused`: surely not sent; `permanent` when the same message would be refused again, `error` where an operator
 * has to act (a missing package, a wrong password): it is thrown to the caller if no other sender takes the message; `cause` is for the log of a service:
 * names, codes and statuses alone. `unknown`: cannot be told.
 */
export type SendResult =
  | { readonly status: 'sent'; readonly reference?: string }
  | { readonly status: 'refused'; readonly permanent: boolean; readonly error?: CountersignError; readonly cause?: ErrorCause }
  | { readonly status: 'unknown' };
