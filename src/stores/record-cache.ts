import type { RecordBody } from './store.ts';

/** A record as this process wrote it last, with the store's clock as far as it can be told without asking: behind, never ahead. */
export interface CachedRecord {
  readonly version: string;
  readonly body: RecordBody;
  /** The store's clock in milliseconds, at least. */
  readonly now: number;
}

interface CacheEntry extends CachedRecord {
  /** Monotonic milliseconds when the reply to the write had come. */
  readonly arrivedAt: number;
}

/** The records this process wrote last, as text: an object shared between calls could be changed by one under the other. */
export interface RecordCache {
  /**
   * Gives a record away, with the clock of now, and forgets it: whoever takes it either writes it anew, and puts that here, or has learnt
   * that it is out of date. So no conflict and no error leaves an old record behind.
   */
  take(id: string): CachedRecord | undefined;
  /** Keeps a record just written; `now` is the store's clock in the reply, and it is put in when the reply has come. */
  put(id: string, record: CachedRecord): void;
}

/** Older records are not used, in milliseconds: what is decided on one must be written within 5 s of the time it is dated. */
const CACHE_AGE = 4_000;

/** Longer bodies are not kept, in UTF-16 units (a full record has 2,500): 10,000 entries stay under 80 MB whatever is written. */
const CACHED_LENGTH = 8_192;

/**
 * Makes a cache of at most `size` records that were written within the last 4 s. The clock it gives with one is the store's in the write's reply plus
 * the time since that reply *arrived*: since it was sent would run ahead by a round trip, and let sends through too early.
 */
export function createRecordCache(size: number, monotonic: () => number): RecordCache {
  // A map keeps the order of insertion, here that of arrival: the first are the oldest.
  const entries = new Map<string, CacheEntry>();

  const dropOld = (time: number) => {
    for (const [id, { arrivedAt }] of entries) {
      if (entries.size <= size && time - arrivedAt <= CACHE_AGE) return;
      entries.delete(id);
    }
  };

  return {
    take(id) {
      const entry = entries.get(id);
      if (!entry) return undefined;
      entries.delete(id);
      const age = monotonic() - entry.arrivedAt;
      if (age > CACHE_AGE) return undefined;
      return { version: entry.version, body: entry.body, now: Math.floor(entry.now + age) };
    },
    put(id, { version, body, now }) {
      const arrivedAt = monotonic();
      entries.delete(id);
      if (body.length <= CACHED_LENGTH) entries.set(id, { version, body, now, arrivedAt });
      dropOld(arrivedAt);
    },
  };
}
