import { afterAll, describe, it } from 'vitest';
import { createRedisStore } from '../../src/stores/redis.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from './redis-servers.ts';

describe.runIf(await hasSharedRedis())('Redis store', () => {
  const family = newPrefix();
  afterAll(() => removeKeys(SHARED_URL, family));

  storeSuite(
    { describe, it },
    ({ clock }) => {
      const prefix = family + newPrefix();
      return { connect: () => createRedisStore({ url: SHARED_URL, prefix, clock, acknowledge: ['eviction', 'no_append_only_file'] }) };
    },
    { sweep: false },
  );
});
