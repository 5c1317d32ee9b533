/** A number's safe integers end at 2⁵³ − 1; 8 bytes are read and the last 11 bits let go. */
const SPARE_BITS = 11n;

/**
 * The id of a resend counter: the first 53 bits of a keyed hash, a whole number from 1 to 2⁵³ − 1. No counter has the id 0, which reads as "none" in
 * too many places; where the bits are all 0 it is 1.
 *
 * Two pairs share an id with a chance of 2⁻⁵³. Over ten million counters that is 0.6% for one such pair of pairs, so whoever uses an id holds the
 * counter's own hashes against it.
 *
 * @param hash at least 8 bytes.
 */
export function toCounterId(hash: Buffer): number {
  return Number(hash.readBigUInt64BE() >> SPARE_BITS) || 1;
}
