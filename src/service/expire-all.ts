import { CountersignError } from '../core/errors.ts';
import { toActEntry } from '../engine/act.ts';
import { decideExpireAll, FINGERPRINT_KEY } from '../engine/index-fingerprint.ts';
import type { KeyedStore } from './compose.ts';

/** What `countersign expire-all` did. */
export interface ExpireAllReport {
  readonly status: 'expired';
  /** Verifications begun before this have expired, for every process that begins to use the store after it. */
  readonly before: Date;
}

/**
 * Ends every verification in a store that was put back from a backup, and writes that down in the journal.
 *
 * @throws {CountersignError} `configuration_invalid` where the store has not been begun, or with another secret; `store_unavailable`.
 */
export async function expireAll({ store, keys }: KeyedStore): Promise<ExpireAllReport> {
  const { body } = await store.read(FINGERPRINT_KEY);
  if (body === undefined) throw new CountersignError('configuration_invalid', 'this store has never been used: there is nothing in it to expire');
  const { expireBefore } = await store.update(FINGERPRINT_KEY, decideExpireAll(keys.fingerprint));
  await store.append([toActEntry('expire_all', '', expireBefore, { by: 'cli' })]);
  return { status: 'expired', before: new Date(expireBefore) };
}
