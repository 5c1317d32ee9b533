import { toDeliveryId } from '../core/ids.ts';
import type { JournalEntry } from '../stores/store.ts';
import type { RecordTime, VerificationRecord } from './record.ts';
import type { RuleEvent } from './rule.ts';

/** What is in the `data` of an entry of type `delivery`: one message, and what became of it. */
export interface DeliveryEntry {
  readonly verificationId: string;
  /** `VL` + 32 hex. */
  readonly deliveryId: string;
  readonly purpose: string;
  readonly channel: string;
  /** Masked. */
  readonly to: string;
  readonly state: 'sent' | 'refused' | 'unknown';
  /** When it was claimed, in milliseconds; the entry's own time is when it was settled. */
  readonly sentAt: number;
}

/** What is in the `data` of an entry of type `check`: one guess that was compared. */
export interface CheckEntry {
  readonly verificationId: string;
  readonly purpose: string;
  /** Masked. */
  readonly to: string;
  readonly right: boolean;
}

/** What is in the `data` of an entry of type `approved_by_operator`: a verification that was approved without a code. */
export interface ApprovalEntry {
  readonly verificationId: string;
  readonly purpose: string;
  /** Masked. */
  readonly to: string;
  /** What names the operator, where the call said so. */
  readonly by?: string;
}

/** What the journal keeps of an operator's approval. */
export function toApprovalEntry(
  { service, destination, purpose, masked }: VerificationRecord,
  { id, at, by }: { readonly id: string; readonly at: number; readonly by: string | undefined },
): JournalEntry {
  const data: ApprovalEntry = { verificationId: id, purpose, to: masked, ...(by !== undefined && { by }) };
  return { at, service, type: 'approved_by_operator', destination, data: JSON.stringify(data) };
}

/**
 * What the journal keeps of an event: each message and each guess that was compared, for support and for conversion. Neither code nor number nor
 * requester is in it; the destination is its keyed hash.
 *
 * @param toId the id of a verification as callers know it.
 */
export function toJournalEntry(
  event: RuleEvent,
  { clock }: RecordTime,
  toId: (verification: VerificationRecord) => string,
): JournalEntry | undefined {
  const { service, destination, purpose, masked } = event.verification;
  const verificationId = toId(event.verification);
  const entry = (type: string, data: DeliveryEntry | CheckEntry) => ({ at: clock, service, type, destination, data: JSON.stringify(data) });
  if (event.type === 'checked') return entry('check', { verificationId, purpose, to: masked, right: event.right });
  if (event.type !== 'delivered') return undefined;
  const { id, channel, state, at } = event.delivery;
  return entry('delivery', { verificationId, purpose, to: masked, deliveryId: toDeliveryId(id), channel, state, sentAt: at });
}
