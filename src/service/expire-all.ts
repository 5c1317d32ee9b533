import { type ExpireAllReport, expireAllUnder } from '../engine/expire-all.ts';
import type { KeyedStore } from './compose.ts';

/** What `countersign expire-all` does: see `expireAll` of the library. */
export function expireAll({ store, keys }: KeyedStore): Promise<ExpireAllReport> {
  return expireAllUnder(keys.fingerprint, store);
}
