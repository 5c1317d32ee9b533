/** What the server tells the page, as `src/http/pages/inbox/inbox-news.ts` writes it. Times are ISO-8601. */
export type News =
  | { readonly type: 'hello'; readonly access: Access; readonly items: readonly Item[]; readonly verifications: readonly Verification[] }
  | { readonly type: 'item'; readonly item: Item }
  | { readonly type: 'verification'; readonly verification: Verification }
  | { readonly type: 'cleared' };

/** What requests are tried with, and where visits of the hosted page end. Keys are `SK…:secret`. */
export interface Access {
  readonly apiKey: string;
  readonly returnUrl: string;
  readonly twilio: { readonly apiKey: string; readonly serviceSid: string };
}

/** One thing in the list. */
export type Item = Message | Refusal;

/** A message as it would have arrived. */
export interface Message {
  readonly kind: 'message';
  readonly id: string;
  readonly at: string;
  readonly verificationId?: string;
  readonly channel: 'sms' | 'call' | 'whatsapp' | 'email';
  readonly to: string;
  readonly subject?: string;
  readonly text: string;
  readonly code: string;
}

/** A message that a limit or a guard held back. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly id: string;
  readonly at: string;
  readonly to: string;
  readonly reason: string;
  readonly rule?: string;
}

/** What became of a verification so far. */
export interface Verification {
  readonly id: string;
  readonly purpose: string;
  readonly status: string;
  readonly attemptsLeft: number;
  readonly expiresAt: string;
  readonly resendAt: string;
}
