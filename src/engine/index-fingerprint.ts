import { CountersignError } from '../core/errors.ts';
import type { Decide, RecordKey } from '../stores/store.ts';

/** Where a store keeps the fingerprint of the index secret. */
export const FINGERPRINT_KEY: RecordKey = { kind: 'meta', partition: '', id: 'index-secret' };

/**
 * Ensure that a store is only ever used with the index secret it began with: under another one every record would be out of sight, and with it every limit
 * and every disabled destination.
 *
 * @throws {CountersignError} from the store's `update`: `configuration_invalid`.
 */
export function decideFingerprint(fingerprint: string): Decide<undefined> {
  const body = JSON.stringify({ fingerprint });
  return (current) => {
    if (current === undefined) return { result: undefined, next: { body, expiresAt: undefined } };
    if (current === body) return { result: undefined };
    throw new CountersignError(
      'configuration_invalid',
      'this store was begun with another `indexSecret` (by default it comes from the last of `keys`, or from `secret`): give the one it began with, or use a new store',
      { field: 'indexSecret' },
    );
  };
}
