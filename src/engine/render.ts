import { Destination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toDeliveryId } from '../core/ids.ts';
import { type Claim, readDeliveries } from './claim-send.ts';
import type { VerificationEvent, VerifierEvents } from './events.ts';
import type { JudgeOutcome } from './judge.ts';
import type { Limits } from './limits.ts';
import type { VerificationRecord } from './record.ts';
import type { CheckResult, Delivery, PendingVerification, Proof, ShowResult } from './results.ts';
import type { VerificationView } from './verification-view.ts';

/** A verification as its holder sees it at `now`. */
export function renderVerification(verification: VerificationRecord, id: string, resendAt: number, now: number, limits: Limits): PendingVerification {
  return {
    id,
    to: verification.masked,
    channel: verification.channel,
    codeLength: verification.code.length,
    expiresAt: new Date(verification.expiresAt),
    resendAt: new Date(resendAt),
    deliveries: renderDeliveries(verification, now, limits),
  };
}

function renderDeliveries(verification: VerificationRecord, now: number, limits: Limits): readonly Delivery[] {
  return readDeliveries(verification, now, limits).map(({ id, channel, state, at }) => ({
    id: toDeliveryId(id),
    channel,
    status: state,
    at: new Date(at),
  }));
}

/** The same with what an operator wants to know. */
export function renderShown(verification: VerificationRecord, shown: PendingVerification, limits: Limits): ShowResult {
  return {
    ...shown,
    status: verification.state,
    createdAt: new Date(verification.createdAt),
    attemptsLeft: countAttemptsLeft(verification, limits),
  };
}

/** What of a verification only its keys open. */
export interface Opened {
  readonly to: Destination | undefined;
  readonly note: string | undefined;
}

/** A verification as a door shows it at `now`. */
export function renderView(verification: VerificationRecord, id: string, { to, note }: Opened, now: number, limits: Limits): VerificationView {
  const { service, purpose, channel, state, masked, createdAt, endedAt, expiresAt, deliveries } = verification;
  return {
    ...{ id, service, purpose, channel, status: state, to, masked },
    createdAt: new Date(createdAt),
    updatedAt: new Date(endedAt ?? deliveries.at(-1)?.at ?? createdAt),
    expiresAt: new Date(expiresAt),
    deliveries: renderDeliveries(verification, now, limits),
    attemptsLeft: countAttemptsLeft(verification, limits),
    ...(note !== undefined && { note }),
  };
}

/** Guesses left; none where it has ended. */
export function countAttemptsLeft({ state, wrong }: VerificationRecord, { guessesPerVerification }: Limits): number {
  return state === 'pending' ? guessesPerVerification - wrong : 0;
}

/** A verification as events name it. */
export function describeVerification(id: string, { service, purpose, channel, masked }: VerificationRecord): VerificationEvent {
  return { id, service, purpose, channel, to: masked };
}

/** The same where a message is about to leave. */
export function describeStart(
  id: string,
  { verification, resendAt }: Pick<Claim, 'verification' | 'resendAt'>,
  limits: Limits,
): Omit<VerifierEvents['started'], 'deliveryId'> {
  return {
    ...describeVerification(id, verification),
    attemptsLeft: countAttemptsLeft(verification, limits),
    expiresAt: new Date(verification.expiresAt),
    resendAt: new Date(resendAt),
  };
}

/** What a guess came to, once nobody has to be asked. */
export type JudgedOutcome = Exclude<JudgeOutcome, { kind: 'ask' }>;

/**
 * What a guess is answered.
 *
 * @throws {CountersignError} `invalid_code` for a code of another length than this verification's, `conflict` while guesses before it are judged
 * elsewhere, `configuration_invalid` where another provider has to judge it: it was not compared and not counted.
 */
export function renderJudged(outcome: JudgedOutcome, toId: (verification: VerificationRecord) => string, requester: string | undefined): CheckResult {
  switch (outcome.kind) {
    case 'approved':
      return { status: 'approved', proof: toProof(outcome, toId(outcome.verification), requester) };
    case 'wrong':
      return { status: 'pending', reason: 'wrong_code', attemptsLeft: outcome.attemptsLeft };
    case 'used_up':
      return { status: 'max_attempts_reached', reason: 'wrong_code' };
    case 'ended':
      return { status: outcome.state === 'approved' ? 'already_approved' : outcome.state };
    case 'budget_exhausted':
      return { status: 'budget_exhausted', retryAt: new Date(outcome.retryAt) };
    case 'wrong_length':
      throw new CountersignError('invalid_code', `\`code\` must have ${outcome.expected} digits; the guess was not counted`, { field: 'code' });
    case 'busy':
      throw new CountersignError('conflict', 'guesses at this verification are being judged; this one was not counted: submit it again');
    case 'judged_elsewhere':
      throw toJudgedElsewhere(outcome.provider);
    default:
      return { status: outcome.kind };
  }
}

/** A verification is neither judged, sent again nor ended by a process that lacks its provider. */
export function toJudgedElsewhere(provider: string | undefined): CountersignError {
  const message =
    provider === undefined ? 'was begun with codes of our own: a provider that carries them' : `was begun with the provider ${provider}: that one`;
  return new CountersignError('configuration_invalid', `this verification ${message} has to go on with it`, { field: 'provider' });
}

function toProof(
  { verification, destination, approvedAt }: Extract<JudgeOutcome, { kind: 'approved' }>,
  id: string,
  requester: string | undefined,
): Proof {
  const { service, purpose, channel, masked } = verification;
  return Object.freeze({
    verificationId: id,
    service,
    purpose,
    channel,
    destination: new Destination(destination, masked),
    ...(requester !== undefined && { requester }),
    approvedAt: new Date(approvedAt),
  });
}
