import type { Decide, JournalEntry, RecordBody, Snapshot } from '../stores/store.ts';
import { ageRecord, recordEndsAt } from './age.ts';
import type { RuleEvent } from './events.ts';
import type { Limits } from './limits.ts';
import { type DestinationRecord, type RecordTime, createRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { advanceTime, toClock, wasSetBack } from './record-time.ts';

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

/** A committed outcome, with the time of the record at which it was decided. */
export interface Committed<O> {
  readonly outcome: O;
  readonly events: readonly RuleEvent[];
  readonly time: RecordTime;
}

/**
 * Makes of a rule what a store runs. Whatever an answer may rest on is written with it: a verification that was seen expired, and a clock that was
 * seen set back.
 */
export function decideRecord<O>(rule: Rule<O>, limits: Limits, knowsKey: (keyId: string) => boolean): Decide<Committed<O>> {
  return (body, clock) => {
    const before = openRecord(body, clock);
    const time = advanceTime(before.time, clock);
    const aged = ageRecord({ ...before, time }, limits, knowsKey);
    const { record, outcome, events = [], entries } = rule(aged.record);
    const mustWrite = record !== aged.record || aged.expired.length > 0 || wasSetBack(before.time, clock);
    const result = { outcome, events: [...aged.expired.map((verification) => ({ type: 'expired', verification }) as const), ...events], time };
    if (!mustWrite) return { result };
    const endsAt = recordEndsAt(record, limits);
    const next = { body: encodeRecord(record), expiresAt: endsAt === undefined ? undefined : toClock(endsAt, time) };
    return { result, next, ...(entries && { entries }) };
  };
}

/** A record as it would be at the time it was read: to look at, never to decide by. */
export function viewRecord({ body, now }: Snapshot, limits: Limits, knowsKey: (keyId: string) => boolean): DestinationRecord {
  const record = openRecord(body, now);
  return ageRecord({ ...record, time: advanceTime(record.time, now) }, limits, knowsKey).record;
}

function openRecord(body: RecordBody | undefined, clock: number): DestinationRecord {
  return body === undefined ? createRecord(clock) : decodeRecord(body);
}
