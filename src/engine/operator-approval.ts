import type { Find } from './find-verification.ts';
import { toApprovalEntry } from './journal.ts';
import { endVerification, replaceVerification, type VerificationRecord, type VerificationState } from './record.ts';
import type { Rule } from './rule.ts';

/** Which verification an operator approves. */
export interface OperatorApprovalCommand {
  readonly find: Find;
  /** The id as callers know it. */
  toId(verification: VerificationRecord): string;
  /** Who acts, as of `Act`. */
  readonly by: string | undefined;
}

/** As that of a cancel. */
export interface OperatorApprovalOutcome {
  readonly state: Exclude<VerificationState, 'pending'> | undefined;
  readonly ended: VerificationRecord | undefined;
}

/**
 * The rule of `approve`: an operator says that a pending verification is good, without a code. Nobody has shown that they hold the destination, so there is no
 * proof and no `approved` event, nobody becomes known by it, and the ladder and the run of wrong guesses stay. The journal entry is in the same write.
 */
export function createOperatorApprovalRule({ find, toId, by }: OperatorApprovalCommand): Rule<OperatorApprovalOutcome> {
  return (record) => {
    const verification = find(record);
    if (verification === undefined) return { record, outcome: { state: undefined, ended: undefined } };
    if (verification.state !== 'pending') return { record, outcome: { state: verification.state, ended: undefined } };
    const approved = endVerification(verification, 'approved', record.time.seen);
    return {
      record: replaceVerification(record, approved),
      outcome: { state: 'approved', ended: verification.judge?.isOpen ? verification : undefined },
      entries: [toApprovalEntry(approved, { id: toId(approved), at: record.time.clock, by })],
    };
  };
}
