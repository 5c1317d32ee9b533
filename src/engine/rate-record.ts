import type { RecordBody, RecordKey } from '../stores/store.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const RATE_SCHEMA = 1;

const { open, number, list } = createUnpacker('this rate limit');

/** Where the record with this id lies in a store. @param id keyed hash of who is limited, and how. */
export function toRateRecordKey(id: string): RecordKey {
  return { kind: 'rate', partition: '', id };
}

/** The text that a store keeps. @param fullAt when all permits are there again, in microseconds of the store's clock. */
export function encodeRate(fullAt: number): RecordBody {
  return JSON.stringify([RATE_SCHEMA, fullAt]);
}

/**
 * When all permits are there again.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no such record of ours, or one of a newer version.
 */
export function decodeRate(body: RecordBody): number {
  const [fullAt] = list(open(body, RATE_SCHEMA), 1);
  return number(fullAt, 0);
}
