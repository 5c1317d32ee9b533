import type { Decide, JournalEntry, RecordBody, Snapshot } from '../stores/store.ts';
import { ageRecord, recordEndsAt } from './age.ts';
import type { Limits } from './limits.ts';
import { createRecord, type DestinationRecord, EMPTY_POOL, type RecordTime } from './record.ts';
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
  /** Whether a record that is not there takes as long as one that is. @defaultValue false */
  readonly hidesAbsence?: boolean;
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
  { toEntry = () => undefined, expireBefore, hidesAbsence = false }: DecideOptions = {},
): Decide<Committed<O>> {
  return (body, clock) => {
    if (hidesAbsence && body === undefined) ageRecord(openRecord(DECOY, clock), limits);
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
  if (body === undefined) ageRecord(openRecord(DECOY, now), limits);
  return ageRecord(openRecord(body, now), limits, expireBefore).record;
}

/**
 * Ensure that time does not tell whether there is a record (I10): opening one takes some 10 µs, so in the place of one that is not there this is opened,
 * and thrown away. It has as much in it as that of a number with one verification, and one requester that was approved.
 */
const DECOY: RecordBody = encodeRecord({
  ...createRecord(0),
  verifications: [
    {
      ...{ entryId: 'AAAAAAAAAAA', service: `VA${'0'.repeat(32)}`, purpose: 'default', requester: 'A'.repeat(22), destination: 'A'.repeat(22) },
      ...{ masked: '+1********00', channel: 'sms', state: 'approved', createdAt: 0, expiresAt: 0, endedAt: 0, wrong: 1, sealed: 'A'.repeat(64) },
      code: { keyId: '00000000', length: 6, generation: 0, guessed: false, digest: undefined },
      deliveries: [{ id: '0'.repeat(32), channel: 'sms', state: 'sent', at: 0, before: undefined }],
      ...{ attempts: [], judge: undefined, binding: undefined, note: undefined },
    },
  ],
  ladders: [{ requester: 'A'.repeat(22), step: 1, at: 0 }],
  shared: { ...EMPTY_POOL, sends: [0] },
  known: [{ requester: 'A'.repeat(22), approvedAt: 0, pool: { ...EMPTY_POOL, sends: [0] } }],
});

/** The record in a text, at the later of the clock and the latest time it has seen. */
function openRecord(body: RecordBody | undefined, clock: number): DestinationRecord {
  if (body === undefined) return createRecord(clock);
  const record = decodeRecord(body);
  return { ...record, time: { seen: Math.max(clock, record.time.seen), clock } };
}
