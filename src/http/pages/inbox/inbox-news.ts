import type { Channel } from '../../../core/destination.ts';
import type { VerificationState } from '../../../engine/record.ts';
import type { RefusedResult } from '../../../engine/results.ts';

/** What the page is told, as JSON. `web/inbox/news.ts` has the same shapes, as the page reads them. */
export type InboxNews =
  | { readonly type: 'item'; readonly item: InboxItem }
  | { readonly type: 'verification'; readonly verification: InboxVerification }
  | { readonly type: 'cleared' };

/** One thing in the list. Times are ISO-8601. */
export type InboxItem = InboxMessage | InboxRefusal;

/** A message as it would have arrived. */
export interface InboxMessage {
  readonly kind: 'message';
  /** The delivery's id. */
  readonly id: string;
  readonly at: string;
  readonly verificationId?: string;
  readonly channel: Channel;
  readonly to: string;
  readonly subject?: string;
  readonly text: string;
  readonly code: string;
}

/** A message that a limit or a guard held back. */
export interface InboxRefusal {
  readonly kind: 'refusal';
  readonly id: string;
  readonly at: string;
  /** Masked. */
  readonly to: string;
  readonly reason: RefusedResult['reason'];
  readonly rule?: string;
}

/** What became of a verification so far. */
export interface InboxVerification {
  readonly id: string;
  readonly purpose: string;
  readonly status: VerificationState;
  readonly attemptsLeft: number;
  readonly expiresAt: string;
  readonly resendAt: string;
}

/** What the page tries things out with. */
export interface InboxAccess {
  /** `SK…:secret`, of the service that the REST interface is tried with. */
  readonly apiKey: string;
  /** Where visits of the hosted page end that are begun here. */
  readonly returnUrl: string;
  /** Of the service that Twilio's clients are tried with. */
  readonly twilio: { readonly apiKey: string; readonly serviceSid: string };
}
