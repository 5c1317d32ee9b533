import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRedisStore } from '../../src/stores/redis.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { createVersionedWorld, type Weakness } from '../model/scheduled-store.ts';
import { expectStake, HANDLES, HISTORIES, itIsLinearizable, playAll } from './concurrent-histories.ts';
import { findOrder, NotLinearizable, type Operation } from './linearizability.ts';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from './redis-servers.ts';
import { describeOn, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';
import { useTemporaryFiles } from './sqlite-files.ts';

describe('memory: concurrent histories', () => {
  itIsLinearizable((clock) => createMemoryStore(clock && { clock }), 1);
});

describe('SQLite: concurrent histories', () => {
  const newFile = useTemporaryFiles();
  const paths = new Map<Clock | undefined, string>();
  itIsLinearizable((clock) => {
    const path = paths.get(clock) ?? newFile();
    paths.set(clock, path);
    return createSqliteStore({ path, ...(clock && { clock }) });
  });
});

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: concurrent histories`, () => {
    const database = useDatabase(server);
    itIsLinearizable((clock) => server.createStore({ url: database.url, poolSize: 2, ...(clock && { clock }) }));
  });
}

describe.runIf(await hasSharedRedis())('Redis: concurrent histories', () => {
  let prefix = '';
  beforeAll(() => {
    prefix = newPrefix();
  });
  afterAll(() => removeKeys(SHARED_URL, prefix));
  itIsLinearizable((clock) =>
    createRedisStore({ url: SHARED_URL, prefix, acknowledge: ['eviction', 'no_append_only_file'], ...(clock && { clock }) }),
  );
});

describe('a store broken on purpose', () => {
  /** Three processes on a database in memory that answers a turn of the event loop later. */
  const open = (weakness: Weakness): Store[] => {
    const world = createVersionedWorld(createFakeClock(), () => new Promise((resolve) => setImmediate(resolve)), weakness);
    return Array.from({ length: HANDLES }, (_, process) => world.open(process));
  };

  it('would be found: one that is not passes', async () => {
    expectStake(await playAll(open({})));
  });

  it('that compares no versions is found', async () => {
    await expect(playAll(open({ checksVersion: false }))).rejects.toThrow(expect.objectContaining({ cause: expect.any(NotLinearizable) }));
  });

  it('that compares no versions loses calls in most histories', async () => {
    let lost = 0;
    await playAll(open({ checksVersion: false }), (history) => {
      if (findOrder(history) === undefined) lost += 1;
    });
    expect(lost).toBeGreaterThan(HISTORIES / 3);
  });

  it('that decides what it answers on an old read is found', async () => {
    const [target] = open({ cacheSize: 0 }) as [Store, ...Store[]];
    const before = new Map<string, string | undefined>();
    const stale: Store = {
      ...target,
      async update(key, decide) {
        const found = before.get(key.id);
        const answered = await target.update(key, (current, now) => {
          before.set(key.id, current);
          const decided = decide(current, now);
          // As somebody would who keeps records in a cache, and answers refusals from there.
          return decided.next === undefined && found !== undefined ? decide(found, now) : decided;
        });
        return answered;
      },
    };
    await expect(playAll([stale])).rejects.toThrow(expect.objectContaining({ cause: expect.any(NotLinearizable) }));
  });
});

describe('findOrder', () => {
  /** A counter: each call adds one and answers what it found. */
  const add = (asked: number, answered: number, found: number): Operation => ({
    ...{ label: 'add', asked, answered, now: 0, answer: found },
    decide: (current) => ({ result: Number(current ?? 0), next: { body: String(Number(current ?? 0) + 1), expiresAt: undefined } }),
  });

  it.each<[string, Operation[], string | undefined, number[] | undefined]>([
    ['one after the other', [add(0, 1, 0), add(2, 3, 1)], '2', [0, 1]],
    ['the other way round while both are under way', [add(0, 3, 1), add(1, 2, 0)], '2', [1, 0]],
    ['the other way round, one after the other', [add(0, 1, 1), add(2, 3, 0)], '2', undefined],
    ['both told that they were first', [add(0, 2, 0), add(1, 3, 0)], '1', undefined],
    ['another end than any order has', [add(0, 2, 0), add(1, 3, 1)], '1', undefined],
    ['no calls and no record', [], undefined, []],
    ['no calls and a record', [], '1', undefined],
    ['a chain of three that only one order explains', [add(0, 5, 2), add(1, 2, 0), add(3, 4, 1)], '3', [1, 2, 0]],
    ['one that was answered before the two that came before it', [add(0, 1, 2), add(2, 5, 0), add(3, 4, 1)], '3', undefined],
  ])('%s', (_, operations, final, order) => {
    expect(findOrder({ operations, final })?.map((operation) => operations.indexOf(operation))).toEqual(order);
  });
});
