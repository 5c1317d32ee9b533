import type { Find } from './find-verification.ts';
import { endVerification, replaceVerification, type VerificationRecord, type VerificationState } from './record.ts';
import type { Rule } from './rule.ts';

/** The state after a cancel; undefined when nothing was found. */
export interface CancelOutcome {
  readonly state: Exclude<VerificationState, 'pending'> | undefined;
  /** As it was before, where a provider may have to end its own as well. */
  readonly ended: VerificationRecord | undefined;
}

/** The rule of `cancel`: a pending verification ends, one that has ended stays as it ended. It returns nothing to ladder or budgets. */
export function createCancelRule(find: Find): Rule<CancelOutcome> {
  return (record) => {
    const verification = find(record);
    if (verification === undefined) return { record, outcome: { state: undefined, ended: undefined } };
    if (verification.state !== 'pending') return { record, outcome: { state: verification.state, ended: undefined } };
    const canceled = endVerification(verification, 'canceled', record.time.seen);
    const ended = verification.judge?.isOpen ? verification : undefined;
    const events = [{ type: 'canceled', verification: canceled } as const];
    return { record: replaceVerification(record, canceled), outcome: { state: 'canceled', ended }, events };
  };
}
