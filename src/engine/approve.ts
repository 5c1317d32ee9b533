import { findPool, mergePools, putPool } from './budgets.ts';
import type { Limits } from './limits.ts';
import { type DestinationRecord, EMPTY_POOL, type Pool } from './record.ts';
import { putLadder } from './resend-ladder.ts';

/**
 * What an approval changes for who was approved: the run of wrong guesses ends and so does the requester's ladder, and the requester is known from
 * now on, with budgets of its own that a stranger cannot use up. It returns nothing to any budget.
 */
export function approveRequester(record: DestinationRecord, requester: string | undefined, limits: Limits): DestinationRecord {
  const { pool } = findPool(record, requester);
  const cleared = putLadder(putPool(record, requester, { ...pool, run: 0, runAt: 0 }), requester, undefined, limits);
  if (requester === undefined || limits.knownRequesters === 0) return cleared;
  const own = cleared.known.find((other) => other.requester === requester)?.pool ?? createOwnPool(cleared, requester);
  const others = cleared.known.filter((other) => other.requester !== requester);
  const kept = others.slice(Math.max(0, others.length - (limits.knownRequesters - 1)));
  // What a requester used that is no longer known counts for everyone: being pushed out must not return a budget.
  const shared = others.filter((other) => !kept.includes(other)).reduce((merged, { pool }) => mergePools(merged, pool), cleared.shared);
  return { ...cleared, shared, known: [...kept, { requester, approvedAt: record.time.seen, pool: own }] };
}

/** The budgets of a requester that becomes known: what has been sent for it counts on, or its next message could leave right behind the last. */
function createOwnPool(record: DestinationRecord, requester: string): Pool {
  const own = record.verifications.filter((verification) => verification.requester === requester);
  const sentAt = new Set(own.flatMap(({ deliveries }) => deliveries.map(({ at }) => at)));
  const sends = record.shared.sends.filter((at) => sentAt.has(at));
  return sends.length === 0 ? EMPTY_POOL : { ...EMPTY_POOL, sends };
}
