import type { RefusedResult } from '../../engine/results.ts';
import { TwilioError, type TwilioErrorCode } from './twilio-errors.ts';

const CODES: Readonly<Record<RefusedResult['reason'], TwilioErrorCode>> = {
  in_progress: 60212,
  resend_too_soon: 20429,
  rate_limited: 20429,
  budget_exhausted: 60203,
  guard_denied: 60410,
  destination_blocked: 60238,
};

/**
 * What a limit or a guard is answered with. A rule of the guard is the operator's business, but for the one that Twilio has a code for.
 *
 * @param notBefore when a rate limit of the service lets the same create pass again: a wait that is told is never shorter.
 */
export function toSendRefusal({ reason, rule, retryAt }: Omit<RefusedResult, 'status'>, notBefore?: Date): TwilioError {
  const code = reason === 'guard_denied' && rule === 'allowed_countries' ? 60605 : CODES[reason];
  const isLater = retryAt !== undefined && notBefore !== undefined && notBefore > retryAt;
  return new TwilioError(code, { reason, retryAt: isLater ? notBefore : retryAt });
}
