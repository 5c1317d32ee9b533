import { agePool, isEmptyPool, LOG_WINDOW, mergePools, RETURNED_WINDOW } from './budgets.ts';
import { type Limits, RUN_RETENTION } from './limits.ts';
import { type DestinationRecord, endVerification, type KnownRequester, type Pool, type VerificationRecord } from './record.ts';
import { ladderEndsAt } from './resend-ladder.ts';

/** A record as its time leaves it, and the verifications that expired by that. */
export interface AgedRecord {
  readonly record: DestinationRecord;
  readonly expired: readonly VerificationRecord[];
  /** Whether a requester stopped being known by that: its budgets are stricter from then on. */
  readonly hasForgotten: boolean;
}

/**
 * Brings a record up to its own time: what has expired is closed, what no longer matters is gone. Every rule begins with this.
 *
 * @param expireBefore verifications begun before this time have expired, whatever their life: see `decideExpireAll`.
 */
export function ageRecord(record: DestinationRecord, limits: Limits, expireBefore = 0): AgedRecord {
  const now = record.time.seen;
  const expired: VerificationRecord[] = [];
  const verifications = record.verifications.flatMap((verification) => {
    const aged = ageVerification(verification, now, limits, expireBefore);
    if (aged.state === 'expired' && verification.state === 'pending') expired.push(aged);
    return now >= verificationEndsAt(aged, limits) ? [] : [aged];
  });
  const known = record.known.filter(({ approvedAt }) => now < approvedAt + limits.knownFor);
  const forgotten = record.known.filter((requester) => !known.includes(requester));
  const shared = forgotten.reduce((pool, requester) => mergePools(pool, requester.pool), record.shared);
  return {
    record: {
      time: record.time,
      verifications,
      ladders: record.ladders.filter((ladder) => now < ladderEndsAt(ladder, limits)),
      shared: agePool(shared, now, RUN_RETENTION),
      known: known.map((requester) => ageKnown(requester, now)),
    },
    expired,
    hasForgotten: forgotten.length > 0,
  };
}

/**
 * From when on nothing in a record matters, so that a store may remove it: deciding on it then is deciding on nothing. Undefined for never: a disabled
 * destination stays disabled.
 */
export function recordEndsAt(record: DestinationRecord, limits: Limits): number | undefined {
  if (record.shared.disabled || record.known.some(({ pool }) => pool.disabled)) return undefined;
  let endsAt = Math.max(record.time.seen, poolEndsAt(record.shared));
  for (const verification of record.verifications) endsAt = Math.max(endsAt, verificationEndsAt(verification, limits));
  for (const ladder of record.ladders) endsAt = Math.max(endsAt, ladderEndsAt(ladder, limits));
  for (const { approvedAt, pool } of record.known) endsAt = Math.max(endsAt, approvedAt + limits.knownFor, poolEndsAt(pool));
  return endsAt;
}

function ageVerification(verification: VerificationRecord, now: number, limits: Limits, expireBefore: number): VerificationRecord {
  const { attempts } = verification;
  const isFresh = ({ at }: { at: number }) => now < at + limits.replayFor;
  const aged = attempts.every(isFresh) ? verification : { ...verification, attempts: attempts.filter(isFresh) };
  const expiresAt = aged.createdAt < expireBefore ? Math.min(expireBefore, aged.expiresAt) : aged.expiresAt;
  return aged.state === 'pending' && now >= expiresAt ? endVerification(aged, 'expired', expiresAt) : aged;
}

function verificationEndsAt({ endedAt, expiresAt }: VerificationRecord, limits: Limits): number {
  return (endedAt ?? expiresAt) + limits.retention;
}

function ageKnown(requester: KnownRequester, now: number): KnownRequester {
  return { ...requester, pool: agePool(requester.pool, now, RUN_RETENTION) };
}

function poolEndsAt(pool: Pool): number {
  if (isEmptyPool(pool)) return 0;
  const logsEndAt = Math.max(pool.sends.at(-1) ?? 0, pool.wrong.at(-1) ?? 0) + LOG_WINDOW;
  const returnedEndsAt = (pool.returned?.at ?? 0) + RETURNED_WINDOW;
  return Math.max(logsEndAt, returnedEndsAt, pool.run > 0 ? pool.runAt + RUN_RETENTION : 0);
}
