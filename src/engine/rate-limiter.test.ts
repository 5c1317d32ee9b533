import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { DOORS, recordsOf } from '../../test/doors-world.ts';
import { findSecrets } from '../../test/model/secrecy.ts';
import { expectWithin } from '../../test/rate-windows.ts';
import { useTemporaryFiles } from '../../test/stores/sqlite-files.ts';
import { bind, range, TenantsWorld } from '../../test/tenants-world.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
import type { RateVerdict } from './rate-meter.ts';
import { toRateRecordKey } from './rate-record.ts';
import { LEASE_LIFE, type RateLimit, toPace } from './rate-rule.ts';

const newPath = useTemporaryFiles();
const KEY = `SK${'1'.repeat(32)}`;
/** One a second, ten at once. */
const SLOW: RateLimit = { perMinute: 60, burst: 10 };
/** One a millisecond, a thousand at once: 50 in a lease. */
const FAST: RateLimit = { perMinute: 60_000, burst: 1_000 };
const LEASE = toPace(FAST).lease;

/** Limiters on one store, with the number of times that it was asked. */
function setUp(patch: Partial<Store> = {}, options: Partial<RateLimiterOptions> = {}) {
  const world = new TenantsWorld();
  const memory = createMemoryStore({ clock: { now: () => world.clock } });
  let updates = 0;
  const update: Store['update'] = (key, decide) => {
    updates += 1;
    return (patch.update ?? memory.update.bind(memory))(key, decide);
  };
  const store = { ...bind(memory), ...patch, update };
  const createOne = () => createRateLimiter({ store, keys: world.keys, monotonic: () => world.uptime, ...options });
  const takeUpdates = () => {
    const counted = updates;
    updates = 0;
    return counted;
  };
  return { world, memory, createOne, limiter: createOne(), takeUpdates };
}

const countOf = (verdicts: readonly RateVerdict[]) => verdicts.filter(({ allowed }) => allowed).length;
const takeMany = (limiter: RateLimiter | undefined, count: number, limit: RateLimit) =>
  Promise.all(range(count).map(async () => (await limiter?.take('key', KEY, limit)) ?? { allowed: true as const }));

describe.each(DOORS)('a rate limit %s', (name, onStores) => {
  const limitersOn = ({ world, here, there }: { world: TenantsWorld; here: Store; there: Store }) =>
    [here, there].map((store, index) =>
      createRateLimiter({ store, keys: world.keys, monotonic: () => world.uptime * (1 - index) + world.clock * index }),
    );

  it('is one for all processes', () =>
    onStores(newPath, async (doors) => {
      const [here, there] = limitersOn(doors);
      const verdicts = (await Promise.all([takeMany(here, 500, SLOW), takeMany(there, 500, SLOW)])).flat();
      expect(countOf(verdicts)).toBe(10);
      expect(verdicts.filter(({ allowed }) => !allowed)).toEqual(Array(990).fill({ allowed: false, retryAt: new Date(T0 + 1_000) }));
      doors.world.pass(999);
      expect(countOf(await takeMany(here, 5, SLOW))).toBe(0);
      doors.world.pass(1);
      expect(countOf((await Promise.all([takeMany(here, 5, SLOW), takeMany(there, 5, SLOW)])).flat())).toBe(1);
    }));

  it('is never passed in any window, over any interleaving of processes with leases', () => {
    const anyLimit = fc.record({ perMinute: fc.constantFrom(600, 6_000, 60_000, 600_000), burst: fc.constantFrom(1, 60, 200, 1_000) });
    const anyStep = fc.record({ who: fc.nat(3), wait: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(60)), count: fc.oneof(fc.nat(4), fc.nat(100)) });
    const isFile = name.includes('SQLite');
    return fc.assert(
      fc.asyncProperty(anyLimit, fc.array(anyStep, { minLength: 10, maxLength: 60 }), (limit, steps) =>
        onStores(newPath, async (doors) => {
          const limiters = [...limitersOn(doors), ...limitersOn(doors)];
          const used: number[] = [];
          for (const { who, wait, count } of steps) {
            doors.world.pass(wait);
            // Of calls at once each limiter has some, and half of them come when the others are under way.
            const early = takeMany(limiters[who], count, limit);
            await Promise.resolve();
            const late = await Promise.all([takeMany(limiters[(who + 1) % 4], count, limit), takeMany(limiters[who], count, limit)]);
            used.push(...Array<number>(countOf([...(await early), ...late.flat()])).fill(doors.world.clock));
          }
          expectWithin(toPace(limit), used);
        }),
      ),
      { numRuns: isFile ? 15 : 150 },
    );
  });

  it('is short by one lease for each process at the most', () =>
    onStores(newPath, async (doors) => {
      const limiters = [...limitersOn(doors), ...limitersOn(doors)];
      let used = 0;
      for (const _ of range(700)) for (const limiter of limiters) used += countOf(await takeMany(limiter, 1, FAST));
      expect(used).toBeLessThanOrEqual(1_000);
      // One more lease, as those that are taken from a full burst are charged for its end.
      expect(used).toBeGreaterThanOrEqual(1_000 - (limiters.length + 1) * LEASE);
    }));
});

describe('a hot key', () => {
  it('takes permits ahead: at nine tenths of its rate it asks every fortieth time or less', async () => {
    const { world, limiter, takeUpdates } = setUp();
    let used = 0;
    for (const index of range(9_000)) {
      used += countOf(await takeMany(limiter, 1, FAST));
      world.pass(index % 9 === 0 ? 2 : 1);
    }
    expect([used, takeUpdates() <= 9_000 / 40]).toEqual([9_000, true]);
  });

  it('shares one write among calls at once, and those that come meanwhile share the next', async () => {
    const { memory, limiter, takeUpdates } = setUp();
    const early = takeMany(limiter, 500, FAST);
    await Promise.resolve();
    await Promise.resolve();
    const late = takeMany(limiter, 600, FAST);
    expect([countOf(await early), countOf(await late)]).toEqual([500, 500]);
    expect([takeUpdates(), (await recordsOf(memory, 'rate')).length]).toEqual([2, 1]);
  });

  it('lets a lease lapse after 50 ms, counted from before the store was asked', async () => {
    for (const [onTheWay, after, asked] of [
      [0, 49, 0],
      [0, 50, 1],
      [20, 29, 0],
      [20, 30, 1],
      [60, 0, 1],
    ] as const) {
      let delay = 0;
      const held: Store['update'] = async (key, decide) => {
        const result = await memory.update(key, decide);
        world.pass(delay);
        return result;
      };
      const { world, memory, limiter, takeUpdates } = setUp({ update: held });
      await takeMany(limiter, 20, FAST);
      world.pass(1);
      delay = onTheWay;
      await takeMany(limiter, 1, FAST);
      delay = 0;
      expect(takeUpdates()).toBe(2);
      world.pass(after);
      await takeMany(limiter, 1, FAST);
      expect([onTheWay, after, takeUpdates()]).toEqual([onTheWay, after, asked]);
    }
  });

  it('wastes little where it is used little: what lapsed is not taken again', async () => {
    const { world, memory, limiter } = setUp();
    for (const _ of range(1_000)) {
      expect(countOf(await takeMany(limiter, 2, FAST))).toBe(2);
      world.pass(LEASE_LIFE);
    }
    const [record] = await recordsOf(memory, 'rate');
    const ahead = JSON.parse(record?.split(' ')[1] ?? '')[1] / 1_000 - world.clock;
    expect(ahead).toBeLessThanOrEqual(LEASE_LIFE);
  });
});

describe('a refusal', () => {
  it('is remembered until it is over, and takes nothing of the store', async () => {
    const { world, limiter, takeUpdates } = setUp();
    await takeMany(limiter, 10, SLOW);
    expect(takeUpdates()).toBe(1);
    for (const _ of range(10)) {
      expect(await limiter.take('key', KEY, SLOW)).toEqual({ allowed: false, retryAt: new Date(T0 + 1_000) });
      world.pass(99);
    }
    world.pass(9);
    expect([countOf(await takeMany(limiter, 5, SLOW)), takeUpdates()]).toEqual([0, 0]);
    world.pass(1);
    expect([countOf(await takeMany(limiter, 5, SLOW)), takeUpdates()]).toEqual([1, 1]);
  });

  it('is over when the wait is, though the clock of the store was set back meanwhile', async () => {
    const { world, limiter } = setUp();
    await takeMany(limiter, 10, SLOW);
    world.clock -= 3_600_000;
    world.pass(1_000);
    const verdict = await limiter.take('key', KEY, SLOW);
    expect(verdict).toEqual({ allowed: false, retryAt: new Date(world.clock + 1_000) });
    world.pass(1_000);
    expect(await limiter.take('key', KEY, SLOW)).toEqual({ allowed: true });
  });
});

describe('who is limited', () => {
  const exhaust = async (limiter: RateLimiter, scope: 'key' | 'address', id: string) => {
    await Promise.all(range(10).map(() => limiter.take(scope, id, SLOW)));
    return (await limiter.take(scope, id, SLOW)).allowed;
  };

  it('is one key, and no other', async () => {
    const { limiter } = setUp();
    expect(await exhaust(limiter, 'key', KEY)).toBe(false);
    expect(await limiter.take('key', `${KEY}1`, SLOW)).toEqual({ allowed: true });
  });

  it('is an address, however it is spelt, and its /64', async () => {
    const { limiter } = setUp();
    expect([await exhaust(limiter, 'address', '192.0.2.1'), await exhaust(limiter, 'address', '2001:db8::1')]).toEqual([false, false]);
    const others = ['::ffff:192.0.2.1', '2001:db8:0:0:ffff::1', '192.0.2.2', '2001:db8:0:1::1'];
    const verdicts = await Promise.all(others.map((address) => limiter.take('address', address, SLOW)));
    expect(verdicts.map(({ allowed }) => allowed)).toEqual([false, false, true, true]);
    expect((await limiter.take('key', '192.0.2.1', SLOW)).allowed).toBe(true);
  });

  it('is nobody where there is no address', async () => {
    const { limiter, takeUpdates } = setUp();
    for (const address of ['', 'unknown', '1.2.3.4, 5.6.7.8']) {
      const error = await rejectionOf(limiter.take('address', address, SLOW));
      expect([error.code, error.field, error.message.includes('1.2.3.4')]).toEqual(['invalid_request', 'address', false]);
    }
    expect(takeUpdates()).toBe(0);
  });

  it('begins anew under another limit, and is refused one that is none', async () => {
    const { limiter } = setUp();
    expect(await exhaust(limiter, 'key', KEY)).toBe(false);
    expect(await limiter.take('key', KEY, { ...SLOW, burst: 11 })).toEqual({ allowed: true });
    expect((await rejectionOf(limiter.take('key', KEY, { perMinute: 0, burst: 1 }))).code).toBe('configuration_invalid');
  });

  it('is forgotten in this process when there are too many, and not in the store', async () => {
    const { limiter, takeUpdates } = setUp({}, { remembered: 2 });
    expect(await exhaust(limiter, 'key', 'first')).toBe(false);
    await limiter.take('key', 'second', SLOW);
    await limiter.take('key', 'first', SLOW);
    await limiter.take('key', 'third', SLOW);
    takeUpdates();
    expect([(await limiter.take('key', 'first', SLOW)).allowed, takeUpdates()]).toEqual([false, 0]);
    expect([(await limiter.take('key', 'second', SLOW)).allowed, takeUpdates()]).toEqual([true, 1]);
    expect([(await limiter.take('key', 'third', SLOW)).allowed, takeUpdates()]).toEqual([true, 1]);
    expect([(await limiter.take('key', 'first', SLOW)).allowed, takeUpdates()]).toEqual([false, 1]);
  });

  it('I9 cannot be read from the store, in any form', async () => {
    const { limiter, memory } = setUp();
    await limiter.take('key', KEY, SLOW);
    for (const address of ['203.0.113.77', '2001:db8:1234:5678::1']) await limiter.take('address', address, SLOW);
    const dump = { name: 'store', bytes: Buffer.from((await recordsOf(memory, 'rate')).join('\n')) };
    expect(dump.bytes.toString().split('\n')).toHaveLength(3);
    expect(findSecrets([dump], { key: KEY, address: '203.0.113.77', block: '2001:db8:1234:5678' })).toEqual([]);
  });
});

describe('a store that fails', () => {
  const raise = () => {
    throw Object.assign(new Error('redis://user:password@host'), { code: 'ECONNRESET' });
  };

  it.each<[string, Store['update']]>([
    ['rejects', async () => raise()],
    ['throws', () => raise()],
  ])('answers all who wait, whether it %s, and is asked again by the next', async (_how, failing) => {
    let isDown = true;
    const { memory, limiter, takeUpdates } = setUp({ update: (key, decide) => (isDown ? failing(key, decide) : memory.update(key, decide)) });
    const errors = await Promise.all(range(5).map(() => rejectionOf(limiter.take('key', KEY, SLOW))));
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual(Array(5).fill(['store_unavailable', { name: 'Error', code: 'ECONNRESET' }]));
    expect([inspect(errors).includes('password'), takeUpdates()]).toEqual([false, 1]);
    isDown = false;
    expect(countOf(await takeMany(limiter, 11, SLOW))).toBe(10);
  });

  it('takes no lease away that was given before', async () => {
    let isDown = false;
    const { memory, world, limiter } = setUp({ update: async (key, decide) => (isDown ? raise() : memory.update(key, decide)) });
    await takeMany(limiter, 20, FAST);
    world.pass(1);
    await takeMany(limiter, 1, FAST);
    isDown = true;
    expect(countOf(await takeMany(limiter, 40, FAST))).toBe(40);
    expect((await rejectionOf(limiter.take('key', KEY, FAST))).code).toBe('store_unavailable');
  });

  it('holds a record of a newer version: refused, not guessed at', async () => {
    const { memory, world, createOne, limiter } = setUp();
    await limiter.take('key', KEY, SLOW);
    const [record] = await memory.list('rate', '', undefined, 1);
    await memory.update(toRateRecordKey(record?.id ?? ''), () => ({ result: 0, next: { body: '[2,"new"]', expiresAt: undefined } }));
    world.pass(1);
    expect((await rejectionOf(createOne().take('key', KEY, SLOW))).message).toContain('newer version');
  });
});
