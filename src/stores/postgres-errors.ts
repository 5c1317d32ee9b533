import { isCertificateCode } from './certificate-code.ts';
import { codeOf, type Meaning, NEVER_CONNECTED, SqlFailure, toKnownFailure } from './sql/failure.ts';

const MIGRATE = 'run "countersign migrate" on it';

const unavailable = (remedy: string, outcome: Meaning['outcome'] = 'not_applied'): Meaning => ({ code: 'store_unavailable', remedy, outcome });
const misconfigured = (remedy: string): Meaning => ({ code: 'configuration_invalid', remedy, outcome: 'not_applied' });
const conflict = (remedy: string): Meaning => unavailable(remedy, 'conflict');

const REFUSED_LOGIN = misconfigured('PostgreSQL refused the user or the password: correct the url, or pg_hba.conf');
const PREPARED = misconfigured('PostgreSQL lost a prepared statement: behind a pooler in transaction mode set namedStatements: false');

const BAD_OPTIONS = misconfigured('PostgreSQL does not know a setting, or what it is set to: correct options in the url');

/** By SQLSTATE. See https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_STATE: Readonly<Record<string, Meaning>> = {
  '08P01': unavailable('PostgreSQL and the store do not understand each other: behind PgBouncer set namedStatements: false', 'unknown'),
  '0A000': conflict('PostgreSQL had its tables changed under a prepared statement: try again'),
  '25006': unavailable('PostgreSQL can only be read: give the address of the primary, and look for default_transaction_read_only'),
  '26000': PREPARED,
  '28000': REFUSED_LOGIN,
  '28P01': REFUSED_LOGIN,
  '3D000': misconfigured('the PostgreSQL database does not exist: create it, or correct the url'),
  '40001': conflict('PostgreSQL could not bring concurrent transactions into an order: try again'),
  '40P01': conflict('PostgreSQL broke a deadlock: try again'),
  '22023': BAD_OPTIONS,
  '42501': misconfigured('the PostgreSQL user may not use the tables: grant it SELECT, INSERT, UPDATE and DELETE on them'),
  '42703': misconfigured(`the PostgreSQL database does not have the columns it should have: ${MIGRATE}`),
  '42704': BAD_OPTIONS,
  '42P01': misconfigured(`the PostgreSQL database has no tables of countersign: ${MIGRATE}`),
  '42P05': PREPARED,
  '53100': unavailable('the disk of PostgreSQL is full: make room, and writing goes on without a restart'),
  '53200': unavailable('PostgreSQL has no memory left: give it more, or fewer connections'),
  '53300': unavailable('PostgreSQL has no connection left: raise max_connections, or give the pool fewer'),
  '55P03': conflict('a row in PostgreSQL was locked by another transaction for too long: end what holds the lock'),
  '57014': unavailable('PostgreSQL gave a statement up: it took longer than statement_timeout, or was canceled'),
  '57P01': unavailable('PostgreSQL is going down: the store goes on when it is back', 'unknown'),
  '57P03': unavailable('PostgreSQL is starting up or recovering: the store goes on when it is ready'),
};

/** By the first two characters of a SQLSTATE. */
const BY_CLASS: Readonly<Record<string, Meaning>> = {
  '08': unavailable('the connection to PostgreSQL was lost: the store connects again by itself', 'unknown'),
  '22': { ...unavailable('PostgreSQL refuses a record: its columns are not what they should be'), isLocal: true },
  '23': { ...unavailable('PostgreSQL refuses a record: the tables have constraints or triggers that are not ours'), isLocal: true },
  '53': unavailable('PostgreSQL has run out of a resource: look into its log'),
  '54': { ...unavailable('a record is larger than PostgreSQL can keep'), isLocal: true },
  '57': unavailable('PostgreSQL was interrupted by its operator: the store goes on when it is back', 'unknown'),
  '58': unavailable('PostgreSQL could not read or write its files: look at its disk'),
  P0: { ...unavailable('PostgreSQL refuses a record: a trigger that is not ours raised an error'), isLocal: true },
  XX: { ...unavailable('the PostgreSQL database is damaged: look into its log, and restore a backup'), isLocal: true },
};

const UNREACHABLE = unavailable('PostgreSQL cannot be reached: start it, or correct host and port in the url');
const SILENT = unavailable('nothing at host and port of the url answers in time as PostgreSQL does: start it, or correct them');
const FOREIGN = unavailable('what listens at host and port of the url does not speak the protocol of PostgreSQL, or hangs up: correct them');
const LOST = unavailable('the connection to PostgreSQL was lost: the store connects again by itself', 'unknown');
const UNTRUSTED = misconfigured('the certificate of PostgreSQL is not trusted: give its authority, or correct sslmode in the url');

/** What the driver says without a code, by how its message begins. */
const BY_MESSAGE: readonly (readonly [beginning: string, meaning: Meaning])[] = [
  ['timeout exceeded when trying to connect', unavailable('every connection to PostgreSQL is in use: give the pool more, or find what holds them')],
  ['Connection terminated due to connection timeout', SILENT],
  ['Query read timeout', unavailable('PostgreSQL did not answer in time', 'unknown')],
  ['The server does not support SSL connections', misconfigured('PostgreSQL does not speak TLS: turn it on there, or correct sslmode in the url')],
  ['SASL', REFUSED_LOGIN],
  ['Cannot use a pool after calling end on the pool', unavailable('the pool of PostgreSQL connections was ended')],
];

/** By codes of our own. What waits in a pool may be sent yet. */
const BY_CODE: Readonly<Record<string, Meaning>> = {
  POOL_TIMEOUT: unavailable('every connection of the pool to PostgreSQL is in use: give the pool more, or find what holds them', 'unknown'),
  QUERY_TIMEOUT: unavailable('PostgreSQL did not answer in time', 'unknown'),
  ERR_SOCKET_BAD_PORT: misconfigured('the url of PostgreSQL names a port that is none: correct it'),
};

/**
 * What an error of the driver means. Its message is left behind: it may quote values.
 *
 * @param hasConnected whether a connection was made before, so that there is a PostgreSQL.
 */
export function toPostgresFailure(error: unknown, hasConnected = true): SqlFailure {
  const known = toKnownFailure(error);
  if (known) return known;
  const meaning = toMeaning(error);
  return new SqlFailure(meaning === LOST && !hasConnected ? FOREIGN : meaning, error);
}

function toMeaning(error: unknown): Meaning {
  const code = codeOf(error);
  const known = BY_STATE[code] ?? BY_CODE[code];
  if (known) return known;
  if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]/.test(code)) {
    return BY_CLASS[code.slice(0, 2)] ?? unavailable('PostgreSQL refused a statement: look into its log');
  }
  if (NEVER_CONNECTED.includes(code)) return UNREACHABLE;
  if (isCertificateCode(code)) return UNTRUSTED;
  const message = String((error as { message?: unknown } | null)?.message);
  return BY_MESSAGE.find(([beginning]) => message.startsWith(beginning))?.[1] ?? LOST;
}
