import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Limits } from '../../src/engine/limits.ts';
import { createVerifier, type Verifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts';
import type { RecordKey, Store } from '../../src/stores/store.ts';
import { countByStatus, TO, wrongCodes } from '../../src/testing/engine-bench.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { RedisProxy, type Weather } from './redis-proxy.ts';
import { hasRedisServer, type RedisProcess, startRedis } from './redis-servers.ts';
import { increment, keyOf } from './store-behaviour.ts';

const opened: Store[] = [];
const open = (options: RedisStoreOptions) => {
  const store = createRedisStore(options);
  opened.push(store);
  return store;
};

/** A process: a store and an engine on it. All of them share a secret and a sender. */
function createProcess(options: RedisStoreOptions, sender: RecordingSender, limits: Partial<Limits> = {}): { store: Store; verifier: Verifier } {
  const store = open(options);
  const provider = createSelfIssuedProvider({ senders: [sender] });
  return { store, verifier: createVerifier({ secret: 'what all processes of this test know', store, provider, limits }) };
}

const statusOf = (call: Promise<{ readonly status: string }>) =>
  call.then(
    ({ status }) => status,
    (error: { code?: string }) => error.code ?? String(error),
  );

/** The number at the end of what was lost: how many writes of others come between a write and the search for it. */
const BETWEEN: [number, boolean][] = [
  [0, true],
  [1, true],
  [3, true],
  [6, false],
];

describe.runIf(hasRedisServer())('Redis behind a wire that is cut', () => {
  let server: RedisProcess;
  let proxy: RedisProxy;
  let url: string;
  let direct: string;
  beforeAll(async () => {
    server = await startRedis();
    proxy = new RedisProxy(server.port);
    direct = server.url;
    url = await proxy.listen();
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.remove();
  });
  afterEach(async () => {
    proxy.weather = 'fair';
    proxy.beforeLoss = async () => {};
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await server.control.flushall();
  });

  /** Has the next reply lost, after others have written the record so often. */
  async function loseNextReply(other: Store, writes: number): Promise<void> {
    const [{ id } = { id: '' }] = await other.list('destination', '', undefined, 1);
    const key: RecordKey = { kind: 'destination', partition: '', id };
    proxy.lost = 0;
    proxy.weather = 'lose_reply';
    proxy.beforeLoss = async () => {
      proxy.weather = 'fair';
      for (let write = 0; write < writes; write += 1) {
        await other.update(key, (body = '') => ({ result: undefined, next: { body, expiresAt: undefined } }));
      }
    };
  }

  it.each(BETWEEN)('I1, I6: a right code whose reply is lost is approved once, with %d writes of others in between', async (writes, isFound) => {
    const sender = createRecordingSender();
    const [mine, other] = [createProcess({ url }, sender), createProcess({ url: direct }, sender)];
    const { id } = (await mine.verifier.start({ to: TO })) as { id: string };
    const code = sender.messagesTo(TO).at(-1)?.code.reveal() ?? '';
    await loseNextReply(other.store, writes);
    expect(await statusOf(mine.verifier.check({ id, code }))).toBe(isFound ? 'approved' : 'store_unavailable');
    expect(proxy.lost).toBe(1);
    expect(await statusOf(mine.verifier.check({ id, code }))).toBe('already_approved');
    expect(await statusOf(other.verifier.check({ id, code }))).toBe('already_approved');
  });

  it.each(BETWEEN)('I3: a wrong guess whose reply is lost is charged once, with %d writes of others in between', async (writes, isFound) => {
    const sender = createRecordingSender();
    const [mine, other] = [createProcess({ url }, sender), createProcess({ url: direct }, sender)];
    const { id } = (await mine.verifier.start({ to: TO })) as { id: string };
    const [first = '', ...rest] = wrongCodes(sender.messagesTo(TO).at(-1)?.code.reveal() ?? '', 8);
    await loseNextReply(other.store, writes);
    const answer = await mine.verifier.check({ id, code: first }).catch((error: { code: string }) => error.code);
    expect(answer).toEqual(isFound ? { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 } : 'store_unavailable');
    const later = await Promise.all(rest.map((code) => mine.verifier.check({ id, code })));
    expect(countByStatus(later)).toEqual({ pending: 3, max_attempts_reached: 4 });
  });

  it.each(BETWEEN)('I5: a start whose reply is lost sends at most once, with %d writes of others in between', async (writes, isFound) => {
    const sender = createRecordingSender();
    const limits = { ladder: [1], sharedRung: 1, sendSpacing: 1, sendsPerHour: 2 };
    const [mine, other] = [createProcess({ url }, sender, limits), createProcess({ url: direct }, sender, limits)];
    await mine.verifier.start({ to: TO });
    await loseNextReply(other.store, writes);
    expect(await statusOf(mine.verifier.start({ to: TO }))).toBe(isFound ? 'pending' : 'store_unavailable');
    // Its slot of the hour is taken, whether or not anybody was told; a message leaves only where somebody was.
    expect(sender.calls).toBe(isFound ? 2 : 1);
    expect(await statusOf(other.verifier.start({ to: TO }))).toBe('refused');
    expect(sender.calls).toBe(isFound ? 2 : 1);
  });

  it('keeps the journal of a write whose reply is lost, once', async () => {
    const sender = createRecordingSender();
    const [mine, other] = [createProcess({ url }, sender), createProcess({ url: direct }, sender)];
    await mine.verifier.start({ to: TO });
    await loseNextReply(other.store, 0);
    expect(await statusOf(mine.verifier.erase({ to: TO }))).toBe('erased');
    expect(proxy.lost).toBe(1);
    const { entries } = await other.store.entries({ limit: 10 }, undefined);
    expect(entries.map(({ type }) => type)).toEqual(['erase']);
  });

  it('I1, I3: answers no count twice and loses none, in all weathers, and every call settles', async () => {
    const store = open({ url, timeout: 500 });
    const records = Array.from({ length: 6 }, (_, index) => keyOf(`counter ${index}`));
    const answered = new Map(records.map(({ id }) => [id, [] as number[]]));
    const failed = new Map(records.map(({ id }) => [id, 0]));
    const weathers: Weather[] = ['lose_reply', 'reset', 'half_open'];
    let done = 0;
    const blow = () => {
      done += 1;
      if (done % 60 !== 0) return;
      const weather = weathers[(done / 60) % weathers.length] ?? 'fair';
      proxy.weather = weather;
      proxy.beforeLoss = async () => {
        proxy.weather = 'fair';
      };
      // The first to come to grief brings the others fair weather, so that the storm is no outage.
      if (weather !== 'lose_reply') setImmediate(() => (weather === 'half_open' ? setTimeout(clear, 100) : clear()));
    };
    const clear = () => {
      proxy.weather = 'fair';
      proxy.cut();
    };
    const worker = async (_: unknown, index: number) => {
      const key = records[index % records.length] as RecordKey;
      for (let count = 0; count < 100; count += 1) {
        try {
          answered.get(key.id)?.push(await store.update(key, increment));
        } catch (error) {
          expect(error).toMatchObject({ code: 'store_unavailable' });
          failed.set(key.id, (failed.get(key.id) ?? 0) + 1);
        }
        blow();
      }
    };
    await Promise.all(Array.from({ length: 24 }, worker));
    const control = open({ url: direct });
    let unanswered = 0;
    for (const key of records) {
      const counts = answered.get(key.id) ?? [];
      const stored = Number((await control.read(key)).body);
      expect(new Set(counts).size).toBe(counts.length);
      expect(stored).toBeGreaterThanOrEqual(Math.max(...counts));
      expect(stored).toBeLessThanOrEqual(counts.length + (failed.get(key.id) ?? 0));
      unanswered += failed.get(key.id) ?? 0;
    }
    console.log(`weather: 2400 updates, ${unanswered} rejected, ${proxy.lost} replies lost`);
    expect(proxy.lost).toBeGreaterThan(5);
  });

  it('gives every call its end within its deadline while the wire is half open, and goes on when there is another', async () => {
    const store = open({ url, timeout: 300 });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    proxy.weather = 'half_open';
    const began = performance.now();
    const calls: Promise<unknown>[] = [
      store.update(keyOf('b'), increment),
      store.update(keyOf('c'), (current) => ({ result: current })),
      store.read(keyOf('a')),
      store.list('test', 'p', undefined, 1),
      store.list('test', '', undefined, 1),
      store.entries({ limit: 1 }, undefined),
      store.append([]).then(() => store.ping()),
      store.sweep(1),
    ];
    expect(await Promise.all(calls.map((call) => call.catch((error: { code: string }) => error.code)))).toEqual(calls.map(() => 'store_unavailable'));
    expect(performance.now() - began).toBeLessThan(2_000);
    proxy.weather = 'fair';
    while ((await statusOf(store.ping().then(() => ({ status: 'well' })))) !== 'well');
    expect(await store.update(keyOf('a'), increment)).toBe(2);
    expect(await store.update(keyOf('b'), increment)).toBe(1);
  });

  it('gives every call its end while the server stands still, and goes on when it does', async () => {
    const store = open({ url: direct, timeout: 300 });
    expect(await store.update(keyOf('b'), increment)).toBe(1);
    await server.signal('SIGSTOP');
    const began = performance.now();
    expect(await statusOf(store.update(keyOf('a'), increment).then(() => ({ status: '' })))).toBe('store_unavailable');
    expect(await statusOf(store.read(keyOf('a')).then(() => ({ status: '' })))).toBe('store_unavailable');
    expect(performance.now() - began).toBeLessThan(2_000);
    await server.signal('SIGCONT');
    while ((await statusOf(store.ping().then(() => ({ status: 'well' })))) !== 'well');
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('I6: loses no answered approval to kill -9 of the server, in 5 rounds, and goes on without a restart of the process', async () => {
    const sender = createRecordingSender();
    const { store, verifier } = createProcess({ url: direct }, sender);
    for (let round = 0; round < 5; round += 1) {
      const ids: { id: string; code: string }[] = [];
      for (let index = 0; index < 40; index += 1) {
        const to = `+1415555${2_000 + round * 100 + index}`;
        const { id } = (await verifier.start({ to })) as { id: string };
        ids.push({ id, code: sender.messagesTo(to).at(-1)?.code.reveal() ?? '' });
      }
      let answered = 0;
      let restarted: Promise<void> | undefined;
      const restart = async () => {
        await server.signal('SIGKILL');
        await server.start();
      };
      const answers = await Promise.all(
        ids.map(async (guess, index) => {
          // One after the other, so that the end comes in the middle of them.
          for (let turn = 0; turn < index * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          const answer = await statusOf(verifier.check(guess));
          answered += 1;
          if (answered === 5 + round * 5) restarted = restart();
          return answer;
        }),
      );
      await restarted;
      while ((await statusOf(store.ping().then(() => ({ status: 'well' })))) !== 'well');
      expect(countByStatus(answers.map((status) => ({ status }))).approved).toBeGreaterThanOrEqual(5 + round * 5);
      for (const [index, guess] of ids.entries()) {
        const later = await statusOf(verifier.check(guess));
        if (answers[index] === 'approved') expect(later).toBe('already_approved');
        else expect(['approved', 'already_approved']).toContain(later);
      }
    }
  });

  it('I9: keeps no code, number or requester, not in the append-only file and not in a dump', async () => {
    const quiet = await startRedis();
    onTestFinished(() => quiet.remove());
    const sender = createRecordingSender();
    const limits = { codeLength: 10, ladder: [1], sharedRung: 1, sendSpacing: 1 };
    const { verifier } = createProcess({ url: quiet.url }, sender, limits);
    const requester = 'account of Annabel Lee';
    const numbers = ['+14155552671', '+447400123456', 'annabel.lee@example.com'];
    for (const to of numbers) {
      const { id } = (await verifier.start({ to, requester })) as { id: string };
      await verifier.check({ id, code: '0000000000', requester });
      await verifier.resend({ id, requester });
      await verifier.check({ id, code: sender.messagesTo(to).at(-1)?.code.reveal() ?? '', requester });
      await verifier.erase({ to });
    }
    const secrets = [
      ...sender.messages.map(({ code }) => code.reveal()),
      ...['4155552671', '415 555', '7400123456', '07400', 'annabel', requester, 'what all processes of this test know'],
    ];
    const files = readdirSync(quiet.folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    for (const key of await quiet.control.keys('*')) texts.push(key, (await quiet.control.dumpBuffer(key))?.toString('latin1') ?? '');
    expect(texts.join('\n').length).toBeGreaterThan(3_000);
    expect(files.some(({ name }) => /\.aof$/.test(name))).toBe(true);
    for (const secret of secrets) expect(texts.filter((text) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
  });
});
