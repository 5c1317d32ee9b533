import { JOURNAL_RETENTION, MAX_WRITE_AGE } from './store.ts';

/** The server's clock at the call, in whole milliseconds. `now()` would be that of the transaction's begin, from before it waited for a lock. */
export const POSTGRES_NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::float8';

/**
 * Shorter than the 5 s that a write may be late: where a row's lock is let go by a transaction that changed nothing, PostgreSQL does not look at the
 * time again before it writes.
 */
const LOCK_TIMEOUT = 1_000;

/** The statements by name; what each takes and gives is said in {@link createPostgresStatements}. */
export type PostgresStatements = Readonly<
  Record<
    | 'read'
    | 'write'
    | 'writeWithEntries'
    | 'append'
    | 'list'
    | 'listAfter'
    | 'sweep'
    | 'sweepJournal'
    | 'journalSpan'
    | 'journalSearch'
    | 'journalOfDestination'
    | 'ping'
    | 'look'
    | 'touch'
    | 'version',
    string
  >
>;

/**
 * The statements, each with `now` as its clock. The records wanted come as one array per column, so that one text serves any number of rows.
 * Within a transaction's bounds, so that a pool that is shared keeps its own settings: no lock is waited for beyond {@link LOCK_TIMEOUT}, and a
 * commit is flushed before it is answered even where the server's default is not to.
 */
export function createPostgresStatements(now: string): PostgresStatements {
  const age = `${now} - w.read_at <= ${MAX_WRITE_AGE}`;
  const settings = `settings AS MATERIALIZED (
    SELECT set_config('lock_timeout', '${LOCK_TIMEOUT}', true),
      CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END
  )`;
  const write = `${settings}, w AS (
    SELECT w.* FROM settings,
      unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::float8[])
      WITH ORDINALITY AS w (kind, partition, id, expected, version, body, expires_at, read_at, no)
  ), updated AS (
    UPDATE countersign_records r SET version = w.version, body = w.body, expires_at = w.expires_at FROM w
    WHERE r.kind = w.kind AND r.partition = w.partition AND r.id = w.id AND r.version = w.expected AND ${age}
    RETURNING r.version
  ), inserted AS (
    INSERT INTO countersign_records (kind, partition, id, version, body, expires_at)
    SELECT w.kind, w.partition, w.id, w.version, w.body, w.expires_at FROM w WHERE w.expected IS NULL AND ${age} ORDER BY w.no
    ON CONFLICT (kind, partition, id) DO NOTHING
    RETURNING version
  ), applied AS (SELECT version FROM updated UNION ALL SELECT version FROM inserted)`;
  return {
    /** $1–$3 kinds, partitions, ids. A row for each key: its place from 1, version, body, clock, whether this is a standby. */
    read: `SELECT k.no::integer, r.version, r.body, ${now}, pg_is_in_recovery()
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (kind, partition, id, no)
      LEFT JOIN countersign_records r ON r.kind = k.kind AND r.partition = k.partition AND r.id = k.id`,
    /** $1–$8 the columns of the writes. A row for each that was applied: its new version, clock. */
    write: `WITH ${write} SELECT version, ${now} FROM applied`,
    /** The same, and $9–$14 journal entries, each with the version of its write. */
    writeWithEntries: `WITH ${write}, noted AS (
        INSERT INTO countersign_journal (at, service, type, destination, data)
        SELECT e.at, e.service, e.type, e.destination, e.data
        FROM unnest($9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[])
          WITH ORDINALITY AS e (version, at, service, type, destination, data, no)
        WHERE e.version IN (SELECT version FROM applied) ORDER BY e.no
      ) SELECT version, ${now} FROM applied`,
    /** $1–$5 the columns of entries. */
    append: `WITH ${settings} INSERT INTO countersign_journal (at, service, type, destination, data)
      SELECT e.at, e.service, e.type, e.destination, e.data
      FROM settings, unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS e (at, service, type, destination, data, no) ORDER BY e.no`,
    /** $1 kind, $2 partition, $3 limit. */
    list: 'SELECT id, body FROM countersign_records WHERE kind = $1 AND partition = $2 ORDER BY id LIMIT $3',
    /** The same behind id $4. */
    listAfter: 'SELECT id, body FROM countersign_records WHERE kind = $1 AND partition = $2 AND id > $4 ORDER BY id LIMIT $3',
    /** $1 limit. What another process is writing or sweeping is left to the next sweep; what was just written is looked at once more. */
    sweep: `WITH gone AS (
        DELETE FROM countersign_records r USING (
          SELECT kind, partition, id FROM countersign_records WHERE expires_at <= ${now} ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ) old WHERE r.kind = old.kind AND r.partition = old.partition AND r.id = old.id RETURNING 1
      ) SELECT count(*)::integer FROM gone`,
    /** $1 limit. */
    sweepJournal: `DELETE FROM countersign_journal WHERE seq IN (
        SELECT seq FROM countersign_journal WHERE at < ${now} - ${JOURNAL_RETENTION} ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED
      )`,
    journalSpan: 'SELECT min(seq)::float8, max(seq)::float8 FROM countersign_journal',
    /** $1 after, $2 last, $3 service, $4 from, $5 until, $6 limit; null for what is not asked for. */
    journalSearch: search(''),
    /** The same, and $7 the destination, for which there is an index. */
    journalOfDestination: search('destination = $7 AND'),
    ping: `WITH ${settings} UPDATE countersign_schema SET pinged_at = clock_timestamp() FROM settings WHERE version = 1`,
    /** A row: whether there is a table of versions, the server's encoding, whether this is a standby, what rights on tables are missing. */
    look: `SELECT to_regclass('countersign_schema') IS NOT NULL, current_setting('server_encoding'), pg_is_in_recovery(),
      (SELECT string_agg(r.granted || ' on ' || t.name, ', ' ORDER BY t.name, r.granted)
        FROM unnest(ARRAY['countersign_records', 'countersign_journal']) AS t (name),
          unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r (granted)
        WHERE NOT has_table_privilege(to_regclass(t.name), r.granted))`,
    /** Changes nothing, and fails where nothing may be written: its connection is not used again then, as it would stay so. */
    touch: 'UPDATE countersign_records SET version = version WHERE false',
    version: 'SELECT max(version)::integer FROM countersign_schema',
  };
}

/** Beyond the first and the last time a `Date` can be. */
const EVER = 9_000_000_000_000_000;

function search(first: string): string {
  return `SELECT seq::float8, at::float8, service, type, destination, data FROM countersign_journal
    WHERE ${first} seq > $1 AND ($2::bigint IS NULL OR seq <= $2) AND ($3::text IS NULL OR service = $3)
      AND at >= coalesce($4, ${-EVER}::bigint) AND at < coalesce($5, ${EVER}::bigint) ORDER BY seq LIMIT $6`;
}
