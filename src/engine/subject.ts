import type { Find } from './find-verification.ts';
import type { VerificationRecord } from './record.ts';
import type { Rule } from './rule.ts';

/** What a rule said, and the verification that it was about: as the rule found it, and as it left it. */
export interface WithSubject<O> {
  readonly outcome: O;
  readonly before: VerificationRecord | undefined;
  readonly after: VerificationRecord | undefined;
}

const NONE: readonly never[] = [];

/** A rule that tells its subject as well: what was decided and what it was decided on are of one commit. */
export function withSubject<O>(rule: Rule<O>, find: Find): Rule<WithSubject<O>> {
  return (record) => {
    const before = find(record);
    const result = rule(record);
    const after = before && result.record.verifications.find(({ entryId }) => entryId === before.entryId);
    const { events = NONE, entries = NONE } = result;
    return { record: result.record, outcome: { outcome: result.outcome, before, after }, events, entries };
  };
}
