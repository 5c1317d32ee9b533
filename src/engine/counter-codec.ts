import type { CounterClaim, CounterRecord, CounterRung } from './counter-record.ts';
import { toRecordFault } from './record-fault.ts';

/** What a record that cannot be read is called. */
const SUBJECT = 'this resend counter';

/** The version this code writes, and the newest it reads. */
export const COUNTER_SCHEMA = 1;

/** The text that a store keeps: a list by position, times relative to the latest the record has seen. */
export function encodeCounter({ seen, uniqueId, userId, claim, rung }: CounterRecord): string {
  return JSON.stringify([
    COUNTER_SCHEMA,
    seen,
    uniqueId,
    userId,
    claim === undefined ? 0 : [claim.id, claim.at - seen],
    rung === undefined ? 0 : [rung.count, rung.expires - seen, rung.createdAt - seen],
  ]);
}

/**
 * The counter in a text.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no counter of ours, or one of a newer version.
 */
export function decodeCounter(body: string): CounterRecord {
  const [schema, ...fields] = parseList(body);
  if (schema !== COUNTER_SCHEMA) throw toRecordFault(SUBJECT, typeof schema === 'number' && schema > COUNTER_SCHEMA ? 'newer' : 'foreign');
  const [seen, uniqueId, userId, claim, rung] = list(fields, 5);
  const base = number(seen);
  return { seen: base, uniqueId: text(uniqueId), userId: text(userId), claim: unpackClaim(claim, base), rung: unpackRung(rung, base) };
}

/** Ensure that no claim is later than the latest time seen: one in the future would be live for longer than any is. */
function unpackClaim(packed: unknown, base: number): CounterClaim | undefined {
  if (packed === 0) return undefined;
  const [id, at] = list(packed, 2);
  return { id: text(id), at: number(at, { max: 0 }) + base };
}

/** Ensure that no count is below the foot: it would never reach the last rung. */
function unpackRung(packed: unknown, base: number): CounterRung | undefined {
  if (packed === 0) return undefined;
  const [count, expires, createdAt] = list(packed, 3);
  return { count: number(count, { min: 0 }), expires: number(expires) + base, createdAt: number(createdAt) + base };
}

function parseList(body: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(body);
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Not even JSON.
  }
  throw toRecordFault(SUBJECT, 'foreign');
}

/** Ensure that nothing missing or of another type is taken for a time: a wait compared with `undefined` would always be over. */
function number(value: unknown, { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}): number {
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) throw toRecordFault(SUBJECT, 'damaged');
  return value as number;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw toRecordFault(SUBJECT, 'damaged');
  return value;
}

function list(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw toRecordFault(SUBJECT, 'damaged');
  return value;
}
