import { findPool, laddersInPool, putPool, takeBackSend } from './budgets.ts';
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
import { findLadder, giveBackRung, putLadder } from './resend-ladder.ts';
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
    if (delivery.state !== 'sending') return { record, outcome: { verification, resendAt: nextSendAt(record, verification.requester, limits) } };
    const isLate = readDeliveryState(delivery, now, limits.sendingFor) === 'unknown';
    // What comes too late may be known to others as `unknown` already: the rung stays claimed.
    const closed = closeElsewhere(record, command.closedElsewhere ?? [], limits);
    const settled = isLate ? closed : settleClaim(closed, verification.requester, delivery, command.state);
    const deliveries = verification.deliveries.map((other) => (other === delivery ? toDone(delivery, command) : other));
    const judge = verification.judge && { ...verification.judge, reference: command.reference ?? verification.judge.reference };
    const done = endIfFailed({ ...verification, deliveries, judge }, now, limits);
    const changed = replaceVerification(settled, done);
    return {
      record: changed,
      outcome: { verification: done, resendAt: nextSendAt(changed, verification.requester, limits) },
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

/** Gives the rung and the slot back after a refusal (once), and ends that chance after anything else. */
function settleClaim(
  record: DestinationRecord,
  requester: string | undefined,
  delivery: DeliveryRecord,
  state: CompleteCommand['state'],
): DestinationRecord {
  const ladder = findLadder(record, requester);
  // Climbed again, cleared or approved since: what was claimed then is not this ladder's any more.
  if (ladder === undefined || ladder.at !== delivery.at) return record;
  // Once for all who share the budgets: a stranger who names another requester each time must not be given back a slot each time.
  if (state !== 'refused' || laddersInPool(record, requester).some(({ returned }) => returned)) {
    return ladder.returned ? putLadder(record, requester, { ...ladder, returned: false }) : record;
  }
  const settled = putLadder(record, requester, giveBackRung(ladder, delivery.before));
  return putPool(settled, requester, takeBackSend(findPool(settled, requester).pool, delivery.at));
}

function endIfFailed(verification: VerificationRecord, now: number, { sendingFor }: Limits): VerificationRecord {
  const isOut = verification.deliveries.some((delivery) => readDeliveryState(delivery, now, sendingFor) !== 'refused');
  if (verification.state !== 'pending' || isOut) return verification;
  const failed = endVerification(verification, 'failed', now);
  return failed.judge === undefined ? failed : { ...failed, judge: { ...failed.judge, isOpen: false } };
}
