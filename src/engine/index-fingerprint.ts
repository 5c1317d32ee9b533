import { CountersignError } from '../core/errors.ts';
import type { Decide, RecordKey } from '../stores/store.ts';

/** Where a store keeps the fingerprint of the index secret, and from when on its verifications are good. */
export const FINGERPRINT_KEY: RecordKey = { kind: 'meta', partition: '', id: 'index-secret' };

/** What a store says of itself to whoever begins to use it. */
export interface StoreMark {
  /** Verifications begun before this time, in milliseconds, have expired. 0 for none. */
  readonly expireBefore: number;
}

/**
 * Ensure that a store is only ever used with the index secret it began with: under another one every record would be out of sight, and with it every limit
 * and every disabled destination.
 *
 * @throws {CountersignError} from the store's `update`: `configuration_invalid`.
 */
export function decideFingerprint(fingerprint: string): Decide<StoreMark> {
  return (current) => {
    if (current === undefined) return { result: { expireBefore: 0 }, next: { body: JSON.stringify({ fingerprint }), expiresAt: undefined } };
    return { result: readMark(current, fingerprint) };
  };
}

/**
 * Ends every verification that has been begun, over all records, without looking at one: after a backup was put back, codes that were used or had ended
 * since it was made would be good again. Who uses the store already learns of it when it begins anew.
 *
 * @throws {CountersignError} as {@link decideFingerprint}.
 */
export function decideExpireAll(fingerprint: string): Decide<StoreMark> {
  return (current, now) => {
    const { expireBefore } = current === undefined ? { expireBefore: 0 } : readMark(current, fingerprint);
    const mark = { expireBefore: Math.max(now, expireBefore) };
    return { result: mark, next: { body: JSON.stringify({ fingerprint, ...mark }), expiresAt: undefined } };
  };
}

function readMark(body: string, fingerprint: string): StoreMark {
  const kept = parse(body);
  if (kept.fingerprint === fingerprint) return { expireBefore: Number.isSafeInteger(kept.expireBefore) ? Number(kept.expireBefore) : 0 };
  throw new CountersignError(
    'configuration_invalid',
    'this store was begun with another `indexSecret` (by default it comes from the last of `keys`, or from `secret`): give the one it began with, or use a new store',
    { field: 'indexSecret' },
  );
}

function parse(body: string): { readonly fingerprint?: unknown; readonly expireBefore?: unknown } {
  try {
    return (JSON.parse(body) ?? {}) as { fingerprint?: unknown; expireBefore?: unknown };
  } catch {
    return {};
  }
}
