import type { Channel } from '../core/destination.ts';
import { createKeyRing, type KeyOptions } from '../core/keys.ts';
import type { JudgingProvider, Provider, ProviderSendRequest } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';
import { createCountryGuard } from './country-guard.ts';
import type { VerifierEvents } from './events.ts';
import type { Guard } from './guard.ts';
import { createNonces } from './nonces.ts';
import { toVerifierSettings, type VerifierSettings } from './service-bounds.ts';
import type { DeploymentLimits, ServiceSettings } from './service-settings.ts';
import { createServiceVerifier, type ServiceVerifier } from './service-verifier.ts';
import { toTestService } from './test-numbers.ts';
import { createVerifier, type Verifier } from './verifier.ts';

/** One event, with its name, as a process counts it. */
export type VerifierEvent = {
  readonly [Name in keyof VerifierEvents]: { readonly name: Name; readonly event: VerifierEvents[Name] };
}[keyof VerifierEvents];

/** Everything that verifiers of services are made of. */
export interface VerifiersOptions {
  readonly store: Store;
  readonly keys: KeyOptions;
  readonly deployment: DeploymentLimits;
  /** Makes the provider of a service, with its texts where it has its own. */
  createProvider(texts: Pick<VerifierSettings, 'template' | 'subject' | 'origin'>): Provider | JudgingProvider;
  /** The deployment's own guard, asked after the countries of the service. @defaultValue every send is worth its cost */
  readonly guard?: Guard | undefined;
  /** Milliseconds since 1970: by it test numbers end. */
  readonly now: () => number;
  /** Told of what has been committed, except for test numbers. */
  readonly onEvent?: ((event: VerifierEvent) => void) | undefined;
}

/** The verifiers of a deployment. */
export interface Verifiers {
  /** The verifier of a service as its settings are; made once for each version of them. */
  of(service: ServiceSettings): ServiceVerifier;
  /** For operators' acts on a destination, over all services. */
  readonly operator: Pick<Verifier, 'unblock' | 'erase'>;
}

/** Verifiers remembered; each takes a few kB. The one used longest ago goes first. */
const CACHE_SIZE = 1_000;

const EVENTS = ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const satisfies (keyof VerifierEvents)[];

/** Makes the verifiers of a deployment. @throws {CountersignError} `configuration_invalid` for keys or a provider at fault. */
export function createVerifiers(options: VerifiersOptions): Verifiers {
  const { store, keys, deployment, createProvider } = options;
  const nonces = createNonces({ store, keys: createKeyRing(keys) });
  const made = new Map<string, { readonly updatedAt: string; readonly verifier: ServiceVerifier }>();
  const make = (service: ServiceSettings) => {
    return createServiceVerifier({ ...makeOwn(options, service), service, tests: makeTests(options, service), nonces, now: options.now });
  };
  return {
    of(service) {
      const known = made.get(service.id);
      const current = known?.updatedAt === service.updatedAt ? known : { updatedAt: service.updatedAt, verifier: make(service) };
      // Again at the end: a map keeps the order of insertion.
      made.delete(service.id);
      made.set(service.id, current);
      for (const oldest of made.keys()) {
        if (made.size <= CACHE_SIZE) break;
        made.delete(oldest);
      }
      return current.verifier;
    },
    operator: createVerifier({ ...keys, store, provider: createProvider({}), limits: deployment.limits }),
  };
}

interface OwnVerifier {
  readonly verifier: Verifier;
  readonly channels: readonly Channel[];
  readonly countries: readonly string[] | null;
}

function makeOwn({ store, keys, deployment, createProvider, guard, onEvent }: VerifiersOptions, service: ServiceSettings): OwnVerifier {
  const { limits, allowedCountries, channels, ...texts } = toVerifierSettings(service, deployment);
  const made = createProvider(texts);
  const provider = narrow(
    made,
    made.channels.filter((channel) => channels.includes(channel)),
  );
  const verifier = createVerifier({
    ...keys,
    store,
    provider,
    journal: 'all',
    service: service.id,
    limits,
    guard: createServiceGuard(allowedCountries, guard),
  });
  if (onEvent !== undefined) for (const name of EVENTS) verifier.on(name, (event) => onEvent({ name, event } as VerifierEvent));
  return { verifier, channels: provider.channels, countries: allowedCountries };
}

/** A provider on fewer channels. Its properties are named and its methods bound: they may live on a class. */
function narrow(provider: Provider | JudgingProvider, channels: readonly Channel[]): Provider | JudgingProvider {
  const { name, isSilent = false, parseOptions, findLanguage } = provider;
  const common = {
    ...{ name, isSilent, channels },
    ...(parseOptions && { parseOptions: parseOptions.bind(provider) }),
    ...(findLanguage && { findLanguage: findLanguage.bind(provider) }),
  };
  if (!('check' in provider)) return { ...common, send: (request: ProviderSendRequest) => provider.send(request) };
  return {
    ...common,
    codeLength: provider.codeLength,
    isolation: provider.isolation,
    send: (request: ProviderSendRequest) => provider.send(request),
    check: (request) => provider.check(request),
    cancel: (request) => provider.cancel(request),
  };
}

function makeTests({ store, keys, deployment }: VerifiersOptions, service: ServiceSettings): Verifier | undefined {
  if (service.test === null) return undefined;
  const { limits, channels } = toVerifierSettings(service, deployment);
  const provider: Provider = {
    name: 'test_numbers',
    channels,
    isSilent: true,
    parseOptions: (given) => given,
    findLanguage: (locale) => locale,
    send: async () => ({ status: 'sent', sender: 'test_numbers' }),
  };
  return createVerifier({ ...keys, store, provider, journal: 'all', service: toTestService(service.id), limits });
}

function createServiceGuard(allowedCountries: readonly string[] | null, guard: Guard | undefined): Guard {
  const countries = allowedCountries === null ? undefined : allowedCountries.length > 0 ? createCountryGuard({ allowedCountries }) : NO_COUNTRY;
  return {
    async assess(request) {
      const verdict = await countries?.assess(request);
      return verdict?.allowed === false || guard === undefined ? (verdict ?? { allowed: true }) : guard.assess(request);
    },
  };
}

/** Where the deployment allows none of a service's countries any more. */
const NO_COUNTRY: Guard = {
  assess({ kind }) {
    if (kind === 'email') return { allowed: true };
    return { allowed: false, rule: 'allowed_countries', detail: 'this service may write to no country' };
  },
};
