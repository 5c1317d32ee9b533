import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyReply, FastifyRequest } from 'fastify';
import { renderRefusal } from './refusal.ts';

/** Bodies are small: an address, a code, the settings of a service. */
const BODY_LIMIT = 16_384;

/** How long a request may take to arrive, its headers and in all, in milliseconds: a slow body holds a connection and nothing else, and not for long. */
export const ARRIVAL: { readonly headers: number; readonly request: number } = { headers: 5_000, request: 10_000 };

/**
 * What Fastify has to be made with for the REST interface: limits on what arrives, request ids, and what is answered where a request is refused before a route is found.
 * Loggers and addresses are the process's to add. Request ids are ours alone: one that a client made up might hold a number.
 */
export function createServerOptions(publicUrl: string): FastifyHttpOptions<Server> {
  return {
    bodyLimit: BODY_LIMIT,
    requestTimeout: ARRIVAL.request,
    http: { headersTimeout: ARRIVAL.headers, maxHeaderSize: 8_192, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    // A request that comes on an open connection while the service drains is answered; the connection is closed behind it.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, type, text } = renderRefusal(error, { url: request.url, publicUrl, requestId: request.id });
      void reply
        .code(status)
        .headers(headers)
        .type(type)
        .send(request.method === 'HEAD' ? '' : text);
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerBroken(error, socket, publicUrl),
  };
}

const BROKEN: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** What is no HTTP, or never arrives, is answered by hand: there is no request yet. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket, publicUrl: string): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, phrase] = BROKEN[error.code ?? ''] ?? [400, 'Bad Request'];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { type, text } = renderRefusal({ statusCode: status }, { url: findUrl(error), publicUrl, requestId: randomUUID() });
  const head = `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n`;
  socket.end(head + text);
}

/** Where a request that was not understood was going: its first line, where the bytes that were not understood begin with it. */
function findUrl({ rawPacket }: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }): string {
  return /^[A-Z]{3,10} (\S{1,512})/.exec(rawPacket?.toString('latin1', 0, 600) ?? '')?.[1] ?? '';
}
