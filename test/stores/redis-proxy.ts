import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of what passes. */
export type Weather =
  /** All of it arrives. */
  | 'fair'
  /** Requests arrive, and the connection ends when the reply comes. */
  | 'lose_reply'
  /** The connection is reset when a request comes; the request does not arrive. */
  | 'reset'
  /** Nothing arrives any more in either direction, and nobody is told. */
  | 'half_open';

/** A wire between clients and a server, that can be cut at any point. */
export class RedisProxy {
  /** What happens to every connection from now on. A change reaches those that are open. */
  weather: Weather = 'fair';
  /** Called with every request that arrives in `lose_reply`, after the server has answered it, before the connection ends. */
  beforeLoss: () => Promise<void> = async () => {};
  /** Requests whose replies were lost. */
  lost = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Ends every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const upstream = connect(this.#target, '127.0.0.1');
    const end = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (this.weather !== 'half_open') end();
      });
    }
    client.on('data', (request) => {
      if (this.weather === 'reset') end();
      else if (this.weather !== 'half_open') upstream.write(request);
    });
    upstream.on('data', (reply) => {
      if (this.weather === 'fair' || this.weather === 'reset') client.write(reply);
      else if (this.weather === 'lose_reply') void this.#lose(end);
    });
  }

  async #lose(end: () => void): Promise<void> {
    this.lost += 1;
    await this.beforeLoss();
    end();
  }
}
