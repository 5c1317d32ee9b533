import { beforeEach, expect, it } from 'vitest';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';
import { entry } from './store-behaviour.ts';

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: the journal, read while others write`, () => {
    const database = useDatabase(server);
    beforeEach(() => emptyTables(server, database.url));

    it.each([{}, { destination: 'someone' }])(
      'has what was there in one reading, and what was committed out of turn in the next: %o',
      async (filter) => {
        const store = server.createStore({ url: database.url });
        await store.append([entry({ data: '1' }), entry({ data: '2' })]);
        const other = await server.connect(database.url);
        await other.run('BEGIN');
        await other.run(
          "INSERT INTO countersign_journal (at, service, type, destination, data) VALUES (1800000000000, 'default', 'check', 'someone', 'late')",
        );
        await store.append([entry({ data: '4' }), entry({ data: '5' })]);
        const page = await store.entries({ ...filter, limit: 3 }, undefined);
        await other.run('COMMIT');
        const rest = await store.entries({ ...filter, limit: 3 }, page.cursor);
        expect([...page.entries, ...rest.entries].map(({ data }) => data)).toEqual(['1', '2', '4', '5']);
        const again = await store.entries({ ...filter, limit: 10 }, undefined);
        expect(again.entries.map(({ data }) => data)).toEqual(['1', '2', 'late', '4', '5']);
        await other.end();
        await store.close();
      },
    );
  });
}
