import { afterAll, beforeEach, describe } from 'vitest';
import { createRedisStore } from '../../src/stores/redis.ts';
import type { Store } from '../../src/stores/store.ts';
import type { Doors } from '../doors-world.ts';
import { describePageSessions } from '../page-sessions-world.ts';
import { TenantsWorld } from '../tenants-world.ts';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from './redis-servers.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';

/** Two handles, as of two processes, on a store that is fresh. */
const onTwo = (createStore: (clock: { now(): number }) => Store) => async (run: (doors: Doors) => Promise<void>) => {
  const world = new TenantsWorld();
  const [here, there] = [createStore({ now: () => world.clock }), createStore({ now: () => world.clock })];
  try {
    await run({ world, here, there });
  } finally {
    await Promise.all([here.close(), there.close()]);
  }
};

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `page sessions in ${server.name}`, () => {
    const { url } = useDatabase(server);
    beforeEach(() => emptyTables(server, url));
    describePageSessions(onTwo((clock) => server.createStore({ url, clock })));
  });
}

describe.runIf(await hasSharedRedis())('page sessions in Redis', () => {
  const family = newPrefix();
  let prefix: string;
  beforeEach(() => {
    prefix = family + newPrefix();
  });
  afterAll(() => removeKeys(SHARED_URL, family));
  describePageSessions(onTwo((clock) => createRedisStore({ url: SHARED_URL, prefix, acknowledge: ['eviction', 'no_append_only_file'], clock })));
});
