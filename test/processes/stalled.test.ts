import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { createVerifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createRedisStore } from '../../src/stores/redis.ts';
import { MAX_WRITE_AGE, type Store } from '../../src/stores/store.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { hasSharedRedis, newPrefix, pause, removeKeys, SHARED_URL } from '../stores/redis-servers.ts';
import { describeOn, MYSQL, POSTGRES, useDatabase } from '../stores/sql-servers.ts';
import { assertBuilt } from './crew.ts';

const SCRIPT = fileURLToPath(new URL('stalled-child.js', import.meta.url));
const TO = '+14155552671';
const LIFE = 60_000;
/** What is left of it when the guess is made: enough to be in time, and over long before the process goes on. */
const LEFT = 3_000;
const VERIFIER = { secret: 'the same in both processes of the test', limits: { life: LIFE, renewBefore: 1 } };

function itApprovesNothingLate(open: (clock?: Clock) => Store, settings: () => object): void {
  beforeAll(assertBuilt);
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('I8: a process that stood still between read and write approves nothing that has expired meanwhile', async () => {
    const store = open();
    const timeOf = async () => (await store.read({ kind: 'destination', partition: '', id: 'nobody' })).now;
    const startedAt = (await timeOf()) - LIFE + LEFT;
    const guess = await startAt(open({ now: () => startedAt }));

    const process = fork(SCRIPT, [JSON.stringify({ ...settings(), ...VERIFIER })], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    child = process;
    const answered = once(process, 'message') as Promise<[{ status: string; decided: string[] }]>;
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    process.send(guess);
    await once(process.stdout as NonNullable<typeof process.stdout>, 'data');
    const readBy = await timeOf();
    expect(readBy).toBeLessThan(startedAt + LIFE);
    while ((await timeOf()) <= readBy + MAX_WRITE_AGE) await pause(100);
    expect(isAnswered).toBe(false);
    process.kill('SIGCONT');
    // It was right and in time when it was read; by the server's clock it no longer was when it was written.
    expect((await answered)[0]).toEqual({ status: 'expired', decided: ['approved', 'ended'] });
    await store.close();
  });
}

/** Starts a verification by another clock than the server's; resolves with its id and code. */
async function startAt(store: Store): Promise<{ id: string; code: string }> {
  const sender = createRecordingSender();
  const verifier = createVerifier({ ...VERIFIER, store, provider: createSelfIssuedProvider({ senders: [sender] }) });
  const started = await verifier.start({ to: TO });
  await store.close();
  if (started.status !== 'pending') throw new Error(`not started: ${started.reason}`);
  return { id: started.id, code: sender.messagesTo(TO)[0]?.code.reveal() ?? '' };
}

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, server.name, () => {
    const { url } = useDatabase(server);
    itApprovesNothingLate(
      (clock) => server.createStore({ url, ...(clock && { clock }) }),
      () => ({ name: server.name, url }),
    );
  });
}

describe.runIf(await hasSharedRedis())('redis', () => {
  const settings = { url: SHARED_URL, prefix: newPrefix(), acknowledge: ['eviction', 'no_append_only_file'] } as const;
  afterAll(() => removeKeys(SHARED_URL, settings.prefix));
  itApprovesNothingLate(
    (clock) => createRedisStore({ ...settings, ...(clock && { clock }) }),
    () => ({ name: 'redis', ...settings }),
  );
});
