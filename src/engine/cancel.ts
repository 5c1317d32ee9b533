import { findVerification, type VerificationClaim } from './find-verification.ts';
import { endVerification, replaceVerification, type VerificationState } from './record.ts';
import type { Rule } from './rule.ts';

/** The state after a cancel; undefined when nothing was found. */
export interface CancelOutcome {
  readonly state: Exclude<VerificationState, 'pending'> | undefined;
}

/** The rule of `cancel`: a pending verification ends, one that has ended stays as it ended. It returns nothing to ladder or budgets. */
export function createCancelRule(claim: VerificationClaim): Rule<CancelOutcome> {
  return (record) => {
    const verification = findVerification(record, claim);
    if (verification === undefined) return { record, outcome: { state: undefined } };
    if (verification.state !== 'pending') return { record, outcome: { state: verification.state } };
    const canceled = endVerification(verification, 'canceled', record.time.seen);
    return { record: replaceVerification(record, canceled), outcome: { state: 'canceled' }, events: [{ type: 'canceled', verification: canceled }] };
  };
}
