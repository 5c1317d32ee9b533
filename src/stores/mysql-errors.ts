import { isCertificateCode } from './certificate-code.ts';
import { codeOf, type Meaning, NEVER_CONNECTED, SqlFailure, toKnownFailure } from './sql/failure.ts';

const MIGRATE = 'run "countersign migrate" on it';

const unavailable = (remedy: string, outcome: Meaning['outcome'] = 'not_applied'): Meaning => ({ code: 'store_unavailable', remedy, outcome });
const misconfigured = (remedy: string): Meaning => ({ code: 'configuration_invalid', remedy, outcome: 'not_applied' });
const conflict = (remedy: string): Meaning => unavailable(remedy, 'conflict');
const local = (remedy: string): Meaning => ({ ...unavailable(remedy), isLocal: true });

const REFUSED_LOGIN = misconfigured('MySQL refused the user or the password: correct the url, or the grants');
const NO_GRANT = misconfigured('the MySQL user may not use the database or its tables: grant it SELECT, INSERT, UPDATE and DELETE on them');
const READ_ONLY = unavailable('MySQL can only be read: give the address of the primary, and look for read_only');
const FULL = unavailable('the disk of MySQL is full: make room, and writing goes on without a restart');
const NO_CONNECTION = unavailable('MySQL has no connection left: raise max_connections, or give the pool fewer');
const LOST = unavailable('the connection to MySQL was lost: the store connects again by itself', 'unknown');
const UNREACHABLE = unavailable('MySQL cannot be reached: start it, or correct host and port in the url');
const SILENT = unavailable('nothing at host and port of the url answers in time as MySQL does: start it, or correct them');
const FOREIGN = unavailable('what listens at host and port of the url does not speak the protocol of MySQL: correct them');
const FOREIGN_RULE = local('MySQL refuses a record: the tables have constraints or triggers that are not ours');
const NOT_OURS = local('MySQL refuses a record: its columns are not what they should be');
const TOO_SLOW = unavailable('MySQL gave a statement up: it took longer than two seconds, or was killed');

/** What a second row with the same key meets. */
export const DUPLICATE_KEY = 1062;

/** By the server's number. See https://mariadb.com/kb/en/mariadb-error-code-reference/ */
const BY_NUMBER: Readonly<Record<number, Meaning>> = {
  1021: FULL,
  1037: unavailable('MySQL has no memory left: give it more, or fewer connections'),
  1040: NO_CONNECTION,
  1041: unavailable('MySQL has no memory left: give it more, or fewer connections'),
  1044: NO_GRANT,
  1045: REFUSED_LOGIN,
  1048: NOT_OURS,
  1049: misconfigured('the MySQL database does not exist: create it, or correct the url'),
  1053: LOST,
  1054: misconfigured(`the MySQL database does not have the columns it should have: ${MIGRATE}`),
  1062: FOREIGN_RULE,
  1114: FULL,
  1142: NO_GRANT,
  1143: NO_GRANT,
  1146: misconfigured(`the MySQL database has no tables of countersign: ${MIGRATE}`),
  1153: local('a record is larger than MySQL takes: raise max_allowed_packet'),
  1203: NO_CONNECTION,
  1205: conflict('a row in MySQL was locked by another transaction for too long: end what holds the lock'),
  1213: conflict('MySQL broke a deadlock: try again'),
  1226: NO_CONNECTION,
  1264: NOT_OURS,
  1290: READ_ONLY,
  1317: unavailable('a statement was killed in MySQL', 'unknown'),
  1366: NOT_OURS,
  1406: NOT_OURS,
  1412: conflict('MySQL had its tables changed meanwhile: try again'),
  1461: unavailable('MySQL has no room for prepared statements: raise max_prepared_stmt_count'),
  1615: conflict('MySQL had its tables changed meanwhile: try again'),
  1644: FOREIGN_RULE,
  1665: misconfigured('the binary log of MySQL is of format STATEMENT, which cannot keep what is written READ COMMITTED: set binlog_format to ROW'),
  1698: REFUSED_LOGIN,
  1792: READ_ONLY,
  1820: misconfigured('the password of the MySQL user has expired: give it another'),
  1836: READ_ONLY,
  1862: misconfigured('the password of the MySQL user has expired: give it another'),
  1927: LOST,
  1969: TOO_SLOW,
  2006: LOST,
  2013: LOST,
  3024: TOO_SLOW,
  3101: conflict('MySQL found a conflict with another member of its group: try again'),
  3819: FOREIGN_RULE,
  4025: FOREIGN_RULE,
};

const POOL_CLOSED = unavailable('the pool of MySQL connections was ended');

const BY_CODE: Readonly<Record<string, Meaning>> = {
  HANDSHAKE_NO_SSL_SUPPORT: misconfigured('MySQL does not speak TLS: turn it on there, or correct ssl in the url'),
  POOL_CLOSED,
  POOL_TIMEOUT: unavailable('every connection to MySQL is in use: give the pool more, or find what holds them'),
  QUERY_TIMEOUT: unavailable('MySQL did not answer in time', 'unknown'),
};

/**
 * What an error of the driver means. Its message is left behind: it quotes values.
 *
 * @param isConnecting whether it came before anything was sent, so that nothing can have been written.
 */
export function toMysqlFailure(error: unknown, isConnecting = false): SqlFailure {
  const known = toKnownFailure(error);
  if (known) return known;
  const meaning = toMeaning(error, isConnecting);
  return new SqlFailure(isConnecting && meaning.outcome === 'unknown' ? { ...meaning, outcome: 'not_applied' } : meaning, error);
}

/** The server's number for an error; 0 where it is not the server's. */
export function mysqlNumber(error: unknown): number {
  const number = (error as { errno?: unknown } | null)?.errno;
  return typeof number === 'number' && number > 0 ? number : 0;
}

function toMeaning(error: unknown, isConnecting: boolean): Meaning {
  const number = mysqlNumber(error);
  const code = codeOf(error);
  const known = BY_NUMBER[number] ?? BY_CODE[code];
  if (known) return known;
  if (isCertificateCode(code)) return misconfigured('the certificate of MySQL is not trusted: give its authority, or correct ssl in the url');
  if ((error as Error | null)?.message === 'Pool is closed.') return POOL_CLOSED;
  if (isConnecting && code === 'ETIMEDOUT') return SILENT;
  if (isConnecting && /^(?:HANDSHAKE_|PROTOCOL_)/.test(code)) return FOREIGN;
  if (isConnecting || NEVER_CONNECTED.includes(code)) return UNREACHABLE;
  return number > 0 ? unavailable('MySQL refused a statement: look into its log') : LOST;
}
