import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyReply, FastifyRequest } from 'fastify';
import { renderRefusal } from './refusal.ts';

/** Bodies are small: an address, a code, the settings of a service. */
const BODY_LIMIT = 16_384;

/** Characters of one part of a path, decoded: as many as the longest email address has (RFC 5321 §4.5.3.1), which Twilio's clients write there. */
const MAX_PARAM_LENGTH = 254;

/** How long a request may take to arrive, its headers and in all, in milliseconds: a slow body holds a connection and nothing else, and not for long. */
export const ARRIVAL: { readonly headers: number; readonly request: number } = { headers: 5_000, request: 10_000 };

/**
 * What Fastify has to be made with for the REST interface: limits on what arrives, request ids, and what is answered where a request is refused before a route is found.
 * Loggers and addresses are the process's to add. Request ids are ours alone: one that a client made up might hold a number.
 */
export function createServerOptions(publicUrl: string): FastifyHttpOptions<Server> {
  const begun: BegunRequests = new WeakMap();
  return {
    bodyLimit: BODY_LIMIT,
    requestTimeout: ARRIVAL.request,
    http: { headersTimeout: ARRIVAL.headers, maxHeaderSize: 8_192, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    // A request that comes on an open connection while the service drains is answered; the connection is closed behind it.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => {
      // Every request comes by here as soon as its head is understood.
      begun.set(request.socket, request);
      return randomUUID();
    },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, type, text } = renderRefusal(error, { url: request.url, publicUrl, requestId: request.id });
      void reply
        .code(status)
        .headers(headers)
        .type(type)
        .send(request.method === 'HEAD' ? '' : text);
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerBroken(error, socket, { publicUrl, begun }),
  };
}

const BROKEN: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** The last request of each connection whose head was understood. */
type BegunRequests = WeakMap<Socket, Pick<IncomingMessage, 'complete' | 'url'>>;

/** What is no HTTP, or does not arrive as a whole, is answered by hand: it is taken off whoever waits for the rest. */
function answerBroken(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { publicUrl, begun }: { readonly publicUrl: string; readonly begun: BegunRequests },
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, phrase] = BROKEN[error.code ?? ''] ?? [400, 'Bad Request'];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { type, text } = renderRefusal({ statusCode: status }, { url: findUrl(error, begun.get(socket)), publicUrl, requestId: randomUUID() });
  const head = `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n`;
  socket.end(head + text);
}

/**
 * Where a request that was not understood was going: where the one under way is, or else its first line, where the bytes that were not understood begin with it.
 * Of a head that breaks in a later packet than its first nobody can tell.
 */
function findUrl(
  { rawPacket }: NodeJS.ErrnoException & { readonly rawPacket?: Buffer },
  request: Pick<IncomingMessage, 'complete' | 'url'> | undefined,
): string {
  if (request?.complete === false) return request.url ?? '';
  return /^[A-Z]{3,10} (\S{1,512})/.exec(rawPacket?.toString('latin1', 0, 600) ?? '')?.[1] ?? '';
}
