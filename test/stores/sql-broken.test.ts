import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { MysqlBackend } from '../../src/stores/mysql-backend.ts';
import { PostgresBackend } from '../../src/stores/postgres-backend.ts';
import type { SqlBackend, StoredKey, StoredWrite } from '../../src/stores/sql/backend.ts';
import { toStoredKey } from '../../src/stores/sql/sql-driver.ts';
import { SqlStore } from '../../src/stores/sql/sql-store.ts';
import type { Decide, RecordKey, Store } from '../../src/stores/store.ts';
import type { VersionedSnapshot } from '../../src/stores/versioned-driver.ts';
import { runStoreSuite } from './collecting-runner.ts';
import { HANDLES, playAll } from './concurrent-histories.ts';
import { NotLinearizable } from './linearizability.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';
import { keyOf, put } from './store-behaviour.ts';

type Break = (backend: SqlBackend) => Partial<SqlBackend>;

/** Which of the races is lost depends on who comes first. */
const RACES = /at the same time|^I[135]: /;

const forgetsVersion: Break = (backend) => ({
  async writeRecords(writes: readonly StoredWrite[]) {
    const look = () => backend.readRecords(writes.map(({ key }) => key));
    // The other process connects meanwhile, and has read what this one did.
    for (let looks = 0; looks < 20; looks += 1) await look();
    const now = await look();
    return backend.writeRecords(writes.map((write, index) => ({ ...write, expected: now[index]?.version })));
  },
});

/** Has versions that count, and nothing more. */
const countsOnly: Break = (backend) => ({
  writeRecords(writes: readonly StoredWrite[]) {
    const plain = (version: string) => version.replace(/\.[\w-]{8}/g, '.AAAAAAAA');
    return backend.writeRecords(
      writes.map((write) => ({ ...write, version: plain(write.version), expected: write.expected && plain(write.expected) })),
    );
  },
});

/** Ways to get the statements wrong, and a promise that each breaks. */
const BREAKS: Readonly<Record<string, { readonly change: Break; readonly breaks: RegExp }>> = {
  'writes without comparing the version': { change: forgetsVersion, breaks: RACES },
  'writes however long ago it read': {
    change: (backend) => ({
      async writeRecords(writes: readonly StoredWrite[]) {
        const now = await backend.readRecords(writes.map(({ key }) => key));
        return backend.writeRecords(writes.map((write, index) => ({ ...write, readAt: now[index]?.now ?? 0 })));
      },
    }),
    breaks: /^I8: a decision that was held up for more than five seconds/,
  },
  'reads from a replica that lags': {
    change: (backend) => {
      const seen = new Map<string, VersionedSnapshot>();
      return {
        async readRecords(keys: readonly StoredKey[]) {
          const snapshots = await backend.readRecords(keys);
          return snapshots.map((snapshot, index) => {
            const name = JSON.stringify(keys[index]);
            const before = seen.get(name);
            seen.set(name, snapshot);
            return before ? { ...before, now: snapshot.now } : snapshot;
          });
        },
      };
    },
    breaks: /^A write is seen by every process from the moment it was answered/,
  },
  'deletes a record that is written short': {
    change: (backend) => ({
      async writeRecords(writes: readonly StoredWrite[]) {
        const past = writes.map((write) => (write.body.length < 8 && write.expected !== undefined ? { ...write, expiresAt: 0 } : write));
        const results = await backend.writeRecords(past);
        await backend.sweepRecords(100);
        return results;
      },
    }),
    breaks: /^A record written shorter is still a record/,
  },
};

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: a store whose statements are broken on purpose`, () => {
    const database = useDatabase(server);
    beforeEach(() => emptyTables(server, database.url));

    const makeBackend = (clock?: Clock): SqlBackend => {
      const target = { url: database.url };
      return server.name === 'postgres'
        ? new PostgresBackend({ target, poolSize: 2, namedStatements: true, clock })
        : new MysqlBackend({ target, poolSize: 2, clock });
    };
    const makeStore = (change: Break, clock?: Clock): Store => {
      const backend = makeBackend(clock);
      const broken = Object.assign(Object.create(backend) as SqlBackend, change(backend));
      return new SqlStore(bindAll(backend, broken), clock && 0);
    };

    it.each(Object.entries(BREAKS))('%s, and the suite says so', async (_, { change, breaks }) => {
      const { failed } = await runStoreSuite(({ clock }) => ({
        connect: () => makeStore(change, clock),
        cleanup: () => emptyTables(server, database.url),
      }));
      expect(failed.map(({ title }) => title)).toContainEqual(expect.stringMatching(breaks));
    });

    it.each([
      ['reads, decides and writes', () => new ReadDecideWrite(makeBackend())],
      ['writes without comparing the version', () => makeStore(forgetsVersion)],
    ])('%s, and there is no order of its calls', async (_, open) => {
      const handles = Array.from({ length: HANDLES }, open);
      await expect(playAll(handles)).rejects.toThrow(expect.objectContaining({ cause: expect.any(NotLinearizable) }));
      await Promise.all(handles.map((handle) => handle.close()));
    });

    it.each<[string, Break, string]>([
      ['has our versions keeps', () => ({}), 'blocked by an operator'],
      ['has versions that only count loses', countsOnly, 'written by who remembers the lost time'],
    ])('%s an operator’s block after a fail-over that lost a write', async (_, change, expected) => {
      const [first, second] = [makeStore(change), makeStore(change)];
      await first.update(keyOf('a'), put('old'));
      const [[version, body] = []] = await server.run(database.url, 'SELECT version, body FROM countersign_records');
      await first.update(keyOf('a'), put('lost'));
      await server.run(database.url, `UPDATE countersign_records SET version = '${version}', body = '${body}'`);
      await second.update(keyOf('a'), put('blocked by an operator'));
      await first.update(keyOf('a'), (current = '') => ({
        result: undefined,
        next: { body: current.startsWith('blocked') ? current : 'written by who remembers the lost time', expiresAt: undefined },
      }));
      expect((await second.read(keyOf('a'))).body).toBe(expected);
      await Promise.all([first.close(), second.close()]);
    });
  });
}

/** A store as it is written first: what it read is not looked at again when it writes. */
class ReadDecideWrite extends SqlStore {
  readonly #backend: SqlBackend;

  constructor(backend: SqlBackend) {
    super(backend, 0);
    this.#backend = backend;
  }

  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    const stored = toStoredKey(key);
    await this.#backend.prepare();
    const [found] = await this.#backend.readRecords([stored]);
    if (!found) throw new Error('nothing was read');
    const { result, next, entries = [] } = decide(found.body, found.now);
    for (let isWritten = next === undefined; !isWritten && next; ) {
      const [there] = await this.#backend.readRecords([stored]);
      const version = `1.${randomBytes(6).toString('base64url')}`;
      const write = { key: stored, expected: there?.version, version, readAt: there?.now ?? 0, body: next.body, expiresAt: null, entries };
      const [reply] = await this.#backend.writeRecords([write]);
      isWritten = reply !== undefined && 'value' in reply && reply.value.applied;
    }
    return result;
  }
}

/** The methods of a backend are bound to it, as its fields are private; those that are broken are taken as they are. */
function bindAll(backend: SqlBackend, broken: SqlBackend): SqlBackend {
  return new Proxy(broken, {
    get(target, name) {
      if (Object.hasOwn(target, name)) return Reflect.get(target, name);
      const value: unknown = Reflect.get(backend, name, backend);
      return typeof value === 'function' ? value.bind(backend) : value;
    },
  });
}
