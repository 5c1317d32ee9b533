import type { VerificationView } from '../../engine/verification-view.ts';
import { notFound, TwilioError } from './twilio-errors.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** What is answered about a verification whose guesses are used up: it is there until it would have expired. */
export function toUsedUp({ expiresAt }: VerificationView, { now }: Pick<TwilioParts, 'now'>): TwilioError {
  return now() < expiresAt.getTime() ? new TwilioError(60202, { retryAt: expiresAt, reason: 'max_attempts_reached' }) : notFound();
}
