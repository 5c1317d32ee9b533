import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Fewest and most digits of a code. Six are the least for a login (NIST SP 800-63B-4 §3.1.3.2); Twilio's clients know 4 to 10. */
export const CODE_LENGTH = { min: 4, max: 10 } as const;

/** How many codes there are of each length. */
const MODULI: readonly bigint[] = Array.from({ length: CODE_LENGTH.max + 1 }, (_, length) => 10n ** BigInt(length));

/** Eight codes of eight bytes each fit into one HMAC-SHA-512. */
const CODES_PER_BLOCK = 8;

/**
 * The code of one generation of one verification. It is derived each time it is needed and kept nowhere, not even hashed: who reads the whole
 * database learns nothing without the key. 64 bits mod 10^length: the bias is below 10⁻⁹ at ten digits.
 *
 * @param generation 0 for the first code of a verification, one more each time the code is changed.
 */
export function deriveCode(key: KeyObject, verificationId: string, generation: number, length: number): string {
  const block = Math.floor(generation / CODES_PER_BLOCK);
  const mac = createHmac('sha512', key)
    .update(block === 0 ? verificationId : `${verificationId}.${block}`)
    .digest();
  const number = mac.readBigUInt64BE((generation % CODES_PER_BLOCK) * 8) % (MODULI[length] ?? 1n);
  return number.toString().padStart(length, '0');
}

/** Compares two texts of equal length in constant time; texts of different length are unequal at once. */
export function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
