import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVerificationIds, toDeliveryId } from './ids.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const ids = createVerificationIds(key);
const anyHalf = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64url'));

describe("a verification's id", () => {
  it('is VE and 32 hex digits, and tells where the verification is', () => {
    fc.assert(
      fc.property(anyHalf, anyHalf, (recordId, entryId) => {
        const id = ids.encode({ recordId, entryId });
        expect(id).toMatch(/^VE[0-9a-f]{32}$/);
        expect(ids.decode(id)).toEqual({ recordId, entryId, id });
      }),
    );
  });

  it('is understood by every process with the same key, call after call, and by none with another', () => {
    const ref = { recordId: 'AAAAAAAAAAA', entryId: 'AQEBAQEBAQE' };
    const again = createVerificationIds(createSecretKey(Buffer.alloc(32, 7)));
    const other = createVerificationIds(createSecretKey(Buffer.alloc(32, 8)));
    const id = ids.encode(ref);
    for (const count of [1, 2, 3]) {
      expect([count, ids.encode(ref), again.encode(ref), again.decode(id)]).toEqual([count, id, id, { ...ref, id }]);
    }
    expect(other.encode(ref)).not.toBe(id);
    expect(other.decode(id)).not.toMatchObject(ref);
  });

  it('may be written in capitals, and is told in small letters', () => {
    const id = ids.encode({ recordId: 'AAAAAAAAAAA', entryId: 'AQEBAQEBAQE' });
    expect(ids.decode(`VE${id.slice(2).toUpperCase()}`)).toEqual(ids.decode(id));
  });

  it('I10 shares no block with another of the same number: two do not tell that they do', () => {
    const entryIds = Array.from({ length: 500 }, (_, count) => Buffer.from(count.toString(16).padStart(16, '0'), 'hex').toString('base64url'));
    const blocks = entryIds.map((entryId) => ids.encode({ recordId: 'AAAAAAAAAAA', entryId }).slice(2));
    for (const from of [0, 8, 16, 24]) expect(new Set(blocks.map((block) => block.slice(from, from + 8))).size).toBe(blocks.length);
    for (const [position, block] of blocks.entries()) {
      const next = blocks[position + 1];
      const differing = next === undefined ? 99 : [...block].filter((digit, place) => digit !== next[place]).length;
      // Of 32 digits 30 differ on average, though the two halves before differ by a bit.
      expect(differing).toBeGreaterThan(15);
    }
  });

  it('that was invented names a record that nobody has', () => {
    const recordId = randomBytes(8).toString('base64url');
    const invented = Array.from({ length: 1_000 }, () => ids.decode(`VE${randomBytes(16).toString('hex')}`));
    expect(invented.filter((ref) => ref === undefined || ref.recordId === recordId)).toEqual([]);
  });

  it.each([
    '',
    'VE',
    `VE${'0'.repeat(31)}`,
    `VE${'0'.repeat(33)}`,
    `VE${'0'.repeat(31)}g`,
    `ve${'0'.repeat(32)}`,
    `VA${'0'.repeat(32)}`,
    `VE${'0'.repeat(32)}\n`,
    ` VE${'0'.repeat(32)}`,
    '0'.repeat(34),
    `VE${'０'.repeat(32)}`,
  ])('has not the form of %o', (text) => {
    expect(ids.decode(text)).toBeUndefined();
  });
});

describe("a delivery's id", () => {
  it('is VL and its random bytes', () => {
    expect(toDeliveryId('0123456789abcdef0123456789abcdef')).toBe('VL0123456789abcdef0123456789abcdef');
  });
});
