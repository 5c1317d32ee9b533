import { context, isSpanContextValid, propagation, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type FastifyInstance, fastify } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import type { VerifierEvent } from '../engine/verifiers.ts';
import type { AnsweredRequest } from '../http/rest-parts.ts';
import { ARRIVAL, createServerOptions } from '../http/server-options.ts';
import type { Sender } from '../senders/sender.ts';
import type { Store } from '../stores/store.ts';
import { type Composition, composeService } from './compose-service.ts';
import { createDrain, type Drain } from './drain.ts';
import { createLogger } from './logging.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { observeStore } from './observed-store.ts';
import { openStore } from './open-store.ts';
import { resolveSettings } from './read-settings.ts';
import { findFreePort, type Listening, listenForMetrics, toHttpUrl, toListenError } from './server.ts';
import type { Settings, SettingsInput } from './settings.ts';
import { type Sweeper, startSweeper } from './sweeper.ts';
import { createProxyList } from './unsafe-settings.ts';

export type { Settings, SettingsInput } from './settings.ts';

/** What a program may hand to a service in the place of what its settings name. */
export interface ServiceParts {
  /** Closed with the service. */
  readonly store?: Store;
  readonly senders?: readonly Sender[];
  /** Where log lines go. @defaultValue standard output */
  readonly log?: DestinationStream;
  /** Whether `/metrics` is served. @defaultValue true */
  readonly hasMetricsListener?: boolean;
  /** Told of what verifiers commit. */
  readonly onEvent?: (event: VerifierEvent) => void;
}

/** Where a service is reached. */
export interface ServiceAddress {
  readonly url: string;
  /** Where `/metrics` is; undefined where it is not served. */
  readonly metricsUrl: string | undefined;
}

/** A service, ready to listen. */
export interface Service {
  /** The server, for plugins and for tests: `app.inject`. */
  readonly app: FastifyInstance;
  /** The services and API keys of the deployment. */
  readonly tenants: Composition['tenants'];
  readonly logger: Logger;
  /** What Prometheus would read. */
  metrics(): Promise<string>;
  /** @throws {CountersignError} `configuration_invalid` where an address cannot be listened on. */
  listen(): Promise<ServiceAddress>;
  /** Takes no more connections, answers what is under way, and lets go of the store. What is not answered after 27 s is cut; after 30 s it is over. Idempotent. */
  close(): Promise<void>;
}

/** How long requests under way have when the service ends, in milliseconds: a provider's longest 10 s and then some. */
const ANSWER_LIMIT = 27_000;

/** How long all of it may take: an orchestrator waits a second longer, and a store that cannot be reached may take some to let go of. */
const DRAIN_LIMIT = 30_000;

/**
 * Makes the service: verification over HTTP, on any store.
 *
 * @param input settings in the shape of `countersign.json`; see docs/settings.md. The environment is not read.
 * @throws {CountersignError} `configuration_invalid`, naming every setting at fault.
 * @example
 * const service = await createService({ secret: process.env.COUNTERSIGN_SECRET, database: 'countersign.db', allowedCountries: ['DE'] });
 * const { url } = await service.listen();
 */
export async function createService(input: SettingsInput, parts: ServiceParts = {}): Promise<Service> {
  const settings = resolveSettings(input);
  const port = settings.port === 0 && settings.publicUrl === undefined ? await findFreePort(settings.host) : settings.port;
  const publicUrl = settings.publicUrl ?? toHttpUrl(settings.host, port);
  const logger = createLogger({ level: settings.logLevel, destination: parts.log });
  const metrics = createMetrics(() => performance.now());
  const store = observeStore(parts.store ?? (await openStore(settings.database)), metrics, () => performance.now());
  try {
    const process = new ServiceProcess({ settings: { ...settings, port }, parts, publicUrl, logger, metrics, store });
    await process.app.register(process.composition.api);
    return process;
  } catch (error) {
    await Promise.allSettled([store.close(), metrics.close()]);
    throw error;
  }
}

interface ProcessOptions {
  readonly settings: Settings;
  readonly parts: ServiceParts;
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
}

/** A service and what runs beside it. */
class ServiceProcess implements Service {
  readonly app: FastifyInstance;
  readonly logger: Logger;
  readonly composition: Composition;
  readonly #options: ProcessOptions;
  readonly #connections: Drain;
  #metricsListener: Listening | undefined;
  #sweeper: Sweeper | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ProcessOptions) {
    const { settings, parts, publicUrl, logger, metrics, store } = options;
    this.#options = options;
    this.logger = logger;
    this.composition = composeService({
      ...{ settings, store, publicUrl, metrics, logger, senders: parts.senders, onEvent: parts.onEvent },
      observe: {
        answered: (request) => observeAnswer(request, logger, metrics),
        failed: (error, requestId) => logger.error({ requestId, error }, 'a request failed'),
      },
      isDraining: () => this.#closing !== undefined,
    });
    // Idle connections outlive those of a proxy in front, which would else find one closed that it was about to use: theirs are 60 s by custom.
    this.app = fastify({ ...createServerOptions(publicUrl), logger: false, forceCloseConnections: 'idle', keepAliveTimeout: 65_000 });
    this.#connections = createDrain(this.app.server);
    ignoreStrangersProxies(this.app, settings);
    traceRequests(this.app);
  }

  get tenants(): Composition['tenants'] {
    return this.composition.tenants;
  }

  metrics(): Promise<string> {
    return this.#options.metrics.render();
  }

  async listen(): Promise<ServiceAddress> {
    try {
      return await this.#listen();
    } catch (error) {
      // What listens already, and the store, would keep a process alive that serves nobody.
      await this.close();
      throw error;
    }
  }

  async #listen(): Promise<ServiceAddress> {
    const { settings, parts, metrics, store, logger } = this.#options;
    const { host, port } = settings;
    const url = await this.app.listen({ host, port, listenTextResolver: () => '' }).catch((error: unknown) => {
      throw toListenError(error, { host, port, setting: 'port' });
    });
    if (parts.hasMetricsListener !== false) this.#metricsListener = await listenForMetrics(metrics, settings.metrics);
    this.#sweeper = startSweeper({
      store,
      onSwept: (records) => metrics.swept(records),
      onFailed: (error) => logger.warn({ error }, 'sweeping failed'),
    });
    const metricsUrl = this.#metricsListener && `${this.#metricsListener.url}/metrics`;
    logger.info({ url, metricsUrl }, 'listening');
    return { url, metricsUrl };
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    const { logger } = this.#options;
    let tellLate: () => void = () => undefined;
    const late = new Promise<boolean>((resolve) => {
      tellLate = () => resolve(true);
    });
    const limit = setTimeout(tellLate, DRAIN_LIMIT);
    const isLate = await Promise.race([late, this.#end().then(() => false)]);
    clearTimeout(limit);
    if (isLate) logger.error({}, 'the store could not be closed in time and is left as it is');
  }

  async #end(): Promise<void> {
    const { metrics, store, logger } = this.#options;
    const listeners = [this.app.server, ...(this.#metricsListener ? [this.#metricsListener.server] : [])];
    const cut = setTimeout(() => {
      logger.error({}, 'requests were not answered in time and are cut');
      for (const server of listeners) server.closeAllConnections();
    }, ANSWER_LIMIT);
    this.#connections.begin(ARRIVAL.request);
    await Promise.all([this.app.close(), this.#sweeper?.stop()]);
    await this.#metricsListener?.close();
    clearTimeout(cut);
    await store.close();
    await metrics.close();
  }
}

function observeAnswer(
  { operation, method, status, milliseconds, requestId, keyId, code, reason }: AnsweredRequest,
  logger: Logger,
  metrics: Metrics,
): void {
  metrics.answered({ operation: operation ?? 'none', status, seconds: milliseconds / 1_000 });
  if (reason === 'rate_limited' && status === 429) metrics.refused(reason);
  // Two a second and for ever, from whoever looks whether this process is alive.
  const isProbe = (operation === 'isLive' || operation === 'isReady') && status === 200;
  const line = { operation, method, status, requestId, keyId, code, reason, milliseconds: Math.round(milliseconds * 10) / 10 };
  logger[isProbe ? 'debug' : 'info'](line, 'answered');
}

/** Ensure that nobody but the proxies that were named says whose request it is. */
function ignoreStrangersProxies(app: FastifyInstance, { trustedHops, trustedProxies }: Settings): void {
  if (trustedHops === 0) return;
  const isTrusted = createProxyList(trustedProxies);
  app.addHook('onRequest', async ({ raw }) => {
    if (!isTrusted(raw.socket.remoteAddress ?? '')) delete raw.headers['x-forwarded-for'];
  });
}

/**
 * A span for each request, continuing its caller's trace. It holds the pattern of the route, and not the address asked for. Where no SDK is there the span
 * is none, and is not carried about.
 */
function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<object, Span>();
  const tracer = trace.getTracer('countersign');
  app.addHook('onRequest', (request, _, done) => {
    const parent = propagation.extract(context.active(), request.headers);
    const route = request.routeOptions.url ?? 'unknown';
    const span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes: toAttributes(request.method, route) }, parent);
    if (!isSpanContextValid(span.spanContext())) return done();
    spans.set(request, span);
    context.with(trace.setSpan(parent, span), done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    span?.end();
    done();
  });
}

function toAttributes(method: string, route: string): Readonly<Record<string, string>> {
  return { 'http.request.method': method, 'http.route': route };
}
