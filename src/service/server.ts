import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CountersignError } from '../core/errors.ts';
import { createDrain } from './drain.ts';
import type { Metrics } from './metrics.ts';
import { toGivenName } from './setting-names.ts';

/** Where something listens. */
export interface Listening {
  readonly url: string;
  readonly server: Server;
  /** Takes no more connections and ends those that ask for nothing; resolves when all are gone. */
  close(): Promise<void>;
}

/** How long a request of metrics may take to arrive, in milliseconds. */
const ARRIVAL_LIMIT = 10_000;

/** `/metrics` on a listener of its own: what it tells is for operators, and the way there need not be the way of clients. */
export async function listenForMetrics(
  metrics: Pick<Metrics, 'render'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createServer({ requestTimeout: ARRIVAL_LIMIT, headersTimeout: 5_000 }, toHandler(metrics));
  const connections = createDrain(server);
  await listen(server, { host, port, setting: 'metrics.port' });
  return {
    url: toUrl(host, server),
    server,
    close() {
      connections.begin(ARRIVAL_LIMIT);
      return closeServer(server);
    },
  };
}

/**
 * A port that is free now, for an address that has to be known before anything listens on it.
 *
 * @param port the one that it has to be; 0 for any.
 * @throws {CountersignError} `configuration_invalid` where it is not free.
 */
export async function findFreePort(host: string, port = 0, setting = 'port'): Promise<number> {
  const server = createServer();
  await listen(server, { host, port, setting });
  const { port: found } = server.address() as AddressInfo;
  await closeServer(server);
  return found;
}

/** `http://` and an address, with the brackets that one of IPv6 needs. */
export function toHttpUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What is to be listened on, and the setting that its port comes from. */
interface ListenPlace {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/** What an operator is told where an address cannot be listened on. */
export function toListenError(error: unknown, { host, port, setting }: ListenPlace): CountersignError {
  const [atFault, problem] = PROBLEMS[String((error as NodeJS.ErrnoException).code)] ?? ['port', 'cannot be listened on'];
  const remedy = `choose another with ${toGivenName(setting.replace('port', atFault).split('.'), true)}`;
  return new CountersignError('configuration_invalid', `port ${port} of ${host} ${problem}: ${remedy}`, { field: setting, cause: error });
}

/** What is at fault, and what is wrong with it. */
const PROBLEMS: Readonly<Record<string, readonly ['port' | 'host', string]>> = {
  EADDRINUSE: ['port', 'is in use by another process'],
  EACCES: ['port', 'may not be used by this user'],
  EADDRNOTAVAIL: ['host', 'is on an address that this machine does not have'],
  ENOTFOUND: ['host', 'is on a host that nobody knows'],
};

function toHandler(metrics: Pick<Metrics, 'render'>): RequestListener {
  return ({ method, url }, response) => {
    if (url !== '/metrics') return void response.writeHead(404).end();
    if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
    metrics.render().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}

function listen(server: Server, place: ListenPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(error, place)));
    server.listen(place.port, place.host, () => resolve());
  });
}

function toUrl(host: string, server: Server): string {
  return toHttpUrl(host, (server.address() as AddressInfo).port);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
