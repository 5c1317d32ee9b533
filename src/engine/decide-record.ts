import type { Decide, RecordBody, Snapshot } from '../stores/store.ts';
import { ageRecord, recordEndsAt } from './age.ts';
import type { Limits } from './limits.ts';
import { createRecord, type DestinationRecord, type RecordTime } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { advanceTime, wasSetBack } from './record-time.ts';
import type { Rule, RuleEvent } from './rule.ts';

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
export function decideRecord<O>(rule: Rule<O>, limits: Limits): Decide<Committed<O>> {
  return (body, clock) => {
    const before = openRecord(body, clock);
    const time = advanceTime(before.time, clock);
    const aged = ageRecord({ ...before, time }, limits);
    const { record, outcome, events = [], entries } = rule(aged.record);
    const mustWrite = record !== aged.record || aged.expired.length > 0 || wasSetBack(before.time, clock);
    const result = { outcome, events: [...aged.expired.map((verification) => ({ type: 'expired', verification }) as const), ...events], time };
    if (!mustWrite) return { result };
    // In the record's own time, which is never behind the clock: a record may be kept too long, never too short.
    const next = { body: encodeRecord(record), expiresAt: recordEndsAt(record, limits) };
    return { result, next, ...(entries && { entries }) };
  };
}

/** A record as it would be at the time it was read: to look at, never to decide by. */
export function viewRecord({ body, now }: Snapshot, limits: Limits): DestinationRecord {
  const record = openRecord(body, now);
  return ageRecord({ ...record, time: advanceTime(record.time, now) }, limits).record;
}

function openRecord(body: RecordBody | undefined, clock: number): DestinationRecord {
  return body === undefined ? createRecord(clock) : decodeRecord(body);
}
