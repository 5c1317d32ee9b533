import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveAttemptKey, NONCE_BYTES, type SealContext, seal, unseal } from './sealing.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const nonce = Buffer.alloc(NONCE_BYTES, 1);
const context: SealContext = { verificationId: 'VE1', service: 'default', destinationKey: 'exact' };
const sealed = seal(key, nonce, '+14155552671', context);

describe('a seal', () => {
  it('opens with its key and for its context', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array({ minLength: NONCE_BYTES, maxLength: NONCE_BYTES }), (text, bytes) => {
        expect(unseal(key, seal(key, Buffer.from(bytes), text, context), context)).toBe(text);
      }),
    );
  });

  it('is AES-256-GCM: nonce, ciphertext, tag', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    expect(NONCE_BYTES).toBe(12);
    expect(bytes).toHaveLength(12 + 12 + 16);
    expect(bytes.subarray(0, 12)).toEqual(nonce);
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(seal(key, nonce, '+14155552671', context)).toBe(sealed);
    expect(seal(key, randomBytes(NONCE_BYTES), '+14155552671', context)).not.toBe(sealed);
  });

  it('does not change from one version of countersign to the next: those under way are read by it', () => {
    expect(sealed).toBe('AQEBAQEBAQEBAQEBXdC9hqWK2Tvj4usQyq-mQOIoLOhwuc0_id31zg');
  });

  it('I9 does not show its text', () => {
    expect(Buffer.from(sealed, 'base64url').includes('4155552671')).toBe(false);
  });

  it.each([
    ['another key', createSecretKey(Buffer.alloc(32, 8)), sealed, context],
    ['another verification', key, sealed, { ...context, verificationId: 'VE2' }],
    ['another service', key, sealed, { ...context, service: 'shop' }],
    ['another destination', key, sealed, { ...context, destinationKey: 'other' }],
    ['parts that end elsewhere', key, sealed, { ...context, verificationId: 'VE1\0default', service: 'exact', destinationKey: '' }],
    ['nothing', key, '', context],
    ['less than a nonce and a tag', key, sealed.slice(0, 36), context],
    ['no seal at all', key, 'no seal at all, but long enough to be one', context],
    ['one with more behind it', key, `${sealed}AAAA`, context],
  ])('does not open for %s', (_name, otherKey, text, otherContext) => {
    expect(unseal(otherKey, text, otherContext)).toBeUndefined();
  });

  it('does not open with any bit of it changed', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(unseal(key, changed.toString('base64url'), context)).toBeUndefined();
    }
  });

  it('does not open cut to any length', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    for (let length = 0; length < bytes.length; length += 1)
      expect(unseal(key, bytes.subarray(0, length).toString('base64url'), context)).toBeUndefined();
  });

  it('of an empty text opens to an empty text', () => {
    expect(unseal(key, seal(key, nonce, '', context), context)).toBe('');
  });
});

describe("an attempt's key", () => {
  it('takes the verification and the attempt id to derive', () => {
    const made = [
      ['VE1', 'attempt-1'],
      ['VE1', 'attempt-2'],
      ['VE2', 'attempt-1'],
      ['VE1\0attempt-1', ''],
    ].map(([id, attempt]) => deriveAttemptKey(key, id!, attempt!).export().toString('hex'));
    expect(new Set(made).size).toBe(4);
    expect(made[0]).toHaveLength(64);
    expect(deriveAttemptKey(key, 'VE1', 'attempt-1').export().toString('hex')).toBe(made[0]);
    expect(
      deriveAttemptKey(createSecretKey(Buffer.alloc(32, 8)), 'VE1', 'attempt-1')
        .export()
        .toString('hex'),
    ).not.toBe(made[0]);
  });
});
