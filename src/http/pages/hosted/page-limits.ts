import type { FastifyRequest } from 'fastify';
import type { RateVerdict } from '../../../engine/rate-meter.ts';
import type { RateLimit } from '../../../engine/rate-rule.ts';
import { findClientAddress } from '../../client-address.ts';
import type { PageParts } from './page-parts.ts';
import type { Visit } from './visit.ts';

/** Forms of one visit: more than a person sends, and few enough that a program which has a link does nothing with it that the engine has to refuse. */
const SESSION_RATE: RateLimit = { perMinute: 20, burst: 20 };

/** Whoever comes through a socket that has no address shares one limit. */
const NO_ADDRESS = '0.0.0.0';

/** A request that was refused before anything was asked. */
export class PageRefusal extends Error {
  override readonly name = 'PageRefusal';
  readonly page: 'quick' | 'gone';
  /** Milliseconds since 1970. */
  readonly until: number | undefined;
  /** Whose page says so, where that is known. */
  readonly visit: Visit | undefined;

  constructor(page: 'quick' | 'gone', { until, visit }: { readonly until?: number; readonly visit?: Visit | undefined } = {}) {
    super(page === 'quick' ? 'too many requests' : 'a form of another site');
    this.page = page;
    this.until = until;
    this.visit = visit;
  }
}

/** Ensure that nobody tries links at will. */
export async function assertOwnAddress({ socket, headers }: FastifyRequest, { limiter, rates, trustedHops }: PageParts): Promise<void> {
  const address = findClientAddress(socket.remoteAddress ?? NO_ADDRESS, headers['x-forwarded-for'], trustedHops);
  assertAllowed(await limiter.take('address', address, rates.address));
}

/** Ensure that a visit costs no more than its person can. */
export async function assertOwnSession(visit: Visit, { limiter }: PageParts): Promise<void> {
  assertAllowed(await limiter.take('session', visit.id, SESSION_RATE), visit);
}

/**
 * Ensure that a form is not another site's (CSRF). Browsers say whose it is (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header); older ones say an
 * origin, though none at all under `no-referrer`, so that a form also carries what only its page knew.
 */
export function assertSameSite({ headers }: FastifyRequest, { publicUrl }: PageParts): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const isForeign = origin !== undefined && origin !== 'null' && origin !== new URL(publicUrl).origin;
  if (site === undefined ? isForeign : site !== 'same-origin') throw new PageRefusal('gone');
}

function assertAllowed(taken: RateVerdict, visit?: Visit): void {
  if (!taken.allowed) throw new PageRefusal('quick', { until: taken.retryAt.getTime(), visit });
}
