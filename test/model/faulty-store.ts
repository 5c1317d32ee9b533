import { CountersignError } from '../../src/core/errors.ts';
import type { Decide, RecordKey, Snapshot, Store } from '../../src/stores/store.ts';
import type { StoreFault } from './commands.ts';

/** A store whose calls can fail on purpose, and that tells which records were written. */
export interface FaultyStore extends Store {
  /** A call of a verifier begins, and this befalls the store until it ends. */
  begin(fault: StoreFault): void;
  end(): void;
  /** The destination's record that the call has asked for. */
  readonly lastKey: RecordKey | undefined;
}

/** What happens at a store's edge in a test. */
export interface FaultyStoreOptions {
  /** The store behind it; asked each time, as a restart may open it anew. */
  readonly target: () => Store;
  /** Called after each write of a destination's record has been committed. */
  readonly onWrite?: (key: RecordKey) => void;
  /** Whether it hides that it is down, and answers as if it had kept what was decided. */
  readonly pretends?: boolean;
}

/** Only destinations are counted and lost: the fingerprint of the index secret is looked at once, before anything else. */
export function createFaultyStore({ target, onWrite, pretends = false }: FaultyStoreOptions): FaultyStore {
  let [fault, updates]: [StoreFault, number] = ['none', 0];
  let lastKey: RecordKey | undefined;

  const update = async <T>(key: RecordKey, decide: Decide<T>): Promise<T> => {
    if (fault === 'down' && pretends) return decide(undefined, (await target().read(key)).now).result;
    if (fault === 'down') throw outage();
    if (key.kind !== 'destination') return target().update(key, decide);
    updates += 1;
    lastKey = key;
    if (fault === 'breaks' && updates > 1) throw outage();
    let isWritten = false;
    const result = await target().update(key, (current, now) => {
      const decision = decide(current, now);
      isWritten = decision.next !== undefined;
      return decision;
    });
    if (isWritten) onWrite?.(key);
    if (fault === 'loses' && updates === 1) throw outage();
    return result;
  };

  return {
    update,
    begin: (next) => {
      [fault, updates, lastKey] = [next, 0, undefined];
    },
    end: () => {
      fault = 'none';
    },
    get lastKey() {
      return lastKey;
    },
    async read(key): Promise<Snapshot> {
      if (fault === 'down') throw outage();
      if (key.kind === 'destination') lastKey = key;
      return target().read(key);
    },
    list: (...args) => target().list(...args),
    append: (entries) => target().append(entries),
    entries: (...args) => target().entries(...args),
    sweep: (limit) => target().sweep(limit),
    ping: () => target().ping(),
    close: () => target().close(),
    describe: () => target().describe(),
  };
}

function outage(): CountersignError {
  return new CountersignError('store_unavailable', 'the store is down on purpose');
}
