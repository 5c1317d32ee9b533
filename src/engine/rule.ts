import type { JournalEntry } from '../stores/store.ts';
import type { DeliveryRecord, DeliveryState, DestinationRecord, VerificationRecord } from './record.ts';

/**
 * A rule: pure, from a record that is aged to its own time (`record.time.seen`) to what it shall be. The same object back means that nothing
 * changed.
 */
export type Rule<O> = (record: DestinationRecord) => RuleResult<O>;

/** What a rule makes of a record. */
export interface RuleResult<O> {
  readonly record: DestinationRecord;
  readonly outcome: O;
  readonly events?: readonly RuleEvent[];
  readonly entries?: readonly JournalEntry[];
}

/** What became of a message. */
export type SettledState = Exclude<DeliveryState, 'sending'>;

/** What a rule says has happened, before it has an id that callers know. */
export type RuleEvent =
  | { readonly type: 'delivered'; readonly verification: VerificationRecord; readonly delivery: DeliveryRecord & { readonly state: SettledState } }
  | { readonly type: 'checked'; readonly verification: VerificationRecord; readonly right: boolean }
  | { readonly type: 'approved' | 'canceled' | 'expired'; readonly verification: VerificationRecord };
