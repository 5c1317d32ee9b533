import { JOURNAL_RETENTION } from './store.ts';

/**
 * The server's clock at the call, in whole milliseconds: `NOW()` and `UTC_TIMESTAMP()` are those of the statement's begin, from before it waited for a
 * row's lock. Right where the session's time zone is UTC, which {@link MYSQL_SESSION} sees to: others repeat an hour in autumn.
 */
export const MYSQL_NOW = 'CAST(FLOOR(UNIX_TIMESTAMP(SYSDATE(3)) * 1000) AS SIGNED)';

/**
 * Settings of every connection before its first use. Under REPEATABLE READ, the default, a statement locks the gaps between keys as well, and those
 * who insert deadlock. A lock is waited for a second at most, and on MariaDB (the comment is read by no other) a statement runs 1.8 at most: less
 * than a call of the loop may take.
 */
export const MYSQL_SESSION: readonly string[] = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION autocommit = 1, time_zone = '+00:00', innodb_lock_wait_timeout = 1,
    sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' /*M! , max_statement_time = 1.8 */`,
];

/**
 * A version as it is written, kept beside in a variable of the session. A server says how many rows it changed and not which; a version is unlike any
 * other, so that what is left there of earlier statements says nothing of this one. Evaluated for rows that are written, and for no others.
 */
function toWritten(version: string): string {
  return `SUBSTRING_INDEX(@countersign := RIGHT(CONCAT(COALESCE(@countersign, ''), ',', ${version}), ${WRITTEN_LENGTH}), ',', -1)`;
}

/** The versions of a whole group and of half another: 84 characters each with a comma. */
const WRITTEN_LENGTH = 8_192;

/** The versions that this connection wrote last, separated by commas. */
export const MYSQL_WRITTEN = 'SELECT @countersign';

const KEY = 'kind = ? AND `partition` = ? AND id = ?';

/** Statements for so many rows at once: each server keeps one text prepared, so that few sizes are used and the rest is filled up. */
export function toStatementSize(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

/** For each row: kind, partition, id. The first row is the clock, then come the records that are there: kind, partition, id, version, body. */
export function readStatement(now: string, rows: number): string {
  return `SELECT NULL, NULL, NULL, NULL, ${now} UNION ALL
    SELECT kind, \`partition\`, id, version, body FROM countersign_records WHERE ${repeat(`(${KEY})`, rows, ' OR ')}`;
}

/**
 * For each row: expected version and new body; then for each: expected version and expiry; then for each: expected and new version; then for each:
 * kind, partition, id, expected version, and the latest time at which it may be written. The new version is set last: MySQL goes by what is set already.
 *
 * A version is unlike any other, so that it names its row. Rows are found by their keys, one by one, where a join with a table of parameters makes a
 * temporary one each time, and took three times as long (tried). The clock comes back as the statement's insert id, which saves asking for it.
 */
export function updateStatement(now: string, rows: number): string {
  const byVersion = `CASE version ${repeat('WHEN ? THEN ?', rows, ' ')} END`;
  return `UPDATE countersign_records SET body = ${byVersion}, expires_at = ${byVersion}, version = ${toWritten(byVersion)}
    WHERE ${repeat(`(${KEY} AND version = ? AND LAST_INSERT_ID(${now}) <= ?)`, rows, ' OR ')}`;
}

/** For each row: kind, partition, id, version, body, expiry, and the latest time at which it may be written. Fails where a record is there. */
export function insertStatement(now: string, rows: number): string {
  const row = `SELECT ?, ?, ?, ${toWritten('?')}, ?, ? FROM DUAL WHERE LAST_INSERT_ID(${now}) <= ?`;
  return `INSERT INTO countersign_records (kind, \`partition\`, id, version, body, expires_at) ${repeat(row, rows, ' UNION ALL ')}`;
}

/** For each row: at, service, type, destination, data. */
export function noteStatement(rows: number): string {
  return `INSERT INTO countersign_journal (at, service, type, destination, data) VALUES ${repeat('(?, ?, ?, ?, ?)', rows, ', ')}`;
}

/** Kind, partition and limit; with an id to begin behind before the limit. */
export function listStatement(hasAfter: boolean): string {
  return `SELECT id, body FROM countersign_records WHERE kind = ? AND \`partition\` = ? ${hasAfter ? 'AND id > ?' : ''} ORDER BY id LIMIT ?`;
}

/** Limit. */
export function sweepStatement(now: string): string {
  return `DELETE FROM countersign_records WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ?`;
}

/** Limit. */
export function sweepJournalStatement(now: string): string {
  return `DELETE FROM countersign_journal WHERE at < ${now} - ${JOURNAL_RETENTION} ORDER BY at LIMIT ?`;
}

export const MYSQL_JOURNAL_SPAN = 'SELECT MIN(seq), MAX(seq) FROM countersign_journal';

/** After, then what is given of last, service, destination, from and until, then limit. */
export function searchStatement(given: Readonly<Record<'last' | 'service' | 'destination' | 'from' | 'until', boolean>>): string {
  const conditions = [
    'seq > ?',
    ...(given.last ? ['seq <= ?'] : []),
    ...(given.service ? ['service = ?'] : []),
    ...(given.destination ? ['destination = ?'] : []),
    ...(given.from ? ['at >= ?'] : []),
    ...(given.until ? ['at < ?'] : []),
  ];
  const index = given.destination ? 'countersign_journal_destination' : 'PRIMARY';
  return `SELECT seq, at, service, type, destination, data FROM countersign_journal FORCE INDEX (${index})
    WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ?`;
}

export const MYSQL_PING = 'UPDATE countersign_schema SET pinged_at = COALESCE(pinged_at, 0) + 1 WHERE version = 1';

/** Database, whether there is a table of versions, whether commits are flushed, whether this is a replica. */
export const MYSQL_LOOK = `SELECT DATABASE(),
  (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'countersign_schema'),
  @@innodb_flush_log_at_trx_commit, @@global.read_only`;

export const MYSQL_VERSION = 'SELECT MAX(version) FROM countersign_schema';

/** Change nothing, and fail where the user lacks a right that a store needs. */
export const MYSQL_RIGHTS: readonly string[] = [
  'INSERT INTO countersign_records SELECT * FROM countersign_records WHERE FALSE',
  'UPDATE countersign_records SET version = version WHERE FALSE',
  'DELETE FROM countersign_records WHERE FALSE',
  'INSERT INTO countersign_journal SELECT * FROM countersign_journal WHERE FALSE',
  'UPDATE countersign_journal SET data = data WHERE FALSE',
  'DELETE FROM countersign_journal WHERE FALSE',
];

function repeat(text: string, times: number, separator: string): string {
  return Array.from({ length: times }, () => text).join(separator);
}
