import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing, type KeyOptions, type KeyRing } from '../core/keys.ts';
import { toOriginHost } from '../core/message-rules.ts';
import { createAttempts } from '../engine/attempts.ts';
import { createDeliveries } from '../engine/deliveries.ts';
import { createIdempotency } from '../engine/idempotency.ts';
import { decideFingerprint, FINGERPRINT_KEY } from '../engine/index-fingerprint.ts';
import { resolveLimits } from '../engine/limits.ts';
import { createPageSessions } from '../engine/page-sessions.ts';
import { createProofTokens } from '../engine/proof-tokens.ts';
import { createRateLimiter } from '../engine/rate-limiter.ts';
import { createSendRates } from '../engine/send-rates.ts';
import type { DeploymentLimits } from '../engine/service-settings.ts';
import { createTenants, type Tenants } from '../engine/tenants.ts';
import { createVerifiers, type VerifierEvent, type Verifiers } from '../engine/verifiers.ts';
import { createHostedPages } from '../http/pages/hosted/hosted-pages.ts';
import { createRestApi } from '../http/rest-api.ts';
import type { RestObserver, RestParts } from '../http/rest-parts.ts';
import { createTwilioApi } from '../http/twilio/twilio-api.ts';
import type { TwilioParts } from '../http/twilio/twilio-parts.ts';
import type { JudgingProvider, Provider } from '../providers/provider.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createTwilioVerifyProvider } from '../providers/twilio-verify.ts';
import type { Sender } from '../senders/sender.ts';
import type { Store } from '../stores/store.ts';
import { createSenders } from './create-senders.ts';
import type { Metrics } from './metrics.ts';
import { observeProvider } from './observed-provider.ts';
import { observeSender } from './observed-sender.ts';
import { readPageFiles } from './page-files.ts';
import { toLimits } from './setting-faults.ts';
import type { Settings } from './settings.ts';
import { createSharedPing } from './shared-ping.ts';

/** What a service is composed of beside its settings. */
export interface CompositionOptions {
  readonly settings: Settings;
  readonly store: Store;
  /** In the place of those that the settings name. */
  readonly senders?: readonly Sender[] | undefined;
  readonly publicUrl: string;
  readonly metrics: Metrics;
  readonly observe: RestObserver;
  /** Takes what senders say of messages that were not sent. */
  readonly logger: Logger;
  /** Told of what verifiers commit, after it was counted. */
  readonly onEvent?: ((event: VerifierEvent) => void) | undefined;
  /** Whether the process takes no more work: it is not ready then. */
  readonly isDraining: () => boolean;
}

/** A service, put together. */
export interface Composition {
  readonly api: FastifyPluginAsync;
  readonly tenants: Tenants;
  readonly keys: KeyRing;
}

/**
 * Puts a service together.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every setting at fault.
 */
export function composeService(options: CompositionOptions): Composition {
  const { settings, store, publicUrl, observe } = options;
  const keyOptions = toKeyOptions(settings);
  const keys = createKeyRing(keyOptions);
  const createProvider = createProviders(options);
  const deployment = toDeployment(settings, createProvider({}));
  const tenants = toAcknowledged(createTenants({ store, keys, deployment, monotonic }), settings);
  const newVerifiers = () => createVerifiers({ store, keys: keyOptions, deployment, createProvider, now, onEvent: createCounter(options) });
  const verifiers = newVerifiers();
  const parts = { ...toParts(options, verifiers, keys), tenants, publicUrl, observe, now };
  const forTwilio = {
    accountSid: keys.accountSid,
    sendRates: createSendRates({ store, keys, monotonic }),
    attempts: createAttempts({ store, keys }),
  };
  const pages = createHostedPages({ ...parts, verifierFor: toPageVerifiers(newVerifiers(), publicUrl), files: readPageFiles() });
  return { api: createApi({ ...parts, ...forTwilio }, pages), tenants, keys };
}

/**
 * Ensure that the hosted page, which anybody may open, shares no verification between two visits, whatever a service does for callers that it knows; and that
 * browsers offer a code which is asked for there on that page, whatever site the service binds its others to. Only https has a name to bind it to.
 */
function toPageVerifiers({ of }: Verifiers, publicUrl: string): Verifiers['of'] {
  const { origin } = new URL(publicUrl);
  const own = { sharePending: false, compatibility: null, ...(toOriginHost(origin) !== undefined && { origin }) };
  return (service) => of({ ...service, ...own });
}

/** Both interfaces, ours and the one that Twilio's clients know, and the hosted page. */
function createApi(parts: RestParts & TwilioParts, pages: FastifyPluginAsync): FastifyPluginAsync {
  return async (app) => {
    await app.register(createRestApi(parts));
    await app.register(createTwilioApi(parts));
    await app.register(pages);
  };
}

/** What the services and keys of a deployment are looked at with, where nothing is sent. */
export function composeTenants(settings: Settings, store: Store): Tenants {
  const keys = createKeyRing(toKeyOptions(settings));
  return toAcknowledged(createTenants({ store, keys, deployment: composeDeployment(settings), monotonic }), settings);
}

/** What no service of a deployment may go beyond. */
export function composeDeployment(settings: Settings): DeploymentLimits {
  return toDeployment(settings, createProviders({ settings })({}));
}

/** Ensure that a store is used with the index secret it began with. @throws {CountersignError} `configuration_invalid` for another. */
export async function assertFingerprint(settings: Settings, store: Store): Promise<void> {
  const { fingerprint } = createKeyRing(toKeyOptions(settings));
  await store.update(FINGERPRINT_KEY, decideFingerprint(fingerprint));
}

/** The keys that settings name. */
export function toKeyOptions({ secret, keys, indexSecret }: Settings): KeyOptions {
  return { secret, keys, indexSecret };
}

function toDeployment({ limits, allowedCountries }: Settings, { channels }: Pick<Provider, 'channels'>): DeploymentLimits {
  return { limits: resolveLimits(toLimits(limits)), allowedCountries: allowedCountries ?? null, channels };
}

type CreateProvider = (texts: { readonly template?: string; readonly subject?: string; readonly origin?: string }) => Provider | JudgingProvider;

function createProviders({
  settings,
  senders,
  metrics,
  logger,
}: Pick<CompositionOptions, 'settings' | 'senders'> & Partial<Pick<CompositionOptions, 'metrics' | 'logger'>>): CreateProvider {
  const observed = <P extends Provider | JudgingProvider>(provider: P) =>
    metrics === undefined ? provider : observeProvider(provider, metrics, monotonic);
  if (settings.provider === 'twilio_verify') {
    const { accountSid = '', authToken = '', serviceSid = '', baseUrl, codeLength } = settings.twilio;
    const provider = observed(createTwilioVerifyProvider({ accountSid, authToken, serviceSid, baseUrl, codeLength }));
    return () => provider;
  }
  const given = senders ?? createSenders(settings);
  const waysOut = logger === undefined ? given : given.map((sender) => observeSender(sender, logger));
  const { template, subject, origin } = settings;
  const own = { ...(template !== undefined && { template }), ...(subject !== undefined && { subject }), ...(origin !== undefined && { origin }) };
  return (texts) => observed(createSelfIssuedProvider({ senders: waysOut, ...own, ...texts }));
}

function createCounter({ metrics, onEvent }: CompositionOptions): (event: VerifierEvent) => void {
  return (event) => {
    metrics.count(event);
    onEvent?.(event);
  };
}

function toParts({ settings, store, publicUrl, isDraining }: CompositionOptions, verifiers: Verifiers, keys: KeyRing) {
  const { keyPerMinute, keyBurst, addressPerMinute, addressBurst } = settings.rates;
  const ping = createSharedPing(() => store.ping(), monotonic);
  return {
    idempotency: createIdempotency({ store, keys }),
    limiter: createRateLimiter({ store, keys, monotonic }),
    proofs: createProofTokens({ keys, issuer: publicUrl }),
    verifierFor: verifiers.of,
    operator: verifiers.operator,
    deliveries: createDeliveries({ store, keys }),
    pageSessions: createPageSessions({ store, keys }),
    trustedHops: settings.trustedHops,
    rates: { key: { perMinute: keyPerMinute, burst: keyBurst }, address: { perMinute: addressPerMinute, burst: addressBurst } },
    async ping() {
      if (isDraining()) throw new CountersignError('store_unavailable', 'this process is about to end');
      await ping();
    },
  };
}

/** Ensure that nobody opens a door with a known key in a deployment whose operator has not said that there may be some. */
function toAcknowledged(tenants: Tenants, { acknowledgeTestNumbers }: Settings): Tenants {
  if (acknowledgeTestNumbers) return tenants;
  const assertNone = (input: unknown) => {
    const { test } = (input ?? {}) as { readonly test?: unknown };
    if (test === undefined || test === null) return;
    const message = '`test` may not be set: this deployment has not acknowledged test numbers (COUNTERSIGN_ACKNOWLEDGE_TEST_NUMBERS)';
    throw new CountersignError('invalid_request', message, { field: 'test' });
  };
  const bound = bindAll(tenants);
  return {
    ...bound,
    async createService(input, act) {
      assertNone(input);
      return tenants.createService(input, act);
    },
    async updateService(id, patch, act) {
      assertNone(patch);
      return tenants.updateService(id, patch, act);
    },
  };
}

/** Its methods live on a class. */
function bindAll(tenants: Tenants): Tenants {
  return {
    createService: (...given) => tenants.createService(...given),
    getService: (...given) => tenants.getService(...given),
    listServices: (...given) => tenants.listServices(...given),
    updateService: (...given) => tenants.updateService(...given),
    deleteService: (...given) => tenants.deleteService(...given),
    createKey: (...given) => tenants.createKey(...given),
    getKey: (...given) => tenants.getKey(...given),
    listKeys: (...given) => tenants.listKeys(...given),
    revokeKey: (...given) => tenants.revokeKey(...given),
    rotateKey: (...given) => tenants.rotateKey(...given),
    authenticate: (...given) => tenants.authenticate(...given),
    isCurrent: (...given) => tenants.isCurrent(...given),
  };
}

function monotonic(): number {
  return performance.now();
}

function now(): number {
  return Date.now();
}
