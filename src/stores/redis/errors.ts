import { CountersignError, type ErrorCause, type ErrorCode, toErrorCause } from '../../core/errors.ts';
import { isCertificateCode } from '../certificate-code.ts';
import type { WriteFailure } from '../versioned-driver.ts';

interface Failure {
  /** What happened and what to do, in one sentence that holds nothing of the data. */
  readonly remedy: string;
  readonly code?: Extract<ErrorCode, 'configuration_invalid'>;
  readonly field?: string;
  /** What a write that was answered so came to. Default `not_applied`. */
  readonly write?: Extract<WriteFailure, 'conflict'>;
}

const CREDENTIALS: Failure = {
  remedy: 'the Redis server refuses the user or the password: set those of the url right',
  code: 'configuration_invalid',
  field: 'url',
};

const CLUSTER_NODE: Failure = {
  remedy: 'the Redis server is a node of a cluster: give the URLs of its nodes as a list',
  code: 'configuration_invalid',
  field: 'url',
};

const CLUSTER_DOWN: Failure = { remedy: 'the Redis cluster is down, or has no master for some records: look at CLUSTER INFO', write: 'conflict' };

/** By the word with which a server's error begins. */
const REPLIES: Readonly<Record<string, Failure>> = {
  OOM: { remedy: 'the Redis server has no memory left: raise its maxmemory, and leave maxmemory-policy at noeviction' },
  READONLY: { remedy: 'the Redis server is a read-only replica: give the url of its primary', write: 'conflict' },
  NOREPLICAS: { remedy: 'the Redis server has fewer replicas than its min-replicas-to-write asks for: bring them back' },
  MISCONF: { remedy: 'the Redis server cannot save to its disk, and takes no writes: look at its log and its disk' },
  LOADING: { remedy: 'the Redis server is still reading its data: wait', write: 'conflict' },
  BUSY: { remedy: 'the Redis server is busy with a script that does not end: end that with SCRIPT KILL' },
  MOVED: CLUSTER_NODE,
  ASK: CLUSTER_NODE,
  CROSSSLOT: CLUSTER_NODE,
  CLUSTERDOWN: CLUSTER_DOWN,
  MASTERDOWN: CLUSTER_DOWN,
  TRYAGAIN: CLUSTER_DOWN,
  NOAUTH: CREDENTIALS,
  WRONGPASS: CREDENTIALS,
  NOPERM: { remedy: 'the Redis user may not do what the store needs: see "Rights" in docs/redis.md', code: 'configuration_invalid' },
  WRONGTYPE: { remedy: 'the Redis server holds something else under a key of this store: give the store a prefix of its own' },
};

const OLD: Failure = { remedy: 'the Redis server is too old: the store needs 6.2 or later', code: 'configuration_invalid' };

const NO_CLUSTER: Failure = {
  remedy: 'the Redis server is no cluster: give its url alone, not in a list',
  code: 'configuration_invalid',
  field: 'url',
};

const NO_TLS: Failure = {
  remedy: 'what listens at the url of the Redis server does not speak TLS: give the port that does, or redis:// in the place of rediss://',
  code: 'configuration_invalid',
  field: 'url',
};

const UNTRUSTED: Failure = {
  remedy: 'the certificate of the Redis server is not trusted: have NODE_EXTRA_CA_CERTS name its authority, or hand in a client of yours',
  code: 'configuration_invalid',
  field: 'url',
};

const REFUSED: Failure = { remedy: 'the Redis server answered with an error' };

/** By the code of a connection's error. */
const CONNECTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the url of the Redis server: start it, or set the url right',
  ENOTFOUND: 'the host of the Redis url is not known: set the url right',
  EAI_AGAIN: 'the host of the Redis url cannot be looked up: look at the name server',
};

const AWAY = 'the Redis server cannot be reached: look whether it runs, at its url, and at the network';

/** A server that expects no TLS says nothing to it, and so does one that stands still. */
const AWAY_TLS = 'the Redis server cannot be reached with TLS: look whether it runs and its port speaks TLS (else give redis://), and at the network';

const writeFailures = new WeakMap<object, WriteFailure>();

/** What an error that {@link toStoreError} has made means for the write that met it. */
export function toWriteFailure(error: unknown): WriteFailure {
  return writeFailures.get(error as object) ?? 'unknown';
}

/** What a server's error is about, by its first word; undefined for an error that no server sent. */
export function replyWord(error: unknown): string | undefined {
  const { name, message, constructor: made } = (error ?? {}) as Partial<Error>;
  // "ReplyError" is that of ioredis; the others are those of node-redis.
  const isReply = [name, made?.name].some((of) => of !== undefined && /^(ReplyError|ErrorReply|SimpleError|BlobError)$/.test(of));
  if (!isReply || typeof message !== 'string') return undefined;
  // Before Redis 7 an error met in a script stands behind one about the script.
  return /(?:^|: -)([A-Z]{2,})\b(?!.*: -[A-Z]{2,}\b)/.exec(message)?.[1] ?? 'ERR';
}

/**
 * Maps what a client rejected with. Its message and the command in it are left behind.
 *
 * @param noted what the connection failed with a moment ago, where the client itself only says that there is none.
 * @param isTls whether the connection is one with TLS.
 */
export function toStoreError(error: unknown, noted?: ConnectionFailure, isTls = false): CountersignError {
  if (error instanceof CountersignError) return error;
  const word = replyWord(error);
  if (word === undefined) return toError(noted ?? toConnectionFailure(error, isTls));
  const failure = toReplyFailure(error, word);
  const ours = toError(failure);
  writeFailures.set(ours, failure.write ?? 'not_applied');
  return ours;
}

/** Why there is no connection. Nothing of the client's is in it, and nothing about a command that may have been under way. */
export interface ConnectionFailure extends Failure {
  readonly cause: ErrorCause;
  /** Whether it says no more than that. */
  readonly isVague?: boolean;
}

/** What a write means whose way to the server could not be opened: nothing of it was sent, and where that may change it is worth another try. */
export function asUnsent(error: CountersignError): CountersignError {
  writeFailures.set(error, error.code === 'configuration_invalid' ? 'not_applied' : 'conflict');
  return error;
}

/** Maps what a client says of its connection, which was to be made with TLS or without. */
export function toConnectionFailure(error: unknown, isTls = false): ConnectionFailure {
  const { lastNodeError, code } = (error ?? {}) as { lastNodeError?: unknown; code?: unknown };
  // A cluster's client says that all its nodes have failed, and beside it how the last one did.
  if (lastNodeError) return toConnectionFailure(lastNodeError, isTls);
  const word = replyWord(error);
  if (word !== undefined) return toReplyFailure(error, word);
  const cause = toErrorCause(error);
  if (/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/.test(String(code))) return { ...NO_TLS, cause };
  if (isCertificateCode(String(code))) return { ...UNTRUSTED, cause };
  const remedy = CONNECTIONS[String(code)];
  return { remedy: remedy ?? (isTls ? AWAY_TLS : AWAY), cause, isVague: remedy === undefined };
}

function toReplyFailure(error: unknown, word: string): ConnectionFailure {
  return { ...(REPLIES[word] ?? toUnnamedFailure(word, (error as Error).message)), cause: { name: 'ReplyError', code: word } };
}

/** What a server says without a word of its own for it. */
function toUnnamedFailure(word: string, message: string): Failure {
  if (word !== 'ERR') return REFUSED;
  if (/unknown (redis )?command/i.test(message)) return OLD;
  return /cluster support disabled/i.test(message) ? NO_CLUSTER : REFUSED;
}

function toError({ code, remedy, field, cause }: ConnectionFailure): CountersignError {
  return new CountersignError(code ?? 'store_unavailable', remedy, { cause, ...(field !== undefined && { field }) });
}
