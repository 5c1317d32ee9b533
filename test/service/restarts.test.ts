import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest';
import { assertBuilt } from '../processes/crew.ts';
import { createPrivateServer, describeWithPrivate, type PrivateServer } from '../stores/private-servers.ts';
import { hasRedisServer, startRedis } from '../stores/redis-servers.ts';
import { inDatabase, MYSQL, POSTGRES } from '../stores/sql-servers.ts';
import { expectNothingLostOverRestarts } from './restarts.ts';

const TITLE = 'I1, I3, I4, I5, I6, I7, I14: 503 with Retry-After while it is away, then recovery, and nothing that was answered is lost';
const LIMIT = 180_000;

for (const server of [POSTGRES, MYSQL]) {
  describeWithPrivate(server, `two processes whose ${server.name} server is killed under load and started again`, () => {
    let own: PrivateServer;
    beforeAll(async () => {
      assertBuilt();
      own = await createPrivateServer(server);
      await own.start();
      await server.run(own.url, 'CREATE DATABASE countersign');
    });
    afterAll(() => own.remove());

    it(
      TITLE,
      async () => {
        const url = inDatabase(own.url, 'countersign');
        await server.migrate(url);
        await expectNothingLostOverRestarts({ url, kill: () => own.kill(), start: () => own.start() });
      },
      LIMIT,
    );
  });
}

describe.runIf(hasRedisServer())('two processes whose Redis server is killed under load and started again', () => {
  it(
    TITLE,
    async () => {
      const own = await startRedis();
      onTestFinished(() => own.remove());
      await expectNothingLostOverRestarts({ url: own.url, kill: () => own.signal('SIGKILL'), start: () => own.start() });
    },
    LIMIT,
  );
});
