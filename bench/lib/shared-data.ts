import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { migrateMysql } from '../../src/stores/mysql.ts';
import { migratePostgres } from '../../src/stores/postgres.ts';
import type { Target } from './hot-worker.ts';
import { RedisFloor } from './redis-floor.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/** Runs `work` with data of its own on a server, which it names with its version, and removes it afterwards. */
type WithData = (work: (target: Target, product: string) => Promise<void>) => Promise<void>;

const newName = () => `countersign_bench_${randomBytes(4).toString('hex')}`;
const toUrl = (address: string, name: string) => Object.assign(new URL(address), { pathname: `/${name}` }).href;

/** For each store that several processes can share. */
export const SHARED: readonly WithData[] = [
  async (work) => {
    const address = process.env.COUNTERSIGN_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
    const name = newName();
    const admin = new pg.Client({ connectionString: address });
    await admin.connect();
    try {
      await admin.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
      await migratePostgres({ url: toUrl(address, name) });
      const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
      await work({ name: 'PostgreSQL', url: toUrl(address, name) }, `PostgreSQL ${rows[0]?.server_version.split(' ')[0]}`);
    } finally {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
    }
  },
  async (work) => {
    const address = process.env.COUNTERSIGN_TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test';
    const name = newName();
    const admin = await mysql.createConnection({ uri: address });
    try {
      await admin.query(`CREATE DATABASE ${name}`);
      await migrateMysql({ url: toUrl(address, name) });
      const [rows] = await admin.query('SELECT VERSION() AS version');
      const version = (rows as { version: string }[])[0]?.version.replace(/^([\d.]+)-MariaDB.*/, 'MariaDB $1') ?? '';
      await work({ name: 'MariaDB', url: toUrl(address, name) }, version);
    } finally {
      await admin.query(`DROP DATABASE IF EXISTS ${name}`);
      await admin.end();
    }
  },
  async (work) => {
    const url = process.env.COUNTERSIGN_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';
    const prefix = `${newName()}:`;
    const admin = new RedisFloor(url, prefix);
    try {
      await work({ name: 'Redis', url, prefix }, `Redis ${(await admin.describe()).version}`);
    } finally {
      await admin.remove(prefix);
      admin.close();
    }
  },
  (work) => withTemporaryFolder((folder) => work({ name: 'SQLite', path: `${folder}/data.db` }, 'SQLite')),
];
