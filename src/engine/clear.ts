import type { JournalEntry } from '../stores/store.ts';
import { type Act, toActEntry } from './act.ts';
import { mergePools } from './budgets.ts';
import { eraseOpen } from './judge-claim.ts';
import { type DestinationRecord, EMPTY_POOL, endVerification, isErased, type Pool, type RecordTime, type VerificationRecord } from './record.ts';
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
export interface OperatorCommand extends Act {
  readonly service: string;
  /** Keyed hash of the exact destination. */
  readonly destination: string;
}

/**
 * The rule of `unblock`: budgets, runs and ladders of the destination begin anew, and so does its time, where that has run ahead of a clock that was set
 * back. Verifications stay as they are, but for those from the time that never was; one whose guesses are used up holds back no other any more.
 */
export function createClearRule(command: OperatorCommand): Rule<OperatorOutcome> {
  return (record) => {
    const { clock } = record.time;
    const future = record.verifications.filter(({ createdAt, state }) => createdAt > clock && state === 'pending');
    const expired = future.map((verification) => endVerification(verification, 'expired', clock));
    return {
      record: {
        time: { seen: clock, clock },
        verifications: record.verifications.map((verification) => resetTimes(expired[future.indexOf(verification)] ?? verification, record.time)),
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
 * out fresh guesses. The short record is written: nothing deletes one but its expiry. Of what a provider may have pending so much is left that it can be
 * ended there.
 */
export function createEraseRule(command: OperatorCommand): Rule<OperatorOutcome> {
  return (record) => {
    const { seen } = record.time;
    const open = record.verifications.filter(({ judge }) => judge?.isOpen === true);
    return {
      record: {
        time: record.time,
        verifications: open.map((verification) => (isErased(verification) ? verification : eraseOpen(verification, seen))),
        ladders: [],
        shared: withoutName(mergeAll(record)),
        known: [],
      },
      outcome: {
        wasBlocked: isBlocked(record),
        erased: record.verifications.filter((verification) => !isErased(verification)).length,
        openElsewhere: open,
      },
      entries: [toEntry('erase', command, record)],
    };
  };
}

function mergeAll({ shared, known }: DestinationRecord): Pool {
  return known.reduce((merged, { pool }) => mergePools(merged, pool), shared);
}

/** That a send was given back is remembered; to whom is not. */
function withoutName(pool: Pool): Pool {
  return pool.returned === undefined ? pool : { ...pool, returned: { ...pool.returned, by: undefined } };
}

/**
 * A verification without the time that never was: an attempt of then would be answered again for as long as that is ahead. What is left of an erased one stays
 * for as long as it would have, or it would keep the provider taken up.
 */
function resetTimes(verification: VerificationRecord, { seen, clock }: RecordTime): VerificationRecord {
  const isUsedUp = verification.state === 'max_attempts_reached';
  const expiresAt = isUsedUp ? Math.min(verification.expiresAt, clock) : verification.expiresAt;
  const reset = { ...verification, expiresAt, attempts: verification.attempts.filter(({ at }) => at <= clock) };
  if (!isErased(verification)) return reset;
  const ahead = seen - clock;
  const deliveries = verification.deliveries.map((delivery) => ({ ...delivery, at: delivery.at - ahead }));
  return { ...reset, expiresAt: verification.expiresAt - ahead, deliveries };
}

function isBlocked({ shared, known }: DestinationRecord): boolean {
  return shared.disabled || known.some(({ pool }) => pool.disabled);
}

function toEntry(type: string, { service, destination, by }: OperatorCommand, { time }: DestinationRecord): JournalEntry {
  return { ...toActEntry(type, service, time.clock, { by }), destination };
}
