import type { Channel, Destination } from '../core/destination.ts';
import type { Secret } from '../core/secret.ts';

/**
 * Who gets a code to a person. The verifier calls it after a send was claimed in the store, and reports what it answers to the record.
 *
 * A provider keeps no state: the record keeps its receipt. It promises at most one message per call and never repeats a send by itself. Not in
 * it: limits, the life of a verification, and (for a provider that carries the engine's own codes) judging them.
 */
export interface Provider {
  /** A short name for events and errors, such as `self_issued`. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /** Never rejects for what the way out did: that is a result. A rejection counts as `unknown`. */
  send(request: ProviderSendRequest): Promise<ProviderSendResult>;
}

/** One message to be sent. */
export interface ProviderSendRequest {
  readonly to: Destination;
  readonly channel: Channel;
  /** The code to carry; it does not print itself. */
  readonly code: Secret;
  readonly verificationId: string;
  readonly deliveryId: string;
}

/** What became of a message; `reference` is the carrier's own id for it. `permanent`: the same message would be refused again. */
export type ProviderSendResult =
  | { readonly status: 'sent'; readonly sender: string; readonly reference?: string }
  | { readonly status: 'refused'; readonly permanent: boolean }
  | { readonly status: 'unknown' };
