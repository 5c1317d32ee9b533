import { MAX_WAIT } from '../core/duration.ts';
import type { Limits } from './limits.ts';
import type { DestinationRecord, LadderRecord } from './record.ts';

/** The name of the ladder that everyone without a requester climbs together. */
const SHARED_LADDER = '';

/** The ladder of a requester; undefined at its foot, and where the limits have no ladder. */
export function findLadder(record: DestinationRecord, requester: string | undefined, limits: Limits): LadderRecord | undefined {
  if (limits.ladder.length === 0) return undefined;
  return record.ladders.find((ladder) => ladder.requester === (requester ?? SHARED_LADDER));
}

/** From when on the next send is allowed: the wait that follows the last send is the rung it stands on. 0 at the foot. */
export function nextRungAt(ladder: LadderRecord | undefined, limits: Limits): number {
  return ladder === undefined ? 0 : ladder.at + rungAfter(ladder, limits);
}

/** The ladder after one more send. Behind the last rung it begins again. */
export function climbLadder(ladder: LadderRecord | undefined, requester: string | undefined, now: number, limits: Limits): LadderRecord {
  const step = ladder === undefined || ladder.step >= limits.ladder.length ? 1 : ladder.step + 1;
  return { requester: requester ?? SHARED_LADDER, step, at: now };
}

/**
 * When a ladder may be forgotten: after its longest wait it begins again at the foot, wherever it stood. Limits without a ladder say nothing of those that
 * other services climb at the same destination: then after the longest wait there may be.
 */
export function ladderEndsAt(ladder: Pick<LadderRecord, 'at'>, limits: Limits): number {
  return ladder.at + (limits.ladder.length === 0 ? MAX_WAIT : longestRung(limits));
}

/** The record with a requester's ladder replaced, or removed where there is none. Limits without a ladder leave it as others have climbed it. */
export function putLadder(
  record: DestinationRecord,
  requester: string | undefined,
  ladder: LadderRecord | undefined,
  limits: Limits,
): DestinationRecord {
  if (limits.ladder.length === 0) return record;
  const others = record.ladders.filter((other) => other.requester !== (requester ?? SHARED_LADDER));
  return { ...record, ladders: ladder === undefined ? others : [...others, ladder] };
}

function rungAfter({ requester, step }: LadderRecord, limits: Limits): number {
  const rung = limits.ladder[Math.min(step, limits.ladder.length) - 1] ?? longestRung(limits);
  return requester === SHARED_LADDER ? Math.min(rung, limits.sharedRung) : rung;
}

function longestRung({ ladder }: Limits): number {
  return ladder.at(-1) ?? 0;
}
