import { CountersignError, type ErrorCause, type ErrorCode, toErrorCause } from '../../core/errors.ts';
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

const REFUSED: Failure = { remedy: 'the Redis server answered with an error' };

/** By the code of a connection's error. */
const CONNECTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the url of the Redis server: start it, or set the url right',
  ENOTFOUND: 'the host of the Redis url is not known: set the url right',
  EAI_AGAIN: 'the host of the Redis url cannot be looked up: look at the name server',
};

const AWAY = 'the Redis server cannot be reached: look whether it runs, at its url, and at the network';

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
 */
export function toStoreError(error: unknown, noted?: ConnectionFailure): CountersignError {
  if (error instanceof CountersignError) return error;
  const word = replyWord(error);
  if (word === undefined) return toError(noted ?? toConnectionFailure(error));
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

/** Maps what a client says of its connection. */
export function toConnectionFailure(error: unknown): ConnectionFailure {
  const { lastNodeError, code } = (error ?? {}) as { lastNodeError?: unknown; code?: unknown };
  // A cluster's client says that all its nodes have failed, and beside it how the last one did.
  if (lastNodeError) return toConnectionFailure(lastNodeError);
  const word = replyWord(error);
  if (word !== undefined) return toReplyFailure(error, word);
  const remedy = CONNECTIONS[String(code)];
  return { remedy: remedy ?? AWAY, cause: toErrorCause(error), isVague: remedy === undefined };
}

function toReplyFailure(error: unknown, word: string): ConnectionFailure {
  const isOld = word === 'ERR' && /unknown (redis )?command/i.test((error as Error).message);
  return { ...(isOld ? OLD : (REPLIES[word] ?? REFUSED)), cause: { name: 'ReplyError', code: word } };
}

function toError({ code, remedy, field, cause }: ConnectionFailure): CountersignError {
  return new CountersignError(code ?? 'store_unavailable', remedy, { cause, ...(field !== undefined && { field }) });
}
