import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { MysqlBackend } from './mysql-backend.ts';
import { assertMysqlTarget, type MysqlTarget } from './mysql-pool.ts';
import { MYSQL_MIGRATIONS, MYSQL_SCHEMA_TABLE } from './mysql-schema.ts';
import { toCallerError } from './sql/failure.ts';
import { type MigrateOptions, type MigrationReport, runMigrations } from './sql/migrations.ts';
import { SqlStore } from './sql/sql-store.ts';
import type { Store } from './store.ts';

export type { MysqlConnection, MysqlPool, MysqlStatement, MysqlTarget } from './mysql-pool.ts';
export type { MigrateOptions, Migration, MigrationReport } from './sql/migrations.ts';

/**
 * Settings of {@link createMysqlStore}: `url`, or a `pool` of the caller's, who ends it. The store makes settings on each connection (READ COMMITTED,
 * UTC, short waits for locks), so that the pool should be its own.
 */
export type MysqlStoreOptions = MysqlTarget & {
  /**
   * Connections at most, where `url` is given. Four statements at a time do most of the work, each for up to 64 calls; more than ten gain nothing.
   * @defaultValue 10
   */
  readonly poolSize?: number;
  /**
   * For tests: stands in for the server's clock. Nothing is cached then.
   * @defaultValue the server's clock
   */
  readonly clock?: Clock;
};

/**
 * A store in a MySQL or MariaDB database, for any number of processes on any number of machines. It needs the package `mysql2`, and tables that
 * `countersign migrate` or {@link migrateMysql} has made: starting never makes them. It connects on first use, and again by itself.
 *
 * @throws CountersignError `configuration_invalid` for an address that is none. What only shows on first use rejects the calls: a missing driver, a
 * database that is not there or not migrated with `configuration_invalid`, one that does not answer with `store_unavailable`.
 * @example
 * await migrateMysql({ url: process.env.DATABASE_URL });
 * const store = createMysqlStore({ url: process.env.DATABASE_URL });
 * const verifier = createVerifier({ secret, store, provider });
 */
export function createMysqlStore(options: MysqlStoreOptions): Store {
  assertMysqlTarget(options);
  const { poolSize = 10, clock } = options;
  if (!(Number.isInteger(poolSize) && poolSize >= 1)) {
    throw new CountersignError('configuration_invalid', 'poolSize must be a whole number of at least 1', { field: 'poolSize' });
  }
  return new SqlStore(new MysqlBackend({ target: options, poolSize, clock }), clock ? 0 : undefined);
}

/**
 * Makes the tables, or brings them up to date, and says what it did. Safe while processes run on them and when several do it at once.
 *
 * @throws CountersignError `configuration_invalid` when the tables are of a later version, or the user may not make tables; `store_unavailable` when
 * the server does not answer.
 * @example
 * const { steps } = await migrateMysql({ url }, { dryRun: true });
 * for (const { statements } of steps) console.log(statements.join(';\n'));
 */
export async function migrateMysql(target: MysqlTarget, options: MigrateOptions = {}): Promise<MigrationReport> {
  assertMysqlTarget(target);
  const backend = new MysqlBackend({ target, poolSize: 1 });
  try {
    return await runMigrations(
      {
        name: 'MySQL',
        migrations: MYSQL_MIGRATIONS,
        schemaTable: MYSQL_SCHEMA_TABLE,
        readVersion: () => backend.readVersion(),
        apply: (step) => backend.apply(step),
      },
      options,
    );
  } catch (error) {
    throw toCallerError(error);
  } finally {
    await backend.close();
  }
}
