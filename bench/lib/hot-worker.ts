import { createMysqlStore } from '../../src/stores/mysql.ts';
import { createPostgresStore } from '../../src/stores/postgres.ts';
import { createRedisStore } from '../../src/stores/redis.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { RecordKey, Store } from '../../src/stores/store.ts';
import { type BatchCount, countBatches } from './count-batches.ts';
import { createSubject } from './subject.ts';

/** Where the data of all processes lies. */
export type Target =
  | { readonly name: 'PostgreSQL'; readonly url: string }
  | { readonly name: 'MariaDB'; readonly url: string }
  | { readonly name: 'Redis'; readonly url: string; readonly prefix: string }
  | { readonly name: 'SQLite'; readonly path: string };

/** What a process is to do for a while: `take` permits at a pace, each by an update or from a lease, or `guess` at one number as fast as it can. */
export type Order =
  | { readonly do: 'take'; readonly key: RecordKey; readonly perSecond: number; readonly lease: number; readonly ms: number }
  | { readonly do: 'guess'; readonly id: string; readonly code: string; readonly inFlight: number; readonly ms: number };

/** What came of it. */
export interface Told extends BatchCount {
  readonly answers: number;
  /** From the first call to the last answer. */
  readonly ms: number;
  /** How long the answers took, in milliseconds, the shortest first. */
  readonly times: Float64Array;
}

/** How long a leased permit is good, in milliseconds. */
const LEASE_MS = 50;

export function openStore(target: Target): Store {
  if (target.name === 'SQLite') return createSqliteStore({ path: target.path });
  const { url } = target;
  if (target.name === 'PostgreSQL') return createPostgresStore({ url });
  if (target.name === 'MariaDB') return createMysqlStore({ url });
  return createRedisStore({ url, prefix: target.prefix, acknowledge: ['eviction', 'no_append_only_file'] });
}

/** Does what its parent orders, one after the other, and tells what came of each. */
export function runWorker(target: Target): void {
  const store = openStore(target);
  const counter = countBatches(store);
  process.on('message', async (order: Order | 'close') => {
    if (order === 'close') {
      await store.close();
      process.disconnect();
      return;
    }
    counter.take();
    const told = await (order.do === 'take' ? takePermits(counter.store, order) : guess(counter.store, order));
    process.send?.({ ...told, ...counter.take() });
  });
  // Connected before anything is timed.
  void store.ping().then(() => process.send?.('ready'));
}

/** Takes so many permits from the record and counts them there, as a rate limiter does that has none to refuse. */
function takeFrom(store: Store, key: RecordKey, permits: number): Promise<number> {
  return store.update(key, (current, now) => {
    const { taken } = current === undefined ? { taken: 0 } : (JSON.parse(current) as { taken: number });
    return { result: taken, next: { body: JSON.stringify({ taken: taken + permits, at: now }), expiresAt: now + 3_600_000 } };
  });
}

/** An open loop: calls are made when they are due, however many are under way. Their time runs from when they were due. */
async function takePermits(store: Store, { key, perSecond, lease, ms }: Extract<Order, { do: 'take' }>): Promise<Omit<Told, keyof BatchCount>> {
  const take = lease > 1 ? createLease(store, key, lease) : () => takeFrom(store, key, 1);
  const times: number[] = [];
  const calls: Promise<unknown>[] = [];
  const begun = performance.now();
  const until = (ms * perSecond) / 1_000;
  while (calls.length < until) {
    const due = Math.min(until, ((performance.now() - begun) * perSecond) / 1_000);
    while (calls.length < due) {
      const dueAt = begun + (calls.length * 1_000) / perSecond;
      calls.push(take().then(() => times.push(performance.now() - dueAt)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
  return { answers: times.length, ms: performance.now() - begun, times: Float64Array.from(times).sort() };
}

/** Takes many permits in one update, and hands them out for a moment. Those who find none wait for the same update. */
function createLease(store: Store, key: RecordKey, size: number): () => Promise<unknown> {
  let [left, goodUntil] = [0, 0];
  let refill: Promise<void> | undefined;
  const fill = async () => {
    await takeFrom(store, key, size);
    [left, goodUntil, refill] = [size, performance.now() + LEASE_MS, undefined];
  };
  return async () => {
    while (left === 0 || performance.now() >= goodUntil) {
      refill ??= fill();
      await refill;
    }
    left -= 1;
  };
}

/** A closed loop of callers, each of whom guesses wrong again when it is answered. */
async function guess(store: Store, { id, code, inFlight, ms }: Extract<Order, { do: 'guess' }>): Promise<Omit<Told, keyof BatchCount>> {
  const verifier = createSubject(store);
  const times: number[] = [];
  const begun = performance.now();
  const caller = async () => {
    for (let asked = performance.now(); asked < begun + ms; asked = performance.now()) {
      await verifier.check({ id, code });
      times.push(performance.now() - asked);
      // A turn, or the answers of one batch would keep those behind the next waiting for as long as they have more to ask.
      if (times.length % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { answers: times.length, ms: performance.now() - begun, times: Float64Array.from(times).sort() };
}
