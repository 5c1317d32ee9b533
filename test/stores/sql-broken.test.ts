import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { MysqlBackend } from '../../src/stores/mysql-backend.ts';
import { PostgresBackend } from '../../src/stores/postgres-backend.ts';
import type { SqlBackend, StoredKey, StoredWrite } from '../../src/stores/sql/backend.ts';
import { SqlStore } from '../../src/stores/sql/sql-store.ts';
import type { VersionedSnapshot } from '../../src/stores/versioned-driver.ts';
import { runStoreSuite } from './collecting-runner.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';

type Break = (backend: SqlBackend) => Partial<SqlBackend>;

/** Ways to get the statements wrong, and a promise that each breaks. */
const BREAKS: Readonly<Record<string, { readonly change: Break; readonly breaks: RegExp }>> = {
  'writes without comparing the version': {
    change: (backend) => ({
      async writeRecords(writes: readonly StoredWrite[]) {
        const look = () => backend.readRecords(writes.map(({ key }) => key));
        // The other process connects meanwhile, and has read what this one did.
        for (let looks = 0; looks < 20; looks += 1) await look();
        const now = await look();
        return backend.writeRecords(writes.map((write, index) => ({ ...write, expected: now[index]?.version })));
      },
    }),
    // Which of the races is lost depends on who comes first.
    breaks: /at the same time|^I[135]: /,
  },
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

    const makeBackend = (clock: Clock): SqlBackend => {
      const target = { url: database.url };
      return server.name === 'postgres'
        ? new PostgresBackend({ target, poolSize: 2, namedStatements: true, clock })
        : new MysqlBackend({ target, poolSize: 2, clock });
    };

    it.each(Object.entries(BREAKS))('%s, and the suite says so', async (_, { change, breaks }) => {
      const { failed } = await runStoreSuite(({ clock }) => ({
        connect: () => {
          const backend = makeBackend(clock);
          const broken = Object.assign(Object.create(backend) as SqlBackend, change(backend));
          return new SqlStore(bindAll(backend, broken), 0);
        },
        cleanup: () => emptyTables(server, database.url),
      }));
      expect(failed.map(({ title }) => title)).toContainEqual(expect.stringMatching(breaks));
    });
  });
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
