import type { Store } from '../../src/stores/store.ts';

/** What calls of `update` for one record came to. */
export interface BatchCount {
  /** Batches of calls that were written. */
  readonly writes: number;
  /** Batches that were to be written and had to be decided again. */
  readonly conflicts: number;
}

/** A store that counts how its `update` comes about. */
export interface BatchCounter {
  /** As much of a store as a verifier uses. */
  readonly store: Store;
  /** What has been counted since this was asked last. */
  take(): BatchCount;
}

/**
 * Counts from outside, the same for every store: the calls for one record are decided one after the other without a pause, so that each unbroken run of
 * decisions in which any wants to write is a batch that is sent. It was written if it is the last run that any of its calls was in when that was answered.
 * Right while all calls are for one record.
 */
export function countBatches(counted: Store): BatchCounter {
  let run = 0;
  let isUnbroken = false;
  const sent = new Set<number>();
  const answered = new Set<number>();
  const update: Store['update'] = async (key, decide) => {
    let last = 0;
    const result = await counted.update(key, (current, now) => {
      if (!isUnbroken) {
        run += 1;
        isUnbroken = true;
        queueMicrotask(() => {
          isUnbroken = false;
        });
      }
      last = run;
      const decision = decide(current, now);
      if (decision.next) sent.add(run);
      return decision;
    });
    if (sent.has(last)) answered.add(last);
    return result;
  };
  return {
    store: { update, read: (key) => counted.read(key) } as Store,
    take() {
      const taken = { writes: answered.size, conflicts: sent.size - answered.size };
      sent.clear();
      answered.clear();
      return taken;
    },
  };
}
