import type { JournalEntry } from '../stores/store.ts';
import { mergePools } from './budgets.ts';
import { type DestinationRecord, EMPTY_POOL, endVerification, type Pool, type VerificationRecord } from './record.ts';
import type { Rule } from './rule.ts';

/** What an operator's act did. */
export interface OperatorOutcome {
  /** Whether the destination was disabled before. */
  readonly wasBlocked: boolean;
  /** How many verifications were removed. */
  readonly erased: number;
  /** Those that a provider may still have pending. */
  readonly openElsewhere: readonly VerificationRecord[];
}

/** Who acted on which destination, for the journal. */
export interface OperatorCommand {
  readonly service: string;
  /** Keyed hash of the exact destination. */
  readonly destination: string;
}

/**
 * The rule of `unblock`: budgets, runs and ladders of the destination begin anew, and so does its time, where that has run ahead of a clock that was set
 * back. Verifications stay as they are, but for those from the time that never was.
 */
export function createClearRule(command: OperatorCommand): Rule<OperatorOutcome> {
  return (record) => {
    const { clock } = record.time;
    const future = record.verifications.filter(({ createdAt, state }) => createdAt > clock && state === 'pending');
    const expired = future.map((verification) => endVerification(verification, 'expired', clock));
    return {
      record: {
        time: { seen: clock, clock },
        verifications: record.verifications.map((verification) => resetAttempts(expired[future.indexOf(verification)] ?? verification, clock)),
        ladders: [],
        shared: EMPTY_POOL,
        known: record.known.map((requester) => ({ ...requester, pool: EMPTY_POOL })),
      },
      outcome: { wasBlocked: isBlocked(record), erased: 0, openElsewhere: [] },
      events: expired.map((verification) => ({ type: 'expired', verification })),
      entries: [toEntry('unblock', command, record)],
    };
  };
}

/**
 * The rule of `erase`: verifications, sealed destinations, ladders and requesters are gone; what was used of the budgets stays, merged, or erasing would hand
 * out fresh guesses. The short record is written: nothing deletes one but its expiry.
 */
export function createEraseRule(command: OperatorCommand): Rule<OperatorOutcome> {
  return (record) => ({
    record: { time: record.time, verifications: [], ladders: [], shared: withoutName(mergeAll(record)), known: [] },
    outcome: {
      wasBlocked: isBlocked(record),
      erased: record.verifications.length,
      openElsewhere: record.verifications.filter(({ judge }) => judge?.isOpen === true),
    },
    entries: [toEntry('erase', command, record)],
  });
}

function mergeAll({ shared, known }: DestinationRecord): Pool {
  return known.reduce((merged, { pool }) => mergePools(merged, pool), shared);
}

/** That a send was given back is remembered; to whom is not. */
function withoutName(pool: Pool): Pool {
  return pool.returned === undefined ? pool : { ...pool, returned: { ...pool.returned, by: undefined } };
}

/** An attempt from the time that never was would be answered again for as long as that is ahead. */
function resetAttempts(verification: VerificationRecord, clock: number): VerificationRecord {
  return { ...verification, attempts: verification.attempts.filter(({ at }) => at <= clock) };
}

function isBlocked({ shared, known }: DestinationRecord): boolean {
  return shared.disabled || known.some(({ pool }) => pool.disabled);
}

function toEntry(type: string, { service, destination }: OperatorCommand, { time }: DestinationRecord): JournalEntry {
  return { at: time.clock, service, type, destination, data: '{}' };
}
