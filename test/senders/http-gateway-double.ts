import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived, body and all. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What to do with a request once it was read. */
export type Behaviour = (response: ServerResponse, received: Received) => void;

/** A real HTTP server on loopback that does what a test tells it. */
export interface GatewayDouble {
  readonly origin: string;
  readonly received: readonly Received[];
  /** What the next requests are answered with. */
  behave: Behaviour;
  /** Resolves when a request has been read to its end. */
  next(): Promise<Received>;
  /** Resolves when a connection has been closed by the other side. */
  closed(): Promise<void>;
  close(): Promise<void>;
}

/** An answer of JSON, or of a text as it stands. */
export function answer(status: number, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

export async function startGatewayDouble(): Promise<GatewayDouble> {
  const received: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  let hasClosed = () => {};
  const closing = new Promise<void>((resolve) => {
    hasClosed = resolve;
  });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers } = request;
    const read = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    received.push(read);
    double.behave(response, read);
    waiting.shift()?.(read);
  });
  server.on('connection', (socket) => socket.once('close', hasClosed));
  const double: GatewayDouble = {
    origin: await listen(server),
    received,
    behave: answer(500),
    next: () => new Promise((resolve) => waiting.push(resolve)),
    closed: () => closing,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
