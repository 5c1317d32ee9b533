// How much of what PostgreSQL can do is left for whoever uses it through the engine: `check` and `start` against one bare update per operation.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createPostgresStore, migratePostgres } from '../src/stores/postgres.ts';
import { formatNumber } from './lib/spread.ts';
import { FLOOR_VERSION, runSqlBench } from './lib/sql-bench.ts';

const address = process.env.COUNTERSIGN_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
const name = `countersign_bench_${randomBytes(4).toString('hex')}`;
const admin = new pg.Client({ connectionString: address });
await admin.connect();
await admin.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
const url = Object.assign(new URL(address), { pathname: `/${name}` }).href;
await migratePostgres({ url });
const pool = new pg.Pool({ connectionString: url, max: 10 });
pool.on('error', () => undefined);
const { rows: versions } = await admin.query<{ server_version: string }>('SHOW server_version');

await runSqlBench({
  name: 'postgres',
  server: `PostgreSQL ${versions[0]?.server_version.split(' ')[0]}`,
  floor: 'one guarded `UPDATE … RETURNING` by key, a named statement',
  targets: { cold: 1, warm: 1.3, start: 0.5 },
  createStore: () => createPostgresStore({ url }),
  async fill(rows) {
    for (let from = 0; from < rows.length; from += 1_000) {
      const part = rows.slice(from, from + 1_000);
      await pool.query(
        `INSERT INTO countersign_records (kind, partition, id, version, body, expires_at)
         SELECT k, p, i, '${FLOOR_VERSION}', b, e FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS t (k, p, i, b, e)`,
        [
          part.map(({ key }) => key.kind),
          part.map(({ key }) => key.partition),
          part.map(({ key }) => key.id),
          part.map(({ body }) => body),
          part.map(({ expiresAt }) => expiresAt),
        ],
      );
    }
  },
  async update({ key }, body) {
    const { rows } = await pool.query({
      name: 'floor',
      text: `UPDATE countersign_records SET version = '2.aaaaaaaa ${FLOOR_VERSION}', body = $4
             WHERE kind = $1 AND partition = $2 AND id = $3 AND version = $5 RETURNING version`,
      values: [key.kind, key.partition, key.id, body, FLOOR_VERSION],
    });
    if (rows.length !== 1) throw new Error('the floor missed a row');
  },
  async measureTable(count) {
    let updates = { all: 0, hot: 0 };
    // Sessions report what they did when they end; the last of them may still be ending.
    while (updates.all < count) {
      const { rows } = await pool.query(`SELECT n_tup_upd::integer AS all, n_tup_hot_upd::integer AS hot
        FROM pg_stat_user_tables WHERE relname = 'countersign_records'`);
      updates = rows[0] as typeof updates;
    }
    const { rows } = await pool.query(`SELECT pg_total_relation_size('countersign_records')::float8 AS bytes`);
    const bytes = (rows[0] as { bytes: number }).bytes / count;
    const hot = updates.hot / updates.all;
    return [
      { what: 'bytes per fresh verification, indexes included', measured: formatNumber(bytes), target: { text: '≤ 1,500', met: bytes <= 1_500 } },
      { what: 'updates that are HOT', measured: formatNumber(hot, 3), target: { text: '≥ 0.9', met: hot >= 0.9 } },
    ];
  },
  async empty() {
    await pool.query('TRUNCATE countersign_records; SELECT pg_stat_reset()');
  },
  async close() {
    await pool.end();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  },
});
