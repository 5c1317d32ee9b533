import { approveRequester } from './approve.ts';
import { findPool, nextGuessAt, putPool, recordWrongGuess } from './budgets.ts';
import { findVerification, type VerificationClaim } from './find-verification.ts';
import type { Limits } from './limits.ts';
import {
  type AttemptRecord,
  type CodeRecord,
  type DestinationRecord,
  endVerification,
  replaceVerification,
  type VerificationRecord,
  type VerificationState,
} from './record.ts';
import type { Rule, RuleResult } from './rule.ts';

/** One guess, with what takes keys to do. */
export interface JudgeCommand extends VerificationClaim {
  /** How many digits were submitted. */
  readonly length: number;
  /** Whether the submitted code is the one alive. Called at most once, in constant time. */
  matches(code: CodeRecord): boolean;
  /** Opens the sealed destination of a pending verification; throws where it does not open, before anything is written. */
  open(verification: VerificationRecord): string;
  readonly attempt: Attempt | undefined;
}

/** A guess that may be submitted twice. */
export interface Attempt {
  /** Keyed hash of the attempt id. */
  readonly key: string;
  /** Keyed hash of the attempt id and the submitted code. */
  readonly guessKey: string;
  /** Seals a destination so that it opens again only for the caller who repeats this attempt. */
  seal(destination: string, verification: VerificationRecord): string;
  /** Opens that. */
  open(sealed: string, verification: VerificationRecord): string;
}

/** What became of a guess. */
export type JudgeOutcome =
  | { readonly kind: 'approved'; readonly verification: VerificationRecord; readonly destination: string; readonly approvedAt: number }
  | { readonly kind: 'wrong'; readonly attemptsLeft: number }
  | { readonly kind: 'ended'; readonly state: Exclude<VerificationState, 'pending'> }
  | { readonly kind: 'budget_exhausted'; readonly retryAt: number }
  | { readonly kind: 'destination_blocked' }
  | { readonly kind: 'wrong_length'; readonly expected: number }
  | { readonly kind: 'not_found' };

/**
 * The rule of `check`. A guess is counted in the same step in which it is compared; what is not compared is not counted. The order: is it yours, was it
 * answered before, is it alive, may it be guessed at, does it match.
 */
export function createJudgeRule(command: JudgeCommand, limits: Limits): Rule<JudgeOutcome> {
  return (record) => {
    const verification = findVerification(record, command);
    if (verification === undefined) return { record, outcome: { kind: 'not_found' } };
    const replayed = replay(record, verification, command);
    if (replayed !== undefined) return replayed;
    if (verification.state !== 'pending') return { record, outcome: { kind: 'ended', state: verification.state } };
    if (command.length !== verification.code.length) return { record, outcome: { kind: 'wrong_length', expected: verification.code.length } };
    const { pool } = findPool(record, verification.requester);
    if (pool.disabled) return { record, outcome: { kind: 'destination_blocked' } };
    const retryAt = nextGuessAt(pool, limits);
    if (record.time.seen < retryAt) return { record, outcome: { kind: 'budget_exhausted', retryAt } };
    return command.matches(verification.code) ? approve(record, verification, command, limits) : countWrong(record, verification, command, limits);
  };
}

function approve(
  record: DestinationRecord,
  verification: VerificationRecord,
  { attempt, open }: JudgeCommand,
  limits: Limits,
): RuleResult<JudgeOutcome> {
  const now = record.time.seen;
  const destination = open(verification);
  const remembered = attempt ? [{ key: attempt.key, at: now, attemptsLeft: undefined, sealed: attempt.seal(destination, verification) }] : [];
  const approved = { ...endVerification(verification, 'approved', now), attempts: [...verification.attempts, ...remembered] };
  return {
    record: approveRequester(replaceVerification(record, approved), verification.requester, limits),
    outcome: { kind: 'approved', verification: approved, destination, approvedAt: now },
    events: [
      { type: 'checked', verification: approved, right: true },
      { type: 'approved', verification: approved },
    ],
  };
}

function countWrong(
  record: DestinationRecord,
  verification: VerificationRecord,
  { attempt }: JudgeCommand,
  limits: Limits,
): RuleResult<JudgeOutcome> {
  const now = record.time.seen;
  const wrong = verification.wrong + 1;
  const attemptsLeft = limits.guessesPerVerification - wrong;
  const remembered: AttemptRecord[] = attempt && attemptsLeft > 0 ? [{ key: attempt.guessKey, at: now, attemptsLeft, sealed: undefined }] : [];
  const guessed = { ...verification, wrong, code: { ...verification.code, guessed: true }, attempts: [...verification.attempts, ...remembered] };
  const judged = attemptsLeft > 0 ? guessed : endVerification(guessed, 'max_attempts_reached', now);
  const { pool } = findPool(record, verification.requester);
  return {
    record: putPool(replaceVerification(record, judged), verification.requester, recordWrongGuess(pool, now, limits)),
    outcome: attemptsLeft > 0 ? { kind: 'wrong', attemptsLeft } : { kind: 'ended', state: 'max_attempts_reached' },
    events: [{ type: 'checked', verification: judged, right: false }],
  };
}

/**
 * The answer to an attempt that was answered a moment ago, so that a lost reply does not lose an approval. An approval is given again only to who has the
 * attempt id *and* the code; who has only the first gets no second try.
 */
function replay(record: DestinationRecord, verification: VerificationRecord, command: JudgeCommand): RuleResult<JudgeOutcome> | undefined {
  const { attempt } = command;
  if (attempt === undefined) return undefined;
  const earlier = verification.attempts.find(({ key }) => key === attempt.guessKey);
  if (earlier?.attemptsLeft !== undefined && verification.state === 'pending')
    return { record, outcome: { kind: 'wrong', attemptsLeft: earlier.attemptsLeft } };
  const approval = verification.attempts.find(({ key, attemptsLeft }) => key === attempt.key && attemptsLeft === undefined);
  if (approval?.sealed === undefined) return undefined;
  if (command.length === verification.code.length && command.matches(verification.code)) {
    const destination = attempt.open(approval.sealed, verification);
    return { record, outcome: { kind: 'approved', verification, destination, approvedAt: approval.at } };
  }
  const withoutIt = { ...verification, attempts: verification.attempts.filter((other) => other !== approval) };
  return { record: replaceVerification(record, withoutIt), outcome: { kind: 'ended', state: 'approved' } };
}
