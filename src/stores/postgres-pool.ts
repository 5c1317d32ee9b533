import { CountersignError } from '../core/errors.ts';
import { assertPostgresUrl, splitOptions, toUrlError } from './postgres-url.ts';

/** As much of a `pg.Pool` as is used: another client can be handed in that has it. */
export interface PostgresPool {
  /** Runs one statement, or several in one text without values, on any connection. A connection on which it fails is not used again. */
  query(query: PostgresQuery): Promise<{ readonly rows: readonly unknown[] }>;
  end(): Promise<void>;
  /** How many calls wait for a connection, where it can say so. */
  readonly waitingCount?: number;
}

/** A statement, in the words of `pg`. */
export interface PostgresQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** Under which the server keeps it prepared. */
  readonly name?: string;
  readonly rowMode?: 'array';
  /** How long it may take, in milliseconds; its connection is ended then. */
  readonly query_timeout?: number;
}

/** Which PostgreSQL, by its address or by a pool of the caller's. */
export type PostgresTarget = { readonly url: string; readonly pool?: undefined } | { readonly pool: PostgresPool; readonly url?: undefined };

/** A pool and whether it is ours to end. */
export interface OpenPool {
  readonly pool: PostgresPool;
  readonly isOurs: boolean;
  /** Whether a connection was made, ever: what fails before may not be PostgreSQL at all. */
  hasConnected(): boolean;
}

/**
 * Settings of our own connections. A plan that was made while a table was small reads all of it ever after, until statistics are gathered anew: every
 * statement of ours has an index, so that nothing else is to be considered. And a statement that waits for more than a call may take is given up.
 */
const SESSION_OPTIONS = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c statement_timeout=1800';

/** Less than a call of the loop may take, so that it is told why. In milliseconds. */
const CONNECT_TIMEOUT = 1_500;

/**
 * Opens a pool, or takes the one that is given.
 *
 * @param isDirect whether the server is spoken to without a pooler between, which would refuse settings of a session.
 * @throws CountersignError `configuration_invalid` when the driver is missing, or the address is none.
 */
export async function openPostgresPool({ url, pool }: PostgresTarget, size: number, isDirect: boolean): Promise<OpenPool> {
  if (pool) return { pool, isOurs: false, hasConnected: () => true };
  const { Client, Pool } = await loadDriver();
  const address = isDirect ? splitOptions(url) : { url, options: '' };
  const settings = {
    connectionString: address.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    application_name: 'countersign',
    // Of two that set the same the last is taken.
    ...(isDirect && { options: `${address.options} ${SESSION_OPTIONS}` }),
  };
  try {
    // A pool looks at its address at each connection, and then its faults are told from those of the wire by nobody.
    new Client(settings);
  } catch (error) {
    throw toUrlError(error);
  }
  const opened = new Pool({ ...settings, max: size });
  let hasConnected = false;
  opened.on('connect', () => {
    hasConnected = true;
  });
  // A connection that ends while nobody uses it is replaced; without a listener it would end the process.
  opened.on('error', () => undefined);
  return { pool: opened, isOurs: true, hasConnected: () => hasConnected };
}

/** Ensure that it is said which PostgreSQL is meant, by an address of one or by a pool. */
export function assertPostgresTarget(target: Partial<PostgresTarget> | undefined): asserts target is PostgresTarget {
  const { url, pool } = target ?? {};
  if (pool === undefined) assertPostgresUrl(url);
  else if (url !== undefined) throw new CountersignError('configuration_invalid', 'either url or pool must be given', { field: 'url' });
  else if (!isPool(pool)) throw new CountersignError('configuration_invalid', 'pool must be a pool of pg', { field: 'pool' });
}

function isPool(pool: unknown): boolean {
  const { query, end } = (pool ?? {}) as Partial<PostgresPool>;
  return typeof query === 'function' && typeof end === 'function';
}

async function loadDriver(): Promise<Pick<typeof import('pg'), 'Client' | 'Pool'>> {
  try {
    const { default: driver } = await import('pg');
    return driver;
  } catch (cause) {
    throw new CountersignError('configuration_invalid', 'the PostgreSQL store needs the package pg: install it with "npm install pg"', { cause });
  }
}
