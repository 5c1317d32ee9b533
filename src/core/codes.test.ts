import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CODE_LENGTH, deriveCode, equalInConstantTime } from './codes.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const id = `VE${'0'.repeat(32)}`;
const generations = (count: number) => Array.from({ length: count }, (_, generation) => generation);

/** How far counts are from equal: the sum of squared distances over the expected. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('a derived code', () => {
  it('does not change from one version of countersign to the next: those under way rest on it', () => {
    expect(generations(10).map((generation) => deriveCode(key, id, generation, 6))).toEqual([
      ...['598165', '213961', '630167', '629301', '647860', '040578', '412314', '941015'],
      ...['767351', '748860'],
    ]);
  });

  it('is 8 bytes of HMAC-SHA-512 of the id, as a number of so many digits', () => {
    const mac = createHmac('sha512', key).update(id).digest();
    for (const generation of generations(8)) {
      const expected = mac.readBigUInt64BE(generation * 8) % 1_000_000n;
      expect(BigInt(deriveCode(key, id, generation, 6))).toBe(expected);
    }
  });

  it('is of another block from the ninth generation on', () => {
    const macs = ['', '.1', '.2'].map((suffix) => createHmac('sha512', key).update(`${id}${suffix}`).digest());
    for (const generation of generations(24)) {
      const expected = macs[Math.floor(generation / 8)]!.readBigUInt64BE((generation % 8) * 8) % 10n ** 10n;
      expect(BigInt(deriveCode(key, id, generation, 10))).toBe(expected);
    }
    expect(new Set(generations(200).map((generation) => deriveCode(key, id, generation, 10))).size).toBe(200);
  });

  it.each(Array.from({ length: 7 }, (_, position) => position + 4))('has exactly %i digits, leading zeros included', (length) => {
    const codes = generations(4_000).map((generation) => deriveCode(key, id, generation, length));
    expect(codes.filter((code) => !/^\d+$/.test(code) || code.length !== length)).toEqual([]);
    expect(codes.some((code) => code.startsWith('00'))).toBe(true);
  });

  it('is another for another id or key, and the same for the same', () => {
    const other = `VE${'0'.repeat(31)}1`;
    expect(deriveCode(key, other, 0, 10)).not.toBe(deriveCode(key, id, 0, 10));
    expect(deriveCode(createSecretKey(Buffer.alloc(32, 8)), id, 0, 10)).not.toBe(deriveCode(key, id, 0, 10));
    expect(deriveCode(key, id, 0, 10)).toBe(deriveCode(key, id, 0, 10));
  });

  it('has every digit in every place equally often (chi-square, p > 0.001)', () => {
    const counts = generations(6).map(() => new Array<number>(10).fill(0));
    for (let n = 0; n < 20_000; n += 1) {
      for (const [place, digit] of [...deriveCode(key, `VE${n.toString(16).padStart(32, '0')}`, n % 16, 6)].entries())
        counts[place]![Number(digit)]! += 1;
    }
    // Nine degrees of freedom.
    for (const place of counts) expect(chiSquare(place)).toBeLessThan(27.88);
  });

  it('is each of its values equally often (chi-square over a hundred classes, p > 0.001)', () => {
    const counts = new Array<number>(100).fill(0);
    for (let n = 0; n < 50_000; n += 1) counts[Number(deriveCode(key, `VE${n.toString(16).padStart(32, '0')}`, 0, 4)) % 100]! += 1;
    expect(chiSquare(counts)).toBeLessThan(148.23);
  });

  it('may have 4 to 10 digits', () => {
    expect(CODE_LENGTH).toEqual({ min: 4, max: 10 });
  });
});

describe('two texts', () => {
  it.each([
    ['123456', '123456', true],
    ['', '', true],
    ['ü', 'ü', true],
    ['123456', '123457', false],
    ['123456', '023456', false],
    ['123456', '12345', false],
    ['12345', '123456', false],
    ['', '1', false],
    ['aa', 'ü', false],
  ])('%o and %o are compared in constant time: %s', (left, right, equal) => {
    expect(equalInConstantTime(left, right)).toBe(equal);
  });
});
