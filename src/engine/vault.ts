import { randomBytes } from 'node:crypto';
import { deriveCode, equalInConstantTime } from '../core/codes.ts';
import { CountersignError } from '../core/errors.ts';
import { type KeyRing, shortHash } from '../core/keys.ts';
import { deriveAttemptKey, NONCE_BYTES, type SealContext, seal, unseal } from '../core/sealing.ts';
import { Secret } from '../core/secret.ts';
import type { GivenCode } from './claim-send.ts';
import type { Attempt } from './judge.ts';
import type { CodeRecord, VerificationRecord } from './record.ts';

/** What takes keys to do with a verification: its code, its sealed destination, its attempts. Rules are handed these as functions and stay pure. */
export interface Vault {
  /** The key id that a new verification's code is derived with. */
  readonly keyId: string;
  knowsKey(keyId: string): boolean;
  /** The code alive, where it is one of ours. @throws {CountersignError} `configuration_invalid` where its key was retired. */
  derive(id: string, code: CodeRecord): Secret;
  /** Whether a submitted code is the one alive, in constant time. */
  matches(id: string, code: CodeRecord, submitted: string): boolean;
  /** What is kept of a code that the caller gave. */
  toGivenCode(id: string, code: string): GivenCode;
  /** Makes a function that seals a destination, the same each time: what a rule calls must not change from one run to the next. */
  createSeal(context: SealContext, destination: string): () => string;
  /** @throws {CountersignError} `store_unavailable` where the record was changed by someone else. */
  open(id: string, verification: VerificationRecord): string;
  toAttempt(id: string, attemptId: string, submitted: string): Attempt;
}

/** A vault on the keys of one verifier. */
export function createVault(keys: KeyRing): Vault {
  const digest = (keyId: string, id: string, code: string) => {
    const found = keys.find(keyId);
    return found && shortHash(found.digest, `${id}\0${code}`);
  };
  return {
    keyId: keys.issuing.id,
    knowsKey: (keyId) => keys.find(keyId) !== undefined,
    derive(id, { keyId, generation, length }) {
      const found = keys.find(keyId);
      if (found === undefined) throw new CountersignError('configuration_invalid', 'the key of this verification was retired', { field: 'keys' });
      return new Secret(deriveCode(found.code, id, generation, length));
    },
    matches(id, code, submitted) {
      const found = keys.find(code.keyId);
      if (found === undefined) return false;
      if (code.digest !== undefined) return equalInConstantTime(code.digest, digest(code.keyId, id, submitted) ?? '');
      return equalInConstantTime(deriveCode(found.code, id, code.generation, code.length), submitted);
    },
    toGivenCode: (id, code) => ({ keyId: keys.issuing.id, length: code.length, digest: shortHash(keys.issuing.digest, `${id}\0${code}`) }),
    createSeal(context, destination) {
      const nonce = randomBytes(NONCE_BYTES);
      return () => seal(keys.issuing.seal, nonce, destination, context);
    },
    open(id, verification) {
      const { sealed } = verification;
      for (const key of keys.all) {
        const opened = sealed && unseal(key.seal, sealed, toContext(id, verification));
        if (opened) return opened;
      }
      throw new CountersignError(
        'store_unavailable',
        'the destination of this verification does not open: the record was changed, or its key was retired',
      );
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
