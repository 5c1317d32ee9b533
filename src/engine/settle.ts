import { disableUsedUp, findPool, putPool, refundGuess } from './budgets.ts';
import { approve, findUnderWay, type JudgeCommand, type JudgeOutcome, rememberWrong, replayAttempt, toWrong } from './judge.ts';
import { mayOpenAgain } from './judge-claim.ts';
import type { Limits } from './limits.ts';
import {
  type AskedRecord,
  type DestinationRecord,
  endVerification,
  isErased,
  type JudgeRecord,
  replaceVerification,
  type VerificationRecord,
} from './record.ts';
import type { Rule, RuleResult } from './rule.ts';

/** What a provider said of one guess that was charged. */
export interface SettleCommand extends Omit<JudgeCommand, 'find' | 'ask'> {
  readonly entryId: string;
  readonly askId: string;
  readonly answer: ProviderAnswer;
  /** Keyed hash of a code that was right: what the same attempt is held against when it comes again. */
  digest(verification: VerificationRecord): string;
}

/** `ended`: theirs had ended, nothing was judged. `failed`: surely not judged. `unknown`: it may have been. */
export type ProviderAnswer =
  | { readonly status: 'approved' | 'wrong'; readonly reference?: string | undefined }
  | { readonly status: 'ended'; readonly state: 'expired' | 'max_attempts_reached' | 'canceled' }
  | { readonly status: 'failed' | 'unknown' };

/** What became of the guess. `unjudged`: nothing that can be told; whether it stays charged depends on the answer. */
export type SettleOutcome = JudgeOutcome | { readonly kind: 'unjudged' };

/** A charged guess, and the verification without it among those under way. */
interface Settling {
  readonly command: SettleCommand;
  readonly limits: Limits;
  readonly verification: VerificationRecord;
  readonly charged: AskedRecord;
}

/**
 * The rule that ends a guess which a provider was asked about. Reported twice it changes nothing. A right guess and one that surely was not judged
 * give back what they were charged; a guess of which nothing can be told stays charged, or a wire that is cut at the right moment would guess for free.
 */
export function createSettleRule(command: SettleCommand, limits: Limits): Rule<SettleOutcome> {
  return (record) => {
    const found = record.verifications.find(({ entryId }) => entryId === command.entryId);
    if (found === undefined || isErased(found)) return { record, outcome: { kind: 'not_found' } };
    const charged = found.judge?.asked.find(({ id }) => id === command.askId);
    if (charged === undefined) return { record, outcome: toEnded(found) ?? { kind: 'unjudged' } };
    const asked = found.judge?.asked.filter((other) => other !== charged) ?? [];
    const settling = { command, limits, charged, verification: withJudge(found, { asked }) };
    switch (command.answer.status) {
      case 'approved':
        return settleRight(record, settling, command.answer.reference);
      case 'wrong':
        return settleWrong(record, settling, command.answer.reference);
      case 'ended':
        return settleEnded(record, settling, command.answer.state);
      case 'failed':
        return refund(record, settling, settling.verification);
      default:
        return keepCharged(record, settling);
    }
  };
}

/** Ensure that nothing is approved here that has ended here: an expiry that was seen, a cancel that was answered. */
function settleRight(record: DestinationRecord, settling: Settling, reference: string | undefined): RuleResult<SettleOutcome> {
  const { command, limits, charged } = settling;
  // Sent again at the same time, it may have been begun anew there, with another code.
  const isOpen = mayOpenAgain(settling.verification, record.time.seen, limits);
  const verification = withJudge(settling.verification, { isOpen, ...(reference !== undefined && { reference }) });
  if (verification.state !== 'pending') return refund(record, settling, verification);
  const code = command.attempt === undefined ? verification.code : { ...verification.code, digest: command.digest(verification) };
  const right = { ...verification, wrong: verification.wrong - 1, code };
  return approve(refundGuess(replaceVerification(record, right), right.requester, charged.at, limits), right, command, limits);
}

function settleWrong(record: DestinationRecord, settling: Settling, reference: string | undefined): RuleResult<SettleOutcome> {
  const { command, limits } = settling;
  const verification = reference === undefined ? settling.verification : withJudge(settling.verification, { reference });
  const guessed = verification.state === 'pending' ? rememberWrong(verification, command, record.time.seen, limits) : verification;
  const judged = endIfUsedUp(guessed, record.time.seen, limits);
  const attemptsLeft = limits.guessesPerVerification - judged.wrong;
  return {
    record: disable(replaceVerification(record, judged), judged, limits),
    outcome: toEnded(verification) ?? toWrong(attemptsLeft),
    events: [{ type: 'checked', verification: judged, right: false }],
  };
}

/** Theirs had ended before. Where another guess is under way it may be the one that ended it, by being right: that one decides. */
function settleEnded(
  record: DestinationRecord,
  settling: Settling,
  state: 'expired' | 'max_attempts_reached' | 'canceled',
): RuleResult<SettleOutcome> {
  const { command, limits, verification } = settling;
  const replayed = replayAttempt(record, verification, command);
  if (replayed?.outcome.kind === 'approved') return { ...refund(record, settling, verification), outcome: replayed.outcome };
  const isDecided = verification.state !== 'pending' || findUnderWay(verification, record.time.seen, limits).length === 0;
  if (!isDecided) return { ...refund(record, settling, verification), outcome: { kind: 'busy' } };
  if (verification.state !== 'pending') return refund(record, settling, verification);
  // A code that is used up there may be sent again until it expires there.
  const isOpen = state === 'max_attempts_reached' || mayOpenAgain(verification, record.time.seen, limits);
  const ended = endVerification(withJudge(verification, { isOpen }), state, record.time.seen);
  const events = state === 'max_attempts_reached' ? [] : [{ type: state, verification: ended } as const];
  return { ...refund(record, settling, ended), events };
}

/** Gives back what the guess was charged, once: it is not under way any more. */
function refund(record: DestinationRecord, { charged, limits }: Settling, verification: VerificationRecord): RuleResult<SettleOutcome> {
  const refunded = { ...verification, wrong: verification.wrong - 1 };
  return {
    record: refundGuess(replaceVerification(record, refunded), refunded.requester, charged.at, limits),
    outcome: toEnded(refunded) ?? { kind: 'unjudged' },
  };
}

function keepCharged(record: DestinationRecord, { verification, limits }: Settling): RuleResult<SettleOutcome> {
  const kept = endIfUsedUp(verification, record.time.seen, limits);
  return { record: disable(replaceVerification(record, kept), kept, limits), outcome: { kind: 'unjudged' } };
}

/** With guesses still under way it is not over: one of them may be right. */
function endIfUsedUp(verification: VerificationRecord, now: number, limits: Limits): VerificationRecord {
  const isUsedUp = verification.state === 'pending' && verification.wrong >= limits.guessesPerVerification;
  const isOver = isUsedUp && findUnderWay(verification, now, limits).length === 0;
  return isOver ? endVerification(verification, 'max_attempts_reached', now) : verification;
}

function disable(record: DestinationRecord, { requester }: VerificationRecord, limits: Limits): DestinationRecord {
  return putPool(record, requester, disableUsedUp(findPool(record, requester).pool, limits));
}

function toEnded({ state }: VerificationRecord): Extract<JudgeOutcome, { kind: 'ended' }> | undefined {
  return state === 'pending' ? undefined : { kind: 'ended', state };
}

function withJudge(verification: VerificationRecord, given: Partial<JudgeRecord>): VerificationRecord {
  return { ...verification, judge: verification.judge && { ...verification.judge, ...given } };
}
