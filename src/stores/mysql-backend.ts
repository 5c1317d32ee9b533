import type { Clock } from '../core/clock.ts';
import { keyText } from './batch.ts';
import { type MysqlConnection, MysqlConnections, type MysqlTarget } from './mysql-pool.ts';
import { MYSQL_MIGRATIONS, MYSQL_SCHEMA_TABLE } from './mysql-schema.ts';
import * as statements from './mysql-statements.ts';
import { fillUp, NO_KEY, noteEntries, toKeyValues, writeInParts } from './mysql-writes.ts';
import type { JournalSearch, NumberedEntry, SqlBackend, StoredKey, StoredWrite } from './sql/backend.ts';
import { SqlFailure } from './sql/failure.ts';
import type { GroupResult } from './sql/groups.ts';
import { assertUpToDate, type Migration, toVersionInsert } from './sql/migrations.ts';
import type { JournalEntry, ListedRecord } from './store.ts';
import type { VersionedSnapshot, WriteReply } from './versioned-driver.ts';

/** How a {@link MysqlBackend} works. */
export interface MysqlBackendOptions {
  readonly target: MysqlTarget;
  readonly poolSize: number;
  /** Stands in for the server's clock, in tests. */
  readonly clock?: Clock | undefined;
}

/** How long another migration is waited for, in seconds, and this one in milliseconds: a table may be large. */
const LOCK_SECONDS = 300;
const MIGRATION_TIMEOUT = 600_000;

/** Rows come as arrays of bytes, numbers and nulls. */
type Row = readonly unknown[];

/** The statements of the store on MySQL and MariaDB. */
export class MysqlBackend implements SqlBackend {
  readonly name = 'mysql';
  readonly #connections: MysqlConnections;
  readonly #clock: Clock | undefined;
  #ready: Promise<void> | undefined;

  constructor({ target, poolSize, clock }: MysqlBackendOptions) {
    this.#connections = new MysqlConnections(target, poolSize);
    this.#clock = clock;
  }

  /** Looks once, and again after it failed. */
  prepare(): Promise<void> {
    this.#ready ??= this.#look().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async readRecords(keys: readonly StoredKey[]): Promise<readonly VersionedSnapshot[]> {
    const size = statements.toStatementSize(keys.length);
    const values = fillUp(keys.map(toKeyValues), size, NO_KEY);
    const [clock, ...rows] = await this.#rows(statements.readStatement(this.#now, size), values.flat());
    const now = Number(String(clock?.[4]));
    const found = new Map(rows.map(([kind, partition, id, version, body]) => [keyText(toKey(kind, partition, id)), [version, body]]));
    return keys.map((key) => {
      const record = found.get(keyText(key));
      return record ? { version: String(record[0]), body: String(record[1]), now } : { now };
    });
  }

  writeRecords(writes: readonly StoredWrite[]): Promise<readonly GroupResult<WriteReply>[]> {
    return writeInParts((work) => this.#connections.with(work), this.#now, writes);
  }

  async listRecords(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    const values = [kind, partition, ...(after === undefined ? [] : [after]), String(limit)];
    const rows = await this.#rows(statements.listStatement(after !== undefined), values);
    return rows.map(([id, body]) => ({ id: String(id), body: String(body) }));
  }

  sweepRecords(limit: number): Promise<number> {
    return this.#change(statements.sweepStatement(this.#now), [String(limit)]);
  }

  async appendEntries(entries: readonly JournalEntry[]): Promise<void> {
    await this.#connections.with(async (connection) => {
      await connection.query({ sql: 'START TRANSACTION' });
      await noteEntries(connection, entries);
      await connection.query({ sql: 'COMMIT' });
    });
  }

  async journalSpan(): Promise<{ first: number; last: number } | undefined> {
    const [[first, last] = [null, null]] = await this.#rows(statements.MYSQL_JOURNAL_SPAN, []);
    return first === null ? undefined : { first: Number(first), last: Number(last) };
  }

  async searchJournal({ after, last, service, destination, from, until, limit }: JournalSearch): Promise<readonly NumberedEntry[]> {
    const wanted = { last, service, destination, from, until };
    const isGiven = (name: keyof typeof wanted) => wanted[name] !== undefined;
    const sql = statements.searchStatement({
      last: isGiven('last'),
      service: isGiven('service'),
      destination: isGiven('destination'),
      from: isGiven('from'),
      until: isGiven('until'),
    });
    const given = Object.values(wanted).filter((value) => value !== undefined);
    const rows = await this.#rows(sql, [after, ...given, limit].map(String));
    return rows.map(([seq, at, itsService, type, itsDestination, data]) => ({
      seq: Number(seq),
      at: Number(at),
      service: String(itsService),
      type: String(type),
      destination: String(itsDestination),
      data: String(data),
    }));
  }

  async sweepJournal(limit: number): Promise<void> {
    await this.#change(statements.sweepJournalStatement(this.#now), [String(limit)]);
  }

  async ping(): Promise<void> {
    await this.#change(statements.MYSQL_PING, []);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  /** The version of the tables, 0 where there are none. */
  async readVersion(): Promise<number> {
    const [[database, tables, flush, readOnly] = []] = await this.#rows(statements.MYSQL_LOOK, []);
    if (database === null) throw failure('configuration_invalid', 'the url must name a MySQL database, as in mysql://host/database');
    // 3 is MariaDB's: as 1, and it flushes once more.
    if (![1, 3].includes(Number(flush))) {
      const remedy = 'MySQL answers before a commit is on the disk, and loses it in a crash: set innodb_flush_log_at_trx_commit = 1';
      throw failure('configuration_invalid', remedy);
    }
    if (!['0', 'OFF'].includes(String(readOnly))) {
      throw failure('store_unavailable', 'MySQL can only be read, as a replica can, which lags: give the address of the primary');
    }
    if (Number(tables) === 0) return 0;
    const [[version] = [0]] = await this.#rows(statements.MYSQL_VERSION, []);
    return Number(version ?? 0);
  }

  /** Under a lock that all who migrate take, on one connection: of several the first does it, and the others find it done. */
  async apply({ version, statements: steps }: Migration): Promise<void> {
    await this.#connections.with(async (connection) => {
      try {
        await takeStep(connection, version, steps);
      } catch (error) {
        // The lock goes with its connection.
        connection.destroy();
        throw error;
      }
    }, MIGRATION_TIMEOUT);
  }

  /** The clock as the statements have it. */
  get #now(): string {
    return this.#clock ? String(this.#clock.now()) : statements.MYSQL_NOW;
  }

  async #look(): Promise<void> {
    assertUpToDate('MySQL', await this.readVersion(), MYSQL_MIGRATIONS.length);
    await this.#connections.with(async (connection) => {
      for (const sql of statements.MYSQL_RIGHTS) await connection.query({ sql });
    });
  }

  async #rows(sql: string, values: (string | null)[]): Promise<readonly Row[]> {
    const [rows] = await this.#connections.with((connection) => connection.execute({ sql, values, rowsAsArray: true }));
    return rows as readonly Row[];
  }

  async #change(sql: string, values: string[]): Promise<number> {
    const [result] = await this.#connections.with((connection) => connection.execute({ sql, values }));
    return (result as { affectedRows: number }).affectedRows;
  }
}

/** Takes one step of a migration, where no other process has. */
async function takeStep(connection: MysqlConnection, version: number, steps: readonly string[]): Promise<void> {
  const query = async (sql: string) => (await connection.query({ sql, rowsAsArray: true }))[0] as readonly Row[];
  await query(`SET SESSION innodb_lock_wait_timeout = 50 /*M! , max_statement_time = 0 */`);
  const lock = `CONCAT('countersign:', LEFT(SHA1(DATABASE()), 40))`;
  const [[isLocked] = []] = await query(`SELECT GET_LOCK(${lock}, ${LOCK_SECONDS})`);
  if (Number(isLocked) !== 1) throw failure('store_unavailable', 'another migration of the MySQL database does not end: look at what it waits for');
  await query(MYSQL_SCHEMA_TABLE);
  const [[found] = [0]] = await query(statements.MYSQL_VERSION);
  if (Number(found ?? 0) < version) {
    for (const step of steps) await query(step);
    await query(toVersionInsert(version));
  }
  await query(`DO RELEASE_LOCK(${lock})`);
  for (const setting of statements.MYSQL_SESSION) await query(setting);
}

function toKey(kind: unknown, partition: unknown, id: unknown): StoredKey {
  return { kind: String(kind), partition: String(partition), id: String(id) };
}

function failure(code: 'store_unavailable' | 'configuration_invalid', remedy: string): SqlFailure {
  return new SqlFailure({ code, remedy, outcome: 'not_applied' }, undefined);
}
