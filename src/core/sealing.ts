import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { hmac } from './keys.ts';

/** What a sealed text is bound to: moved to another verification, service, destination or place it does not open. */
export interface SealContext {
  /** What it is, where it is no destination. */
  readonly part?: 'note';
  readonly verificationId: string;
  readonly service: string;
  readonly destinationKey: string;
}

const ALGORITHM = 'aes-256-gcm';
const TAG_BYTES = 16;

/** Random bytes of one seal: 96 bits (NIST SP 800-38D §8.2.2). */
export const NONCE_BYTES = 12;

/** A text, sealed: a destination, or what the context says. */
export function seal(key: KeyObject, nonce: Buffer, text: string, context: SealContext): string {
  return sealText(key, nonce, text, toAad(context));
}

/** The text in a seal; undefined as by {@link unsealText}. */
export function unseal(key: KeyObject, sealed: string, context: SealContext): string | undefined {
  return unsealText(key, sealed, toAad(context));
}

/** AES-256-GCM as base64url of nonce ‖ ciphertext ‖ tag. @param boundTo what must be said again to open it. */
export function sealText(key: KeyObject, nonce: Buffer, text: string, boundTo: string): string {
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(boundTo));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** The text of a seal; undefined when it was made with another key, bound to something else, or changed since. */
export function unsealText(key: KeyObject, sealed: string, boundTo: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const tagAt = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(tagAt));
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, tagAt), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/**
 * The key that one attempt's copy of the destination is sealed with. It takes the caller's attempt id to derive, which the record does not hold: after
 * an approval the number cannot be read from the record even with our keys, only given back to the caller who repeats the same attempt.
 */
export function deriveAttemptKey(key: KeyObject, verificationId: string, attemptId: string): KeyObject {
  return createSecretKey(hmac(key, `attempt\0${verificationId}\0${attemptId}`));
}

function toAad({ verificationId, service, destinationKey, part }: SealContext): string {
  const aad = `1\0${verificationId}\0${service}\0${destinationKey}`;
  return part === undefined ? aad : `${aad}\0${part}`;
}
