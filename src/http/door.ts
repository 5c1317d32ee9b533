import type { FastifyRequest } from 'fastify';
import type { RateVerdict } from '../engine/rate-meter.ts';
import { assertAllServices, assertScope, authenticate } from './authentication.ts';
import { findClientAddress } from './client-address.ts';
import type { Operation } from './operation.ts';
import { HttpProblem } from './problem.ts';
import type { RequestState } from './request-state.ts';
import type { RestParts } from './rest-parts.ts';

/** Whoever comes through a socket that has no address shares one limit. */
const NO_ADDRESS = '0.0.0.0';

/**
 * Who may come in, asked before a body is read: first the address has to have permits left, so that nobody tries secrets at will, then the key has to be
 * good and have its own, and then it has to be for this.
 */
export function createDoor({ scope, isOperators }: Operation, parts: RestParts): (request: FastifyRequest, state: RequestState) => Promise<void> {
  const { limiter, rates, tenants, trustedHops } = parts;
  return async ({ headers, socket }, state) => {
    if (scope === undefined) return;
    const address = findClientAddress(socket.remoteAddress ?? NO_ADDRESS, headers['x-forwarded-for'], trustedHops);
    assertAllowed(await limiter.take('address', address, rates.address));
    const key = await authenticate(headers.authorization, tenants);
    state.key = key;
    assertAllowed(await limiter.take('key', key.id, rates.key));
    assertScope(key, scope);
    if (isOperators === true) assertAllServices(key);
  };
}

/**
 * Ensure that who came in may still act once the body is there: in the seconds that it may take the key may have been revoked or rotated. Costs nothing where
 * this process still remembers the key as it was at the door.
 */
export function createSecondLook(
  { scope, isOperators }: Operation,
  { tenants }: Pick<RestParts, 'tenants'>,
): (request: FastifyRequest, state: RequestState) => Promise<void> {
  return async ({ headers }, state) => {
    if (scope === undefined || state.key === undefined || tenants.isCurrent(state.key)) return;
    const key = await authenticate(headers.authorization, tenants);
    state.key = key;
    assertScope(key, scope);
    if (isOperators === true) assertAllServices(key);
  };
}

function assertAllowed(taken: RateVerdict): void {
  if (taken.allowed) return;
  const { retryAt } = taken;
  throw new HttpProblem({
    status: 429,
    code: 'refused',
    reason: 'rate_limited',
    detail: 'too many requests; the next may follow at `retryAt`',
    retryAt,
  });
}
