import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** The two halves of a verification's id: which record holds it, and which verification it is there. Both 8 bytes, as base64url. */
export interface VerificationRef {
  readonly recordId: string;
  readonly entryId: string;
}

/** A reference with the id that stands for it. */
export interface VerificationAddress extends VerificationRef {
  /** `VE` + 32 lower-case hex. */
  readonly id: string;
}

/** Turns references into ids and back. */
export interface VerificationIds {
  encode(ref: VerificationRef): string;
  /** Undefined when the text has not the form of an id. An invented id decodes to a record that does not exist. */
  decode(id: string): VerificationAddress | undefined;
}

const ID_PATTERN = /^VE[0-9a-fA-F]{32}$/;

/** An id in the one spelling that it is given out in; undefined where the text has not the form of an id. */
export function toVerificationId(text: string | undefined): string | undefined {
  return text !== undefined && ID_PATTERN.test(text) ? `VE${text.slice(2).toLowerCase()}` : undefined;
}

/** Each half of the block, in bytes. */
const HALF = 8;

/**
 * A verification's id is one AES block, `VE` + 32 hex: any process finds the record from the id alone, two ids do not tell that they share a
 * number, and nobody can make one up. One block is a permutation of itself, so ECB without padding is just that permutation.
 */
export function createVerificationIds(key: KeyObject): VerificationIds {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const scratch = Buffer.alloc(2 * HALF);
  // Whoever decodes an id encodes it again, and again: for an event, for the journal, for its answer. A block costs as much as the rest of them together.
  let last: VerificationAddress | undefined;
  return {
    encode({ recordId, entryId }) {
      if (last?.recordId === recordId && last.entryId === entryId) return last.id;
      scratch.write(recordId, 0, 'base64url');
      scratch.write(entryId, HALF, 'base64url');
      last = { recordId, entryId, id: `VE${cipher.update(scratch).toString('hex')}` };
      return last.id;
    },
    decode(id) {
      const spelt = toVerificationId(id);
      if (spelt === undefined) return undefined;
      scratch.write(spelt.slice(2), 'hex');
      const block = decipher.update(scratch);
      last = { recordId: block.toString('base64url', 0, HALF), entryId: block.toString('base64url', HALF), id: spelt };
      return last;
    },
  };
}

/** A delivery's id as callers see it: `VL` and the 32 hex digits of 16 random bytes. */
export function toDeliveryId(random: string): string {
  return `VL${random}`;
}
