import type { Channel, Destination } from '../core/destination.ts';
import type { ProviderOptions } from '../providers/provider.ts';
import type { SendRefusal } from './claim-send.ts';
import type { VerificationState } from './record.ts';

/** What to start. */
export interface StartInput {
  /** A phone number in E.164 form (`+14155552671`; spaces and `-().` are taken out) or one email address. */
  readonly to: string;
  /** @defaultValue `email` for an address, else `sms` */
  readonly channel?: Channel | undefined;
  /** What the code shall be good for, 1–64 letters, digits, `_`, `.`, `-`; worthless for anything else. @defaultValue `default` */
  readonly purpose?: string | undefined;
  /**
   * The account or device that asks, 1–256 characters; kept as a keyed hash. Where someone who only typed an account's name would get the same value,
   * pass a device token instead. With it, a second start repeats the first, and only the same requester can check.
   */
  readonly requester?: string | undefined;
  /** A code of your own, 4–10 digits, instead of one of ours. It is kept only as a keyed hash, so a resend must bring it again. */
  readonly code?: string | undefined;
  /**
   * The language of the message (BCP 47, such as `fr` or `fr-CA`), where the provider's texts have it. A template of your own wins over it.
   * @defaultValue the provider's own choice: English, where codes are ours
   */
  readonly locale?: string | undefined;
  /**
   * What the code shall be good for beside the purpose, such as an amount and a payee, 1–256 characters; kept as a keyed hash. A check has to say the same,
   * or its guess is a wrong one.
   */
  readonly binding?: string | undefined;
  /** Whatever whoever serves this verification wants to find again while it is pending, 1–1,024 characters. Sealed; a repeated start keeps the first. */
  readonly note?: string | undefined;
  /** What is handed through to the provider for this message, where it takes anything (see its page). Never kept. */
  readonly providerOptions?: ProviderOptions | undefined;
}

/** What to send again. */
export interface ResendInput {
  readonly id: string;
  /** @defaultValue the channel of the last message */
  readonly channel?: Channel | undefined;
  readonly purpose?: string | undefined;
  readonly requester?: string | undefined;
  /** Needed where the verification was started with a code of your own. */
  readonly code?: string | undefined;
  /** As for a start. */
  readonly locale?: string | undefined;
  /** As for a start. */
  readonly providerOptions?: ProviderOptions | undefined;
}

/** One guess, at a verification by its `id`, or by the destination it was started for: `to`, with the same `requester` (or under `limits.sharePending`). */
export type CheckInput = Guess & WhichVerification;

/** Which verification: its id, or the destination it was started for. */
export type WhichVerification = { readonly id: string; readonly to?: undefined } | { readonly to: string; readonly id?: undefined };

/** What a guess is made of, apart from what it is a guess at. */
export interface Guess {
  /** As typed: digits of any script, spaces and dashes are understood. */
  readonly code: string;
  readonly purpose?: string | undefined;
  readonly requester?: string | undefined;
  /** The same as the verification was started with, where it was. */
  readonly binding?: string | undefined;
  /** Unguessable, 8–128 characters, the same for a repeated submit: within 60 s the same attempt gets the same answer. */
  readonly attemptId?: string | undefined;
}

/** Which verification, and whose; by `to` as for a {@link CheckInput}: the pending one, else the last that ended. */
export type VerificationInput = WhichVerification & { readonly purpose?: string | undefined; readonly requester?: string | undefined };

/** Which destination an operator means. */
export interface DestinationInput {
  readonly to: string;
  /** Names the operator in the journal, such as the id of an API key: up to 64 letters, digits, `_`, `.` or `-`. Never a secret. */
  readonly by?: string | undefined;
}

/** One message as callers see it. */
export interface Delivery {
  /** `VL` + 32 hex. */
  readonly id: string;
  readonly channel: Channel;
  readonly status: 'sending' | 'sent' | 'refused' | 'unknown';
  readonly at: Date;
}

/** A verification that waits for its code. */
export interface PendingVerification {
  /** `VE` + 32 hex. */
  readonly id: string;
  /** Masked. */
  readonly to: string;
  readonly channel: Channel;
  readonly codeLength: number;
  /** Nothing is accepted at this time or later. */
  readonly expiresAt: Date;
  /** From when on the limits allow a resend, if nothing else happens. Where that is near `expiresAt` or later, the verification is over by then: start anew. */
  readonly resendAt: Date;
  readonly deliveries: readonly Delivery[];
}

/** A message has left, or may have: `deliveries` says. */
export interface PendingResult extends PendingVerification {
  readonly status: 'pending';
}

/** No message left. */
export interface RefusedResult {
  readonly status: 'refused';
  readonly reason: SendRefusal | 'rate_limited' | 'guard_denied';
  /** From when on the limits allow the same call, if nothing else happens (a `resend` may then be answered with how its verification ended); absent where only an operator can help. */
  readonly retryAt?: Date;
  /** Which rule of the guard refused, and why, for operators. */
  readonly rule?: string;
  readonly detail?: string;
  /** The verification that is alive, for the requester who holds it. */
  readonly verification?: PendingVerification;
}

/** The answer of `start`. */
export type StartResult = PendingResult | RefusedResult;

/** Nothing with this id, or nothing of this service, purpose and requester. */
export interface NotFoundResult {
  readonly status: 'not_found';
}

/** The verification had ended before. */
export interface EndedResult {
  readonly status: Exclude<VerificationState, 'pending'>;
}

/** The answer of `resend`. */
export type ResendResult = PendingResult | RefusedResult | EndedResult | NotFoundResult;

/** The answer of `cancel` and `approve`: the state that results. */
export type CancelResult = EndedResult | NotFoundResult;

/** The code was right, and this is the one call that says so. */
export interface ApprovedResult {
  readonly status: 'approved';
  readonly proof: Proof;
}

/** The answer of `check`. */
export type CheckResult =
  | ApprovedResult
  | { readonly status: 'pending'; readonly reason: 'wrong_code'; readonly attemptsLeft: number }
  | { readonly status: 'already_approved' | 'expired' | 'canceled' | 'failed' | 'not_found' | 'destination_blocked' }
  /** With a reason for the guess that ended it, which was compared and wrong; without one where it had ended before. */
  | { readonly status: 'max_attempts_reached'; readonly reason?: 'wrong_code' }
  | { readonly status: 'budget_exhausted'; readonly retryAt: Date };

/** What an approval proves: that whoever submitted the code holds this destination, now, for this purpose. Frozen. */
export interface Proof {
  readonly verificationId: string;
  readonly service: string;
  readonly purpose: string;
  readonly channel: Channel;
  /** Prints masked; `.reveal()` gives the number or address. */
  readonly destination: Destination;
  readonly requester?: string;
  readonly approvedAt: Date;
}

/** The answer of `show`. */
export type ShowResult =
  | (PendingVerification & { readonly status: VerificationState; readonly createdAt: Date; readonly attemptsLeft: number })
  | NotFoundResult;

/** The answer of `unblock`. */
export interface UnblockResult {
  readonly status: 'unblocked';
  /** Whether the destination had been disabled. */
  readonly wasBlocked: boolean;
}

/** The answer of `erase`. */
export interface EraseResult {
  readonly status: 'erased';
  /** How many verifications were removed. */
  readonly verifications: number;
}
