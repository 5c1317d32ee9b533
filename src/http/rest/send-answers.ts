import type { RefusedResult, ResendResult, StartResult } from '../../engine/results.ts';
import { HttpProblem } from '../problem.ts';

/** What a limit or a guard is answered with. Where only an operator can help it is a 403: waiting would not. */
export function toRefusal({ reason, retryAt, rule, detail, verification }: Omit<RefusedResult, 'status'>): HttpProblem {
  return new HttpProblem({
    status: retryAt === undefined ? 403 : 429,
    code: 'refused',
    reason,
    detail: detail ?? DETAILS[reason],
    retryAt,
    extra: { ...(rule !== undefined && { rule }), ...(verification !== undefined && { verification }) },
  });
}

const DETAILS: Readonly<Record<RefusedResult['reason'], string>> = {
  resend_too_soon: 'a message went out a moment ago; the next may follow at `retryAt`',
  in_progress: 'a message is under way; what becomes of it is known at `retryAt`',
  budget_exhausted: 'this destination has had all that its budget allows until `retryAt`',
  rate_limited: 'too many requests; the next may follow at `retryAt`',
  guard_denied: 'the guard does not let this message go',
  destination_blocked: 'this destination is disabled until an operator clears it',
};

/** Nothing with this id, or nothing of this service, purpose and requester: the answer does not tell which. */
export function noSuchVerification(): HttpProblem {
  return new HttpProblem({
    status: 404,
    code: 'not_found',
    detail: 'there is no such verification for this service, purpose and requester',
  });
}

/** The answer of a start or resend. @throws {HttpProblem} where no message left. */
export function renderSend(result: StartResult | ResendResult): unknown {
  if (result.status === 'refused') throw toRefusal(result);
  if (result.status === 'not_found') throw noSuchVerification();
  return JSON.parse(JSON.stringify(result));
}
