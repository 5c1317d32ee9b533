import { CountersignError } from '../../core/errors.ts';
import type { CorkableStream } from './turn-writes.ts';

/**
 * As much of a Redis client as the store uses: `Redis` and `Cluster` of ioredis have it, and a dozen lines make it of another client.
 * It sends commands of one connection in the order in which they were made, follows MOVED and ASK where it is a cluster's, gives text and integers
 * back, rejects with the server's error as it came, and repeats no command on its own after a connection was cut.
 */
export interface RedisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
  /** The masters of a cluster, each time by the same objects. Without it the client stands for the one server there is. */
  nodes?(role: 'master'): readonly Pick<RedisClient, 'call' | 'stream'>[];
  /** Its socket, by which the commands of one turn leave in one write. Another one means that it has connected anew. */
  readonly stream?: CorkableStream | undefined;
}

/** Where a server is and who asks, as a URL says it. */
interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly servername: string };
}

/** A client that the store has made, and may close. */
export interface OwnClient {
  readonly client: RedisClient;
  /** Resolves when it can be asked; rejects when the first try has failed, and goes on trying. */
  connect(): Promise<void>;
  /** Whether it waits before it tries to connect again; a cluster's client would keep what is asked meanwhile, for ever. */
  isAway(): boolean;
  close(): void;
}

/** As much of ioredis as is used. */
interface IoredisModule {
  readonly Redis: new (options: object) => IoredisClient;
  readonly Cluster: new (nodes: object[], options: object) => IoredisClient;
}

interface IoredisClient extends RedisClient {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (error: unknown) => void): unknown;
}

/**
 * Loads ioredis, on first use.
 *
 * @throws CountersignError `configuration_invalid` when it is not installed.
 */
export async function loadIoredis(load: () => Promise<unknown> = () => import('ioredis')): Promise<IoredisModule> {
  try {
    return (await load()) as IoredisModule;
  } catch (cause) {
    throw new CountersignError('configuration_invalid', 'the Redis store needs the package ioredis: install it with "npm install ioredis"', {
      cause,
    });
  }
}

/** Ensure that URLs can be used. Throws `configuration_invalid` that repeats nothing of them: they hold passwords. */
export function parseUrls(url: string | readonly string[]): readonly Endpoint[] {
  const urls = typeof url === 'string' ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0) throw urlError();
  return urls.map(parseUrl);
}

function parseUrl(text: string): Endpoint {
  if (!URL.canParse(text)) throw urlError();
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const db = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  if (!['redis:', 'rediss:'].includes(protocol) || hostname === '' || db === undefined || search !== '' || hash !== '') throw urlError();
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(port || '6379'),
    ...(username !== '' && { username: decode(username) }),
    ...(password !== '' && { password: decode(password) }),
    ...(db !== '' && { db: Number(db) }),
    ...(protocol === 'rediss:' && { tls: { servername: host } }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError();
  }
}

function urlError(): CountersignError {
  const message =
    'url must be redis://user:password@host:port/database (rediss:// with TLS), or a list of such URLs of cluster nodes, without a database';
  return new CountersignError('configuration_invalid', message, { field: 'url' });
}

/**
 * What keeps ioredis from doing more than it was told, or waiting for ever.
 * - A command whose connection was cut is given up at once and not sent again: the loop looks for it in the record.
 * - A connection that says nothing for `timeout` while it is asked something is given up: one that is half open stays so for a quarter of an hour.
 * - No ready check: it asks `INFO` again and again while the server loads, and writes to the console.
 */
function toConnectionOptions(timeout: number): object {
  return {
    lazyConnect: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Less than a call may take, so that it is told why.
    connectTimeout: Math.ceil(timeout * 0.8),
    socketTimeout: timeout,
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

/** Ensure that a client is in the shape of one. Throws `configuration_invalid`. */
export function assertClient(client: Partial<RedisClient>): void {
  if (typeof client?.call === 'function' && ['undefined', 'function'].includes(typeof client.nodes)) return;
  const message = 'client must be one of ioredis, or of its shape: "call" sends a command, and "nodes" names the masters of a cluster';
  throw new CountersignError('configuration_invalid', message, { field: 'client' });
}

/** Makes a client. Its errors go to `note`: what a command rejects with later does not say why there is no connection. */
export async function createOwnClient(
  endpoints: readonly Endpoint[],
  isCluster: boolean,
  timeout: number,
  note: (error: unknown) => void,
): Promise<OwnClient> {
  const { Redis, Cluster } = await loadIoredis();
  const client = isCluster ? createCluster(Cluster, endpoints, timeout) : new Redis({ ...toSingleOptions(timeout), ...endpoints[0] });
  client.on('error', note);
  client.on('node error', note);
  return {
    client,
    connect: async () => {
      if (client.status === 'wait') await client.connect();
    },
    isAway: () => isCluster && client.status === 'reconnecting',
    close: () => client.disconnect(),
  };
}

function toSingleOptions(timeout: number): object {
  return {
    ...toConnectionOptions(timeout),
    retryStrategy: (times: number) => Math.min(50 * times, 1_000),
    // A primary that became a replica: behind the same name there may be another by now.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

function createCluster(Cluster: IoredisModule['Cluster'], endpoints: readonly Endpoint[], timeout: number): IoredisClient {
  const [{ username, password, tls } = {}] = endpoints as readonly Partial<Endpoint>[];
  const { lazyConnect, ...redisOptions } = { ...toConnectionOptions(timeout), lazyConnect: true };
  return new Cluster(
    endpoints.map(({ host, port }) => ({ host, port })),
    {
      lazyConnect,
      redisOptions: {
        ...redisOptions,
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
        ...(tls && { tls }),
      },
      clusterRetryStrategy: (times: number) => Math.min(100 * times, 1_000),
      // 0: a command whose connection was cut is not sent again. MOVED, ASK and TRYAGAIN are answers, after which it may be.
      retryDelayOnFailover: 0,
      slotsRefreshTimeout: timeout,
      slotsRefreshInterval: 5_000,
    },
  );
}
