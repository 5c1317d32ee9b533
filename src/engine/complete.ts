import { findPool, keepSend, putPool, takeBackSend } from './budgets.ts';
import { nextSendAt } from './claim-send.ts';
import { closeElsewhere } from './judge-claim.ts';
import type { Limits } from './limits.ts';
import {
  type DeliveryRecord,
  type DestinationRecord,
  endVerification,
  isErased,
  readDeliveryState,
  replaceVerification,
  type VerificationRecord,
} from './record.ts';
import { findLadder, ladderEndsAt, putLadder } from './resend-ladder.ts';
import type { Rule, RuleResult, SettledState } from './rule.ts';

/** What a provider said of one message. */
export interface CompleteCommand {
  readonly entryId: string;
  readonly deliveryId: string;
  readonly state: SettledState;
  /** What a provider that judges calls its verification, where it said so. */
  readonly reference?: string | undefined;
  /** Entry ids of verifications that were ended at the provider before this message left. */
  readonly closedElsewhere?: readonly string[] | undefined;
}

/** The verification after that; undefined when it has been erased meanwhile. */
export interface CompleteOutcome {
  readonly verification: VerificationRecord | undefined;
  readonly resendAt: number;
}

/**
 * The rule that ends a send. Reported twice it changes nothing. A message that surely was not sent gives back what it claimed; a verification none of
 * whose messages went out has failed.
 */
export function createCompleteRule(command: CompleteCommand, limits: Limits): Rule<CompleteOutcome> {
  return (record) => {
    const verification = record.verifications.find(({ entryId }) => entryId === command.entryId);
    const delivery = verification?.deliveries.find(({ id }) => id === command.deliveryId);
    if (verification === undefined || delivery === undefined) return { record, outcome: { verification, resendAt: record.time.seen } };
    const now = record.time.seen;
    if (isErased(verification)) return completeErased(record, verification, command);
    if (delivery.state !== 'sending') return { record, outcome: { verification, resendAt: nextSendAt(record, verification, limits) } };
    const isLate = readDeliveryState(delivery, now, limits.sendingFor) === 'unknown';
    // What comes too late may be known to others as `unknown` already: the rung stays claimed.
    const closed = closeElsewhere(record, command.closedElsewhere ?? [], limits);
    const settled = isLate ? closed : settleClaim(closed, verification.requester, delivery, command.state, limits);
    const deliveries = verification.deliveries.map((other) => (other === delivery ? toDone(delivery, command) : other));
    const judge = verification.judge && { ...verification.judge, reference: command.reference ?? verification.judge.reference };
    const done = endIfFailed({ ...verification, deliveries, judge }, now, limits);
    const changed = replaceVerification(settled, done);
    return {
      record: changed,
      outcome: { verification: done, resendAt: nextSendAt(changed, done, limits) },
      events: [{ type: 'delivered', verification: done, delivery: toDone(delivery, command) }],
    };
  };
}

/** Nobody asks any more what became of the message; what the provider calls its verification is needed to end it. */
function completeErased(
  record: DestinationRecord,
  verification: VerificationRecord,
  { deliveryId, reference }: CompleteCommand,
): RuleResult<CompleteOutcome> {
  const deliveries = verification.deliveries.filter(({ id }) => id !== deliveryId);
  const judge = verification.judge && { ...verification.judge, reference: reference ?? verification.judge.reference };
  return {
    record: replaceVerification(record, { ...verification, deliveries, judge }),
    outcome: { verification: undefined, resendAt: record.time.seen },
  };
}

function toDone({ id, channel, at }: DeliveryRecord, { state }: CompleteCommand): DeliveryRecord & { readonly state: SettledState } {
  return { id, channel, state, at, before: undefined };
}

/**
 * Gives back what a refused send has claimed, unless the last of all who share the budgets was given back as well: whoever knows a number that carriers
 * refuse, and names another requester each time, could make us ask them without end. A requester whose send keeps its slot may be given back its next.
 */
function settleClaim(
  record: DestinationRecord,
  requester: string | undefined,
  { at, before }: DeliveryRecord,
  state: CompleteCommand['state'],
  limits: Limits,
): DestinationRecord {
  const { pool } = findPool(record, requester);
  const isGivenBack = state === 'refused' && pool.returned === undefined && isStillClaimed(record, requester, at, limits);
  if (!isGivenBack) return putPool(record, requester, keepSend(pool, requester));
  const settled = findLadder(record, requester, limits) === undefined ? record : putLadder(record, requester, before, limits);
  return putPool(settled, requester, takeBackSend(pool, at, { by: requester, at: record.time.seen }));
}

/**
 * Whether the requester has not climbed on since, nor was approved. A ladder that is not there may have been forgotten meanwhile, being shorter than the
 * message took: then the verifications tell.
 */
function isStillClaimed(record: DestinationRecord, requester: string | undefined, at: number, limits: Limits): boolean {
  const ladder = findLadder(record, requester, limits);
  if (ladder !== undefined) return ladder.at === at;
  const hasGoneOn = (other: VerificationRecord) =>
    other.requester === requester &&
    ((other.state === 'approved' && (other.endedAt ?? at) > at) || other.deliveries.some((delivery) => delivery.at > at));
  const isForgotten = limits.ladder.length === 0 || record.time.seen >= ladderEndsAt({ at }, limits);
  return isForgotten && !record.verifications.some(hasGoneOn);
}

function endIfFailed(verification: VerificationRecord, now: number, { sendingFor }: Limits): VerificationRecord {
  const isOut = verification.deliveries.some((delivery) => readDeliveryState(delivery, now, sendingFor) !== 'refused');
  if (verification.state !== 'pending' || isOut) return verification;
  const failed = endVerification(verification, 'failed', now);
  return failed.judge === undefined ? failed : { ...failed, judge: { ...failed.judge, isOpen: false } };
}
