import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Ensure that a connection ends behind an answer to a request that is not all there, such as a GET that says it has a body: the rest would be waited for, and
 * then be answered once more.
 */
export function endUnread({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (hasBody && !raw.complete) reply.header('connection', 'close');
}
