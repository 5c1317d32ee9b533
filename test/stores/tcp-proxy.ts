import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to a piece of the conversation. */
export type Fate =
  /** It goes on. */
  | 'pass'
  /** It goes on after so many milliseconds, and all behind it. */
  | { readonly delay: number }
  /** It and all behind it vanish; both ends stay connected. */
  | 'vanish'
  /** Both ends are closed, and it is gone. */
  | 'drop'
  /** The client's end is reset, and it is gone. */
  | 'reset'
  /** It goes on, and the reply to it does not: when that has come both ends are closed. */
  | 'cut_after_reply';

/** Decides what becomes of what a client sends. */
export type Decide = (bytes: Buffer) => Fate;

/** A wire between a client and a server that can be cut at any point. */
export interface TcpProxy {
  /** The address of the server, by way of the proxy. */
  via(url: string): string;
  /** From now on. */
  setFate(decide: Decide): void;
  /** Called when a reply was kept back, before its connection is closed: what it told has happened. */
  onKeptBack: () => Promise<void> | void;
  /** Connections that were made. */
  readonly connections: number;
  /** Closes every connection there is. */
  cutAll(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let decide: Decide = () => 'pass';
  const state = { connections: 0 };

  const server: Server = createServer((client) => {
    state.connections += 1;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    pipe(
      client,
      upstream,
      (bytes) => decide(bytes),
      () => proxy.onKeptBack(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as { port: number }).port;

  const proxy: TcpProxy = {
    via: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(own) }).href,
    setFate: (next) => {
      decide = next;
    },
    onKeptBack: () => undefined,
    get connections() {
      return state.connections;
    },
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      proxy.cutAll();
      await closed;
    },
  };
  return proxy;
}

function pipe(client: Socket, upstream: Socket, decide: Decide, onKeptBack: () => Promise<void> | void): void {
  let isSilent = false;
  let isKeepingBack = false;
  let wait: Promise<void> = Promise.resolve();
  const inTurn = (act: () => void) => {
    wait = wait.then(act);
  };

  client.on('data', (bytes: Buffer) => {
    if (isSilent) return;
    const fate = decide(bytes);
    if (fate === 'drop') client.destroy();
    else if (fate === 'reset') client.resetAndDestroy();
    else if (fate === 'vanish') isSilent = true;
    else {
      if (fate === 'cut_after_reply') isKeepingBack = true;
      if (typeof fate === 'object') wait = wait.then(() => new Promise((resolve) => setTimeout(resolve, fate.delay)));
      inTurn(() => void upstream.write(bytes));
    }
  });
  upstream.on('data', async (bytes: Buffer) => {
    if (isSilent) return;
    if (!isKeepingBack) {
      client.write(bytes);
      return;
    }
    isSilent = true;
    await onKeptBack();
    client.destroy();
  });
}
