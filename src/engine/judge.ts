import { approveRequester } from './approve.ts';
import { chargeGuess, disableUsedUp, findPool, isUsedUp, nextGuessAt, putPool } from './budgets.ts';
import type { Limits } from './limits.ts';
import {
  type AskedRecord,
  type AttemptRecord,
  type DestinationRecord,
  endVerification,
  replaceVerification,
  type VerificationRecord,
  type VerificationState,
} from './record.ts';
import type { Rule, RuleResult } from './rule.ts';

/** One guess, with what takes keys to do. */
export interface JudgeCommand {
  /** The verification that is meant, if it is the caller's. */
  find(record: DestinationRecord): VerificationRecord | undefined;
  /** How many digits were submitted. */
  readonly length: number;
  /** Whether the submitted code is the one alive, with what it is bound to. Called at most once, in constant time. */
  matches(verification: VerificationRecord): boolean;
  /** Opens the sealed destination of a pending verification; throws where it does not open, before anything is written. */
  open(verification: VerificationRecord): string;
  /** The attempt as it is for one verification; undefined where the caller named none. */
  readonly attempt?: ((verification: VerificationRecord) => Attempt) | undefined;
  /** What a guess is asked about with, where codes are a provider's. */
  readonly ask: AskCommand | undefined;
  /** Whether its messages reach nobody: then an approval shows nothing of whoever has the destination, and changes nothing that is shared. */
  readonly isSilent?: boolean | undefined;
}

/** A guess that a provider is to judge. */
export interface AskCommand {
  readonly provider: string;
  /** Whether its codes may have another length than the verification says. */
  readonly acceptsAnyLength?: boolean | undefined;
  /** 16 random bytes as hex. */
  readonly askId: string;
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
  /** Compared, wrong, and the last that there was. */
  | { readonly kind: 'used_up' }
  | { readonly kind: 'ended'; readonly state: Exclude<VerificationState, 'pending'> }
  | { readonly kind: 'budget_exhausted'; readonly retryAt: number }
  | { readonly kind: 'destination_blocked' }
  | { readonly kind: 'wrong_length'; readonly expected: number }
  /** Charged: the provider may be asked, and what it says has to be settled. */
  | { readonly kind: 'ask'; readonly verification: VerificationRecord; readonly destination: string }
  /** Other guesses are under way to the provider, and what they come to decides about this one. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'judged_elsewhere'; readonly provider: string | undefined }
  | { readonly kind: 'not_found' };

/**
 * The rule of `check`. A guess is counted in the same step in which it is compared; what is not compared is not counted. The order: is it yours, was it
 * answered before, is it alive, may it be guessed at, does it match.
 */
export function createJudgeRule(command: JudgeCommand, limits: Limits): Rule<JudgeOutcome> {
  return (record) => {
    const verification = command.find(record);
    if (verification === undefined) return { record, outcome: { kind: 'not_found' } };
    const replayed = replayAttempt(record, verification, command);
    if (replayed !== undefined) return replayed;
    if (verification.state !== 'pending') return { record, outcome: { kind: 'ended', state: verification.state } };
    const isLengthOpen = verification.judge !== undefined && command.ask?.acceptsAnyLength === true;
    if (!isLengthOpen && command.length !== verification.code.length)
      return { record, outcome: { kind: 'wrong_length', expected: verification.code.length } };
    const { judge } = verification;
    if (judge !== undefined && judge.provider !== command.ask?.provider)
      return { record, outcome: { kind: 'judged_elsewhere', provider: judge.provider } };
    const { pool } = findPool(record, verification.requester);
    if (isUsedUp(pool, limits)) return { record, outcome: { kind: 'destination_blocked' } };
    const retryAt = nextGuessAt(pool, limits);
    if (record.time.seen < retryAt) return { record, outcome: { kind: 'budget_exhausted', retryAt } };
    if (judge !== undefined && command.ask !== undefined) return reserveGuess(record, verification, { ...command, ask: command.ask }, limits);
    return command.matches(verification) ? approve(record, verification, command, limits) : countWrong(record, verification, command, limits);
  };
}

/** Charges a guess before a provider is asked about it, so that of any number at once no more are asked about than may be judged. */
function reserveGuess(
  record: DestinationRecord,
  verification: VerificationRecord,
  command: JudgeCommand & { readonly ask: AskCommand },
  limits: Limits,
): RuleResult<JudgeOutcome> {
  const now = record.time.seen;
  const attempt = command.attempt?.(verification).guessKey;
  const asked = verification.judge?.asked ?? [];
  const underWay = findUnderWay(verification, now, limits);
  // The same attempt twice, as a double click makes it, is one guess.
  if (attempt !== undefined && underWay.some((other) => other.attempt === attempt)) return { record, outcome: { kind: 'busy' } };
  if (verification.wrong >= limits.guessesPerVerification) {
    if (underWay.length > 0) return { record, outcome: { kind: 'busy' } };
    const ended = endVerification(verification, 'max_attempts_reached', now);
    return { record: replaceVerification(record, ended), outcome: { kind: 'ended', state: 'max_attempts_reached' } };
  }
  const charged = {
    ...verification,
    wrong: verification.wrong + 1,
    judge: verification.judge && { ...verification.judge, asked: [...asked, { id: command.ask.askId, at: now, attempt }] },
  };
  const { pool } = findPool(record, verification.requester);
  return {
    record: putPool(replaceVerification(record, charged), verification.requester, chargeGuess(pool, now)),
    outcome: { kind: 'ask', verification: charged, destination: command.open(verification) },
  };
}

/** The guesses that a provider may still answer. One that it was asked about too long ago is as good as lost: its process may have ended. */
export function findUnderWay({ judge }: VerificationRecord, now: number, { sendingFor }: Limits): readonly AskedRecord[] {
  return judge?.asked.filter(({ at }) => now < at + sendingFor) ?? [];
}

/** What a right guess makes of a record. */
export function approve(
  record: DestinationRecord,
  verification: VerificationRecord,
  command: Pick<JudgeCommand, 'attempt' | 'open' | 'isSilent'>,
  limits: Limits,
): RuleResult<Extract<JudgeOutcome, { kind: 'approved' }>> {
  const now = record.time.seen;
  const destination = command.open(verification);
  const attempt = command.attempt?.(verification);
  const remembered = attempt ? [{ key: attempt.key, at: now, attemptsLeft: undefined, sealed: attempt.seal(destination, verification) }] : [];
  const approved = { ...endVerification(verification, 'approved', now), attempts: [...verification.attempts, ...remembered] };
  const ended = replaceVerification(record, approved);
  return {
    record: command.isSilent === true ? ended : approveRequester(ended, verification.requester, limits),
    outcome: { kind: 'approved', verification: approved, destination, approvedAt: now },
    events: [
      { type: 'checked', verification: approved, right: true },
      { type: 'approved', verification: approved },
    ],
  };
}

function countWrong(record: DestinationRecord, verification: VerificationRecord, command: JudgeCommand, limits: Limits): RuleResult<JudgeOutcome> {
  const now = record.time.seen;
  const guessed = rememberWrong({ ...verification, wrong: verification.wrong + 1 }, command, now, limits);
  const attemptsLeft = limits.guessesPerVerification - guessed.wrong;
  const judged = attemptsLeft > 0 ? guessed : endVerification(guessed, 'max_attempts_reached', now);
  const { pool } = findPool(record, verification.requester);
  return {
    record: putPool(replaceVerification(record, judged), verification.requester, disableUsedUp(chargeGuess(pool, now), limits)),
    outcome: toWrong(attemptsLeft),
    events: [{ type: 'checked', verification: judged, right: false }],
  };
}

/** What a guess is answered that was compared and wrong. */
export function toWrong(attemptsLeft: number): JudgeOutcome {
  return attemptsLeft > 0 ? { kind: 'wrong', attemptsLeft } : { kind: 'used_up' };
}

/** A verification after a wrong guess that is counted already: its code has been guessed at, and the attempt gets the same answer again. */
export function rememberWrong(
  verification: VerificationRecord,
  command: Pick<JudgeCommand, 'attempt'>,
  now: number,
  { guessesPerVerification }: Limits,
): VerificationRecord {
  const attempt = command.attempt?.(verification);
  const attemptsLeft = guessesPerVerification - verification.wrong;
  const remembered: AttemptRecord[] = attempt && attemptsLeft > 0 ? [{ key: attempt.guessKey, at: now, attemptsLeft, sealed: undefined }] : [];
  return { ...verification, code: { ...verification.code, guessed: true }, attempts: [...verification.attempts, ...remembered] };
}

/**
 * The answer to an attempt that was answered a moment ago, so that a lost reply does not lose an approval. An approval is given again only to who has the
 * attempt id *and* the code; who has only the first gets no second try.
 */
export function replayAttempt(
  record: DestinationRecord,
  verification: VerificationRecord,
  command: Pick<JudgeCommand, 'attempt' | 'length' | 'matches'>,
): RuleResult<JudgeOutcome> | undefined {
  const attempt = command.attempt?.(verification);
  if (attempt === undefined) return undefined;
  const earlier = verification.attempts.find(({ key }) => key === attempt.guessKey);
  if (earlier?.attemptsLeft !== undefined && verification.state === 'pending')
    return { record, outcome: { kind: 'wrong', attemptsLeft: earlier.attemptsLeft } };
  const approval = verification.attempts.find(({ key, attemptsLeft }) => key === attempt.key && attemptsLeft === undefined);
  if (approval?.sealed === undefined) return undefined;
  // Of a code that a provider judged the length is in its digest.
  const isLong = verification.judge !== undefined || command.length === verification.code.length;
  if (isLong && command.matches(verification)) {
    const destination = attempt.open(approval.sealed, verification);
    return { record, outcome: { kind: 'approved', verification, destination, approvedAt: approval.at } };
  }
  const withoutIt = { ...verification, attempts: verification.attempts.filter((other) => other !== approval) };
  return { record: replaceVerification(record, withoutIt), outcome: { kind: 'ended', state: 'approved' } };
}
