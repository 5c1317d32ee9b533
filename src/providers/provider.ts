import type { Channel, Destination } from '../core/destination.ts';
import type { CountersignError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/** What every provider has: a name and the channels it reaches. */
export interface ProviderIdentity {
  /** A short name for events, errors and records, such as `self_issued`: 1–40 printable characters, no space. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /**
   * That its messages reach nobody, as those to test numbers: no ladder, spacing or budget of sends holds them back, and they use none of it up. Guesses are
   * limited as any. Never set it on a way out that costs or disturbs.
   *
   * @defaultValue false
   */
  readonly isSilent?: boolean;
  /**
   * Checks what a caller gave as `providerOptions`, and returns it as {@link send} shall get it. Throws `invalid_request` naming the option and never its
   * value. A provider without it takes none.
   */
  parseOptions?(options: ProviderOptions): ProviderOptions;
  /**
   * What it calls a language that a message shall be in, given as a language tag (BCP 47) in its one spelling; undefined where it has no text in that language.
   * A provider without it has no choice of languages, and a start that names one is refused.
   */
  findLanguage?(locale: string): string | undefined;
}

/** What a caller hands through to the provider of one message, such as a locale. Never kept. */
export type ProviderOptions = Readonly<Record<string, unknown>>;

/**
 * Who gets the engine's own codes to a person. The verifier calls it after a send was claimed in the store, and reports what it answers to the record.
 *
 * A provider keeps no state: the record keeps its receipt. It promises at most one message per call and never repeats a send by itself. Not in
 * it: limits, the life of a verification, and (for a provider that carries the engine's own codes) judging them.
 */
export interface Provider extends ProviderIdentity {
  /** Never rejects for what the way out did: that is a result. A rejection counts as `unknown`. */
  send(request: ProviderSendRequest): Promise<ProviderSendResult>;
}

/**
 * Who issues codes of its own and judges them, as Twilio Verify does. The engine keeps the verification, its ladder and its budgets all the same, and
 * charges a guess *before* it asks.
 *
 * It keeps no state either: what it needs to find its verification again is the `reference` it answered, which the record keeps. Every method makes at
 * most one request that could have an effect, repeats none, and answers within 50 s.
 */
export interface JudgingProvider extends ProviderIdentity {
  /** Digits of the codes it issues: a guess of another length is not asked about and not charged. */
  readonly codeLength: number;
  /** Whether that is only what is usual: then a guess of any length is asked about. @defaultValue false */
  readonly acceptsAnyLength?: boolean;
  /**
   * What it keeps apart: each `verification`, or only `destination`s (one pending verification for a number, whoever asked and for whatever purpose).
   * Under `destination` a start for another purpose or requester is refused `in_progress` while one is pending.
   */
  readonly isolation: 'verification' | 'destination';
  /** As {@link Provider.send}, without a code. */
  send(request: Omit<ProviderSendRequest, 'code'>): Promise<ProviderSendResult>;
  /** Asks about one guess, once. A rejection counts as `unknown`. */
  check(request: ProviderCheckRequest): Promise<ProviderCheckResult>;
  /** Ends the verification at the provider, so that its code is dead there too. A rejection counts as `failed`. */
  cancel(request: ProviderReceipt): Promise<ProviderCancelResult>;
}

/** One message to be sent. */
export interface ProviderSendRequest {
  readonly to: Destination;
  readonly channel: Channel;
  /** The code to carry; it does not print itself. */
  readonly code: Secret;
  readonly verificationId: string;
  readonly deliveryId: string;
  /** As {@link ProviderIdentity.findLanguage} called it; absent where nobody asked for one. */
  readonly language?: string;
  /** As {@link ProviderIdentity.parseOptions} returned them. */
  readonly options?: ProviderOptions;
}

/** Which of a provider's verifications is meant. */
export interface ProviderReceipt {
  readonly to: Destination;
  readonly verificationId: string;
  /** What {@link JudgingProvider.send} answered; undefined where its answer was lost: then the destination has to do. */
  readonly reference: string | undefined;
}

/** One guess to be judged. */
export interface ProviderCheckRequest extends ProviderReceipt {
  readonly code: Secret;
}

/**
 * What became of a message; `reference` is the carrier's own id for it, or the provider's for its verification: printable, at most 200 characters, and
 * holding neither code nor destination, or it is dropped. `unknown`: it may have left.
 */
export type ProviderSendResult =
  | { readonly status: 'sent'; readonly sender: string; readonly reference?: string }
  | ProviderRefusal
  | { readonly status: 'unknown' };

/** A message that surely was not sent. `permanent`: the same message would be refused again. */
export interface ProviderRefusal {
  readonly status: 'refused';
  readonly permanent: boolean;
  /** Where it is a limit or a guard of the provider's: what the caller is answered instead of an error. */
  readonly limit?: ProviderLimit;
  /** What is thrown instead of the general `provider_unavailable` or `provider_rejected`. */
  readonly error?: CountersignError;
}

/** Which limit of its own a provider refused by. */
export interface ProviderLimit {
  readonly reason: 'rate_limited' | 'in_progress' | 'budget_exhausted' | 'guard_denied';
  /** In how many milliseconds the same call may succeed; undefined where only an operator can help. */
  readonly retryAfter: number | undefined;
  /** Which rule, where it was a guard. */
  readonly rule?: string;
  /** Why, for operators. */
  readonly detail?: string;
}

/**
 * What became of a guess. `ended`: not judged, because the provider's verification had ended before. `failed`: surely not judged. `unknown`: it may
 * have been.
 */
export type ProviderCheckResult =
  | { readonly status: 'approved' | 'wrong'; readonly reference?: string }
  | { readonly status: 'ended'; readonly state: 'expired' | 'max_attempts_reached' | 'canceled' }
  | { readonly status: 'failed' | 'unknown'; readonly error?: CountersignError };

/** What became of a cancel. `gone`: there was nothing to end. */
export interface ProviderCancelResult {
  readonly status: 'canceled' | 'gone' | 'failed';
}
