import { readFileSync, rmSync } from 'node:fs';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CountersignError } from '../../src/core/errors.ts';
import { createVerifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { loadIoredis } from '../../src/stores/redis/client.ts';
import { createRedisStore, type RedisClient, type RedisStoreOptions } from '../../src/stores/redis.ts';
import type { Store } from '../../src/stores/store.ts';
import { TO } from '../../src/testing/engine-bench.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { hasRedisServer, pause, type RedisProcess, startRedis } from './redis-servers.ts';
import { entry, increment, keyOf, put } from './store-behaviour.ts';

const PASSWORD = 'hunter2-of-the-server';
const opened: Store[] = [];

function open(options: RedisStoreOptions): Store {
  const store = createRedisStore({ timeout: 1_000, ...options });
  opened.push(store);
  return store;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

/** What a call rejects with. Nothing of it may hold a password, or the client's own error. */
async function failureOf(promise: Promise<unknown>): Promise<CountersignError> {
  const error = (await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as CountersignError;
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  expect(error?.cause ?? {}).not.toBeInstanceOf(Error);
  return error;
}

const failing = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the options of a Redis store', () => {
  it.each([
    '',
    'x',
    'http://127.0.0.1',
    'redis://',
    `redis://:${PASSWORD}@`,
    `redis://u:${PASSWORD}@h:99999`,
    `redis://:${PASSWORD}%zz@h`,
    'redis://h/x',
    'redis://h/1/2',
    'redis://h?db=3',
    'redis://h/#3',
  ])('refuse the url "%s", and do not repeat it', async (url) => {
    for (const one of [url, [url]]) {
      const create = async () => createRedisStore({ url: one });
      expect(await failureOf(create())).toMatchObject({ code: 'configuration_invalid', field: 'url' });
    }
  });

  it('refuse to be left out', async () => {
    const create = async () => createRedisStore();
    expect(await failureOf(create())).toMatchObject({ code: 'configuration_invalid', field: 'url' });
  });

  it.each<[string, RedisStoreOptions]>([
    ['url', {}],
    ['url', { url: {} as string }],
    ['client', { client: {} as RedisClient }],
    ['client', { client: null as unknown as RedisClient }],
    ['client', { client: { call: async () => 1, nodes: [] as never } }],
    ['acknowledge', { url: 'redis://h', acknowledge: ['evictions' as 'eviction'] }],
    ['acknowledge', { url: 'redis://h', acknowledge: 'eviction' as never }],
    ['prefix', { url: 'redis://h', prefix: 7 as never }],
    ['url', { url: [] }],
    ['url', { url: 'redis://h', client: { call: async () => 1 } }],
    ['prefix', { url: 'redis://h', prefix: '' }],
    ['timeout', { url: 'redis://h', timeout: 0 }],
    ['wait', { url: 'redis://h', wait: { replicas: 0, timeout: 10 } }],
    ['wait', { url: 'redis://h', wait: { replicas: 1, timeout: 60_000 } }],
  ])('refuse what makes no sense, and name %s: %j', async (field, options) => {
    const create = async () => createRedisStore(options);
    expect(await failureOf(create())).toMatchObject({ code: 'configuration_invalid', field });
  });

  it('name the words that can be acknowledged', async () => {
    const create = async () => createRedisStore({ url: 'redis://h', acknowledge: ['evictions' as 'eviction'] });
    expect(await failureOf(create())).toEqual(failing('configuration_invalid', /acknowledge must be a list of eviction, no_append_only_file/));
  });

  it('say what to install where ioredis is missing', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }));
    expect(await failureOf(loadIoredis(missing))).toEqual(failing('configuration_invalid', /^the Redis store needs .*npm install ioredis/));
  });
});

describe('a Redis server that is not there', () => {
  it.each([
    ['redis://127.0.0.1:1', /nothing listens .* start it|cannot be reached/],
    ['redis://no-such-host.invalid', /host/],
  ])('is named, with the remedy, within the deadline: %s', async (url, message) => {
    for (const one of [url, [url]]) {
      const store = open({ url: one });
      const calls = [store.update(keyOf('a'), increment), store.read(keyOf('a')), store.ping(), store.append([entry()]), store.sweep(1)];
      expect(await Promise.all(calls.map(failureOf))).toEqual(calls.map(() => failing('store_unavailable', message)));
    }
  });
});

describe.runIf(hasRedisServer())('a Redis server that is refused on first use', () => {
  const cases: [string, string[], RegExp, string][] = [
    ['may drop records', ['--maxmemory-policy', 'allkeys-lru'], /maxmemory-policy is allkeys-lru.* set maxmemory-policy to noeviction/, 'eviction'],
    ['may drop records that expire', ['--maxmemory-policy', 'volatile-ttl'], /maxmemory-policy is volatile-ttl/, 'eviction'],
    ['keeps no append-only file', ['--appendonly', 'no'], /append-only file.* set appendonly to yes/, 'no_append_only_file'],
  ];

  it.each(cases)('%s', async (_, args, message, risk) => {
    const server = await startRedis(...args);
    onTestFinished(() => server.remove());
    const { url } = server;
    const store = open({ url });
    const expected = failing('configuration_invalid', message);
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(expected);
    expect(await failureOf(store.read(keyOf('a')))).toEqual(expected);
    expect(await failureOf(store.ping())).toEqual(expected);
    expect(await server.control.dbsize()).toBe(0);
    const acknowledging = open({ url, acknowledge: [risk as 'eviction'] });
    expect(await acknowledging.update(keyOf('a'), increment)).toBe(1);
    await server.control.config('SET', 'maxmemory-policy', 'noeviction');
    await server.control.config('SET', 'appendonly', 'yes');
    expect(await store.update(keyOf('a'), increment)).toBe(2);
  });
});

describe.runIf(hasRedisServer())('a Redis server', () => {
  let server: RedisProcess;
  let url: string;
  beforeAll(async () => {
    server = await startRedis();
    ({ url } = server);
  });
  afterAll(() => server?.remove());
  afterEach(async () => {
    await server.control.flushall();
  });

  it('that asks for another password names it, and takes the right one without a restart of anything', async () => {
    const locked = await startRedis('--requirepass', PASSWORD);
    onTestFinished(() => locked.remove());
    const { port } = locked;
    const expected = failing('configuration_invalid', /user or the password/);
    for (const one of [`redis://127.0.0.1:${port}`, `redis://:hunter2-wrong@127.0.0.1:${port}`, `redis://me:hunter2-wrong@127.0.0.1:${port}`]) {
      const store = open({ url: one });
      expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(expected);
      expect(await failureOf(store.read(keyOf('a')))).toEqual(expected);
    }
    expect(await failureOf(open({ url: [`redis://:hunter2-wrong@127.0.0.1:${port}`] }).read(keyOf('a')))).toEqual(expected);
    const store = open({ url: `redis://:${PASSWORD}@127.0.0.1:${port}` });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    const early = open({ url: `redis://:hunter2-new@127.0.0.1:${port}` });
    expect(await failureOf(early.read(keyOf('a')))).toEqual(expected);
    await locked.control.config('SET', 'requirepass', 'hunter2-new');
    await untilServed(early);
    expect(await early.update(keyOf('a'), increment)).toBe(2);
  });

  it('lets a user work who has the rights that docs/redis.md asks for, and no others', async () => {
    const page = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
    const [, rights = ''] = /^ACL SETUSER countersign on >… (.*)$/m.exec(page) ?? [];
    await server.control.acl('SETUSER', 'countersign', 'reset', 'on', `>${PASSWORD}`, ...rights.split(' '));
    const store = open({ url: url.replace('//', `//countersign:${PASSWORD}@`), wait: { replicas: 1, timeout: 1 } });
    expect(await store.update(keyOf('a', { partition: 'p' }), increment)).toBe(1);
    expect(await store.list('test', 'p', undefined, 1)).toEqual([{ id: 'a', body: '1' }]);
    expect(await store.list('test', '', undefined, 1)).toEqual([]);
    await store.append([entry()]);
    expect((await store.entries({ destination: 'someone', limit: 1 }, undefined)).entries).toHaveLength(1);
    await Promise.all([store.sweep(1), store.ping()]);
    const other = open({ url: url.replace('//', `//countersign:${PASSWORD}@`), prefix: 'another:' });
    expect(await failureOf(other.update(keyOf('a'), increment))).toEqual(failing('configuration_invalid', /may not do/));
  });

  it('that cannot save to its disk says so, and takes writes again when it can', async () => {
    const full = await startRedis();
    onTestFinished(() => full.remove());
    const store = open({ url: full.url });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await full.control.config('SET', 'save', '3600 1');
    rmSync(full.folder, { recursive: true });
    await full.control.bgsave();
    while (!/rdb_last_bgsave_status:err/.test(await full.control.info('persistence'))) await pause(5);
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(failing('store_unavailable', /cannot save to its disk/));
    await full.control.config('SET', 'save', '');
    expect(await store.update(keyOf('a'), increment)).toBe(2);
  });

  it('that does not let its user run scripts names the rights', async () => {
    await server.control.acl('SETUSER', 'reader', 'on', `>${PASSWORD}`, '~*', '+@all', '-evalsha');
    const store = open({ url: url.replace('//', `//reader:${PASSWORD}@`) });
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(failing('configuration_invalid', /may not do/));
    await server.control.acl('SETUSER', 'reader', '+evalsha');
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('that is a replica is refused: at the start, and when it becomes one; it serves again when it is none', async () => {
    const store = open({ url });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await server.control.call('REPLICAOF', '127.0.0.1', '1');
    const expected = failing('store_unavailable', /read-only replica.* primary/);
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(expected);
    expect(await failureOf(store.update(keyOf('a'), (current) => ({ result: current })))).toEqual(expected);
    expect(await failureOf(store.read(keyOf('a')))).toEqual(expected);
    expect(await failureOf(open({ url }).read(keyOf('a')))).toEqual(expected);
    await server.control.call('REPLICAOF', 'NO', 'ONE');
    await untilServed(store);
    expect(await store.update(keyOf('a'), increment)).toBe(2);
  });

  it('that has no memory left refuses writes, says so, and takes them again when it has', async () => {
    const store = open({ url });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await server.control.config('SET', 'maxmemory', '1');
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(failing('store_unavailable', /no memory left: raise its maxmemory/));
    expect((await store.read(keyOf('a'))).body).toBe('1');
    await server.control.config('SET', 'maxmemory', '0');
    expect(await store.update(keyOf('a'), increment)).toBe(2);
  });

  it('that is asked for more replicas than there are says so', async () => {
    const store = open({ url });
    await store.ping();
    await server.control.config('SET', 'min-replicas-to-write', '1');
    expect(await failureOf(store.update(keyOf('a'), increment))).toEqual(failing('store_unavailable', /min-replicas-to-write/));
    await server.control.config('SET', 'min-replicas-to-write', '0');
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('that has something else under our names refuses that record alone, and leaves it', async () => {
    const store = open({ url });
    const others: [string, () => Promise<unknown>][] = [
      ['list', () => server.control.lpush('countersign:test::list', 'x')],
      ['text', () => server.control.set('countersign:test::text', 'not of ours')],
      ['empty', () => server.control.set('countersign:test::empty', '')],
      ['lines', () => server.control.set('countersign:test::lines', 'not\nof ours')],
    ];
    for (const [id, write] of others) {
      await write();
      const before = await server.control.dump(`countersign:test::${id}`);
      const error = await failureOf(store.update(keyOf(id), increment));
      expect(error.code).toBe('store_unavailable');
      expect(error.message).toMatch(
        id === 'lines' ? /a record whose version nothing here has written/ : /something else under a key .* prefix of its own/,
      );
      expect(await server.control.dump(`countersign:test::${id}`)).toBe(before);
    }
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('that has something else in the place of the journal says so, and keeps records all the same', async () => {
    const store = open({ url });
    await server.control.xadd('countersign:@journal', '*', 'e', '{"not":"of ours"}');
    expect(await failureOf(store.entries({ limit: 1 }, undefined))).toEqual(failing('store_unavailable', /something else under a key/));
    await server.control.flushall();
    await server.control.xadd('countersign:@journal', '*', 'e', 'no JSON');
    expect(await failureOf(store.entries({ limit: 1 }, undefined))).toEqual(failing('store_unavailable', /something else under a key/));
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it.each([
    ['no record of ours', '{"a":1}', /not one of ours: .* backup/],
    ['no JSON', 'x', /not one of ours: .* backup/],
    ['a record of a newer version', '[99]', /newer version of countersign: update this process/],
  ])('that has %s in the place of a destination lets nothing be checked or sent there', async (_, body, message) => {
    const sender = createRecordingSender();
    const provider = createSelfIssuedProvider({ senders: [sender] });
    // Each time another process: one that knows the record does not read it.
    const join = () => createVerifier({ secret: 'a secret of at least 32 bytes, for tests only', store: open({ url }), provider });
    const { id } = (await join().start({ to: TO })) as { id: string };
    const [name = ''] = await server.control.keys('countersign:destination::*');
    const [version] = String(await server.control.get(name)).split('\n');
    await server.control.set(name, `${version}\n${body}`);
    const code = sender.messagesTo(TO).at(-1)?.code.reveal() ?? '';
    for (const call of [() => join().check({ id, code }), () => join().start({ to: TO }), () => join().resend({ id })]) {
      expect(await failureOf(call())).toEqual(failing('store_unavailable', message));
    }
    expect(sender.calls).toBe(1);
  });

  it('that is no cluster says so to whoever gives a list', async () => {
    const store = open({ url: [url] });
    for (const call of [() => store.update(keyOf('a'), increment), () => store.read(keyOf('a')), () => store.ping()]) {
      expect(await failureOf(call())).toEqual(failing('configuration_invalid', /is no cluster: give its url alone/));
    }
  });

  it('that speaks no TLS says so to whoever asks for it', async () => {
    for (const one of [url.replace('redis:', 'rediss:'), [url.replace('redis:', 'rediss:')]]) {
      const store = open({ url: one, timeout: 300 });
      for (const call of [() => store.update(keyOf('a'), increment), () => store.ping()]) {
        expect(await failureOf(call())).toEqual(failing('store_unavailable', /cannot be reached with TLS: .* give redis:/));
      }
    }
  });

  it.each(['ours', 'theirs'] as const)('is looked at again when it was connected to anew, by a client of %s', async (whose) => {
    const client = new Redis(url, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false }).on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    const store = open(whose === 'ours' ? { url } : { client });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await server.control.config('SET', 'appendonly', 'no');
    onTestFinished(async () => void (await server.control.config('SET', 'appendonly', 'yes')));
    // The connection stands, and so does what was said of its server.
    expect(await store.update(keyOf('a'), increment)).toBe(2);
    await server.control.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // A call that meets the connection in its last moment fails with it.
    let error = await failureOf(store.read(keyOf('a')));
    while (error?.code === 'store_unavailable') error = await failureOf(store.read(keyOf('a')));
    const expected = failing('configuration_invalid', /append-only file/);
    expect(error).toEqual(expected);
    for (const call of [() => store.update(keyOf('a'), increment), () => store.ping(), () => store.list('test', '', undefined, 1)]) {
      expect(await failureOf(call())).toEqual(expected);
    }
    await server.control.config('SET', 'appendonly', 'yes');
    expect(await store.update(keyOf('a'), increment)).toBe(3);
  });

  it('that forgets its scripts is given them again', async () => {
    const store = open({ url });
    for (let count = 1; count <= 20; count += 1) {
      if (count % 3 === 0) await server.control.script('FLUSH');
      expect(await store.update(keyOf('a', { partition: 'p' }), increment)).toBe(count);
    }
    await server.control.script('FLUSH');
    expect(await store.list('test', 'p', undefined, 10)).toEqual([{ id: 'a', body: '20' }]);
    const calls = Array.from({ length: 300 }, (_, index) => store.update(keyOf(`r${index % 30}`), increment));
    await server.control.script('FLUSH');
    expect(Math.max(...(await Promise.all(calls)))).toBe(10);
  });

  it('is used through a client that is handed in, which stays open', async () => {
    const client = new Redis(url);
    const store = open({ client });
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await store.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('has its writes waited for on a replica, or for as long as is said', async () => {
    const replica = await startRedis('--replicaof', `127.0.0.1 ${server.port}`, '--repl-diskless-sync-delay', '0');
    onTestFinished(() => replica.remove());
    const store = open({ url, wait: { replicas: 1, timeout: 1_000 } });
    // Until the replica is there this waits; from then on it does not.
    do await store.update(keyOf('a'), increment);
    while (!/state=online/.test(await server.control.info('replication')));
    await server.control.script('FLUSH');
    for (let count = 0; count < 20; count += 1) {
      const answered = await store.update(keyOf('b'), increment);
      expect(await replica.control.get('countersign:test::b')).toMatch(new RegExp(`\n${answered}$`));
    }
    await replica.remove();
    const impatient = open({ url, wait: { replicas: 1, timeout: 10 } });
    expect(await impatient.update(keyOf('b'), increment)).toBe(21);
  });

  it('is given a lifetime that is longer than the record needs, or none', async () => {
    const store = open({ url });
    const now = (await store.read(keyOf('a'))).now;
    const livesFor = async (expiresAt: number | undefined) => {
      await store.update(keyOf('a'), put('x', expiresAt));
      return server.control.pttl('countersign:test::a');
    };
    for (const [need, least] of [
      [-1e9, 60_000],
      [0, 60_000],
      [600_000.5, 660_000],
      [3.2e10, 3.2e10 + 60_000],
    ] as const) {
      const lifetime = await livesFor(now + need);
      expect(lifetime).toBeGreaterThan(least - 5_000);
      expect(lifetime).toBeLessThan(least + 70_000);
    }
    expect(await livesFor(undefined)).toBe(-1);
    expect(await livesFor(8_640_000_000_000_000)).toBeGreaterThan(1e14);
  });

  /** Asks until it is served: a client that was refused connects anew after a moment. */
  async function untilServed(store: Store): Promise<void> {
    while (!(await store.read(keyOf('a')).catch(() => undefined)));
  }
});
