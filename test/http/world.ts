import fastify, { type FastifyInstance } from 'fastify';
import type { Response } from 'light-my-request';
import type { KeyRing } from '../../src/core/keys.ts';
import { createKeyRing } from '../../src/core/keys.ts';
import type { Scope } from '../../src/engine/api-key.ts';
import { createDeliveries } from '../../src/engine/deliveries.ts';
import type { Guard } from '../../src/engine/guard.ts';
import { createIdempotency } from '../../src/engine/idempotency.ts';
import { createPageSessions } from '../../src/engine/page-sessions.ts';
import { createProofTokens, type ProofTokens } from '../../src/engine/proof-tokens.ts';
import { createRateLimiter } from '../../src/engine/rate-limiter.ts';
import type { RateLimit } from '../../src/engine/rate-rule.ts';
import type { DeploymentLimits, ServiceFields, ServiceSettings } from '../../src/engine/service-settings.ts';
import { createTenants, type NewApiKey, type Tenants } from '../../src/engine/tenants.ts';
import { createVerifiers, type VerifierEvent } from '../../src/engine/verifiers.ts';
import { createRestApi } from '../../src/http/rest-api.ts';
import type { AnsweredRequest, RestParts } from '../../src/http/rest-parts.ts';
import { createServerOptions } from '../../src/http/server-options.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { T0 } from '../builders.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { assertDocumented } from './documented.ts';

export const PUBLIC_URL = 'https://verify.example.com';
const SECRET = 'a secret of at least 32 random bytes';
export const TO = '+14155552671';

/** More than any test asks for. */
const ROOMY: RateLimit = { perMinute: 60_000, burst: 10_000 };

/** What a test may have otherwise. */
export interface RestWorldOptions {
  readonly deployment?: DeploymentLimits;
  readonly parts?: Partial<RestParts>;
  readonly provider?: Provider;
  readonly guard?: Guard;
  wrapStore?(store: Store): Store;
}

/** A request as a test says it. */
export interface Ask {
  readonly key?: NewApiKey | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Sent as it is, in the place of `body`. */
  readonly raw?: string | Buffer;
  readonly remoteAddress?: string;
}

/** One answer, as tests look at it. */
export interface Got {
  readonly status: number;
  readonly body: any;
  readonly headers: Response['headers'];
  readonly text: string;
}

/** The whole REST interface on a memory store whose clock a test moves. Each answer is held against the OpenAPI document. */
export class RestWorld {
  clock: number = T0;
  readonly keys: KeyRing = createKeyRing({ secret: SECRET });
  readonly sender: RecordingSender = createRecordingSender();
  readonly store: Store;
  readonly tenants: Tenants;
  readonly proofs: ProofTokens = createProofTokens({ keys: this.keys, issuer: PUBLIC_URL });
  readonly app: FastifyInstance;
  readonly parts: RestParts;
  readonly answered: AnsweredRequest[] = [];
  readonly failures: unknown[] = [];
  readonly events: VerifierEvent[] = [];

  constructor({ deployment = DEPLOYMENT, parts = {}, provider, guard, wrapStore = (store) => store }: RestWorldOptions = {}) {
    const memory = createMemoryStore({ clock: { now: () => this.clock } });
    this.store = wrapStore(memory);
    const now = () => this.clock;
    this.tenants = createTenants({ store: this.store, keys: this.keys, deployment, monotonic: now });
    const verifiers = createVerifiers({
      store: this.store,
      keys: { secret: SECRET },
      deployment,
      createProvider: (texts) => provider ?? createSelfIssuedProvider({ senders: [this.sender], ...texts }),
      guard,
      now,
      onEvent: (event) => this.events.push(event),
    });
    this.app = fastify(createServerOptions(PUBLIC_URL));
    this.parts = {
      tenants: this.tenants,
      idempotency: createIdempotency({ store: this.store, keys: this.keys }),
      limiter: createRateLimiter({ store: this.store, keys: this.keys, monotonic: now }),
      proofs: this.proofs,
      verifierFor: verifiers.of,
      operator: verifiers.operator,
      deliveries: createDeliveries({ store: this.store, keys: this.keys }),
      pageSessions: createPageSessions({ store: this.store, keys: this.keys }),
      ping: () => this.store.ping(),
      publicUrl: PUBLIC_URL,
      trustedHops: 0,
      rates: { key: ROOMY, address: ROOMY },
      now,
      observe: { answered: (request) => this.answered.push(request), failed: (error) => this.failures.push(error) },
      ...parts,
    };
    this.app.register(createRestApi(this.parts));
  }

  async ask(method: string, url: string, { key, body, raw, headers = {}, remoteAddress }: Ask = {}): Promise<Got> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await this.app.inject({
      method: method as 'GET',
      url,
      ...(payload !== undefined && { payload }),
      ...(remoteAddress !== undefined && { remoteAddress }),
      headers: {
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...(key && { authorization: basic(key.key.id, key.secret.reveal()) }),
        ...headers,
      },
    });
    assertDocumented(method, url, response);
    const isJson = String(response.headers['content-type'] ?? '').includes('json');
    return {
      status: response.statusCode,
      body: isJson && response.payload !== '' ? response.json() : undefined,
      headers: response.headers,
      text: response.payload,
    };
  }

  async makeService(fields: Partial<ServiceFields> = {}): Promise<ServiceSettings> {
    return this.tenants.createService({ name: 'Shop', ...fields });
  }

  async makeKey(service: string | null, scopes: readonly Scope[] = ['start', 'check', 'read', 'admin']): Promise<NewApiKey> {
    return this.tenants.createKey({ name: 'key', service, scopes });
  }

  /** The newest code that was sent. */
  code(to: string = TO): string {
    return this.sender.messagesTo(to).at(-1)?.code.reveal() ?? '';
  }
}

/** A code of as many digits that is another. */
export function wrongCode(code: string): string {
  return code.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

/** A service with a key that may do all, and a key for all services. */
export async function makeTenant(
  world: RestWorld,
  fields: Partial<ServiceFields> = {},
): Promise<{ service: ServiceSettings; key: NewApiKey; root: NewApiKey }> {
  const service = await world.makeService(fields);
  return { service, key: await world.makeKey(service.id), root: await world.makeKey(null) };
}
