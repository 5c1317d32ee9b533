import { CountersignError } from '../core/errors.ts';
import type { KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { NONCE_BYTES, type SealContext, seal, unseal } from '../core/sealing.ts';
import type { RecordKey, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const NONCE_SCHEMA = 1;

/** How much longer than its verification a nonce is kept: a repeated attempt is answered again for up to ten minutes after its approval. */
const KEPT_AFTER_MS = 900_000;

/** Which verification a nonce belongs to. */
export interface NonceOwner {
  readonly service: string;
  readonly verificationId: string;
}

/**
 * What the reader of a proof gave when the verification was started, to know the proof again. It is in a record of its own, sealed, and not in the
 * destination's: only a verification that has one costs a write, and a read when it is approved.
 */
export interface Nonces {
  /** Keeps the nonce of a verification that was just started; of two the later stands. Durable when it resolves. */
  keep(owner: NonceOwner, nonce: string, expiresAt: Date): Promise<void>;
  find(owner: NonceOwner): Promise<string | undefined>;
}

const { open, text, list, damaged } = createUnpacker('this nonce');

/** Makes nonces on a store. */
export function createNonces({ store, keys }: { readonly store: Store; readonly keys: KeyRing }): Nonces {
  const random = createRandomPool();
  return {
    async keep(owner, nonce, expiresAt) {
      const sealed = seal(keys.issuing.seal, random(NONCE_BYTES), nonce, toContext(owner));
      const next = { body: JSON.stringify([NONCE_SCHEMA, sealed]), expiresAt: expiresAt.getTime() + KEPT_AFTER_MS };
      await ask(store.update(toNonceKey(owner), () => ({ result: undefined, next })));
    },
    async find(owner) {
      const { body } = await ask(store.read(toNonceKey(owner)));
      if (body === undefined) return undefined;
      const [sealed] = list(open(body, NONCE_SCHEMA), 1);
      for (const key of keys.all) {
        const nonce = unseal(key.seal, text(sealed), toContext(owner));
        if (nonce !== undefined) return nonce;
      }
      throw damaged();
    },
  };
}

/** Ensure that a nonce is text that comes back as it was given. @throws {CountersignError} `invalid_request`. */
export function parseNonce(value: unknown): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= 128 && !/[\0\p{Cs}]/u.test(value)) return value;
  throw new CountersignError('invalid_request', '`nonce` must be a string of 1 to 128 characters, well-formed and without NUL', { field: 'nonce' });
}

function toNonceKey({ service, verificationId }: NonceOwner): RecordKey {
  return { kind: 'nonce', partition: '', id: `${service}:${verificationId}` };
}

function toContext({ service, verificationId }: NonceOwner): SealContext {
  return { verificationId, service, destinationKey: 'nonce' };
}
