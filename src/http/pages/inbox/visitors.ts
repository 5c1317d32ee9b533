import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether a host means this machine alone. */
export type IsLoopback = (host: string) => boolean;

/**
 * Ensure that a page is read under a name of this machine only. A site may have its own name lead to 127.0.0.1 once a browser is on it (DNS rebinding), and
 * would then be of one origin with what it finds there; but the browser goes on to send that name.
 */
export function isOwnHost({ headers }: Pick<FastifyRequest, 'headers'>, isLoopback: IsLoopback): boolean {
  const host = /^(?:\[([\da-f:]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(headers.host ?? '');
  return host !== null && isLoopback(host[1] ?? host[2] ?? '');
}

/**
 * Ensure that a request comes from the page itself and not from another site. Browsers say so in `Sec-Fetch-Site`
 * (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header), older ones by `Origin` alone; one that says neither is no page.
 */
export function isOwnPage({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = headers;
  if (origin !== undefined) return origin === `http://${headers.host}`;
  return site === 'same-origin';
}

/** Refuses in words that whoever typed the address understands. */
export function refuse(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(403).type('text/plain; charset=utf-8').send(`${text}\n`);
}
