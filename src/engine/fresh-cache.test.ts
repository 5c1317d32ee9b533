import { describe, expect, it } from 'vitest';
import { createFreshCache } from './fresh-cache.ts';

/** A cache on a clock that a test moves, and reads that a test answers. */
function setUp(size = 10) {
  const time = { now: 0 };
  const cache = createFreshCache<string>({ maxAge: 2_000, size, monotonic: () => time.now });
  const waiting: ((value: string | undefined) => void)[] = [];
  const read = () => new Promise<string | undefined>((resolve) => waiting.push(resolve));
  const began = async (count: number) => {
    for (let turn = 0; turn < 5; turn += 1) await null;
    expect(waiting).toHaveLength(count);
  };
  return { time, cache, read, waiting, began };
}

describe('what was just read', () => {
  it('is remembered for 2 s, counted from before it was asked for', async () => {
    const { time, cache, read, waiting, began } = setUp();
    const loading = cache.load('a', read);
    await began(1);
    time.now = 500;
    waiting[0]?.('one');
    expect(await loading).toBe('one');
    expect(cache.get('a')).toEqual({ value: 'one', age: 500 });
    time.now = 2_000;
    expect(cache.get('a')).toEqual({ value: 'one', age: 2_000 });
    time.now = 2_001;
    expect(cache.get('a')).toBeUndefined();
  });

  it('is read once for all who ask at the same time, but not for who asks when that has taken too long', async () => {
    const { time, cache, read, waiting, began } = setUp();
    const all = [cache.load('a', read), cache.load('a', read)];
    await began(1);
    time.now = 2_001;
    const late = cache.load('a', read);
    await began(2);
    waiting[1]?.('new');
    expect(await late).toBe('new');
    waiting[0]?.('old');
    expect(await Promise.all(all)).toEqual(['old', 'old']);
    expect(cache.get('a')?.value).toBe('new');
  });

  it('is not remembered where it was forgotten while it was read, and who asks after that asks anew', async () => {
    const { cache, read, waiting, began } = setUp();
    const before = cache.load('a', read);
    await began(1);
    cache.forget('a');
    const after = cache.load('a', read);
    await began(2);
    waiting[0]?.('of before');
    expect(await before).toBe('of before');
    expect(cache.get('a')).toBeUndefined();
    waiting[1]?.('of after');
    expect(await after).toBe('of after');
    expect(cache.get('a')?.value).toBe('of after');
    cache.forget('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('is not remembered where there was nothing, or where it could not be read', async () => {
    const { cache } = setUp();
    expect(await cache.load('a', async () => undefined)).toBeUndefined();
    await expect(cache.load('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(cache.get('a')).toBeUndefined();
    expect(await cache.load('a', async () => 'up')).toBe('up');
  });

  it('is bounded: the oldest goes first', async () => {
    const { cache } = setUp(2);
    for (const id of ['a', 'b', 'a', 'c']) await cache.load(id, async () => id);
    expect(['a', 'b', 'c'].map((id) => cache.get(id)?.value)).toEqual(['a', undefined, 'c']);
  });
});
