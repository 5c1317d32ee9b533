import type { Deliveries } from '../engine/deliveries.ts';
import type { Idempotency } from '../engine/idempotency.ts';
import type { PageSessions } from '../engine/page-sessions.ts';
import type { ProofTokens } from '../engine/proof-tokens.ts';
import type { RateLimiter } from '../engine/rate-limiter.ts';
import type { RateLimit } from '../engine/rate-rule.ts';
import type { ServiceSettings } from '../engine/service-settings.ts';
import type { ServiceVerifier } from '../engine/service-verifier.ts';
import type { Tenants } from '../engine/tenants.ts';
import type { Verifier } from '../engine/verifier.ts';

/** A request that was answered, for logs and metrics: nothing of what it said. */
export interface AnsweredRequest {
  /** As in the OpenAPI document, or `twilio` and the name in Twilio's; undefined for a path that is none. */
  readonly operation: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly requestId: string;
  /** The API key's id, where one was found. */
  readonly keyId: string | undefined;
  /** What a problem carries. */
  readonly code: string | undefined;
  readonly reason: string | undefined;
}

/** Told of what happens. None is waited for, and one that throws changes nothing. */
export interface RestObserver {
  answered?(request: AnsweredRequest): void;
  /** An error that is a fault of ours or of the world: whatever was thrown, which may hold secrets in its message. Log a copy of its name and code. */
  failed?(error: unknown, requestId: string): void;
}

/** Everything that the REST interface is made of. */
export interface RestParts {
  readonly tenants: Tenants;
  readonly idempotency: Idempotency;
  readonly limiter: RateLimiter;
  readonly proofs: Pick<ProofTokens, 'sign' | 'jwks'>;
  readonly verifierFor: (service: ServiceSettings) => ServiceVerifier;
  readonly operator: Pick<Verifier, 'unblock' | 'erase'>;
  readonly deliveries: Deliveries;
  readonly pageSessions: PageSessions;
  /** Resolves when the store can read and write. */
  readonly ping: () => Promise<void>;
  /** Where clients reach the service, such as `https://verify.example.com`: no slash at its end. */
  readonly publicUrl: string;
  /** Proxies in front whose `X-Forwarded-For` is believed; 0 for none. */
  readonly trustedHops: number;
  readonly rates: { readonly key: RateLimit; readonly address: RateLimit };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly observe?: RestObserver;
}
