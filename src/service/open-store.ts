import { CountersignError } from '../core/errors.ts';
import type { Store } from '../stores/store.ts';
import { parseRedisAddress } from './redis-address.ts';

/** Opens one kind of store. */
type Open = (address: string) => Promise<Store>;

/** By the scheme of an address. Each driver is loaded only where it is asked for. */
const STORES: Readonly<Record<string, Open>> = {
  postgres: openPostgres,
  postgresql: openPostgres,
  mysql: openMysql,
  mariadb: openMysql,
  redis: openRedis,
  rediss: openRedis,
};

/**
 * Opens the store that `database` names: an address, or else the path of a SQLite file.
 *
 * @throws {CountersignError} `configuration_invalid` for a scheme that none has, and what the store itself throws.
 */
export async function openStore(database: string): Promise<Store> {
  const scheme = schemeOf(database);
  if (scheme === undefined) {
    const { createSqliteStore } = await import('../stores/sqlite.ts');
    return createSqliteStore({ path: database });
  }
  const open = STORES[scheme];
  // The address is not repeated: it holds a password.
  if (open === undefined) {
    const known = ['postgres', 'mysql', 'redis', 'rediss'].map((name) => `${name}://`);
    throw new CountersignError('configuration_invalid', `database must begin with ${known.join(', ')}, or be the path of a SQLite file`, {
      field: 'database',
    });
  }
  return open(database);
}

/** Whether a store is a file on this machine. */
export function isSqlitePath(database: string): boolean {
  return schemeOf(database) === undefined;
}

function schemeOf(database: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(database)?.[1]?.toLowerCase();
}

async function openPostgres(url: string): Promise<Store> {
  const { createPostgresStore } = await import('../stores/postgres.ts');
  return createPostgresStore({ url });
}

async function openMysql(url: string): Promise<Store> {
  const { createMysqlStore } = await import('../stores/mysql.ts');
  return createMysqlStore({ url });
}

async function openRedis(address: string): Promise<Store> {
  const { createRedisStore } = await import('../stores/redis.ts');
  return createRedisStore(parseRedisAddress(address));
}
