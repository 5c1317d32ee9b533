import { CountersignError } from '../core/errors.ts';
import type { Decide, Decision, JournalEntry, RecordBody, RecordKey } from './store.ts';

/** The largest body a record may have, in bytes of UTF-8: far more than a full record's 2.5 kB, and little enough to be decided on in a tick. */
const MAX_BODY_BYTES = 262_144;

/** The most a page of records or of journal entries may hold. */
const MAX_PAGE = 1_000;

/** The latest time a `Date` can be. */
const LATEST = 8_640_000_000_000_000;

/** Text that a database cannot keep as it is: drivers cut it at a NUL, and half a surrogate pair becomes U+FFFD. */
function isStorable(text: string): boolean {
  // TypeScript knows `isWellFormed` from ES2024 on; Node has it since 20.
  return !text.includes('\0') && (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Ensure no key is changed on its way into a database: two keys that became one would be one record, and one would answer for the other. */
export function assertRecordKey({ kind, partition, id }: RecordKey): void {
  if (isStorable(kind) && isStorable(partition) && isStorable(id)) return;
  throw new CountersignError('store_unavailable', 'a record key must be well-formed text without NUL');
}

/** Ensure a page is asked for by a whole number from 1 to 1000. Throws `invalid_request`. */
export function assertPageSize(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new CountersignError('invalid_request', `limit must be a whole number from 1 to ${MAX_PAGE}`, { field: 'limit' });
}

/** A journal cursor as the number it stands for; 0 where there is none. Throws `invalid_request` for one that no page gave. */
export function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new CountersignError('invalid_request', 'cursor must be one that an earlier page gave', { field: 'cursor' });
}

/** Ensure journal entries can be kept as they are. Throws `store_unavailable`. */
export function assertEntries(entries: readonly JournalEntry[]): void {
  for (const { at, service, type, destination, data } of entries) {
    if (!Number.isSafeInteger(at)) throw new CountersignError('store_unavailable', 'a journal entry needs a time in whole milliseconds');
    if (isStorable(service) && isStorable(type) && isStorable(destination) && isStorable(data)) continue;
    throw new CountersignError('store_unavailable', 'a journal entry must be well-formed text without NUL');
  }
}

/** A `decide` that throws when what it wants written cannot be kept as it is, so that its call alone rejects and its neighbours go on. */
export function toStorableDecide<T>(decide: Decide<T>): Decide<T> {
  return (current, now): Decision<T> => {
    const decision = decide(current, now);
    if (decision.next) {
      assertBody(decision.next.body);
      assertExpiry(decision.next.expiresAt);
    }
    if (decision.entries) assertEntries(decision.entries);
    return decision;
  };
}

function assertBody(body: RecordBody): void {
  if (!isStorable(body)) throw new CountersignError('store_unavailable', 'a record body must be well-formed text without NUL');
  // A UTF-16 unit takes at most three bytes, so that only large bodies are counted.
  if (body.length * 3 <= MAX_BODY_BYTES || Buffer.byteLength(body) <= MAX_BODY_BYTES) return;
  throw new CountersignError('store_unavailable', `a record body must not be larger than ${MAX_BODY_BYTES} bytes`);
}

function assertExpiry(expiresAt: number | undefined): void {
  if (expiresAt === undefined || Math.abs(expiresAt) <= LATEST) return;
  throw new CountersignError('store_unavailable', 'a record expires at a time in milliseconds, or never');
}
