import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { MysqlBackend } from '../../src/stores/mysql-backend.ts';
import { PostgresBackend } from '../../src/stores/postgres-backend.ts';
import type { SqlBackend, StoredWrite } from '../../src/stores/sql/backend.ts';
import { MAX_WRITE_AGE } from '../../src/stores/store.ts';
import { describeOn, emptyTables, inDatabase, MYSQL, newDatabaseName, POSTGRES, untilWaiting, useDatabase } from './sql-servers.ts';
import { increment, keyOf, put } from './store-behaviour.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `r${String(index).padStart(2, '0')}`);

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: statements`, () => {
    const database = useDatabase(server);
    beforeEach(() => emptyTables(server, database.url));
    const openStore = () => {
      const store = server.createStore({ url: database.url, poolSize: 4 });
      onTestFinished(() => store.close());
      return store;
    };
    const openBackend = (): SqlBackend => {
      const target = { url: database.url };
      const backend =
        server.name === 'postgres' ? new PostgresBackend({ target, poolSize: 2, namedStatements: true }) : new MysqlBackend({ target, poolSize: 2 });
      onTestFinished(() => backend.close());
      return backend;
    };

    it('refuse a write whose read is more than 5 s old by the server’s clock, insert or update, and take one that is not', async () => {
      const backend = openBackend();
      const key = (id: string) => ({ kind: 'test', partition: '', id });
      const [{ now } = { now: 0 }] = await backend.readRecords([key('a')]);
      const write = (id: string, expected: string | undefined, age: number, no: number): StoredWrite => ({
        key: key(id),
        expected,
        version: `${no}.abcdefgh`,
        body: 'x',
        expiresAt: null,
        readAt: now - age,
        entries: [],
      });
      const applied = async (writes: readonly StoredWrite[]) =>
        (await backend.writeRecords(writes)).map((result) => 'value' in result && result.value.applied);
      const [late, inTime] = [MAX_WRITE_AGE + 1, MAX_WRITE_AGE - 2_000];
      expect(await applied([write('a', undefined, late, 1)])).toEqual([false]);
      expect(await applied([write('a', undefined, late, 1), write('b', undefined, inTime, 2)])).toEqual([false, true]);
      expect(await applied([write('a', undefined, inTime, 3)])).toEqual([true]);
      expect(await applied([write('a', '3.abcdefgh', late, 4), write('b', '2.abcdefgh', inTime, 5)])).toEqual([false, true]);
      expect(await applied([write('a', '3.abcdefgh', late, 4)])).toEqual([false]);
      expect(await applied([write('a', '3.abcdefgh', inTime, 6)])).toEqual([true]);
    });

    it('go by the server’s clock, to the millisecond, whatever this machine’s says', async () => {
      const backend = openBackend();
      const sql = {
        postgres: 'SELECT extract(epoch FROM clock_timestamp()) * 1000',
        mysql: 'SELECT UNIX_TIMESTAMP(SYSDATE(6)) * 1000',
      }[server.name];
      const before = Number((await server.run(database.url, sql))[0]?.[0]);
      const [{ now } = { now: 0 }] = await backend.readRecords([{ kind: 'test', partition: '', id: 'a' }]);
      const after = Number((await server.run(database.url, sql))[0]?.[0]);
      expect(now).toBeGreaterThanOrEqual(Math.floor(before));
      expect(now).toBeLessThanOrEqual(after);
      const write = { key: { kind: 'test', partition: '', id: 'a' }, version: '1.abcdefgh', body: 'x', expiresAt: null, readAt: now, entries: [] };
      const [written] = await backend.writeRecords([{ ...write, expected: undefined }]);
      const [again] = await backend.writeRecords([{ ...write, expected: '1.abcdefgh', version: '2.abcdefgh' }]);
      const end = Number((await server.run(database.url, sql))[0]?.[0]);
      for (const result of [written, again]) {
        const time = result && 'value' in result ? result.value.now : 0;
        expect(time).toBeGreaterThanOrEqual(now);
        expect(time).toBeLessThanOrEqual(end);
      }
    });

    it('tell of each row of a group whether it was written, and note the entries of those that were', async () => {
      const backend = openBackend();
      const key = (id: string) => ({ kind: 'test', partition: '', id });
      const [{ now } = { now: 0 }] = await backend.readRecords([key('x')]);
      const all = ids(40);
      const toWrite = (id: string, expected: string | undefined, version: string): StoredWrite => ({
        key: key(id),
        expected,
        version,
        body: `${id} ${version}`,
        expiresAt: null,
        readAt: now,
        // Some have one, some have none, as in a library's group and unlike a service's.
        entries: all.indexOf(id) % 3 === 0 ? [] : [{ at: now, service: 's', type: 't', destination: 'd', data: `${id} ${version}` }],
      });
      const write = async (writes: readonly StoredWrite[]) =>
        (await backend.writeRecords(writes)).map((result) => 'value' in result && result.value.applied);
      const version = (no: number, index: number) => `${no}.abcdef${String(index).padStart(2, '0')}`;
      expect(await write(all.filter((_, index) => index % 2 === 0).map((id) => toWrite(id, undefined, version(1, all.indexOf(id)))))).toEqual(
        Array(20).fill(true),
      );
      // Every second is there already; of the others some are thought to be.
      const mixed = all.map((id, index) =>
        toWrite(id, index % 4 === 0 ? version(1, index) : index % 4 === 1 ? '1.wrongone' : undefined, version(2, index)),
      );
      expect(await write(mixed)).toEqual(all.map((_, index) => index % 4 === 0 || index % 4 === 3));
      const first = all.filter((_, index) => index % 2 === 0).map((id) => `${id} ${version(1, all.indexOf(id))}`);
      const second = all.filter((_, index) => index % 4 === 0 || index % 4 === 3).map((id) => `${id} ${version(2, all.indexOf(id))}`);
      const noted = [...first, ...second].filter((text) => all.indexOf(text.slice(0, 3)) % 3 !== 0);
      expect((await server.run(database.url, 'SELECT data FROM countersign_journal')).map(([data]) => String(data)).sort()).toEqual(noted.sort());
      const bodies = (await backend.readRecords(all.map(key))).map(({ body }) => body);
      expect(bodies).toEqual(
        all.map((id, index) => [`${id} ${version(2, index)}`, undefined, `${id} ${version(1, index)}`, `${id} ${version(2, index)}`][index % 4]),
      );
    });

    it('count exactly where groups of two processes share their rows', async () => {
      const stores = [openStore(), openStore()];
      const shared = ids(32);
      const loop = async (_: unknown, turn: number) => {
        for (let round = 0; round < 40; round += 1) await stores[turn % 2]!.update(keyOf(shared[(turn * 7 + round * 11) % 32]!), increment);
      };
      await Promise.all(Array.from({ length: 64 }, loop));
      const bodies = await Promise.all(shared.map(async (id) => Number((await stores[0]!.read(keyOf(id))).body)));
      expect(bodies.reduce((sum, count) => sum + count)).toBe(64 * 40);
    });

    it('wait for a row that another transaction holds no longer than a second, and then try again', async () => {
      const store = openStore();
      await Promise.all([store.update(keyOf('held'), put('1')), store.update(keyOf('free'), put('1'))]);
      const holder = await server.connect(database.url);
      await holder.run('BEGIN');
      await holder.run(`UPDATE countersign_records SET body = '41' WHERE id = 'held'`);
      const counted = store.update(keyOf('held'), increment);
      await untilWaiting(server, database.name);
      // In another turn than the one that waits, so that it does not.
      expect(await store.update(keyOf('free'), increment)).toBe(2);
      await holder.run('ROLLBACK');
      expect(await counted).toBe(2);
      await holder.end();
    });

    it('survive a deadlock between two groups: each is written', async () => {
      if (server.name === 'postgres') await server.run(server.url, `ALTER DATABASE ${database.name} SET deadlock_timeout = '300ms'`);
      const store = openStore();
      await Promise.all([store.update(keyOf('a'), put('1')), store.update(keyOf('b'), put('1'))]);
      // It locks the rows in the other order, as no group of ours does. On PostgreSQL the one that looks for deadlocks first gives way.
      const other = await server.connect(database.url);
      if (server.name === 'postgres') await other.run(`SET deadlock_timeout = '60s'`);
      await other.run('BEGIN');
      await other.run(`UPDATE countersign_records SET body = body WHERE id = 'b'`);
      if (server.name === 'mysql') await other.run(`UPDATE countersign_records SET kind = kind, body = CONCAT(body, '0') WHERE id = 'b'`);
      const counted = Promise.all([store.update(keyOf('a'), increment), store.update(keyOf('b'), increment)]);
      await untilWaiting(server, database.name);
      const theirs = await other.run(`UPDATE countersign_records SET body = body WHERE id = 'a'`).then(
        () => 'done',
        () => 'gave way',
      );
      await other.run('ROLLBACK');
      expect(await counted).toEqual([2, 2]);
      if (server.name === 'postgres') expect(theirs).toBe('done');
      await other.end();
    });

    it('write a record and its journal entries, or neither', async () => {
      const trigger = {
        postgres: `ALTER TABLE countersign_journal ADD CONSTRAINT theirs CHECK (type <> 'bad')`,
        mysql: `ALTER TABLE countersign_journal ADD CONSTRAINT theirs CHECK (type <> 'bad')`,
      }[server.name];
      await server.run(database.url, trigger);
      const store = openStore();
      const noted = (type: string) =>
        store.update(keyOf('a'), (current, now) => ({
          ...increment(current, now),
          entries: [{ at: now, service: 's', type, destination: 'd', data: '1' }],
        }));
      await expect(noted('bad')).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('refuses a record') });
      expect((await store.read(keyOf('a'))).body).toBeUndefined();
      expect(await noted('good')).toBe(1);
      // Of a group the one that is refused is, and no other.
      const [refused, written] = await Promise.allSettled([noted('bad'), store.update(keyOf('b'), increment)]);
      expect([refused.status, written.status]).toEqual(['rejected', 'fulfilled']);
      expect((await store.entries({ limit: 10 }, undefined)).entries.map(({ type }) => type)).toEqual(['good']);
      await server.run(database.url, `ALTER TABLE countersign_journal DROP CONSTRAINT theirs`);
    });

    it('search a journal of many windows, in order and completely', async () => {
      const store = openStore();
      await store.append([1, 2].map((at) => ({ at, service: 's', type: 't', destination: 'd', data: String(at) })));
      const gap = {
        postgres: `SELECT setval(pg_get_serial_sequence('countersign_journal', 'seq'), 90000)`,
        mysql: 'ALTER TABLE countersign_journal AUTO_INCREMENT = 90000',
      }[server.name];
      await server.run(database.url, gap);
      await store.append([3, 4].map((at) => ({ at, service: 's', type: 't', destination: 'd', data: String(at) })));
      for (const filter of [{ service: 's' }, { destination: 'd' }, {}]) {
        const first = await store.entries({ ...filter, limit: 3 }, undefined);
        expect(first.entries.map(({ data }) => data)).toEqual(['1', '2', '3']);
        expect((await store.entries({ ...filter, limit: 3 }, first.cursor)).entries.map(({ data }) => data)).toEqual(['4']);
      }
    });
  });

  await describeOn(server, `${server.name}: migrations`, () => {
    const useEmpty = async () => {
      const name = newDatabaseName();
      await server.createDatabase(name);
      onTestFinished(() => server.dropDatabase(name));
      return inDatabase(server.url, name);
    };

    it('are looked at without being made', async () => {
      const url = await useEmpty();
      const report = await server.migrate(url, { dryRun: true });
      expect(report).toMatchObject({ found: 0, latest: 1, steps: [{ version: 1 }] });
      expect(report.steps[0]?.statements.join('\n')).toContain('CREATE TABLE');
      expect((await server.migrate(url, { dryRun: true })).found).toBe(0);
    });

    it('are whole when somebody runs by hand what a dry run prints', async () => {
      const url = await useEmpty();
      const { steps } = await server.migrate(url, { dryRun: true });
      for (const statement of steps.flatMap(({ statements }) => statements)) await server.run(url, statement);
      expect(await server.migrate(url)).toEqual({ found: 1, latest: 1, steps: [] });
      const store = server.createStore({ url });
      expect(await store.update(keyOf('a'), increment)).toBe(1);
      await store.close();
    });

    it('are made once, however many make them at the same time, and then there is nothing to do', async () => {
      const url = await useEmpty();
      const reports = await Promise.all(Array.from({ length: 8 }, () => server.migrate(url)));
      expect(new Set(reports.map(({ latest }) => latest))).toEqual(new Set([1]));
      expect(await server.migrate(url)).toEqual({ found: 1, latest: 1, steps: [] });
      const store = server.createStore({ url });
      expect(await store.update(keyOf('a'), increment)).toBe(1);
      await store.close();
    });
  });
}

await describeOn(POSTGRES, 'PostgreSQL: updates', () => {
  const database = useDatabase(POSTGRES);

  it('touch no index: at least nine in ten are HOT, also where rows were inserted together and are updated at once', async () => {
    // One connection: a statement that another one holds a snapshot beside may find a page not cleared yet. With ten of them it is a figure, in bench/postgres.ts.
    const store = POSTGRES.createStore({ url: database.url, poolSize: 1 });
    const body = 'x'.repeat(430);
    const write = (id: string) =>
      store.update(keyOf(id, { kind: 'destination' }), (_, now) => ({ result: 0, next: { body, expiresAt: now + 86_400_000 } }));
    await Promise.all(
      Array.from({ length: 64 }, async (_, caller) => {
        for (let round = 0; round < 40; round += 1) for (let writes = 0; writes < 3; writes += 1) await write(`${caller} ${round}`);
      }),
    );
    await store.close();
    // A session reports what it did when it ends; the last of them may still be ending.
    let [updates, hot] = [0, 0];
    while (updates < 64 * 40 * 2) {
      const [row = []] = await POSTGRES.run(
        database.url,
        `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'countersign_records'`,
      );
      [updates = 0, hot = 0] = row.map(Number);
    }
    expect(hot / updates).toBeGreaterThanOrEqual(0.9);
  });
});
