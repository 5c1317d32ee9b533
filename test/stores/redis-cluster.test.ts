import { afterAll, beforeAll, describe, it } from 'vitest';
import { createRedisStore } from '../../src/stores/redis.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { hasRedisServer, newPrefix, type RedisClusterProcesses, startRedisCluster } from './redis-servers.ts';

describe.runIf(hasRedisServer())('Redis store on a cluster', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.remove());

  storeSuite(
    { describe, it },
    ({ clock }) => {
      const prefix = newPrefix();
      return { connect: () => createRedisStore({ url: cluster.urls.slice(0, 2), prefix, clock }) };
    },
    { sweep: false },
  );
});
