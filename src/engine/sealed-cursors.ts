import { CountersignError } from '../core/errors.ts';
import type { KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { NONCE_BYTES, sealText, unsealText } from '../core/sealing.ts';
import type { RandomBytes } from '../core/tenant-ids.ts';

/** What cursors are sealed with. */
export interface SealedCursorsOptions {
  readonly keys: Pick<KeyRing, 'issuing' | 'all'>;
  /** Which list they are of: that of another opens none. */
  readonly list: string;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes | undefined;
}

/** Cursors of the journal as they leave. */
export interface SealedCursors {
  /** Good for the service that it is given for; undefined for all of them. */
  seal(cursor: string, service: string | undefined): string;
  /** @throws {CountersignError} `invalid_request`, `cursor`, for one that was not given for this. */
  open(sealed: string, service: string | undefined): string;
}

/** Ensure that a cursor tells a tenant nothing of the others: a store's counts the entries of all of them. */
export function createSealedCursors({ keys, list, random = createRandomPool() }: SealedCursorsOptions): SealedCursors {
  const toBound = (service = '') => `1\0${list}\0${service}`;
  return {
    seal: (cursor, service) => sealText(keys.issuing.seal, random(NONCE_BYTES), cursor, toBound(service)),
    open(sealed, service) {
      for (const { seal } of keys.all) {
        const cursor = unsealText(seal, sealed, toBound(service));
        if (cursor !== undefined) return cursor;
      }
      throw new CountersignError('invalid_request', '`cursor` must be one that an earlier page gave', { field: 'cursor' });
    },
  };
}
