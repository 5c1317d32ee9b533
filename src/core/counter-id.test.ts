import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCounterId } from './counter-id.ts';

const from = (hex: string) => toCounterId(Buffer.from(hex, 'hex'));

describe("a resend counter's id", () => {
  it.each([
    ['the largest there is', 'ffffffffffffffff', Number.MAX_SAFE_INTEGER],
    ['its first bit', '8000000000000000', 2 ** 52],
    ['the last bit of 53', '0000000000000800', 1],
    ['two of its bits', '0000000000001800', 3],
    ['1 instead of 0', '0000000000000000', 1],
    ['1 where only spare bits are set', '00000000000007ff', 1],
    ['the same, whatever follows', '0000000000001fffffffffff', 3],
  ])('is the first 53 bits of a hash: %s', (_name, hex, id) => {
    expect(from(hex)).toBe(id);
  });

  it('is always a whole number from 1 to 2⁵³ − 1', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 16 }), (bytes) => {
        const id = toCounterId(Buffer.from(bytes));
        expect([Number.isSafeInteger(id), id >= 1]).toEqual([true, true]);
      }),
    );
  });
});
