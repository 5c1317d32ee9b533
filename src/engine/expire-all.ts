import { CountersignError } from '../core/errors.ts';
import { createKeyRing, type KeyOptions } from '../core/keys.ts';
import type { Store } from '../stores/store.ts';
import { decideExpireAll, FINGERPRINT_KEY } from './index-fingerprint.ts';

/** What {@link expireAll} needs: a store, and the secrets it was begun with, as of `createVerifier`. */
export interface ExpireAllOptions extends KeyOptions {
  readonly store: Store;
}

/** What {@link expireAll} did. */
export interface ExpireAllReport {
  readonly status: 'expired';
  /** Verifications begun before this have expired, for every process that begins to use the store after it. */
  readonly before: Date;
}

/**
 * Ends every verification in a store that was put back from a backup, as `countersign expire-all` does, and writes that down in the journal: codes that
 * were used since the backup was made would be good again. It writes one record, however many there are. A verifier learns of it when it is made, so that
 * those that are at work have to be made anew.
 *
 * @throws {CountersignError} `configuration_invalid` where the store has not been begun, or with another secret; `store_unavailable`.
 * @example
 * const { before } = await expireAll({ secret, store });
 * console.log(`what was begun before ${before.toISOString()} has expired`);
 */
export async function expireAll({ store, ...keyOptions }: ExpireAllOptions): Promise<ExpireAllReport> {
  return expireAllUnder(createKeyRing(keyOptions).fingerprint, store);
}

/** The same for whoever has the fingerprint of the keys. */
export async function expireAllUnder(fingerprint: string, store: Store): Promise<ExpireAllReport> {
  const { body } = await store.read(FINGERPRINT_KEY);
  if (body === undefined) throw new CountersignError('configuration_invalid', 'this store has never been used: there is nothing in it to expire');
  const { expireBefore } = await store.update(FINGERPRINT_KEY, decideExpireAll(fingerprint));
  await store.append([{ at: expireBefore, service: '', type: 'expire_all', destination: '', data: '{}' }]);
  return { status: 'expired', before: new Date(expireBefore) };
}
