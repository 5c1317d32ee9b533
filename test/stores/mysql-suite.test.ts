import { beforeEach, describe, it } from 'vitest';
import { createMysqlStore } from '../../src/stores/mysql.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { describeOn, emptyTables, MYSQL, useDatabase } from './sql-servers.ts';
import { itBehavesAsAStore } from './store-behaviour.ts';

await describeOn(MYSQL, 'MySQL store', () => {
  const database = useDatabase(MYSQL);
  beforeEach(() => emptyTables(MYSQL, database.url));

  storeSuite({ describe, it }, ({ clock }) => ({ connect: () => createMysqlStore({ url: database.url, clock, poolSize: 4 }) }));

  describe('on its own', () => {
    itBehavesAsAStore((clock) => createMysqlStore({ url: database.url, clock, poolSize: 4 }), { notesWithoutNext: false });
  });

  describe('with the server’s clock and its cache', () => {
    storeSuite({ describe, it }, () => ({ connect: () => createMysqlStore({ url: database.url, poolSize: 4 }) }), { clock: false });
  });
});
