import type { Decide, JournalEntry, RecordBody, Snapshot } from '../stores/store.ts';
import { ageRecord, recordEndsAt } from './age.ts';
import type { Limits } from './limits.ts';
import { createRecord, type DestinationRecord, type RecordTime } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import type { Rule, RuleEvent } from './rule.ts';

/** A committed outcome, and the time it was decided at. */
export interface Committed<O> {
  readonly outcome: O;
  readonly events: readonly RuleEvent[];
  readonly now: number;
}

/** What a store's own settings add to a rule. */
export interface DecideOptions {
  readonly toEntry?: ToEntry;
  /** As of `ageRecord`. @defaultValue 0 */
  readonly expireBefore?: number;
}

/** What the journal keeps of an event, if anything; pure. */
export type ToEntry = (event: RuleEvent, time: RecordTime) => JournalEntry | undefined;

/**
 * Makes of a rule what a store runs. A verification that was seen expired is written with the answer, and so is a requester that was seen forgotten: no
 * clock that is set back revives the one or gives the other its own budgets back.
 */
export function decideRecord<O>(
  rule: Rule<O>,
  limits: Limits,
  { toEntry = () => undefined, expireBefore }: DecideOptions = {},
): Decide<Committed<O>> {
  return (body, clock) => {
    const aged = ageRecord(openRecord(body, clock), limits, expireBefore);
    const { record, outcome, events = [], entries = [] } = rule(aged.record);
    const expired = aged.expired.map((verification) => ({ type: 'expired', verification }) as const);
    const result = { outcome, events: [...expired, ...events], now: record.time.seen };
    if (record === aged.record && expired.length === 0 && !aged.hasForgotten) return { result };
    const next = { body: encodeRecord(record), expiresAt: recordEndsAt(record, limits) };
    const written = [...entries, ...result.events.flatMap((event) => toEntry(event, record.time) ?? [])];
    return { result, next, ...(written.length > 0 && { entries: written }) };
  };
}

/** A record as it would be at the time it was read: to look at, never to decide by. */
export function viewRecord({ body, now }: Snapshot, limits: Limits, expireBefore = 0): DestinationRecord {
  return ageRecord(openRecord(body, now), limits, expireBefore).record;
}

/** The record in a text, at the later of the clock and the latest time it has seen. */
function openRecord(body: RecordBody | undefined, clock: number): DestinationRecord {
  if (body === undefined) return createRecord(clock);
  const record = decodeRecord(body);
  return { ...record, time: { seen: Math.max(clock, record.time.seen), clock } };
}
