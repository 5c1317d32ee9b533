import { afterEach, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/core/duration.ts';
import { createKeyRing } from '../../src/core/keys.ts';
import { toCounterRecordKey } from '../../src/engine/counter-record.ts';
import { type AddCountCommand, decideAddCount, decideCheckCount, decideDeleteCount, type ResendCounter } from '../../src/engine/resend-counter.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';

const WAITS = [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY];
const ring = createKeyRing({ secret: 'a secret of thirty-two bytes, and more' });
const toPath = useTemporaryFiles();
const open: Store[] = [];

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** Two openings of one store, as two processes would have them; memory has but one. */
const STORES = {
  memory: (clock: ReturnType<typeof createFakeClock>) => {
    const store = createMemoryStore({ clock });
    return [store, store];
  },
  sqlite: (clock: ReturnType<typeof createFakeClock>) => {
    const path = toPath();
    return [createSqliteStore({ path, clock }), createSqliteStore({ path, clock })];
  },
};

function createWorld(name: keyof typeof STORES) {
  const clock = createFakeClock();
  const stores = STORES[name](clock);
  open.push(...stores);
  const key = ring.counterKey('+12025550143', 'ada');
  const at = toCounterRecordKey(key.id);
  const storeOf = (call: number) => stores[call % stores.length] as Store;
  return {
    clock,
    records: () => storeOf(0).list('counter', '', undefined, 10),
    check: (call: number) => storeOf(call).update(at, decideCheckCount({ key, claimId: `claim-${call}`, waits: WAITS })),
    add: (call: number, command: Omit<AddCountCommand, 'key' | 'waits'>) =>
      storeOf(call).update(at, decideAddCount({ key, waits: WAITS, ...command })),
    remove: (call: number) => storeOf(call).update(at, decideDeleteCount()),
  };
}

const times = <T>(count: number, work: (call: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, call) => work(call)));

async function claim({ check }: ReturnType<typeof createWorld>, call: number): Promise<ResendCounter & { claimId: string }> {
  const outcome = await check(call);
  if (outcome.status !== 'free') throw new Error(outcome.status);
  return { ...outcome.counter, claimId: `claim-${call}` };
}

describe.each(Object.keys(STORES) as (keyof typeof STORES)[])('resend counters on %s', (name) => {
  it('I5 a hundred checks at once of a new pair make one record and let one through', async () => {
    const { check, records, clock } = createWorld(name);
    const outcomes = await times(100, check);
    expect(outcomes.filter(({ status }) => status === 'free')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.status === 'claimed' && outcome.retryAt === clock.now() + 15_000)).toHaveLength(99);
    expect(await records()).toHaveLength(1);
  });

  it('I5 a hundred adds at once with one counter climb one rung', async () => {
    const world = createWorld(name);
    const { count, expires, claimId } = await claim(world, 0);
    const outcomes = await times(100, (call) => world.add(call, { count, expires, claimId }));
    expect(outcomes.filter(({ status }) => status === 'added')).toHaveLength(1);
    const until = world.clock.now() + 2 * MINUTE;
    expect(outcomes.filter((outcome) => outcome.status === 'stale' && outcome.retryAt === until)).toHaveLength(99);
    world.clock.set(until);
    expect(await world.check(1)).toMatchObject({ status: 'free', counter: { count: 1, expires: until } });
  });

  it('a hundred deletions at once delete once', async () => {
    const world = createWorld(name);
    await world.add(0, await claim(world, 0));
    const deletions = await times(100, world.remove);
    expect(deletions.filter(({ deleted }) => deleted)).toHaveLength(1);
  });

  it('I5 a hundred deletions among a hundred checks let one caller through at most', async () => {
    const world = createWorld(name);
    await claim(world, 0);
    const [checks] = await Promise.all([times(100, (call) => world.check(call + 1)), times(100, world.remove)]);
    expect(checks.filter(({ status }) => status === 'free')).toEqual([]);
    world.clock.advance(15_000);
    const [later] = await Promise.all([times(100, (call) => world.check(call + 101)), times(100, world.remove)]);
    expect(later.filter(({ status }) => status === 'free')).toHaveLength(1);
  });

  it('climb the whole ladder and begin again', async () => {
    const world = createWorld(name);
    const counts: number[] = [];
    for (const [call, wait] of [...WAITS, 2 * MINUTE].entries()) {
      const outcome = await world.add(call, await claim(world, call));
      if (outcome.status !== 'added') throw new Error(outcome.status);
      expect(outcome.counter.expires).toBe(world.clock.now() + wait);
      counts.push(outcome.counter.count);
      world.clock.advance(wait - 1);
      expect(await world.check(100)).toEqual({ status: 'too_soon', retryAt: world.clock.now() + 1 });
      world.clock.advance(1);
    }
    expect(counts).toEqual([1, 2, 3, 4, 1]);
  });

  it('I9 keep neither of the two ids in clear', async () => {
    const world = createWorld(name);
    await world.check(0);
    const [record] = await world.records();
    expect(`${record?.id}${record?.body}`).not.toMatch(/2025550143|ada"/);
  });
});
