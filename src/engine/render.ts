import { Destination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toDeliveryId } from '../core/ids.ts';
import { readDeliveries } from './claim-send.ts';
import type { VerificationEvent } from './events.ts';
import type { JudgeOutcome } from './judge.ts';
import type { Limits } from './limits.ts';
import type { RecordTime, VerificationRecord } from './record.ts';
import { toClock } from './record-time.ts';
import type { CheckResult, Delivery, PendingVerification, Proof, ShowResult } from './results.ts';

/** A time of the record as a `Date` of the store's clock. */
export function toDate(at: number, time: RecordTime): Date {
  return new Date(toClock(at, time));
}

/** A verification as its holder sees it. */
export function renderVerification(
  verification: VerificationRecord,
  id: string,
  resendAt: number,
  time: RecordTime,
  limits: Limits,
): PendingVerification {
  return {
    id,
    to: verification.masked,
    channel: verification.channel,
    codeLength: verification.code.length,
    expiresAt: toDate(verification.expiresAt, time),
    resendAt: toDate(resendAt, time),
    deliveries: readDeliveries(verification, time.seen, limits).map(
      (delivery): Delivery => ({
        id: toDeliveryId(delivery.id),
        channel: delivery.channel,
        status: delivery.state,
        at: toDate(delivery.at, time),
      }),
    ),
  };
}

/** The same with what an operator wants to know. */
export function renderShown(verification: VerificationRecord, shown: PendingVerification, time: RecordTime, limits: Limits): ShowResult {
  return {
    ...shown,
    status: verification.state,
    createdAt: toDate(verification.createdAt, time),
    attemptsLeft: verification.state === 'pending' ? limits.guessesPerVerification - verification.wrong : 0,
  };
}

/** A verification as events name it. */
export function describeVerification(id: string, { service, purpose, channel, masked }: VerificationRecord): VerificationEvent {
  return { id, service, purpose, channel, to: masked };
}

/**
 * What a guess is answered.
 *
 * @throws {CountersignError} `invalid_code` for a code of another length than this verification's: it was not compared and not counted.
 */
export function renderJudged(outcome: JudgeOutcome, id: string, requester: string | undefined, time: RecordTime): CheckResult {
  switch (outcome.kind) {
    case 'approved':
      return { status: 'approved', proof: toProof(outcome, id, requester, time) };
    case 'wrong':
      return { status: 'pending', reason: 'wrong_code', attemptsLeft: outcome.attemptsLeft };
    case 'ended':
      return { status: outcome.state === 'approved' ? 'already_approved' : outcome.state };
    case 'budget_exhausted':
      return { status: 'budget_exhausted', retryAt: toDate(outcome.retryAt, time) };
    case 'wrong_length':
      throw new CountersignError('invalid_code', `\`code\` must have ${outcome.expected} digits; the guess was not counted`, { field: 'code' });
    default:
      return { status: outcome.kind };
  }
}

function toProof(
  { verification, destination }: Extract<JudgeOutcome, { kind: 'approved' }>,
  id: string,
  requester: string | undefined,
  time: RecordTime,
): Proof {
  const { service, purpose, channel, masked, endedAt = time.seen } = verification;
  return Object.freeze({
    verificationId: id,
    service,
    purpose,
    channel,
    destination: new Destination(destination, masked),
    ...(requester !== undefined && { requester }),
    approvedAt: toDate(endedAt, time),
  });
}
