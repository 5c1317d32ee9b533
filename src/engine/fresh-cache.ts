/**
 * Remembers what was read, for a short time. It may be out of date by as much as its age, never by more: a value's age counts from before it was asked for.
 * What this process changes itself it forgets, and a read that was under way then is not remembered.
 */
export interface FreshCache<V> {
  /** What is remembered, with its age in milliseconds; undefined where nothing is, or where it is too old. */
  get(id: string): Aged<V> | undefined;
  /** Reads and remembers, unless nothing was found. Calls at the same time share one read. */
  load(id: string, read: () => Promise<V | undefined>): Promise<V | undefined>;
  /** To be called when a change has been committed, before it is answered. */
  forget(id: string): void;
}

/** A value, and how long ago it was asked for. */
export interface Aged<V> {
  readonly value: V;
  readonly age: number;
}

/** Settings of {@link createFreshCache}. */
export interface FreshCacheOptions {
  /** In milliseconds. */
  readonly maxAge: number;
  /** Entries at most; the oldest go first. */
  readonly size: number;
  /** A clock that never goes back, in milliseconds from anywhere. */
  readonly monotonic: () => number;
}

interface Entry<V> {
  readonly value: V;
  readonly askedAt: number;
}

interface Reading<V> {
  readonly answer: Promise<V | undefined>;
  readonly askedAt: number;
}

/** Makes an empty cache. */
export function createFreshCache<V>({ maxAge, size, monotonic }: FreshCacheOptions): FreshCache<V> {
  // A map keeps the order of insertion: the first are the oldest.
  const entries = new Map<string, Entry<V>>();
  const readings = new Map<string, Reading<V>>();

  const keep = (id: string, value: V, askedAt: number) => {
    entries.delete(id);
    entries.set(id, { value, askedAt });
    for (const oldest of entries.keys()) {
      if (entries.size <= size) return;
      entries.delete(oldest);
    }
  };

  const begin = (id: string, read: () => Promise<V | undefined>): Reading<V> => {
    const run = async () => {
      try {
        const value = await read();
        // Ensure that a read that was forgotten meanwhile, or that a later one overtook, is not remembered: it may be of before a revocation.
        if (value !== undefined && readings.get(id) === reading) keep(id, value, reading.askedAt);
        return value;
      } finally {
        if (readings.get(id) === reading) readings.delete(id);
      }
    };
    const askedAt = monotonic();
    const reading: Reading<V> = { askedAt, answer: Promise.resolve().then(run) };
    readings.set(id, reading);
    return reading;
  };

  return {
    get(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      const age = monotonic() - entry.askedAt;
      if (age <= maxAge) return { value: entry.value, age };
      entries.delete(id);
      return undefined;
    },
    load(id, read) {
      const current = readings.get(id);
      // One that has taken too long already is not joined: what it finds may be that old.
      return (current !== undefined && monotonic() - current.askedAt <= maxAge ? current : begin(id, read)).answer;
    },
    forget(id) {
      entries.delete(id);
      readings.delete(id);
    },
  };
}
