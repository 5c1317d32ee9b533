import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { READ, WRITE } from '../../src/stores/redis/scripts.ts';
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts';
import { JOURNAL_RETENTION, type JournalEntry, type Store } from '../../src/stores/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, storeSuite } from '../../src/testing/testing.ts';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from './redis-servers.ts';
import { codeOf, createTestClock, entry, increment, keyOf, put, START } from './store-behaviour.ts';

const isThere = await hasSharedRedis();
/** What a shared server for tests lacks. */
const ACKNOWLEDGE = ['eviction', 'no_append_only_file'] as const;

describe.runIf(isThere)('Redis store', () => {
  const family = newPrefix();
  afterAll(() => removeKeys(SHARED_URL, family));
  const options = () => ({ url: SHARED_URL, prefix: family + newPrefix(), acknowledge: ACKNOWLEDGE }) satisfies RedisStoreOptions;

  describe('by the clock of a test', () => {
    storeSuite(
      { describe, it },
      ({ clock }) => {
        const settings = { ...options(), clock };
        return { connect: () => createRedisStore(settings) };
      },
      { sweep: false },
    );
  });

  describe("by the server's clock, with its cache", () => {
    storeSuite(
      { describe, it },
      () => {
        const settings = options();
        return { connect: () => createRedisStore(settings) };
      },
      { sweep: false, clock: false },
    );
  });

  describe('what lies in the server', () => {
    let prefix: string;
    let store: Store;
    let redis: Redis;
    const clock = createTestClock();
    const open = (more: Partial<RedisStoreOptions> = {}) => createRedisStore({ ...options(), prefix, ...more });

    beforeEach(() => {
      ({ prefix } = options());
      store = open();
      redis = new Redis(SHARED_URL);
    });
    afterEach(async () => {
      await store.close();
      redis.disconnect();
    });

    const write = (key: string, expected: string, version: string, readAt: number, time = '') =>
      redis.eval(WRITE.source, 1, prefix + key, expected, version, 'body', '', String(readAt), time) as Promise<[number, number]>;

    it('writes where the version is unchanged and the read young, by the clock of the server, and takes its own write for done', async () => {
      const [now] = (await redis.eval(READ.source, 1, `${prefix}a`, '')) as [number];
      expect(Math.abs(now - Date.now())).toBeLessThan(5_000);
      expect((await write('a', 'other', 'v1', now))[0]).toBe(0);
      expect((await write('a', '', 'v1', now - 5_500))[0]).toBe(0);
      expect(await redis.exists(`${prefix}a`)).toBe(0);
      expect((await write('a', '', 'v1', now))[0]).toBe(1);
      expect((await write('a', '', 'v1', now - 60_000))[0]).toBe(1);
      expect((await write('a', '', 'v2', now))[0]).toBe(0);
      expect((await write('a', 'v', 'v2', now))[0]).toBe(0);
      expect((await write('a', 'v1', 'v2', now - 5_500))[0]).toBe(0);
      // A read ahead of the clock by more: it was set back, or is that of another server.
      expect((await write('a', 'v1', 'v2', now + 60_000))[0]).toBe(0);
      expect((await write('a', 'v1', 'v2', now))[0]).toBe(1);
      expect(await redis.get(`${prefix}a`)).toBe('v2\nbody');
      const at = String(START);
      expect(await write('a', 'v2', 'v3', START - 5_001, at)).toEqual([0, START]);
      expect(await write('a', 'v2', 'v3', START - 5_000, at)).toEqual([1, START]);
    });

    it('keeps a fresh verification in 700 bytes', async () => {
      const sender = createRecordingSender();
      // As long as the store's own.
      const short = `t${randomBytes(5).toString('hex')}:`;
      const mine = open({ prefix: short });
      const verifier = createVerifier({
        secret: 'a secret of this test, 32 bytes or more',
        store: mine,
        provider: createSelfIssuedProvider({ senders: [sender] }),
      });
      const sizes: number[] = [];
      for (let index = 0; index < 50; index += 1) await verifier.start({ to: `+1415555${2_000 + index}`, requester: `account ${index}` });
      for (const { id } of await mine.list('destination', '', undefined, 100)) {
        sizes.push(Number(await redis.call('MEMORY', 'USAGE', `${short}destination::${id}`, 'SAMPLES', '0')));
      }
      await removeKeys(SHARED_URL, short);
      await mine.close();
      expect(sizes).toHaveLength(50);
      console.log(`Redis: ${Math.min(...sizes)}–${Math.max(...sizes)} bytes for a fresh verification`);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(700);
    });

    it('lists a partition from its index, passes over what is gone, and forgets it when it was missed for a minute', async () => {
      const fake = open({ clock });
      const ids = ['a', 'b', 'c', 'd', 'e'];
      await Promise.all(ids.map((id) => fake.update(keyOf(id, { partition: 'p' }), put(id))));
      const index = `${prefix}@list:{test:p}`;
      await redis.del(`${prefix}test:p:a`, `${prefix}test:p:c`, `${prefix}test:p:d`);
      const listed = async (limit: number) => (await fake.list('test', 'p', undefined, limit)).map(({ id }) => id);
      expect(await listed(2)).toEqual(['b', 'e']);
      expect(await redis.zrange(index, '0', '-1')).toEqual(ids);
      clock.advance(60_000);
      expect(await listed(10)).toEqual(['b', 'e']);
      expect(await redis.zrange(index, '0', '-1')).toEqual(ids);
      // Begun anew meanwhile: it is not missed any more, and its minute begins when it is again.
      await fake.update(keyOf('c', { partition: 'p' }), put('c'));
      await redis.del(`${prefix}test:p:c`);
      clock.advance(1);
      expect(await listed(10)).toEqual(['b', 'e']);
      expect(await redis.zrange(index, '0', '-1')).toEqual(['b', 'c', 'e']);
      await fake.update(keyOf('c', { partition: 'p' }), put('c'));
      expect(await listed(10)).toEqual(['b', 'c', 'e']);
      // An index that lost an id, as at a fail-over, has it again with the next write.
      await redis.del(index);
      await fake.update(keyOf('c', { partition: 'p' }), put('c again'));
      expect(await listed(10)).toEqual(['c']);
      await fake.close();
    });

    it('lists what is in no partition by looking at every key, whatever signs its prefix and kind have', async () => {
      prefix = `${prefix}[a]*?\\^-:`;
      const odd = open();
      const ids = ['', '*', 'a', 'é', '\u{1F600}', '\uFFFD'];
      await Promise.all(ids.map((id) => odd.update(keyOf(id, { kind: 'odd *:%' }), put(id))));
      await odd.update(keyOf('x', { kind: 'odd' }), put('other kind'));
      expect(await odd.list('odd *:%', '', undefined, 100)).toEqual(ids.map((id) => ({ id, body: id })));
      expect((await odd.list('odd *:%', '', '*', 2)).map(({ id }) => id)).toEqual(['a', 'é']);
      await odd.close();
    });

    it('keeps the journal in the order of its writing also where the clock goes back, and pages through it', async () => {
      const fake = open({ clock });
      const all: JournalEntry[] = [];
      for (let round = 0; round < 6; round += 1) {
        const entries = Array.from({ length: 400 }, (_, index) =>
          entry({ at: clock.now() - index, destination: `d${index % 3}`, data: `${round} ${index}` }),
        );
        await fake.append(entries);
        all.push(...entries);
        clock.advance(round % 2 === 0 ? -10_000 : 7_000);
      }
      for (const filter of [{}, { destination: 'd1' }, { destination: 'd1', service: 'default' }, { service: 'nobody' }, { from: START }]) {
        const found: JournalEntry[] = [];
        let cursor: string | undefined;
        do {
          const page = await fake.entries({ ...filter, limit: 900 }, cursor);
          found.push(...page.entries);
          ({ cursor } = page);
        } while (cursor !== undefined);
        const { destination, service, from = 0 } = filter as Partial<JournalEntry> & { from?: number };
        expect(found).toEqual(
          all.filter((of) => (destination ?? of.destination) === of.destination && (service ?? of.service) === of.service && of.at >= from),
        );
      }
      await fake.close();
    });

    it.each(['', 'x', '1', '-1', '1-', '1-2-3', `${'9'.repeat(20)}-0`])('refuses the cursor "%s"', async (cursor) => {
      expect(await codeOf(store.entries({ limit: 1 }, cursor))).toBe('invalid_request');
    });

    it('trims the journal and the indexes of destinations after 30 days, as many entries as it is told, and never gives a place twice', async () => {
      const fakeClock = createFakeClock(START);
      const fake = open({ clock: fakeClock });
      const dataOf = async (destination?: string) => {
        const { entries } = await fake.entries({ limit: 100, ...(destination !== undefined && { destination }) }, undefined);
        return entries.map(({ data }) => data);
      };
      await fake.append(['1', '2', '3'].map((data) => entry({ data })));
      const { cursor } = await fake.entries({ limit: 1 }, undefined);
      fakeClock.advance(JOURNAL_RETENTION);
      await fake.append([entry({ data: 'young', at: fakeClock.now() })]);
      expect(await fake.sweep(100)).toBe(0);
      expect(await dataOf()).toEqual(['1', '2', '3', 'young']);
      fakeClock.advance(1);
      await fake.sweep(2);
      expect(await dataOf()).toEqual(['3', 'young']);
      expect(await dataOf('someone')).toEqual(['3', 'young']);
      await fake.append([entry({ data: 'younger' })]);
      expect(await redis.zcard(`${prefix}@destination:someone`)).toBe(2);
      fakeClock.advance(2 * JOURNAL_RETENTION);
      await fake.sweep(1_000);
      expect(await dataOf()).toEqual([]);
      fakeClock.advance(-3 * JOURNAL_RETENTION);
      await fake.append([entry({ data: 'after' })]);
      expect((await fake.entries({ limit: 10 }, cursor)).entries.map(({ data }) => data)).toEqual(['after']);
      expect(await redis.pttl(`${prefix}@destination:someone`)).toBeGreaterThan(JOURNAL_RETENTION);
      await fake.close();
    });

    it('answers each of many calls in turn while others hold the record, and a closed one no more', async () => {
      const others = [open(), open(), open()];
      const counts = await Promise.all(Array.from({ length: 900 }, (_, index) => [store, ...others][index % 4]!.update(keyOf('a'), increment)));
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 900 }, (_, index) => index + 1));
      await Promise.all(others.map((other) => other.close()));
      expect(await codeOf(others[0]!.update(keyOf('a'), increment))).toBe('store_unavailable');
      const unused = open();
      await unused.close();
      expect(await codeOf(unused.ping())).toBe('store_unavailable');
    });
  });
});
