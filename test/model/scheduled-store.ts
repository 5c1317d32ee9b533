import type { Scheduler } from 'fast-check';
import { CountersignError } from '../../src/core/errors.ts';
import { keyText } from '../../src/stores/batch.ts';
import {
  createCompareAndSet,
  type VersionedDriver,
  type VersionedSnapshot,
  type VersionedWrite,
  type WriteReply,
} from '../../src/stores/compare-and-set.ts';
import { MAX_WRITE_AGE, type RecordKey, type Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { createSeededRandom } from '../stores/cut-store.ts';

/** One moment of which the scheduler says when it comes. */
export type Pause = (label: string) => Promise<void>;

export function toPause(scheduler: Scheduler): Pause {
  return async (label) => void (await scheduler.schedule(Promise.resolve(), label));
}

/** One process's view of a store: each request and each reply takes as long as the scheduler likes. */
export function createScheduledStore(store: Store, pause: Pause, process: number): Store {
  return toStore({
    async update(key, decide) {
      await pause(`${process} asks`);
      const result = await store.update(key, decide);
      await pause(`${process} is answered`);
      return result;
    },
    async read(key) {
      await pause(`${process} reads`);
      const snapshot = await store.read(key);
      await pause(`${process} has read`);
      return snapshot;
    },
  });
}

/** What becomes of a write, or of a read: it goes well, is not done, is done without a reply, or is done later without one. */
export type Fate = 'well' | 'not_done' | 'done' | 'done_later' | 'deadlock';

/** Ways to break the store below on purpose. */
export interface Weakness {
  /** @defaultValue true */
  readonly checksVersion?: boolean;
  /** Bytes of the versions. @defaultValue bytes that look random */
  readonly random?: (size: number) => Uint8Array;
  /** What the loop remembers of its own writes, in records. @defaultValue 10 000 */
  readonly cacheSize?: number;
}

/** A database in memory that knows versions, and several processes on it. */
export interface VersionedWorld {
  readonly records: Map<string, { readonly version: string; readonly body: string }>;
  /** One process with a loop of its own; the fates meet its calls of the database in turn, later ones go well. */
  open(process: number, fates?: readonly Fate[]): Store;
}

class Lost extends Error {
  override readonly name = 'Lost';
}

class Deadlock extends Error {
  override readonly name = 'Deadlock';
}

/** How long one call of the database may take, for the loop; no call here takes longer, as a lost reply is an error. */
const CALL_TIMEOUT = 2_000;

export function createVersionedWorld(clock: FakeClock, pause: Pause, { checksVersion = true, random, cacheSize }: Weakness = {}): VersionedWorld {
  const records: VersionedWorld['records'] = new Map();
  const bytes = random ?? createSeededRandom(7);
  const begun = clock.now();

  const read = (key: RecordKey): VersionedSnapshot => ({ ...records.get(keyText(key)), now: clock.now() }) as VersionedSnapshot;
  const write = ({ key, expected, version, body, readAt }: VersionedWrite): WriteReply => {
    const fits = !checksVersion || records.get(keyText(key))?.version === expected;
    const applied = fits && clock.now() - readAt <= MAX_WRITE_AGE;
    if (applied) records.set(keyText(key), { version, body });
    return { applied, now: clock.now() };
  };

  const connect = (process: number, fates: Fate[]): VersionedDriver => ({
    name: 'versioned',
    async read(key) {
      await pause(`${process} reads`);
      if ((fates.shift() ?? 'well') !== 'well') throw new Lost();
      const snapshot = read(key);
      await pause(`${process} has read`);
      return snapshot;
    },
    async write(written) {
      await pause(`${process} writes`);
      const fate = fates.shift() ?? 'well';
      if (fate === 'deadlock') throw new Deadlock();
      const reply = fate === 'well' || fate === 'done' ? write(written) : undefined;
      if (fate === 'done_later') void pause(`${process}'s write arrives`).then(() => write(written));
      await pause(`${process} has written`);
      if (fate === 'well' && reply !== undefined) return reply;
      throw new Lost();
    },
    classify: (error) => (error instanceof Deadlock ? 'conflict' : 'unknown'),
  });

  /** Deadlines never come; a wait to try again is a moment, in which time passes. */
  const delay = (milliseconds: number, wake: () => void) => {
    let isOff = milliseconds === CALL_TIMEOUT;
    if (!isOff) {
      void pause('waits').then(() => {
        clock.advance(Math.ceil(milliseconds * 8));
        if (!isOff) wake();
      });
    }
    return () => {
      isOff = true;
    };
  };

  return {
    records,
    open(process, fates = []) {
      const options = { callTimeout: CALL_TIMEOUT, totalTimeout: 60_000, monotonic: () => clock.now() - begun, delay, random: bytes };
      const driver = connect(process, [...fates]);
      const { update } = createCompareAndSet(driver, { ...options, ...(cacheSize !== undefined && { cacheSize }) });
      return toStore({
        update,
        async read(key) {
          try {
            const { body, now } = await driver.read(key);
            return { body, now };
          } catch (error) {
            throw new CountersignError('store_unavailable', 'the versioned store does not answer', { cause: error });
          }
        },
      });
    },
  };
}

/** A store for a verifier, which needs only these two. */
function toStore({ update, read }: Pick<Store, 'update' | 'read'>): Store {
  const none = () => Promise.reject(new Error('not needed here'));
  return {
    ...{ update, read, list: none, append: none, entries: none, sweep: none, ping: none, close: async () => {} },
    describe: () => ({ name: 'scheduled', durable: false }),
  };
}
