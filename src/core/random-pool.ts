import { randomBytes } from 'node:crypto';

/** Bytes drawn at once. */
const POOL_SIZE = 4_096;

/**
 * Random bytes from `node:crypto`, drawn in bulk and each given out once: drawn a few at a time they cost 3 µs a call, a quarter of all that the
 * compare-and-set loop does for a write. At most {@link POOL_SIZE} at a time.
 */
export function createRandomPool(): (size: number) => Buffer {
  let pool = Buffer.alloc(0);
  return (size) => {
    if (pool.length < size) pool = randomBytes(POOL_SIZE);
    const given = pool.subarray(0, size);
    pool = pool.subarray(size);
    return given;
  };
}
