import { CountersignError } from '../core/errors.ts';

/** As much of a `pg.Pool` as is used: another client can be handed in that has it. */
export interface PostgresPool {
  /** Runs one statement, or several in one text without values, on any connection. A connection on which it fails is not used again. */
  query(query: PostgresQuery): Promise<{ readonly rows: readonly unknown[] }>;
  end(): Promise<void>;
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
  if (pool) return { pool, isOurs: false };
  const { Pool } = await loadDriver();
  const opened = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    application_name: 'countersign',
    ...(isDirect && { options: SESSION_OPTIONS }),
  });
  // A connection that ends while nobody uses it is replaced; without a listener it would end the process.
  opened.on('error', () => undefined);
  return { pool: opened, isOurs: true };
}

/** Ensure an address is one of PostgreSQL, before anything is sent anywhere. The message must not repeat it: a password may be in it. */
export function assertPostgresTarget({ url, pool }: Partial<PostgresTarget>): void {
  if (pool !== undefined && url === undefined) return;
  if (typeof url === 'string' && URL.canParse(url) && /^postgres(?:ql)?:\/\//.test(url)) return;
  const message = 'url must be an address such as postgres://user:password@host:5432/database, or pool a pool of pg';
  throw new CountersignError('configuration_invalid', message, { field: 'url' });
}

async function loadDriver(): Promise<Pick<typeof import('pg'), 'Pool'>> {
  try {
    const { default: driver } = await import('pg');
    return driver;
  } catch (cause) {
    throw new CountersignError('configuration_invalid', 'the PostgreSQL store needs the package pg: install it with "npm install pg"', { cause });
  }
}
