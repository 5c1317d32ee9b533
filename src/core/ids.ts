import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** The two halves of a verification's id: which record holds it, and which verification it is there. Both 8 bytes, as base64url. */
export interface VerificationRef {
  readonly recordId: string;
  readonly entryId: string;
}

/** Turns references into ids and back. */
export interface VerificationIds {
  encode(ref: VerificationRef): string;
  /** Undefined when the text has not the form of an id. An invented id decodes to a record that does not exist. */
  decode(id: string): VerificationRef | undefined;
}

const ID_PATTERN = /^VE[0-9a-fA-F]{32}$/;

/**
 * A verification's id is one AES block, `VE` + 32 hex: any process finds the record from the id alone, two ids do not tell that they share a
 * number, and nobody can make one up. One block is a permutation of itself, so ECB without padding is just that permutation.
 */
export function createVerificationIds(key: KeyObject): VerificationIds {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return {
    encode({ recordId, entryId }) {
      const block = Buffer.concat([Buffer.from(recordId, 'base64url'), Buffer.from(entryId, 'base64url')]);
      return `VE${cipher.update(block).toString('hex')}`;
    },
    decode(id) {
      if (!ID_PATTERN.test(id)) return undefined;
      const block = decipher.update(Buffer.from(id.slice(2), 'hex'));
      return { recordId: block.toString('base64url', 0, 8), entryId: block.toString('base64url', 8, 16) };
    },
  };
}

/** A delivery's id as callers see it: `VL` and the 32 hex digits of 16 random bytes. */
export function toDeliveryId(random: string): string {
  return `VL${random}`;
}
