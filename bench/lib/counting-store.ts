import type { Store } from '../../src/stores/store.ts';

/** How often any `decide` ran, and how many writes that came to. */
export interface Count {
  readonly decisions: number;
  readonly writes: number;
}

/** A store that counts how its `update` comes about. */
export interface CountingStore {
  /** As much of a store as `start` and `check` use. */
  readonly store: Store;
  /** What has been counted since this was asked last. */
  take(): Count;
}

/**
 * Counts writes from outside, the same for every store. A store decides the calls for one record one after the other, without a pause, on what the
 * one before left, and writes what the last left: so each unbroken run of decisions in which any wanted something written is one write. Right
 * while all calls are for one record; what a store decides again after a conflict counts again.
 */
export function countWrites(counted: Store): CountingStore {
  let decisions = 0;
  let writes = 0;
  let isUnbroken = false;
  const update: Store['update'] = (key, decide) =>
    counted.update(key, (current, now) => {
      const decision = decide(current, now);
      decisions += 1;
      if (decision.next === undefined || isUnbroken) return decision;
      writes += 1;
      isUnbroken = true;
      queueMicrotask(() => {
        isUnbroken = false;
      });
      return decision;
    });
  return {
    store: { update } as Store,
    take() {
      const taken = { decisions, writes };
      decisions = 0;
      writes = 0;
      return taken;
    },
  };
}
