import type { FastifyRequest } from 'fastify';
import type { ApiKey, Scope } from '../engine/api-key.ts';
import type { RateVerdict } from '../engine/rate-meter.ts';
import type { Tenants } from '../engine/tenants.ts';
import { assertAllServices, assertScope, authenticate } from './authentication.ts';
import { findClientAddress } from './client-address.ts';
import { HttpProblem } from './problem.ts';
import type { RequestState } from './request-state.ts';
import type { RestParts } from './rest-parts.ts';

/** What a key needs to come in. */
export interface DoorRules {
  /** Absent where anybody may ask; `any` where the operation itself says which, once it has read what is asked. */
  readonly scope?: Scope | 'any';
  /** Whether only a key for all services may. */
  readonly isOperators?: boolean;
}

/** What the door asks. */
export type DoorParts = Pick<RestParts, 'limiter' | 'rates' | 'trustedHops'> & { readonly tenants: Pick<Tenants, 'authenticate' | 'isCurrent'> };

/** Whoever comes through a socket that has no address shares one limit. */
const NO_ADDRESS = '0.0.0.0';

/**
 * Who may come in, asked before a body is read: first the address has to have permits left, so that nobody tries secrets at will, then the key has to be
 * good and have its own, and then it has to be for this.
 */
export function createDoor(rules: DoorRules, parts: DoorParts): (request: FastifyRequest, state: RequestState) => Promise<void> {
  const { limiter, rates, tenants, trustedHops } = parts;
  return async ({ headers, socket }, state) => {
    if (rules.scope === undefined) return;
    const address = findClientAddress(socket.remoteAddress ?? NO_ADDRESS, headers['x-forwarded-for'], trustedHops);
    assertAllowed(await limiter.take('address', address, rates.address));
    const key = await authenticate(headers.authorization, tenants);
    state.key = key;
    assertAllowed(await limiter.take('key', key.id, rates.key));
    assertMay(key, rules);
  };
}

/**
 * Ensure that who came in may still act once the body is there: in the seconds that it may take the key may have been revoked or rotated. Costs nothing where
 * this process still remembers the key as it was at the door.
 */
export function createSecondLook(
  rules: DoorRules,
  { tenants }: Pick<DoorParts, 'tenants'>,
): (request: FastifyRequest, state: RequestState) => Promise<void> {
  return async ({ headers }, state) => {
    if (state.key === undefined || tenants.isCurrent(state.key)) return;
    state.key = await authenticate(headers.authorization, tenants);
    assertMay(state.key, rules);
  };
}

function assertMay(key: ApiKey, { scope, isOperators }: DoorRules): void {
  if (scope !== undefined && scope !== 'any') assertScope(key, scope);
  if (isOperators === true) assertAllServices(key);
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
