import { CountersignError } from '../core/errors.ts';
import type { KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import type { Secret } from '../core/secret.ts';
import { createApiKeyId, createApiSecret, createServiceId, isApiKeyId, isApiSecret, isServiceId, type RandomBytes } from '../core/tenant-ids.ts';
import type { ListedRecord, RecordBody, Store } from '../stores/store.ts';
import type { Act } from './act.ts';
import { type ApiKey, parseApiKey } from './api-key.ts';
import { decideCreateApiKey, decideRevokeApiKey, decideRotateApiKey, decideTouchApiKey, isSecretGood, isTouchDue } from './api-key-acts.ts';
import { API_KEY_KIND, type ApiKeyRecord, createDecoy, decodeApiKey, toApiKey, toApiKeyKey } from './api-key-record.ts';
import { ask } from './ask.ts';
import { createFreshCache, type FreshCache } from './fresh-cache.ts';
import { decideCreateService, decideDeleteService, decideUpdateService } from './service-acts.ts';
import { decodeService, SERVICE_KIND, toServiceKey, toServiceSettings } from './service-record.ts';
import type { DeploymentLimits, ServiceSettings } from './service-settings.ts';

/** Everything tenants are made of. */
export interface TenantsOptions {
  readonly store: Store;
  readonly keys: KeyRing;
  /** What no service may go beyond. */
  readonly deployment: DeploymentLimits;
  /** A clock that never goes back, in milliseconds from anywhere, such as `performance.now()`: by it what was read is forgotten. */
  readonly monotonic: () => number;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes;
}

/** One page of a list; without `next` there is no more. */
export interface TenantsPage<T> {
  readonly items: readonly T[];
  /** The id to go on behind. */
  readonly next?: string;
}

/** An API key with the secret that nobody sees again. */
export interface NewApiKey {
  readonly key: ApiKey;
  /** 32 letters and digits. */
  readonly secret: Secret;
}

/**
 * The services of a deployment and the API keys that act for them. Operators' acts are in the journal, in the same write, before they are answered; `by`
 * names the operator there. Each rejects with `store_unavailable` where the store cannot answer.
 */
export interface Tenants {
  /** @throws {CountersignError} `invalid_request`, naming every field at fault and no value. */
  createService(input: unknown, act?: Act): Promise<ServiceSettings>;
  /** What another process changed shows after 2 s at the latest, and what this one did at once. */
  getService(id: string): Promise<ServiceSettings | undefined>;
  /** In the order of their ids, those after `after` first. @param limit 1–1000. */
  listServices(after: string | undefined, limit: number): Promise<TenantsPage<ServiceSettings>>;
  /** Fields that a patch does not name stay, as they are when it is applied. @throws as `createService`. */
  updateService(id: string, patch: unknown, act?: Act): Promise<ServiceSettings | undefined>;
  /** Its API keys stay, and authenticate no more; its verifications under way are out of reach. */
  deleteService(id: string, act?: Act): Promise<boolean>;
  /** @throws {CountersignError} `invalid_request`, also for a service that is not there. */
  createKey(input: unknown, act?: Act): Promise<NewApiKey>;
  getKey(id: string): Promise<ApiKey | undefined>;
  /** Revoked ones for 30 days. @param service only those that act for this one alone. */
  listKeys(after: string | undefined, limit: number, service?: string): Promise<TenantsPage<ApiKey>>;
  /** Good for nothing from then on: in this process at once, in others after 2 s at the latest. */
  revokeKey(id: string, act?: Act): Promise<ApiKey | undefined>;
  /** The old secret is good for 10 more minutes, and ends at once with one more rotation. Undefined for a key that is unknown or revoked. */
  rotateKey(id: string, act?: Act): Promise<NewApiKey | undefined>;
  /**
   * The key that a secret is for. Undefined for one that is unknown or revoked, for a wrong secret, for one that was rotated out, and for a key whose
   * service was deleted; all but the last do the same work, and the last needs the right secret.
   */
  authenticate(id: string, secret: string): Promise<ApiKey | undefined>;
}

/** How long what was read may be used: a revocation in another process takes effect after this. */
const MAX_AGE = 2_000;

/** Services and keys remembered; each takes about 2 kB. */
const CACHE_SIZE = 10_000;

/** The most records that a store lists in one go. */
const MAX_PAGE = 1_000;

/** An API key as it was read, and the store's clock then. */
interface ReadApiKey {
  readonly record: ApiKeyRecord;
  /** The record as it is shown. */
  readonly key: ApiKey;
  readonly now: number;
}

/** Makes tenants on a store; any number of processes may share it. */
export function createTenants(options: TenantsOptions): Tenants {
  return new StoreTenants(options);
}

/** The shell around the rules: it asks the store, and remembers for a moment. */
class StoreTenants implements Tenants {
  readonly #store: Store;
  readonly #keys: KeyRing;
  readonly #deployment: DeploymentLimits;
  readonly #random: RandomBytes;
  readonly #services: FreshCache<ServiceSettings>;
  readonly #apiKeys: FreshCache<ReadApiKey>;
  /** The record of no key, with as much in it as one has. */
  readonly #decoy: RecordBody;
  /** Keys whose use is being written down. */
  readonly #touching = new Set<string>();

  constructor({ store, keys, deployment, monotonic, random = createRandomPool() }: TenantsOptions) {
    this.#store = store;
    this.#keys = keys;
    this.#deployment = deployment;
    this.#random = random;
    this.#services = createFreshCache({ maxAge: MAX_AGE, size: CACHE_SIZE, monotonic });
    this.#apiKeys = createFreshCache({ maxAge: MAX_AGE, size: CACHE_SIZE, monotonic });
    this.#decoy = createDecoy(createServiceId(random));
  }

  async createService(input: unknown, { by }: Act = {}): Promise<ServiceSettings> {
    const id = createServiceId(this.#random);
    return ask(this.#store.update(toServiceKey(id), decideCreateService(input, { id, deployment: this.#deployment, by })));
  }

  async getService(id: string): Promise<ServiceSettings | undefined> {
    const known = this.#services.get(id)?.value;
    if (known !== undefined || !isServiceId(id)) return known;
    return this.#services.load(id, () => this.#readService(id));
  }

  async listServices(after: string | undefined, limit: number): Promise<TenantsPage<ServiceSettings>> {
    assertAfter(after, isServiceId);
    return this.#list(SERVICE_KIND, after, limit, ({ id, body }) => {
      const record = decodeService(body);
      return record && toServiceSettings(id, record);
    });
  }

  async updateService(id: string, patch: unknown, { by }: Act = {}): Promise<ServiceSettings | undefined> {
    if (!isServiceId(id)) return undefined;
    const act = { id, deployment: this.#deployment, by };
    return this.#change(this.#services, id, this.#store.update(toServiceKey(id), decideUpdateService(patch, act)));
  }

  async deleteService(id: string, { by }: Act = {}): Promise<boolean> {
    if (!isServiceId(id)) return false;
    return this.#change(this.#services, id, this.#store.update(toServiceKey(id), decideDeleteService({ id, by })));
  }

  async createKey(input: unknown, { by }: Act = {}): Promise<NewApiKey> {
    const fields = parseApiKey(input);
    // Asked anew: a service that this process remembers may be gone.
    if (fields.service !== null && (await this.#readService(fields.service)) === undefined) {
      throw new CountersignError('invalid_request', '`service` is not there', { field: 'service' });
    }
    const id = createApiKeyId(this.#random);
    const secret = createApiSecret(this.#random);
    const hash = this.#keys.apiSecretHash(id, secret.reveal());
    return { key: await ask(this.#store.update(toApiKeyKey(id), decideCreateApiKey(fields, hash, { id, by }))), secret };
  }

  async getKey(id: string): Promise<ApiKey | undefined> {
    const read = isApiKeyId(id) ? await this.#readApiKey(id) : undefined;
    return read?.key;
  }

  async listKeys(after: string | undefined, limit: number, service?: string): Promise<TenantsPage<ApiKey>> {
    assertAfter(after, isApiKeyId);
    return this.#list(API_KEY_KIND, after, limit, ({ id, body }) => {
      const key = toApiKey(id, decodeApiKey(body));
      return service === undefined || key.service === service ? key : undefined;
    });
  }

  async revokeKey(id: string, { by }: Act = {}): Promise<ApiKey | undefined> {
    if (!isApiKeyId(id)) return undefined;
    return this.#change(this.#apiKeys, id, this.#store.update(toApiKeyKey(id), decideRevokeApiKey({ id, by })));
  }

  async rotateKey(id: string, { by }: Act = {}): Promise<NewApiKey | undefined> {
    if (!isApiKeyId(id)) return undefined;
    const secret = createApiSecret(this.#random);
    const hash = this.#keys.apiSecretHash(id, secret.reveal());
    const key = await this.#change(this.#apiKeys, id, this.#store.update(toApiKeyKey(id), decideRotateApiKey(hash, { id, by })));
    return key && { key, secret };
  }

  async authenticate(id: string, secret: string): Promise<ApiKey | undefined> {
    // By their form alone, which tells nothing of what is there.
    if (!isApiKeyId(id) || !isApiSecret(secret)) return undefined;
    const hash = this.#keys.apiSecretHash(id, secret);
    const known = this.#apiKeys.get(id);
    const isKnown = isSecretGood(known?.value.record, hash, (known?.value.now ?? 0) + (known?.age ?? 0));
    if (isKnown && known !== undefined) return this.#open(known.value);
    // What does not fit what is remembered is asked anew, always: the secret may be newer, and an answer that came sooner would tell that there is a key.
    const found = await this.#apiKeys.load(id, () => this.#readApiKey(id));
    const isGood = isSecretGood(found?.record, hash, found?.now ?? 0);
    const key = isGood && found !== undefined ? await this.#open(found) : undefined;
    if (key !== undefined && found !== undefined) this.#touch(id, found);
    return key;
  }

  /** The key whose secret was right, unless its service is gone. */
  async #open({ key }: ReadApiKey): Promise<ApiKey | undefined> {
    const { service } = key;
    const isThere = service === null || (await this.getService(service)) !== undefined;
    return isThere ? key : undefined;
  }

  /** Writes a use down. Nothing waits for it and nothing fails for it: where it is lost the next use is written. */
  #touch(id: string, { record, now }: ReadApiKey): void {
    if (this.#touching.has(id) || !isTouchDue(record, now)) return;
    this.#touching.add(id);
    const write = async () => this.#store.update(toApiKeyKey(id), decideTouchApiKey(id));
    const done = () => this.#touching.delete(id);
    write().then(done, done);
  }

  /** Ensure that nothing of before a change is remembered behind it: forgotten when it is committed, and when nobody knows whether it was. */
  async #change<V, T>(cache: FreshCache<V>, id: string, change: Promise<T>): Promise<T> {
    try {
      return await ask(change);
    } finally {
      cache.forget(id);
    }
  }

  async #readService(id: string): Promise<ServiceSettings | undefined> {
    const { body } = await ask(this.#store.read(toServiceKey(id)));
    const record = body === undefined ? undefined : decodeService(body);
    return record && toServiceSettings(id, record);
  }

  async #readApiKey(id: string): Promise<ReadApiKey | undefined> {
    const { body, now } = await ask(this.#store.read(toApiKeyKey(id)));
    // One is read in any case, so that it takes as long where there is none.
    const record = decodeApiKey(body ?? this.#decoy);
    const key = toApiKey(id, record);
    return body === undefined ? undefined : { record, key, now };
  }

  /** Goes on until a page is full: what `open` leaves out (a deleted service, another's key) takes no place on it. */
  async #list<T extends { readonly id: string }>(
    kind: string,
    after: string | undefined,
    limit: number,
    open: (listed: ListedRecord) => T | undefined,
  ): Promise<TenantsPage<T>> {
    const items: T[] = [];
    let from = after;
    for (;;) {
      // The store refuses a limit that is none.
      const size = Number.isSafeInteger(limit) && limit >= 1 && limit < MAX_PAGE ? limit + 1 : limit;
      const page = await ask(this.#store.list(kind, kind, from, size));
      for (const listed of page) {
        const item = open(listed);
        if (item === undefined) continue;
        if (items.length === limit) return { items, next: items.at(-1)?.id ?? '' };
        items.push(item);
      }
      from = page.at(-1)?.id;
      if (page.length < size) return { items };
    }
  }
}

function assertAfter(after: string | undefined, isId: (value: unknown) => boolean): void {
  if (after === undefined || isId(after)) return;
  throw new CountersignError('invalid_request', '`after` must be an id that an earlier page gave as `next`', { field: 'after' });
}
