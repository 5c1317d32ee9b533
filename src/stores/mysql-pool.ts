import { CountersignError } from '../core/errors.ts';
import { toMysqlFailure } from './mysql-errors.ts';
import { MYSQL_SESSION } from './mysql-statements.ts';
import { endPool, within } from './sql/within.ts';

/** As much of a pool of `mysql2/promise` as is used: another client can be handed in that has it. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  end(): Promise<void>;
}

/** A connection that is out of its pool. */
export interface MysqlConnection {
  /** Runs a prepared statement. */
  execute(statement: MysqlStatement): Promise<readonly [unknown, unknown]>;
  /** Runs a text as it is. */
  query(statement: MysqlStatement): Promise<readonly [unknown, unknown]>;
  release(): void;
  /** Ends it, whatever is under way. */
  destroy(): void;
}

/** A statement, in the words of `mysql2`. */
export interface MysqlStatement {
  readonly sql: string;
  readonly values?: (string | number | null)[];
  readonly rowsAsArray?: boolean;
}

/** Which MySQL or MariaDB, by its address or by a pool of the caller's, from `mysql2/promise`. */
export type MysqlTarget = { readonly url: string; readonly pool?: undefined } | { readonly pool: MysqlPool; readonly url?: undefined };

/** A little less and a little more than a call of the loop may take, in milliseconds: by the one it is told why, by the other nobody waits any more. */
const CONNECT_TIMEOUT = 1_500;
const QUERY_TIMEOUT = 2_500;

/** Connections on which settings were made. A pool hands out a new wrapper each time, so that what is inside it is kept. */
const configured = new WeakSet<object>();

/** Opens connections, and ends those that do not answer. */
export class MysqlConnections {
  readonly #target: MysqlTarget;
  readonly #size: number;
  #pool: Promise<MysqlPool> | undefined;
  /** Connections that are out of the pool: it would wait for ever to end one whose server does not answer. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(target: MysqlTarget, size: number) {
    this.#target = target;
    this.#size = size;
  }

  /**
   * Hands `work` a connection that is set up, for so long at most. What it began and did not finish is undone.
   *
   * @throws SqlFailure for what the driver threw.
   */
  async with<T>(work: (connection: MysqlConnection) => Promise<T>, timeout: number = QUERY_TIMEOUT): Promise<T> {
    const done = this.#do(work, timeout);
    this.#underWay.add(done);
    try {
      return await done;
    } finally {
      this.#underWay.delete(done);
    }
  }

  async close(): Promise<void> {
    // A pool that could not be opened has nothing to close.
    const pool = await this.#pool?.catch(() => undefined);
    await Promise.allSettled(this.#underWay);
    if (pool && this.#target.url !== undefined) await endPool(() => pool.end(), QUERY_TIMEOUT);
  }

  async #do<T>(work: (connection: MysqlConnection) => Promise<T>, timeout: number): Promise<T> {
    const connection = await this.#connect();
    try {
      const result = await within(work(connection), timeout, 'QUERY_TIMEOUT');
      connection.release();
      return result;
    } catch (error) {
      const failure = toMysqlFailure(error);
      // What its user may do on a database stays with a connection as it was.
      await letGo(connection, failure.outcome !== 'unknown' && failure.error.code !== 'configuration_invalid');
      throw failure;
    }
  }

  async #connect(): Promise<MysqlConnection> {
    let connection: MysqlConnection | undefined;
    try {
      const pool = await this.#open();
      const acquired = pool.getConnection();
      connection = await within(acquired, CONNECT_TIMEOUT, 'POOL_TIMEOUT', () => void acquired.then((late) => late.release()).catch(() => undefined));
      await within(setUp(connection), CONNECT_TIMEOUT, 'QUERY_TIMEOUT');
      return connection;
    } catch (error) {
      connection?.destroy();
      throw toMysqlFailure(error, true);
    }
  }

  #open(): Promise<MysqlPool> {
    this.#pool ??= openMysqlPool(this.#target, this.#size).catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }
}

async function setUp(connection: MysqlConnection): Promise<void> {
  const inner = (connection as { connection?: object }).connection ?? connection;
  if (configured.has(inner)) return;
  for (const sql of MYSQL_SESSION) await connection.query({ sql });
  configured.add(inner);
}

/** Where the server answered, with an error, its connection goes on; any other may be in the middle of something. */
async function letGo(connection: MysqlConnection, isSound: boolean): Promise<void> {
  try {
    if (!isSound) throw new Error('not sound');
    await within(connection.query({ sql: 'ROLLBACK' }), CONNECT_TIMEOUT, 'QUERY_TIMEOUT');
    connection.release();
  } catch {
    connection.destroy();
  }
}

async function openMysqlPool({ url, pool }: MysqlTarget, size: number): Promise<MysqlPool> {
  if (pool) return pool;
  const driver = await loadDriver();
  try {
    return driver.createPool({
      uri: url,
      connectionLimit: size,
      connectTimeout: CONNECT_TIMEOUT,
      charset: 'utf8mb4',
      // 21 texts serve every size of a group, and some more do the rest.
      maxPreparedStatements: 100,
      enableKeepAlive: true,
    });
  } catch (error) {
    // It only looks at the address: its words are left behind, as they repeat what is wrong there.
    throw toUrlError(error);
  }
}

function toUrlError(cause: unknown): CountersignError {
  const message =
    cause instanceof URIError
      ? 'the url of MySQL has a percent sign that begins no escape: write it as %25'
      : 'the url of MySQL cannot be used: correct what stands behind its "?", such as ssl={"ca":"…"}';
  return new CountersignError('configuration_invalid', message, { field: 'url', cause });
}

/** Ensure that it is said which MySQL is meant, by an address of one or by a pool, before anything is sent anywhere. */
export function assertMysqlTarget(target: Partial<MysqlTarget> | undefined): asserts target is MysqlTarget {
  const { url, pool } = target ?? {};
  if (pool === undefined) assertMysqlUrl(url);
  else if (url !== undefined) throw invalid('url', 'either url or pool must be given');
  else if (!isPool(pool)) throw invalid('pool', 'pool must be a pool of mysql2/promise: of one of mysql2 itself give pool.promise()');
}

/** The messages must not repeat the address: a password may be in it. */
function assertMysqlUrl(url: unknown): void {
  if (typeof url !== 'string' || !URL.canParse(url) || !/^(?:mysql|mariadb):\/\//.test(url)) {
    throw invalid('url', 'url must be an address such as mysql://user:password@host:3306/database, or pool a pool of mysql2/promise');
  }
  // The driver passes over these, and the connection would go without what was asked for.
  if ([...new URL(url).searchParams.keys()].every((name) => name === 'ssl' || !/^(?:use_?)?(?:ssl|tls)/i.test(name))) return;
  throw invalid('url', 'TLS for MySQL is asked for by ssl in the url, an object of JSON such as ssl={"ca":"…"} or {}: leave other words for it out');
}

/** One with callbacks has the same methods, and a way to one with promises. */
function isPool(pool: unknown): boolean {
  const { getConnection, end, promise } = (pool ?? {}) as Partial<MysqlPool> & { promise?: unknown };
  return typeof getConnection === 'function' && typeof end === 'function' && promise === undefined;
}

function invalid(field: string, message: string): CountersignError {
  return new CountersignError('configuration_invalid', message, { field });
}

async function loadDriver(): Promise<Pick<typeof import('mysql2/promise'), 'createPool'>> {
  try {
    const { default: driver } = await import('mysql2/promise');
    return driver;
  } catch (cause) {
    const message = 'the MySQL store needs the package mysql2: install it with "npm install mysql2"';
    throw new CountersignError('configuration_invalid', message, { cause });
  }
}
