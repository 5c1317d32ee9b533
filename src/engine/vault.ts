import { deriveCode, equalInConstantTime } from '../core/codes.ts';
import { CountersignError } from '../core/errors.ts';
import { type IssuingKeys, type KeyRing, shortHash } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { deriveAttemptKey, NONCE_BYTES, type SealContext, seal, unseal } from '../core/sealing.ts';
import { Secret } from '../core/secret.ts';
import type { GivenCode } from './claim-send.ts';
import type { Attempt } from './judge.ts';
import type { CodeRecord, VerificationRecord } from './record.ts';

/**
 * What takes keys to do with a verification: its code, its sealed destination, its attempts. Rules are handed these as functions and stay pure. Each
 * throws `configuration_invalid` where the key of a verification is not known here: it is neither judged nor ended by a process that cannot.
 */
export interface Vault {
  /** The key id that a new verification's code is derived with. */
  readonly keyId: string;
  knowsKey(keyId: string): boolean;
  /** The code alive, where it is one of ours. */
  derive(id: string, code: CodeRecord): Secret;
  /** Whether a submitted code is the one alive, in constant time. */
  matches(id: string, code: CodeRecord, submitted: string): boolean;
  /** What is kept of a code that the caller gave. */
  toGivenCode(id: string, code: string): GivenCode;
  /** What is kept of what a check has to say beside the code. The id is in it: two verifications do not tell that theirs is the same. */
  toBinding(id: string, binding: string): string;
  /** Whether a check says what its verification was started with, in constant time; nothing is the same as nothing only. */
  isBound(id: string, verification: Pick<VerificationRecord, 'binding'>, binding: string | undefined): boolean;
  /** Makes a function that seals a text, the same each time: what a rule calls must not change from one run to the next. */
  createSeal(context: SealContext, text: string): () => string;
  /** @throws {CountersignError} `store_unavailable` where the record was changed by someone else. */
  open(id: string, verification: VerificationRecord): string;
  /** The note of a verification, where it has one. @throws as {@link open}. */
  openNote(id: string, verification: VerificationRecord): string | undefined;
  toAttempt(id: string, attemptId: string, submitted: string): Attempt;
}

/** A vault on the keys of one verifier. */
export function createVault(keys: KeyRing): Vault {
  const random = createRandomPool();
  const find = (keyId: string): IssuingKeys => {
    const found = keys.find(keyId);
    if (found !== undefined) return found;
    const message =
      'the key of this verification is not among `keys`: keep a retired key for as long as a verification lives, and give a new one to every process first';
    throw new CountersignError('configuration_invalid', message, { field: 'keys' });
  };
  const toBinding = (id: string, binding: string) => shortHash(keys.binding, `${id}\0${binding}`);
  const openSeal = (sealed: string | undefined, context: SealContext, what: string) => {
    for (const key of keys.all) {
      const opened = sealed && unseal(key.seal, sealed, context);
      if (opened) return opened;
    }
    throw new CountersignError('store_unavailable', `the ${what} of this verification does not open: the record was changed`);
  };
  return {
    keyId: keys.issuing.id,
    knowsKey: (keyId) => keys.find(keyId) !== undefined,
    derive: (id, { keyId, generation, length }) => new Secret(deriveCode(find(keyId).code, id, generation, length)),
    matches(id, { keyId, digest, generation, length }, submitted) {
      const found = find(keyId);
      if (digest !== undefined) return equalInConstantTime(digest, shortHash(found.digest, `${id}\0${submitted}`));
      return equalInConstantTime(deriveCode(found.code, id, generation, length), submitted);
    },
    toGivenCode: (id, code) => ({ keyId: keys.issuing.id, length: code.length, digest: shortHash(keys.issuing.digest, `${id}\0${code}`) }),
    toBinding,
    isBound(id, { binding: kept }, binding) {
      return kept === undefined || binding === undefined ? kept === binding : equalInConstantTime(kept, toBinding(id, binding));
    },
    createSeal(context, text) {
      const nonce = random(NONCE_BYTES);
      return () => seal(keys.issuing.seal, nonce, text, context);
    },
    open(id, verification) {
      find(verification.code.keyId);
      return openSeal(verification.sealed, toContext(id, verification), 'destination');
    },
    openNote(id, verification) {
      const { note } = verification;
      return note === undefined ? undefined : openSeal(note, { ...toContext(id, verification), part: 'note' }, 'note');
    },
    toAttempt: (id, attemptId, submitted) => createAttempt(keys, id, attemptId, submitted),
  };
}

/** The nonce may be fixed: the key is made for one attempt at one verification, and seals once. */
const ATTEMPT_NONCE = Buffer.alloc(NONCE_BYTES);

function createAttempt(keys: KeyRing, id: string, attemptId: string, submitted: string): Attempt {
  const sealKey = () => deriveAttemptKey(keys.attempt, id, attemptId);
  return {
    key: shortHash(keys.attempt, `id\0${id}\0${attemptId}`),
    guessKey: shortHash(keys.attempt, `guess\0${id}\0${attemptId}\0${submitted}`),
    seal: (destination, verification) => seal(sealKey(), ATTEMPT_NONCE, destination, toContext(id, verification)),
    open(sealed, verification) {
      const opened = unseal(sealKey(), sealed, toContext(id, verification));
      if (opened === undefined)
        throw new CountersignError('store_unavailable', 'the destination of this verification does not open: the record was changed');
      return opened;
    },
  };
}

function toContext(verificationId: string, { service, destination }: VerificationRecord): SealContext {
  return { verificationId, service, destinationKey: destination };
}
