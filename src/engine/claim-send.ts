import type { Channel } from '../core/destination.ts';
import { findPool, nextBudgetedSendAt, nextSpacedSendAt, putPool, recordSend } from './budgets.ts';
import { findNewest } from './find-verification.ts';
import { findOpenElsewhere, type JudgeClaim, type OpenElsewhere, occupiedUntil } from './judge-claim.ts';
import type { Limits } from './limits.ts';
import { type CodeRecord, type DeliveryRecord, type DestinationRecord, readDeliveryState, sendingUntil, type VerificationRecord } from './record.ts';
import { climbLadder, findLadder, nextRungAt, putLadder } from './resend-ladder.ts';
import type { RuleResult } from './rule.ts';

/** Why a send is refused. Each but `destination_blocked` comes with a time from which on it is not. */
export type SendRefusal = 'resend_too_soon' | 'in_progress' | 'budget_exhausted' | 'destination_blocked';

/** A code that the caller brought instead of a derived one: its keyed hash. */
export interface GivenCode {
  readonly digest: string;
  readonly length: number;
  readonly keyId: string;
}

/** A code of the caller's for a verification: its hash takes the id, which for a repeated start only the rule finds. */
export type GiveCode = (entryId: string) => GivenCode;

/** What a send is claimed with. */
export interface ClaimCommand {
  readonly deliveryId: string;
  readonly channel: Channel;
  readonly give: GiveCode | undefined;
  /** Who issues and judges the code, where that is not the engine. */
  readonly judge: JudgeClaim | undefined;
  /** Whether the message reaches nobody: then nothing but one under way holds it back, and it uses nothing up. */
  readonly isSilent?: boolean | undefined;
}

/** A claimed send: the message may leave. */
export interface Claim {
  readonly kind: 'send';
  readonly verification: VerificationRecord;
  readonly delivery: DeliveryRecord;
  readonly resendAt: number;
  /** What has to be ended at the provider before the message leaves. */
  readonly openElsewhere: readonly OpenElsewhere[];
}

/** Why no message may leave. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: SendRefusal;
  /** The latest of all limits that refuse; undefined where only an operator can help. */
  readonly retryAt: number | undefined;
  /** The verification that would have been sent again; undefined for a new one. */
  readonly live: VerificationRecord | undefined;
  /** When that could be sent again: `retryAt`, but for a message that is still under way. */
  readonly resendAt: number;
}

/** A claimed send, or why there is none. `code_needed`: the verification carries a code of the caller's, who has not brought it again. */
export type ClaimOutcome = Claim | Refusal | { readonly kind: 'code_needed' };

/**
 * Claims a send before the message leaves: the rung of the ladder, the slot of the budget and the delivery are taken in one step, so that of two
 * hundred starts at once exactly those that the limits allow reach a sender.
 */
export function claimSend(
  record: DestinationRecord,
  verification: VerificationRecord,
  command: ClaimCommand,
  limits: Limits,
): RuleResult<ClaimOutcome> {
  const now = record.time.seen;
  const live = verification.deliveries.length === 0 ? undefined : verification;
  if (live !== undefined && live.code.digest !== undefined && command.give === undefined) return { record, outcome: { kind: 'code_needed' } };
  const { requester } = verification;
  const { pool, known } = findPool(record, requester);
  if (pool.disabled)
    return { record, outcome: { kind: 'refused', reason: 'destination_blocked', retryAt: undefined, live: undefined, resendAt: now } };
  if (command.isSilent === true) return claimSilent(record, verification, command, limits);
  const ladder = findLadder(record, requester, limits);
  const inProgressUntil = Math.max(sendingUntil(verification, limits), occupiedUntil(record, verification, command.judge, limits));
  const spacedAt = Math.max(nextRungAt(ladder, limits), nextSpacedSendAt(pool, limits));
  const budgetedAt = Math.max(nextBudgetedSendAt(pool, known, limits), heldUntil(record, verification, limits));
  const retryAt = Math.max(inProgressUntil, spacedAt, budgetedAt);
  if (now < retryAt) {
    const reason = inProgressUntil > now ? 'in_progress' : budgetedAt > spacedAt ? 'budget_exhausted' : 'resend_too_soon';
    return { record, outcome: { kind: 'refused', reason, retryAt, live, resendAt: Math.max(spacedAt, budgetedAt) } };
  }
  const delivery: DeliveryRecord = { id: command.deliveryId, channel: command.channel, state: 'sending', at: now, before: ladder };
  const sending = {
    ...verification,
    channel: command.channel,
    code: live === undefined ? verification.code : nextCode(live, command.give?.(live.entryId), limits),
    deliveries: [...verification.deliveries, delivery],
    // Before anything is heard of it: a process may end here, and the provider's verification is there all the same.
    judge: verification.judge && { ...verification.judge, isOpen: true },
  };
  const climbed = putLadder(record, requester, climbLadder(ladder, requester, now, limits), limits);
  const claimed = putVerification(putPool(climbed, requester, recordSend(pool, now)), sending);
  const openElsewhere = findOpenElsewhere(record, verification, command.judge);
  return {
    record: claimed,
    outcome: { kind: 'send', verification: sending, delivery, resendAt: nextSendAt(claimed, sending, limits), openElsewhere },
  };
}

/** What is kept of silent sends, which nothing limits: a record has an end. The oldest go first. */
const SILENT_KEPT = { verifications: 50, deliveries: 10 } as const;

/** Claims a send that reaches nobody: it takes no rung and no slot. */
function claimSilent(record: DestinationRecord, verification: VerificationRecord, command: ClaimCommand, limits: Limits): RuleResult<ClaimOutcome> {
  const now = record.time.seen;
  const live = verification.deliveries.length === 0 ? undefined : verification;
  const retryAt = sendingUntil(verification, limits);
  if (now < retryAt) return { record, outcome: { kind: 'refused', reason: 'in_progress', retryAt, live, resendAt: retryAt } };
  const delivery: DeliveryRecord = { id: command.deliveryId, channel: command.channel, state: 'sending', at: now, before: undefined };
  const sending = {
    ...verification,
    channel: command.channel,
    code: live === undefined ? verification.code : nextCode(live, command.give?.(live.entryId), limits),
    deliveries: [...verification.deliveries, delivery].slice(-SILENT_KEPT.deliveries),
  };
  const others = record.verifications.filter(({ entryId, service }) => service === verification.service && entryId !== verification.entryId);
  const tooMany = new Set(others.slice(0, Math.max(0, others.length - SILENT_KEPT.verifications + 1)));
  const claimed = putVerification({ ...record, verifications: record.verifications.filter((other) => !tooMany.has(other)) }, sending);
  return { record: claimed, outcome: { kind: 'send', verification: sending, delivery, resendAt: now, openElsewhere: [] } };
}

/** From when on another message of this verification, or for its owner, may leave: the latest of the ladder, the spacing and the budgets. */
export function nextSendAt(record: DestinationRecord, verification: VerificationRecord, limits: Limits): number {
  const { requester } = verification;
  const { pool, known } = findPool(record, requester);
  const budgetedAt = Math.max(nextBudgetedSendAt(pool, known, limits), heldUntil(record, verification, limits));
  return Math.max(nextRungAt(findLadder(record, requester, limits), limits), nextSpacedSendAt(pool, limits), budgetedAt);
}

/** Whether a pending verification has sent as often as it may. What was refused has not left. */
export function hasSentAll({ state, deliveries }: VerificationRecord, { sendsPerVerification }: Limits): boolean {
  if (state !== 'pending' || sendsPerVerification === null) return false;
  return deliveries.filter((delivery) => delivery.state !== 'refused').length >= sendsPerVerification;
}

/** Until when a verification that has used up its sends, or its owner's last one its guesses, holds back the next message; 0 when none does. */
function heldUntil(record: DestinationRecord, verification: VerificationRecord, limits: Limits): number {
  if (hasSentAll(verification, limits)) return verification.expiresAt;
  // Whoever names no requester owns nothing, unless it is shared: one stranger must not hold back another.
  if (!limits.holdUsedUp || (verification.requester === undefined && !limits.sharePending)) return 0;
  const newest = findNewest(record, verification);
  if (newest?.state !== 'max_attempts_reached') return 0;
  // No longer than it is remembered.
  return Math.min(newest.expiresAt, (newest.endedAt ?? 0) + limits.retention);
}

/** Deliveries as they read at the record's time. */
export function readDeliveries(verification: VerificationRecord, now: number, { sendingFor }: Limits): readonly DeliveryRecord[] {
  return verification.deliveries.map((delivery) => ({ ...delivery, state: readDeliveryState(delivery, now, sendingFor) }));
}

/**
 * The code that a resend carries. It is repeated while nobody has guessed wrong, so that a late message still works; then it moves on, and the old one
 * is dead: two codes alive at once would double every guess's chance. A provider that issues its own decides by itself.
 */
function nextCode({ code, judge }: VerificationRecord, given: GivenCode | undefined, { resendPolicy }: Limits): CodeRecord {
  if (judge !== undefined) return code;
  if (given !== undefined) return { ...code, guessed: false, keyId: given.keyId, digest: given.digest, length: given.length };
  if (resendPolicy === 'repeat' && !code.guessed) return code;
  return { ...code, generation: code.generation + 1, guessed: false };
}

function putVerification(record: DestinationRecord, verification: VerificationRecord): DestinationRecord {
  const others = record.verifications.filter(({ entryId }) => entryId !== verification.entryId);
  return { ...record, verifications: [...others, verification] };
}
