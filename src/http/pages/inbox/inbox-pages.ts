import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { SECURITY_HEADERS } from '../../security-headers.ts';
import type { Inbox } from './inbox.ts';
import type { InboxAccess } from './inbox-news.ts';
import { type IsLoopback, isOwnHost, isOwnPage, refuse } from './visitors.ts';

/** A file of the page, as the build made it. */
export interface PageFile {
  /** Where it is; `/` for the page itself. */
  readonly path: string;
  /** The content type. */
  readonly type: string;
  readonly body: Buffer;
}

/** Everything that the inbox is made of. */
export interface InboxParts {
  readonly inbox: Inbox;
  readonly access: InboxAccess;
  readonly files: readonly PageFile[];
  readonly isLoopback: IsLoopback;
}

/** Files of its own and nothing else: no script or style in the page, no other site, and no markup that is put together from text. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

const HEADERS = { ...SECURITY_HEADERS, 'content-security-policy': POLICY, 'cache-control': 'no-store' };

/** How soon a browser looks again after the stream has ended, in milliseconds. */
const RETRY = 500;

/**
 * The inbox of development as a Fastify plugin: a page that shows every code to whoever opens it, and hands out the keys it is tried with. Only for a server
 * that listens on this machine alone; `serve` never has it.
 */
export function createInboxPages(parts: InboxParts): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      if (!isOwnHost(request, parts.isLoopback))
        return refuse(reply, 'The inbox is for this machine: open it as http://127.0.0.1 or http://localhost.');
    });
    for (const { path, type, body } of parts.files) app.get(path, (_, reply) => reply.type(type).send(body));
    addStream(app, parts);
    app.post('/inbox/clear', async (request, reply) => {
      if (!isOwnPage(request)) return refuse(reply, 'Only the inbox itself may ask for this.');
      parts.inbox.clear();
      return reply.code(204).send();
    });
  };
}

/** Server-sent events: all there is at once, then what is new. Whoever comes back begins anew, and so misses nothing. */
function addStream(app: FastifyInstance, { inbox, access }: InboxParts): void {
  const open = new Set<ServerResponse>();
  app.get('/inbox/events', async (request, reply) => {
    if (!isOwnPage(request)) return refuse(reply, 'Only the inbox itself may ask for this.');
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    const write = (news: unknown) => raw.write(`data: ${JSON.stringify(news)}\n\n`);
    raw.write(`retry: ${RETRY}\n`);
    write({ type: 'hello', access, ...inbox.content() });
    const leave = inbox.follow(write);
    open.add(raw);
    raw.once('close', () => {
      leave();
      open.delete(raw);
    });
    return reply;
  });
  // A stream is never over by itself, and a server that ends waits for what is under way.
  app.addHook('preClose', async () => {
    for (const response of open) response.end();
  });
}
