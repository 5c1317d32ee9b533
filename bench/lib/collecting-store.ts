import type { RecordKey, Store } from '../../src/stores/store.ts';
import type { StoredRow } from './sqlite-floor.ts';

/** A store that only gathers what an engine makes, so that a file can be filled with it in bulk. */
export interface CollectingStore {
  /** As much of a store as `start` uses. */
  readonly store: Store;
  /** Gives away what has been gathered. */
  take(): StoredRow[];
}

const HOUR = 3_600_000;

export function createCollectingStore(now: number): CollectingStore {
  const rows = new Map<string, StoredRow>();
  const update: Store['update'] = async (key: RecordKey, decide) => {
    const found = rows.get(key.id);
    const { result, next } = decide(found?.body, now);
    // As stores/sqlite-records.ts rounds it.
    if (next) rows.set(key.id, { key, body: next.body, expiresAt: next.expiresAt === undefined ? null : Math.ceil(next.expiresAt / HOUR) * HOUR });
    return result;
  };
  return {
    store: { update } as Store,
    take() {
      const taken = [...rows.values()];
      rows.clear();
      return taken;
    },
  };
}
