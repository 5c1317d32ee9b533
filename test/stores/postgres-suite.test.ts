import { beforeEach, describe, it } from 'vitest';
import { createPostgresStore } from '../../src/stores/postgres.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { describeOn, emptyTables, POSTGRES, useDatabase } from './sql-servers.ts';
import { itBehavesAsAStore } from './store-behaviour.ts';

await describeOn(POSTGRES, 'PostgreSQL store', () => {
  const database = useDatabase(POSTGRES);
  beforeEach(() => emptyTables(POSTGRES, database.url));

  storeSuite({ describe, it }, ({ clock }) => ({ connect: () => createPostgresStore({ url: database.url, clock, poolSize: 4 }) }));

  describe('on its own', () => {
    itBehavesAsAStore((clock) => createPostgresStore({ url: database.url, clock, poolSize: 4 }), { notesWithoutNext: false });
  });

  describe('with the server’s clock and its cache', () => {
    storeSuite({ describe, it }, () => ({ connect: () => createPostgresStore({ url: database.url, poolSize: 4 }) }), { clock: false });
  });

  describe('without named statements', () => {
    storeSuite({ describe, it }, () => ({ connect: () => createPostgresStore({ url: database.url, poolSize: 4, namedStatements: false }) }), {
      clock: false,
    });
  });
});
