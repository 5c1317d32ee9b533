import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { createMysqlStore, migrateMysql } from '../../src/stores/mysql.ts';
import { createPostgresStore, migratePostgres } from '../../src/stores/postgres.ts';
import type { MigrateOptions, MigrationReport } from '../../src/stores/sql/migrations.ts';
import type { Store } from '../../src/stores/store.ts';

/** A server that tests run on, with what they need to do to it beside what a store does. */
export interface TestServer {
  readonly name: 'postgres' | 'mysql';
  /** A database the test may connect to, to make others. */
  readonly url: string;
  /** Runs a statement in a database; rows as arrays. */
  run(url: string, sql: string): Promise<unknown[][]>;
  createDatabase(name: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  migrate(url: string, options?: MigrateOptions): Promise<MigrationReport>;
  createStore(options: StoreOptions): Store;
  /** A connection that stays open, for locks. */
  connect(url: string): Promise<TestConnection>;
  /** How many sessions of a database wait for a lock. */
  readonly waiting: (database: string) => string;
}

export interface StoreOptions {
  readonly url: string;
  readonly clock?: Clock;
  readonly poolSize?: number;
}

export interface TestConnection {
  run(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

export const POSTGRES: TestServer = {
  name: 'postgres',
  url: process.env.COUNTERSIGN_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test',
  async run(url, sql) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      // Several statements in one text give several results.
      const results: unknown = await client.query({ text: sql, rowMode: 'array' });
      const last = [results].flat().at(-1) as { rows: unknown[][] };
      return last.rows;
    } finally {
      await client.end();
    }
  },
  async createDatabase(name) {
    await this.run(this.url, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  },
  async dropDatabase(name) {
    await this.run(this.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  },
  migrate: (url, options) => migratePostgres({ url }, options),
  createStore: (options) => createPostgresStore(options),
  async connect(url) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return { run: (sql) => client.query(sql), end: () => client.end() };
  },
  waiting: (database) => `SELECT count(*)::integer FROM pg_stat_activity WHERE datname = '${database}' AND wait_event_type = 'Lock'`,
};

export const MYSQL: TestServer = {
  name: 'mysql',
  url: process.env.COUNTERSIGN_TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test',
  async run(url, sql) {
    const connection = await mysql.createConnection({ uri: url, connectTimeout: 3_000, multipleStatements: true });
    connection.on('error', () => undefined);
    try {
      const [rows] = await connection.query({ sql, rowsAsArray: true });
      return rows as unknown[][];
    } finally {
      await connection.end();
    }
  },
  async createDatabase(name) {
    await this.run(this.url, `CREATE DATABASE ${name}`);
  },
  async dropDatabase(name) {
    await this.run(this.url, `DROP DATABASE IF EXISTS ${name}`);
  },
  migrate: (url, options) => migrateMysql({ url }, options),
  createStore: (options) => createMysqlStore(options),
  async connect(url) {
    const connection = await mysql.createConnection({ uri: url });
    connection.on('error', () => undefined);
    // Otherwise it would lock every row it looked at on its way to the one it changes.
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    return { run: (sql) => connection.query(sql), end: () => connection.end() };
  },
  // The table of transactions is refreshed only where nobody has read it for 0.1 s, so that whoever asks again and again is never told.
  waiting: (database) => `SELECT COUNT(*) FROM information_schema.processlist WHERE db = '${database}' AND command = 'Execute' AND time_ms > 50`,
};

/** The address of another database on the same server. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** A name nobody else has: files run at the same time, and an earlier run may have been killed. */
export function newDatabaseName(): string {
  return `countersign_test_${randomBytes(6).toString('hex')}`;
}

/**
 * Describes tests that need a server. Where it does not answer they are skipped, and say so loudly; on CI that is a failure, because there a store that
 * nobody tried would pass for one that works.
 */
export async function describeOn(server: TestServer, title: string, body: () => void): Promise<void> {
  const error = await server.run(server.url, 'SELECT 1').then(
    () => undefined,
    (reason: Error) => reason,
  );
  if (error === undefined) {
    describe(title, body);
    return;
  }
  const message = `${server.name} does not answer (${error.message}): its tests were SKIPPED. Start it, or set COUNTERSIGN_TEST_${server.name.toUpperCase()}_URL.`;
  if (process.env.CI === 'true') throw new Error(`${message} On CI that is a failure.`);
  console.warn(`\n*** ${message}\n`);
  describe.skip(`${title}: ${message}`, body);
}

/** A migrated database of the tests' own, dropped after them. */
export function useDatabase(server: TestServer): { readonly name: string; readonly url: string } {
  const name = newDatabaseName();
  const url = inDatabase(server.url, name);
  beforeAll(async () => {
    await server.createDatabase(name);
    await server.migrate(url);
  });
  afterAll(() => server.dropDatabase(name));
  return { name, url };
}

/** Empties the tables, which is far cheaper than a new database for each test. */
export async function emptyTables(server: TestServer, url: string): Promise<void> {
  await server.run(url, 'DELETE FROM countersign_records; DELETE FROM countersign_journal');
}

/** Resolves when some session of a database waits for a lock: asks until it does. */
export async function untilWaiting(server: TestServer, database: string): Promise<void> {
  for (;;) {
    const [[count] = [0]] = await server.run(server.url, server.waiting(database));
    if (Number(count) > 0) return;
  }
}
