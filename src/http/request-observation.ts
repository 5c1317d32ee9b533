import type { FastifyInstance } from 'fastify';
import type { RequestStates } from './request-state.ts';
import type { RestObserver } from './rest-parts.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Gives every answer of a plugin its id and what browsers are told, keeps it out of caches, and tells the observer when it has left. */
export function observeRequests(app: FastifyInstance, observe: RestObserver | undefined, states: RequestStates): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store').header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
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
    done();
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
