import { type Clock, CountersignError, type RecordKey, type Store } from 'countersign';
import { createCompareAndSet, MAX_WRITE_AGE } from 'countersign/stores/compare-and-set';

/** The store that everybody writes first: read, decide, write. It works when it is tried, and two calls at the same time both pass. */
export function createToyStore({ clock }: { readonly clock: Clock }): Store {
  const records = new Map<string, string>();
  let isClosed = false;
  const read: Store['read'] = async (key) => {
    if (isClosed) throw new CountersignError('store_unavailable', 'the toy store is closed');
    return { body: records.get(toName(key)), now: clock.now() };
  };
  return {
    ...NOTHING_ELSE,
    read,
    async update(key, decide) {
      const { body, now } = await read(key); // While this waits, another call reads the same body …
      const { result, next } = decide(body, now);
      if (next) records.set(toName(key), next.body); // … and what it wrote meanwhile is overwritten here.
      return result;
    },
    async ping() {
      await read({ kind: '', partition: '', id: '' });
    },
    async close() {
      isClosed = true;
    },
  };
}

/** The same, mended: a write says which version it was decided on, and is refused when that is not there any more. */
export function createMendedToyStore({ clock }: { readonly clock: Clock }): Store {
  const records = new Map<string, { readonly version: string; readonly body: string }>();
  const { update, close } = createCompareAndSet(
    {
      name: 'toy',
      read: async (key) => ({ ...records.get(toName(key)), now: clock.now() }),
      async write({ key, expected, version, body, readAt }) {
        const now = clock.now();
        const isUnchanged = records.get(toName(key))?.version === expected;
        const isLate = now - readAt > MAX_WRITE_AGE; // A process that stood still decides again.
        if (!isUnchanged || isLate) return { applied: false, now };
        records.set(toName(key), { version, body });
        return { applied: true, now };
      },
    },
    { cacheSize: 0 }, // A cached record goes by real time, and this store by a clock that tests move.
  );
  const read: Store['read'] = (key) => update(key, (body, now) => ({ result: { body, now } }));
  const ping = async () => void (await read({ kind: '', partition: '', id: '' }));
  return { ...NOTHING_ELSE, update, read, ping, close };
}

/** A toy keeps no journal, lists nothing, and never removes a record. */
const NOTHING_ELSE: Pick<Store, 'append' | 'entries' | 'list' | 'sweep' | 'describe'> = {
  append: notHere,
  entries: notHere,
  list: notHere,
  sweep: notHere,
  describe: () => ({ name: 'toy', durable: false }),
};

async function notHere(): Promise<never> {
  throw new CountersignError('store_unavailable', 'the toy store keeps records, and does nothing else');
}

function toName({ kind, partition, id }: RecordKey): string {
  return JSON.stringify([kind, partition, id]);
}
