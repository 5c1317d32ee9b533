import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { PostgresBackend } from './postgres-backend.ts';
import { assertPostgresTarget, type PostgresTarget } from './postgres-pool.ts';
import { POSTGRES_MIGRATIONS, POSTGRES_SCHEMA_TABLE } from './postgres-schema.ts';
import { toCallerError } from './sql/failure.ts';
import { type MigrateOptions, type MigrationReport, runMigrations } from './sql/migrations.ts';
import { SqlStore } from './sql/sql-store.ts';
import type { Store } from './store.ts';

export type { PostgresPool, PostgresQuery, PostgresTarget } from './postgres-pool.ts';
export type { MigrateOptions, Migration, MigrationReport } from './sql/migrations.ts';

/** Settings of {@link createPostgresStore}: `url`, or a `pool` of the caller's, who ends it. */
export type PostgresStoreOptions = PostgresTarget & {
  /**
   * Connections at most, where `url` is given. Four statements at a time do most of the work, each for up to 64 calls; more than ten gain nothing.
   * @defaultValue 10
   */
  readonly poolSize?: number;
  /**
   * Whether the server keeps statements prepared under names. `false` behind PgBouncer in transaction mode, which hands each transaction to another
   * connection; then they are parsed anew each time.
   * @defaultValue true
   */
  readonly namedStatements?: boolean;
  /**
   * For tests: stands in for the server's clock. Nothing is cached then.
   * @defaultValue the server's clock
   */
  readonly clock?: Clock;
};

/**
 * A store in a PostgreSQL database, for any number of processes on any number of machines. It needs the package `pg`, and tables that
 * `countersign migrate` or {@link migratePostgres} has made: starting never makes them. It connects on first use, and again by itself.
 *
 * @throws CountersignError `configuration_invalid` for an address that is none. What only shows on first use rejects the calls: a missing driver, a
 * database that is not there or not migrated with `configuration_invalid`, one that does not answer with `store_unavailable`.
 * @example
 * await migratePostgres({ url: process.env.DATABASE_URL });
 * const store = createPostgresStore({ url: process.env.DATABASE_URL });
 * const verifier = createVerifier({ secret, store, provider });
 */
export function createPostgresStore(options: PostgresStoreOptions): Store {
  assertPostgresTarget(options);
  const { poolSize = 10, namedStatements = true, clock } = options;
  if (!(Number.isInteger(poolSize) && poolSize >= 1)) {
    throw new CountersignError('configuration_invalid', 'poolSize must be a whole number of at least 1', { field: 'poolSize' });
  }
  return new SqlStore(new PostgresBackend({ target: options, poolSize, namedStatements, clock }), clock ? 0 : undefined);
}

/**
 * Makes the tables, or brings them up to date, and says what it did. Safe while processes run on them and when several do it at once.
 *
 * @throws CountersignError `configuration_invalid` when the tables are of a later version, or the user may not make tables; `store_unavailable` when
 * the server does not answer.
 * @example
 * const { steps } = await migratePostgres({ url }, { dryRun: true });
 * for (const { statements } of steps) console.log(statements.join(';\n'));
 */
export async function migratePostgres(target: PostgresTarget, options: MigrateOptions = {}): Promise<MigrationReport> {
  assertPostgresTarget(target);
  const backend = new PostgresBackend({ target, poolSize: 1, namedStatements: false });
  try {
    return await runMigrations(
      {
        name: 'PostgreSQL',
        migrations: POSTGRES_MIGRATIONS,
        schemaTable: POSTGRES_SCHEMA_TABLE,
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
