import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts';
import type { Store } from '../../src/stores/store.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { itIsLinearizable } from './concurrent-histories.ts';
import { hasRedisServer, newPrefix, pause, type RedisClusterProcesses, startRedisCluster } from './redis-servers.ts';
import { entry, increment, keyOf, put } from './store-behaviour.ts';

describe.runIf(hasRedisServer())('Redis store on a cluster', () => {
  let cluster: RedisClusterProcesses;
  const opened: Store[] = [];
  const open = (options: Partial<RedisStoreOptions> = {}) => {
    const store = createRedisStore({ url: cluster.urls.slice(0, 2), prefix: newPrefix(), ...options });
    opened.push(store);
    return store;
  };
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.remove());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  storeSuite(
    { describe, it },
    ({ clock }) => {
      const prefix = newPrefix();
      return { connect: () => createRedisStore({ url: cluster.urls.slice(0, 2), prefix, clock }) };
    },
    { sweep: false },
  );

  describe('concurrent histories', () => {
    const prefix = newPrefix();
    itIsLinearizable((clock) => createRedisStore({ url: cluster.urls.slice(0, 2), prefix, ...(clock && { clock }) }));
  });

  it('spreads its records over the masters, and lists those of no partition from all of them', async () => {
    const prefix = newPrefix();
    const store = open({ prefix });
    const ids = Array.from({ length: 60 }, (_, index) => `r${String(index).padStart(2, '0')}`);
    await Promise.all(ids.map((id) => store.update(keyOf(id), put(id))));
    const counts = await Promise.all((await cluster.masters()).map(async ({ node }) => (await node.control.keys(`${prefix}*`)).length));
    expect(Math.min(...counts)).toBeGreaterThan(5);
    expect((await store.list('test', '', 'r49', 5)).map(({ id }) => id)).toEqual(['r50', 'r51', 'r52', 'r53', 'r54']);
    expect(await store.list('test', '', undefined, 100)).toHaveLength(60);
  });

  it('is refused for the settings of any one master, and where one node of it is given as a single server', async () => {
    const [{ node } = { node: cluster.nodes[0] }] = await cluster.masters();
    await node?.control.config('SET', 'maxmemory-policy', 'allkeys-random');
    const refusal = { code: 'configuration_invalid', message: expect.stringContaining('maxmemory-policy is allkeys-random') };
    await expect(open().read(keyOf('a'))).rejects.toMatchObject(refusal);
    await node?.control.config('SET', 'maxmemory-policy', 'noeviction');
    await expect(open({ url: cluster.urls[0] ?? '' }).update(keyOf('a'), increment)).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('give the URLs of its nodes as a list'),
    });
  });

  it('is refused when one master was connected to anew and does not keep records any more, and served when it does', async () => {
    const store = open();
    const ids = Array.from({ length: 60 }, (_, index) => `r${index}`);
    const callAll = () => Promise.all(ids.map((id) => store.update(keyOf(id), increment).catch((error: { code: string }) => error.code)));
    await callAll();
    const [{ node } = { node: cluster.nodes[0] }] = await cluster.masters();
    await node?.control.config('SET', 'appendonly', 'no');
    await node?.control.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    let answers = await callAll();
    // Those of the other masters are answered until that one has been reached again, and has said how it is.
    while (!answers.every((answer) => answer === 'configuration_invalid')) answers = await callAll();
    await node?.control.config('SET', 'appendonly', 'yes');
    while (!answers.every((answer) => typeof answer === 'number')) answers = await callAll();
  });

  /** What a load came to. */
  interface Outcome {
    readonly answered: number;
    readonly rejected: number;
    /** Answered, and not in the record: told the same count as another. */
    readonly lost: number;
    /** The longest time without an answer for any record, in milliseconds. */
    readonly silence: number;
  }

  /** Counts up 40 records from 20 callers until `work` is done, and what all of it came to. */
  async function countDuring(store: Store, work: () => Promise<void>): Promise<Outcome> {
    const records = Array.from({ length: 40 }, (_, index) => keyOf(`counter ${index}`));
    const counts = records.map(() => [] as number[]);
    const times = records.map(() => performance.now());
    let isOver = false;
    let [rejected, silence] = [0, 0];
    const caller = async (_: unknown, place: number) => {
      for (let turn = 0; !isOver; turn += 1) {
        const index = (place * 7 + turn) % records.length;
        try {
          counts[index]?.push(await store.update(records[index]!, increment));
          silence = Math.max(silence, performance.now() - times[index]!);
          times[index] = performance.now();
        } catch (error) {
          expect(error).toMatchObject({ code: 'store_unavailable' });
          rejected += 1;
          await pause(5);
        }
      }
    };
    const callers = Array.from({ length: 20 }, caller);
    await work().finally(() => {
      isOver = true;
    });
    await Promise.all(callers);
    let lost = 0;
    for (const [index, key] of records.entries()) {
      const stored = Number((await store.read(key)).body);
      const answered = counts[index]!;
      const late = answered.filter((count) => count > stored).length;
      lost += answered.length - new Set(answered).size + late;
      // Whatever was lost, what is there was not made of thin air.
      expect(stored).toBeLessThanOrEqual(answered.length + rejected);
    }
    return { answered: counts.flat().length, rejected, lost, silence: Math.round(silence) };
  }

  it('loses nothing and refuses nobody while slots move from one master to another', async () => {
    const store = open();
    const [from, to] = await cluster.masters();
    // So that there is something to move in most of them.
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => store.update(keyOf(`ballast ${index}`), increment)));
    const outcome = await countDuring(store, async () => {
      const slots = ['--cluster-slots', '700', '--cluster-yes', '--cluster-pipeline', '5'];
      await cluster.manage('reshard', `127.0.0.1:${from?.node.port}`, '--cluster-from', from?.id ?? '', '--cluster-to', to?.id ?? '', ...slots);
    });
    console.log('reshard of 700 slots:', JSON.stringify(outcome));
    expect(outcome).toMatchObject({ rejected: 0, lost: 0 });
    expect(outcome.answered).toBeGreaterThan(1_000);
    await cluster.isWell();
  });

  it('loses nothing when a replica takes over as it was told to', async () => {
    const [first] = await cluster.masters();
    const store = open();
    const outcome = await countDuring(store, async () => {
      await first?.replica?.control.cluster('FAILOVER');
      while (/role:slave/.test((await first?.replica?.control.info('replication')) ?? '')) await pause(10);
      await pause(300);
    });
    console.log('CLUSTER FAILOVER:', JSON.stringify(outcome));
    expect(outcome.lost).toBe(0);
    await cluster.isWell();
  });

  it.each([
    ['and loses at most what was under way where the replica is near', undefined],
    ['and with `wait` loses nothing that was answered', { replicas: 1, timeout: 1_500 }],
  ])('goes on after kill -9 of a master, without a restart, %s', async (_, wait) => {
    const [, victim] = await cluster.masters();
    const store = open(wait ? { wait } : {});
    await store.append([entry()]);
    const outcome = await countDuring(store, async () => {
      await pause(300);
      await victim?.node.signal('SIGKILL');
      while (/role:slave/.test((await victim?.replica?.control.info('replication')) ?? '')) await pause(10);
      await pause(1_000);
    });
    console.log(`kill -9 of a master, wait ${JSON.stringify(wait)}:`, JSON.stringify(outcome));
    // One round of what is under way at a time, if the replica is as near as here.
    expect(outcome.lost).toBeLessThanOrEqual(wait ? 0 : 40);
    expect(outcome.silence).toBeLessThan(10_000);
    await victim?.node.start();
    await cluster.isWell();
    expect(await countDuring(open(), () => pause(200))).toMatchObject({ rejected: 0, lost: 0 });
  });

  it('loses at a fail-over what was answered while the replica was cut off, and nothing else', async () => {
    const [, victim] = await cluster.masters();
    const store = open();
    const outcome = await countDuring(store, async () => {
      await pause(200);
      await victim?.replica?.signal('SIGSTOP');
      await victim?.node.control.client('KILL', 'TYPE', 'REPLICA');
      await pause(200);
      await victim?.node.signal('SIGKILL');
      await victim?.replica?.signal('SIGCONT');
      while (/role:slave/.test((await victim?.replica?.control.info('replication')) ?? '')) await pause(10);
      await pause(500);
    });
    console.log('kill -9 of a master whose replica was cut off for 200 ms:', JSON.stringify(outcome));
    expect(outcome.lost).toBeGreaterThan(0);
    await victim?.node.start();
    await cluster.isWell();
    expect(await countDuring(open(), () => pause(200))).toMatchObject({ rejected: 0, lost: 0 });
  });
});
