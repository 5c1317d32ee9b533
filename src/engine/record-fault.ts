import { CountersignError } from '../core/errors.ts';

/** What is wrong with a record that a store gave back. */
export type RecordFaultKind = 'newer' | 'foreign' | 'damaged';

/** What an operator does about a record that nothing here has written like that. The store itself is well: another call, on another record, succeeds. */
export const RECORD_REMEDY = 'look at what else writes to the store, or put a backup of it back';

const TOLD: Readonly<Record<RecordFaultKind, string>> = {
  newer: 'of a newer version of countersign: update this process',
  foreign: `not one of ours: ${RECORD_REMEDY}`,
  damaged: `damaged: ${RECORD_REMEDY}`,
};

/**
 * The error for a record that cannot be read. Nothing of it is guessed at, and nothing of it is repeated.
 *
 * @param subject what the record is of, such as `this service`.
 */
export function toRecordFault(subject: string, kind: RecordFaultKind): CountersignError {
  return new CountersignError('store_unavailable', `the record of ${subject} is ${TOLD[kind]}`);
}
