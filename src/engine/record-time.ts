import type { RecordTime } from './record.ts';

/**
 * The record's own time. It is the store's clock, except after that was set back: then it goes on from the latest time the record has seen, at the
 * pace of the clock, so that nothing seen expired comes alive again and yet no wait stands still until the clock has caught up.
 *
 * Never before `time.seen`, never before `clock`.
 */
export function advanceTime(time: RecordTime, clock: number): RecordTime {
  if (clock >= time.seen) return { seen: clock, clock };
  return { seen: time.seen + Math.max(0, clock - time.clock), clock };
}

/** Whether the clock was set back since the record was written. Then the record must be written, or its time would not go on. */
export function wasSetBack(time: RecordTime, clock: number): boolean {
  return clock < time.clock;
}

/** A time of the record as the store's clock shows it when it comes. */
export function toClock(at: number, time: RecordTime): number {
  return at - (time.seen - time.clock);
}
