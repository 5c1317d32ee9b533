import type { CheckResult, ResendResult } from '../service/compose.ts';

/** How a verification, or a question about one, can end. */
export type End = Exclude<(CheckResult | ResendResult)['status'], 'pending' | 'refused' | 'budget_exhausted'>;

const START_ANEW = 'Next: npx countersign start <to>';

const SENTENCES: Readonly<Record<End, string>> = {
  approved: 'Approved.',
  already_approved: 'Already approved: this code has been used, and a code is good for one approval.',
  expired: `Expired. ${START_ANEW}`,
  max_attempts_reached: `Too many wrong codes: this verification is over. ${START_ANEW}`,
  canceled: `Canceled. ${START_ANEW}`,
  failed: `None of its messages left. ${START_ANEW}`,
  not_found: 'Not found: no such verification in this database for this purpose and requester. Look at --db, --purpose and --requester.',
  destination_blocked: 'This destination is disabled after too many wrong codes: see "npx countersign unblock --help".',
};

/** One sentence, and what to do next. */
export function describeEnd(status: End): string {
  return SENTENCES[status];
}
