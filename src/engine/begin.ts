import type { Channel } from '../core/destination.ts';
import { type ClaimOutcome, claimSend, type GiveCode, hasSentAll } from './claim-send.ts';
import { findNewest, findVerification, type VerificationClaim } from './find-verification.ts';
import { createJudge, isJudgedBy, type JudgeClaim } from './judge-claim.ts';
import type { Limits } from './limits.ts';
import {
  type DestinationRecord,
  endVerification,
  replaceVerification,
  sendingUntil,
  type VerificationRecord,
  type VerificationState,
} from './record.ts';
import type { Rule, RuleResult } from './rule.ts';

/** Everything a send needs that a rule cannot make: ids are random, and a given code's digest takes keys. */
export interface SendCommand {
  readonly deliveryId: string;
  /** The key that new codes are derived with. */
  readonly keyId: string;
  readonly give: GiveCode | undefined;
  /** Who issues and judges codes here, where that is not the engine. */
  readonly judge: JudgeClaim | undefined;
  /** Whether messages reach nobody. */
  readonly isSilent?: boolean | undefined;
}

/** Starts a verification, or sends the pending one of the same requester again. */
export interface StartCommand extends SendCommand, VerificationClaim {
  /** Keyed hash of the exact destination. */
  readonly destination: string;
  readonly masked: string;
  readonly channel: Channel;
  /** Milliseconds. */
  readonly life: number;
  /** Whether a code's key is accepted here. */
  knowsKey(keyId: string): boolean;
  /** The destination sealed for this verification id; asked for only when the verification is new. */
  seal(): string;
  /** The same for a note; absent where there is none. */
  readonly sealNote?: (() => string) | undefined;
  /** Keyed hash, for a verification, of what a check has to say beside the code; absent where that is nothing. */
  readonly bind?: ((entryId: string) => string) | undefined;
}

/** Sends a pending verification again. */
export interface ResendCommand extends SendCommand, VerificationClaim {
  /** Undefined: the channel of the last message. */
  readonly channel: Channel | undefined;
}

/** What became of a resend, before any message left. */
export type ResendOutcome =
  | ClaimOutcome
  | { readonly kind: 'ended'; readonly state: Exclude<VerificationState, 'pending'> }
  | { readonly kind: 'judged_elsewhere'; readonly provider: string | undefined }
  | { readonly kind: 'not_found' };

/** The rule of `start`. */
export function createStartRule(command: StartCommand, limits: Limits): Rule<ClaimOutcome> {
  return (record) => {
    const now = record.time.seen;
    const live = findLive(record, command, limits);
    if (live === undefined) return claimSend(record, createVerification(command, limits, now), command, limits);
    const isWorthIt = live.expiresAt - now >= limits.renewBefore && command.knowsKey(live.code.keyId) && isJudgedBy(live, command.judge);
    // What is bound to one thing is no code for another: the newer one is what its caller waits for.
    const isBoundOtherwise = live.binding !== command.bind?.(live.entryId);
    const isOver = isBoundOtherwise || !isWorthIt;
    if (!isOver || hasSentAll(live, limits) || sendingUntil(live, limits) > now) return claimSend(record, live, command, limits);
    return renew(record, endVerification(live, isBoundOtherwise ? 'canceled' : 'expired', now), command, limits);
  };
}

/**
 * The rule of `resend`. The life of a verification is not extended: where a message might leave but too little life is left for it to be worth sending,
 * the verification ends, and a start begins a new one. While the limits refuse a message the code that is out stays good.
 */
export function createResendRule(command: ResendCommand, limits: Limits): Rule<ResendOutcome> {
  return (record) => {
    const verification = findVerification(record, command);
    if (verification === undefined) return { record, outcome: { kind: 'not_found' } };
    if (verification.state !== 'pending') return { record, outcome: { kind: 'ended', state: verification.state } };
    if (!isJudgedBy(verification, command.judge)) return { record, outcome: { kind: 'judged_elsewhere', provider: verification.judge?.provider } };
    const now = record.time.seen;
    const claimed = claimSend(record, verification, { ...command, channel: command.channel ?? verification.channel }, limits);
    if (claimed.outcome.kind !== 'send' || verification.expiresAt - now >= limits.renewBefore) return claimed;
    const closed = endVerification(verification, 'expired', now);
    return {
      record: replaceVerification(record, closed),
      outcome: { kind: 'ended', state: 'expired' },
      events: [{ type: 'expired', verification: closed }],
    };
  };
}

/** The pending verification that a start would repeat. Without a requester there is none: its id belongs to someone else. */
function findLive(record: DestinationRecord, command: StartCommand, { sharePending }: Limits): VerificationRecord | undefined {
  if (command.requester === undefined && !sharePending) return undefined;
  const newest = findNewest(record, command);
  return newest?.state === 'pending' ? newest : undefined;
}

/**
 * Begins a new verification in the place of one with too little life left, of one that is bound to something else, or of one whose key or provider was
 * retired; where the limits refuse that, the old one stays as it is.
 */
function renew(record: DestinationRecord, closed: VerificationRecord, command: StartCommand, limits: Limits): RuleResult<ClaimOutcome> {
  const result = claimSend(replaceVerification(record, closed), createVerification(command, limits, record.time.seen), command, limits);
  if (result.outcome.kind === 'refused') {
    const live = record.verifications.find(({ entryId }) => entryId === closed.entryId);
    return { record, outcome: { ...result.outcome, live } };
  }
  return { ...result, events: [{ type: closed.state === 'canceled' ? 'canceled' : 'expired', verification: closed }] };
}

function createVerification(command: StartCommand, { codeLength }: Limits, now: number): VerificationRecord {
  const given = command.give?.(command.entryId);
  return {
    entryId: command.entryId,
    service: command.service,
    purpose: command.purpose,
    requester: command.requester,
    destination: command.destination,
    masked: command.masked,
    channel: command.channel,
    state: 'pending',
    createdAt: now,
    expiresAt: now + command.life,
    endedAt: undefined,
    code: {
      keyId: given?.keyId ?? command.keyId,
      length: given?.length ?? command.judge?.codeLength ?? codeLength,
      generation: 0,
      guessed: false,
      digest: given?.digest,
    },
    wrong: 0,
    deliveries: [],
    sealed: command.seal(),
    note: command.sealNote?.(),
    binding: command.bind?.(command.entryId),
    attempts: [],
    judge: createJudge(command.judge),
  };
}
