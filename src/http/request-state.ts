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

/** Makes an empty set of states. */
export function createRequestStates(): RequestStates {
  const states = new WeakMap<FastifyRequest, RequestState>();
  return {
    of(request) {
      const known = states.get(request);
      if (known !== undefined) return known;
      const fresh = {};
      states.set(request, fresh);
      return fresh;
    },
  };
}
