import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { makeSelfSigned } from '../senders/self-signed.ts';

/** How a site is served. */
interface Served {
  /** @defaultValue false */
  readonly tls?: boolean;
}

/** A site that shows an address in a frame. */
export interface Framer {
  readonly origin: string;
  show(src: string): void;
}

/** Serves on loopback until the test ends, by TLS with a certificate that nobody vouches for, or without. @returns the port. */
export async function serve(listener: RequestListener, { tls = false }: Served = {}): Promise<number> {
  const server: Server = tls ? createTlsServer(makeSelfSigned(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Starts a site with a frame; by TLS it is another site than those at 127.0.0.1. */
export async function startFramer({ tls = false }: Served = {}): Promise<Framer> {
  let shown = '';
  const port = await serve(
    (_, response) => {
      const frame = `<iframe title="Verification" width="400" height="800" src="${shown}"></iframe>`;
      response.setHeader('content-type', 'text/html').end(`<!doctype html><title>Site</title><link rel="icon" href="data:,">${frame}`);
    },
    { tls },
  );
  return {
    origin: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    show: (src) => {
      shown = src;
    },
  };
}
