import type { FastifyRequest } from 'fastify';
import type { ApiKey } from '../engine/api-key.ts';
import type { Operation } from './operation.ts';

/** What is learned of a request on its way. */
export interface RequestState {
  operation?: Pick<Operation, 'id'>;
  /** The key that acts. */
  key?: ApiKey;
  /** The body as it came. */
  text?: string;
  problem?: { readonly code: string; readonly reason: string | undefined };
}

/** States by request; they go with it. */
export interface RequestStates {
  of(request: FastifyRequest): RequestState;
}

/** Makes an empty set of states. They are on the requests themselves, under a name that nobody else has: a weak map costs the collector of garbage more. */
export function createRequestStates(): RequestStates {
  const own = Symbol('state');
  return {
    of(request) {
      const carrier = request as { [own]?: RequestState };
      carrier[own] ??= {};
      return carrier[own];
    },
  };
}
