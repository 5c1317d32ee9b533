import type { Channel } from '../core/destination.ts';

/** What a guard is asked: whether one message is worth its cost. It never sees the number. */
export interface GuardRequest {
  /** ISO 3166-1 alpha-2; undefined for email, or where a number has no region. */
  readonly country: string | undefined;
  readonly kind: 'phone' | 'email';
  readonly channel: Channel;
  readonly service: string;
  readonly purpose: string;
}

/** A guard's answer, with the rule that refused and a sentence that explains it to an operator. */
export type GuardVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly rule: string; readonly detail: string; readonly retryAt?: Date };

/**
 * Decides whether a send is worth its cost. The verifier asks it before anything is claimed, at every start and resend, and sends nothing while it says
 * no. A guard that throws lets nothing through. Not in it: limits per destination, which hold whatever a guard says.
 */
export interface Guard {
  assess(request: GuardRequest): GuardVerdict | Promise<GuardVerdict>;
}
