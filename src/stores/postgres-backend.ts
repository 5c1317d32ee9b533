import type { Clock } from '../core/clock.ts';
import { toPostgresFailure } from './postgres-errors.ts';
import { type OpenPool, openPostgresPool, type PostgresTarget } from './postgres-pool.ts';
import { POSTGRES_MIGRATION_LOCK, POSTGRES_MIGRATIONS, POSTGRES_SCHEMA_TABLE } from './postgres-schema.ts';
import { createPostgresStatements, POSTGRES_NOW, type PostgresStatements } from './postgres-statements.ts';
import type { JournalSearch, NumberedEntry, SqlBackend, StoredKey, StoredWrite } from './sql/backend.ts';
import { codeOf, SqlFailure } from './sql/failure.ts';
import { type GroupResult, isolateFaults } from './sql/groups.ts';
import { assertUpToDate, type Migration, toVersionInsert } from './sql/migrations.ts';
import { endPool, within } from './sql/within.ts';
import type { JournalEntry, ListedRecord } from './store.ts';
import type { VersionedSnapshot, WriteReply } from './versioned-driver.ts';

/** How a {@link PostgresBackend} works. */
export interface PostgresBackendOptions {
  readonly target: PostgresTarget;
  readonly poolSize: number;
  readonly namedStatements: boolean;
  /** Stands in for the server's clock, in tests. */
  readonly clock?: Clock | undefined;
}

/** A little more than a call of the loop may take: by then nobody waits for the answer, and the connection may be dead. In milliseconds. */
const QUERY_TIMEOUT = 2_500;

/** Less than that, so that it is told why: how long a pool of the caller's is waited for. In milliseconds. */
const POOL_TIMEOUT = 1_900;

/** For what an operator waits for: a lock that another migration holds, a table that is large. In milliseconds. */
const MIGRATION_TIMEOUT = 600_000;

type Row = readonly unknown[];

/** The statements of the store on PostgreSQL. */
export class PostgresBackend implements SqlBackend {
  readonly name = 'postgres';
  readonly #options: PostgresBackendOptions;
  readonly #statements: PostgresStatements = createPostgresStatements(POSTGRES_NOW);
  #pool: Promise<OpenPool> | undefined;
  #ready: Promise<void> | undefined;

  constructor(options: PostgresBackendOptions) {
    this.#options = options;
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
    const rows = await this.#run('read', toKeyColumns(keys));
    const snapshots: VersionedSnapshot[] = [];
    for (const [no, version, body, now, isStandby] of rows as readonly [number, string | null, string, number, boolean][]) {
      // A standby lags, and a decision on what it says would be one on the past.
      if (isStandby) throw standby();
      snapshots[no - 1] = version === null ? { now } : { version, body, now };
    }
    return snapshots;
  }

  writeRecords(writes: readonly StoredWrite[]): Promise<readonly GroupResult<WriteReply>[]> {
    return isolateFaults(writes, (group) => this.#write(group));
  }

  async listRecords(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    const values = [kind, partition, limit];
    const rows = after === undefined ? await this.#run('list', values) : await this.#run('listAfter', [...values, after]);
    return (rows as readonly [string, string][]).map(([id, body]) => ({ id, body }));
  }

  async sweepRecords(limit: number): Promise<number> {
    const [[count] = [0]] = (await this.#run('sweep', [limit])) as readonly [number][];
    return count;
  }

  async appendEntries(entries: readonly JournalEntry[]): Promise<void> {
    await this.#run('append', toEntryColumns(entries));
  }

  async journalSpan(): Promise<{ first: number; last: number } | undefined> {
    const [[first, last] = [null, null]] = (await this.#run('journalSpan', [])) as readonly [number | null, number | null][];
    return first === null || last === null ? undefined : { first, last };
  }

  async searchJournal({ after, last, service, destination, from, until, limit }: JournalSearch): Promise<readonly NumberedEntry[]> {
    const values = [after, last ?? null, service ?? null, from ?? null, until ?? null, limit];
    const rows =
      destination === undefined ? await this.#run('journalSearch', values) : await this.#run('journalOfDestination', [...values, destination]);
    return (rows as readonly [number, number, string, string, string, string][]).map(([seq, at, itsService, type, itsDestination, data]) => ({
      seq,
      at,
      service: itsService,
      type,
      destination: itsDestination,
      data,
    }));
  }

  async sweepJournal(limit: number): Promise<void> {
    await this.#run('sweepJournal', [limit]);
  }

  async ping(): Promise<void> {
    await this.#run('ping', []);
  }

  async close(): Promise<void> {
    // A pool that could not be opened has nothing to close.
    const opened = await this.#pool?.catch(() => undefined);
    if (opened?.isOurs) await endPool(() => opened.pool.end(), QUERY_TIMEOUT);
  }

  /** The version of the tables, 0 where there are none. */
  async readVersion(): Promise<number> {
    return (await this.#readState()).version;
  }

  async #readState(): Promise<{ version: number; missingGrants: string | null }> {
    const rows = (await this.#query({ text: this.#statements.look })) as readonly [boolean, string, boolean, string | null][];
    const [[hasTable, encoding, isStandby, missingGrants] = [false, '', false, null]] = rows;
    if (isStandby) throw standby();
    if (encoding !== 'UTF8') throw failure('configuration_invalid', `the PostgreSQL database has the encoding ${encoding}: give one in UTF8`);
    if (!hasTable) return { version: 0, missingGrants };
    const [[version] = [0]] = (await this.#query({ text: this.#statements.version })) as readonly [number | null][];
    return { version: version ?? 0, missingGrants };
  }

  /** In one transaction, under a lock that all who migrate take: of several the first does it, and the others find it done. */
  async apply({ version, statements }: Migration): Promise<void> {
    const step = `DO $countersign$ BEGIN
      PERFORM pg_advisory_xact_lock(${POSTGRES_MIGRATION_LOCK});
      ${POSTGRES_SCHEMA_TABLE};
      IF NOT EXISTS (SELECT FROM countersign_schema WHERE version >= ${version}) THEN
        ${statements.join(';\n')};
        ${toVersionInsert(version)};
      END IF;
    END $countersign$`;
    const text = `BEGIN; SET LOCAL statement_timeout = ${MIGRATION_TIMEOUT}; SET LOCAL client_min_messages = warning; ${step}; COMMIT`;
    await this.#query({ text }, MIGRATION_TIMEOUT);
  }

  async #look(): Promise<void> {
    const { version, missingGrants } = await this.#readState();
    assertUpToDate('PostgreSQL', version, POSTGRES_MIGRATIONS.length);
    if (missingGrants !== null) throw failure('configuration_invalid', `the PostgreSQL user may not use the tables: grant it ${missingGrants}`);
    await this.#query({ text: this.#statements.touch });
  }

  async #write(writes: readonly StoredWrite[]): Promise<readonly WriteReply[]> {
    const columns = [
      ...toKeyColumns(writes.map(({ key }) => key)),
      writes.map(({ expected }) => expected ?? null),
      writes.map(({ version }) => version),
      writes.map(({ body }) => body),
      writes.map(({ expiresAt }) => expiresAt),
      writes.map(({ readAt }) => readAt),
    ];
    const entries = writes.flatMap((write) => write.entries.map((entry) => ({ entry, version: write.version })));
    const rows =
      entries.length === 0
        ? await this.#run('write', columns)
        : await this.#run('writeWithEntries', [
            ...columns,
            entries.map(({ version }) => version),
            ...toEntryColumns(entries.map(({ entry }) => entry)),
          ]);
    const applied = new Map(rows as readonly [string, number][]);
    return writes.map(({ version, readAt }) => {
      const now = applied.get(version);
      return { applied: now !== undefined, now: now ?? readAt };
    });
  }

  async #run(statement: keyof PostgresStatements, values: unknown[]): Promise<readonly Row[]> {
    const { clock, namedStatements } = this.#options;
    if (clock) return this.#query({ text: createPostgresStatements(`${clock.now()}::float8`)[statement], values });
    return this.#query({ text: this.#statements[statement], values, ...(namedStatements && { name: `countersign_${statement}` }) });
  }

  async #query(query: { text: string; values?: unknown[]; name?: string }, timeout = QUERY_TIMEOUT): Promise<readonly Row[]> {
    let opened: OpenPool | undefined;
    try {
      opened = await this.#open();
      const asked = opened.pool.query({ ...query, rowMode: 'array', query_timeout: timeout });
      // A pool of the caller's may have no bound for how long a connection is waited for.
      const { rows } = await (opened.isOurs ? asked : within(asked, timeout === QUERY_TIMEOUT ? POOL_TIMEOUT : timeout, 'QUERY_TIMEOUT'));
      return rows as readonly Row[];
    } catch (error) {
      const isUsedUp = codeOf(error) === 'QUERY_TIMEOUT' && (opened?.pool.waitingCount ?? 0) > 0;
      throw toPostgresFailure(isUsedUp ? { code: 'POOL_TIMEOUT' } : error, opened?.hasConnected());
    }
  }

  #open(): Promise<OpenPool> {
    const { target, poolSize, namedStatements } = this.#options;
    this.#pool ??= openPostgresPool(target, poolSize, namedStatements).catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }
}

function toKeyColumns(keys: readonly StoredKey[]): unknown[] {
  return [keys.map(({ kind }) => kind), keys.map(({ partition }) => partition), keys.map(({ id }) => id)];
}

function toEntryColumns(entries: readonly JournalEntry[]): unknown[] {
  return [
    entries.map(({ at }) => at),
    entries.map(({ service }) => service),
    entries.map(({ type }) => type),
    entries.map(({ destination }) => destination),
    entries.map(({ data }) => data),
  ];
}

function standby(): SqlFailure {
  return failure('store_unavailable', 'PostgreSQL is a standby, which can only be read and lags: give the address of the primary');
}

function failure(code: 'store_unavailable' | 'configuration_invalid', remedy: string): SqlFailure {
  return new SqlFailure({ code, remedy, outcome: 'not_applied' }, undefined);
}
