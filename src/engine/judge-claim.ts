import type { Limits } from './limits.ts';
import { type DestinationRecord, type JudgeRecord, sendingUntil, type VerificationRecord } from './record.ts';
import type { Rule } from './rule.ts';

/** What a rule must know of a provider that judges. Undefined in its place: codes are the engine's own. */
export interface JudgeClaim {
  readonly provider: string;
  /** Whether the provider keeps one pending verification for a destination, whoever asked. */
  readonly isAlone: boolean;
  readonly codeLength: number;
  readonly acceptsAnyLength?: boolean;
}

/** A provider's verification that has to be ended there before it can begin another. */
export interface OpenElsewhere {
  /** Of the verification here that it belonged to. */
  readonly entryId: string;
  readonly reference: string | undefined;
}

/** What is kept of a provider for a verification that no message of has left yet. */
export function createJudge(judge: JudgeClaim | undefined): JudgeRecord | undefined {
  return judge && { provider: judge.provider, reference: undefined, isOpen: false, asked: [] };
}

/** Whether a verification is judged by this provider, or by the engine where there is none: another can neither send nor judge its code. */
export function isJudgedBy({ judge }: VerificationRecord, claim: JudgeClaim | undefined): boolean {
  return judge?.provider === claim?.provider;
}

/**
 * Until when the provider is taken up by another verification of the destination; 0 when it is not. One that has ended takes it up for as long as a
 * message of it is under way: that would carry what is begun meanwhile.
 */
export function occupiedUntil(
  record: DestinationRecord,
  verification: VerificationRecord,
  claim: JudgeClaim | undefined,
  limits: Pick<Limits, 'sendingFor'>,
): number {
  if (claim?.isAlone !== true) return 0;
  const others = sharing(record, verification, claim);
  return Math.max(0, ...others.map((other) => (other.state === 'pending' ? other.expiresAt : sendingUntil(other, limits))));
}

/** The verifications of the destination that have ended here and may be pending at the provider: what it sent for them it would send again. */
export function findOpenElsewhere(
  record: DestinationRecord,
  verification: VerificationRecord,
  claim: JudgeClaim | undefined,
): readonly OpenElsewhere[] {
  if (claim?.isAlone !== true) return [];
  const open = sharing(record, verification, claim).filter(({ state, judge }) => state !== 'pending' && judge?.isOpen === true);
  return open.map(({ entryId, judge }) => ({ entryId, reference: judge?.reference }));
}

/** Whether a message of it may still open a verification at the provider, whatever has ended there before. */
export function mayOpenAgain(verification: VerificationRecord, now: number, limits: Pick<Limits, 'sendingFor'>): boolean {
  return sendingUntil(verification, limits) > now;
}

/** The record in which some verifications are known to have ended at the provider. */
export function closeElsewhere(record: DestinationRecord, entryIds: readonly string[], limits: Pick<Limits, 'sendingFor'>): DestinationRecord {
  if (entryIds.length === 0) return record;
  const close = (verification: VerificationRecord) =>
    verification.judge && entryIds.includes(verification.entryId) && !mayOpenAgain(verification, record.time.seen, limits)
      ? { ...verification, judge: { ...verification.judge, isOpen: false } }
      : verification;
  return { ...record, verifications: record.verifications.map(close) };
}

function sharing(record: DestinationRecord, verification: VerificationRecord, claim: JudgeClaim): readonly VerificationRecord[] {
  return record.verifications.filter(
    (other) => other.entryId !== verification.entryId && other.destination === verification.destination && isJudgedBy(other, claim),
  );
}

/** The rule that writes down that verifications have ended at the provider. */
export function createCloseElsewhereRule(entryIds: readonly string[], limits: Pick<Limits, 'sendingFor'>): Rule<undefined> {
  return (record) => ({ record: closeElsewhere(record, entryIds, limits), outcome: undefined });
}
