// What stalled.test.ts runs in a process of its own: `stalled-child.js <settings as JSON>`. Told a check to make, it stops itself, as a machine that is
// suspended does, in the middle of the first decision on it: the record has been read and is not yet written. It says so before, on its standard output,
// and when it goes on makes the check to its end and tells what it decided and what it was answered. Plain JavaScript on what was built, since Node 20
// does not run TypeScript.
import { writeSync } from 'node:fs';
import { createSelfIssuedProvider, createVerifier } from '../../dist/index.js';
import { createMysqlStore } from '../../dist/stores/mysql.js';
import { createPostgresStore } from '../../dist/stores/postgres.js';
import { createRedisStore } from '../../dist/stores/redis.js';

const CREATE = { postgres: createPostgresStore, mysql: createMysqlStore, redis: createRedisStore };
const { name, secret, limits, ...settings } = JSON.parse(process.argv[2]);
const store = CREATE[name](settings);
const decided = [];
const stalling = {
  read: (key) => store.read(key),
  update: (key, decide) =>
    store.update(key, (current, now) => {
      const decision = decide(current, now);
      if (key.kind !== 'destination') return decision;
      decided.push(decision.result.outcome.outcome.kind);
      if (decided.length === 1) {
        writeSync(1, 'read\n');
        process.kill(process.pid, 'SIGSTOP');
      }
      return decision;
    }),
};
const provider = createSelfIssuedProvider({ senders: [{ name: 'child', channels: ['sms'], send: async () => ({ status: 'sent' }) }] });
const verifier = createVerifier({ secret, limits, store: stalling, provider });

process.on('message', async (guess) => {
  const { status } = await verifier.check(guess);
  process.send({ status, decided });
  await store.close();
  process.disconnect();
});
