// How much of what MySQL or MariaDB can do is left for whoever uses it through the engine: `check` and `start` against one bare update per operation.
import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { createMysqlStore, migrateMysql } from '../src/stores/mysql.ts';
import { formatNumber } from './lib/spread.ts';
import { FLOOR_VERSION, runSqlBench } from './lib/sql-bench.ts';

const address = process.env.COUNTERSIGN_TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test';
const name = `countersign_bench_${randomBytes(4).toString('hex')}`;
const admin = await mysql.createConnection({ uri: address });
await admin.query(`CREATE DATABASE ${name}`);
const url = Object.assign(new URL(address), { pathname: `/${name}` }).href;
await migrateMysql({ url });
const pool = mysql.createPool({ uri: url, connectionLimit: 10 });
const [versions] = await admin.query('SELECT VERSION() AS version');

await runSqlBench({
  name: 'mysql',
  server: (versions as { version: string }[])[0]?.version.replace(/^([\d.]+)-MariaDB.*/, 'MariaDB $1') ?? '',
  floor: 'one guarded `UPDATE` by key, a prepared statement',
  targets: { cold: 0.6, warm: 0.8, start: 0.35 },
  createStore: () => createMysqlStore({ url }),
  async fill(rows) {
    for (let from = 0; from < rows.length; from += 500) {
      const part = rows.slice(from, from + 500).map(({ key, body, expiresAt }) => [key.kind, key.partition, key.id, FLOOR_VERSION, body, expiresAt]);
      await pool.query('INSERT INTO countersign_records (kind, `partition`, id, version, body, expires_at) VALUES ?', [part]);
    }
  },
  async update({ key }, body) {
    const [reply] = await pool.execute(
      `UPDATE countersign_records SET version = '2.aaaaaaaa ${FLOOR_VERSION}', body = ?
       WHERE kind = ? AND \`partition\` = ? AND id = ? AND version = ?`,
      [body, key.kind, key.partition, key.id, FLOOR_VERSION],
    );
    if ((reply as { affectedRows: number }).affectedRows !== 1) throw new Error('the floor missed a row');
  },
  async measureTable(count) {
    await pool.query('ANALYZE TABLE countersign_records');
    const [rows] = await pool.query(
      `SELECT data_length + index_length AS bytes FROM information_schema.tables WHERE table_schema = '${name}' AND table_name = 'countersign_records'`,
    );
    const bytes = Number((rows as { bytes: number }[])[0]?.bytes) / count;
    return [{ what: 'bytes per fresh verification, indexes included', measured: formatNumber(bytes) }];
  },
  async empty() {
    await pool.query('TRUNCATE countersign_records');
  },
  async close() {
    await pool.end();
    await admin.query(`DROP DATABASE ${name}`);
    await admin.end();
  },
});
