import type { FastifyInstance } from 'fastify';
import type { RequestStates } from './request-state.ts';
import type { RestObserver } from './rest-parts.ts';

/** Gives every answer of a plugin its id, keeps it out of caches, and tells the observer when it has left. */
export function observeRequests(app: FastifyInstance, observe: RestObserver | undefined, states: RequestStates): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-request-id': request.id });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { operation: known, key, problem } = states.of(request);
    quietly(() =>
      observe?.answered?.({
        operation: known?.id,
        method: request.method,
        status: reply.statusCode,
        milliseconds: reply.elapsedTime,
        requestId: request.id,
        keyId: key?.id,
        code: problem?.code,
        reason: problem?.reason,
      }),
    );
  });
}

/** An observer is a guest: what was answered stays answered. */
export function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // Nothing that it throws is ours to handle.
  }
}
