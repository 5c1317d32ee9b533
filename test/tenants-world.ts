import { createKeyRing, type KeyRing } from '../src/core/keys.ts';
import { toApiKeyKey } from '../src/engine/api-key-record.ts';
import { DEFAULT_LIMITS } from '../src/engine/limits.ts';
import type { PageSettings } from '../src/engine/page-settings.ts';
import type { DeploymentLimits, ServiceFields } from '../src/engine/service-settings.ts';
import { createTenants, type NewApiKey, type Tenants } from '../src/engine/tenants.ts';
import { createMemoryStore } from '../src/stores/memory.ts';
import { createSqliteStore } from '../src/stores/sqlite.ts';
import type { JournalEntry, Store } from '../src/stores/store.ts';
import { T0 } from './builders.ts';

/** A deployment with the default limits, all countries and all channels. */
export const DEPLOYMENT: DeploymentLimits = { limits: DEFAULT_LIMITS, allowedCountries: null, channels: ['sms', 'call', 'whatsapp', 'email'] };

/** What a service has whose operator gave a name alone. */
export const PLAIN_FIELDS: ServiceFields = {
  name: 'Shop',
  codeLength: 6,
  lifeSeconds: 600,
  emailLifeSeconds: 600,
  ladderSeconds: [120, 300, 900, 86_400],
  sendSpacingSeconds: 30,
  resendPolicy: 'repeat',
  sharePending: false,
  purposes: null,
  origin: null,
  template: null,
  subject: null,
  allowedCountries: null,
  channels: null,
  budgets: {},
  checkByDestination: false,
  test: null,
  compatibility: null,
  ladderOnTop: false,
  psd2: false,
  customCodes: false,
  page: null,
};

/** A hosted page of which only what must be said is said. */
export const PAGE: PageSettings = {
  brand: 'Shop',
  returnUrls: ['https://shop.example.com/verified'],
  frameAncestors: [],
  logo: null,
  accent: null,
  accentDark: null,
};

/** Tenants in one or more processes, as far as they can be told apart: a store's clock and a monotonic clock that a test moves. */
export class TenantsWorld {
  clock: number = T0;
  /** Milliseconds of the clock that never goes back. */
  uptime = 1_000;
  readonly keys: KeyRing = createKeyRing({ secret: 'a secret of at least 32 random bytes' });

  /** One process. */
  on(store: Store, deployment: DeploymentLimits = DEPLOYMENT): Tenants {
    return createTenants({ store, keys: this.keys, deployment, monotonic: () => this.uptime });
  }

  /** Time goes by, on both clocks. */
  pass(milliseconds: number): void {
    this.clock += milliseconds;
    this.uptime += milliseconds;
  }
}

/** All of the journal. */
export async function journalOf(store: Store): Promise<readonly JournalEntry[]> {
  return (await store.entries({ limit: 1_000 }, undefined)).entries;
}

/** Every record and every entry of the journal there is of tenants, as text. */
export async function dumpOf(store: Store): Promise<string> {
  const records = await Promise.all(['service', 'api_key'].map((kind) => store.list(kind, kind, undefined, 1_000)));
  return JSON.stringify([records, await journalOf(store)]);
}

/** 0, 1, … `count - 1`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Ids that nobody has, and a secret. */
export const NOBODY: { readonly service: string; readonly key: string; readonly secret: string } = {
  service: 'VA00000000000000000000000000000000',
  key: 'SK00000000000000000000000000000000',
  secret: 'a'.repeat(32),
};

/** Makes two handles on one store, on a world's clock. */
export type OpenStores = (world: TenantsWorld, newPath: () => string) => readonly [Store, Store];

/** Two processes on one store, each with what it remembers; the stores are the same in memory, and two handles on one file. */
export const STAGES: readonly (readonly [string, OpenStores])[] = [
  [
    'in memory',
    (world) => {
      const store = createMemoryStore({ clock: { now: () => world.clock } });
      return [store, store];
    },
  ],
  [
    'in SQLite',
    (world, newPath) => {
      const [path, clock] = [newPath(), { now: () => world.clock }];
      return [createSqliteStore({ path, clock }), createSqliteStore({ path, clock })];
    },
  ],
];

/** Two processes on one store. */
export interface Stage {
  readonly world: TenantsWorld;
  readonly store: Store;
  readonly here: Tenants;
  readonly there: Tenants;
}

/** Runs a test on fresh stores, and closes them. */
export async function stage(open: (world: TenantsWorld) => readonly [Store, Store], run: (parts: Stage) => Promise<void>): Promise<void> {
  const world = new TenantsWorld();
  const [store, other] = open(world);
  try {
    await run({ world, store, here: world.on(store), there: world.on(other) });
  } finally {
    await Promise.all([store.close(), other.close()]);
  }
}

/** Whether a secret lets a key in. */
export async function isIn(tenants: Tenants, { key }: NewApiKey, secret: NewApiKey['secret']): Promise<boolean> {
  return (await tenants.authenticate(key.id, secret.reveal())) !== undefined;
}

/** When a key was used last, once what is on its way to be written is there too. */
export async function lastUse(store: Store, tenants: Tenants, id: string): Promise<string | null | undefined> {
  await store.update(toApiKeyKey(id), () => ({ result: undefined }));
  return (await tenants.getKey(id))?.lastUsedAt;
}

/** A store's own methods, so that others can stand in their place. */
export function bind(store: Store): Store {
  return {
    update: (key, decide) => store.update(key, decide),
    read: (key) => store.read(key),
    list: (kind, partition, after, limit) => store.list(kind, partition, after, limit),
    append: (entries) => store.append(entries),
    entries: (filter, cursor) => store.entries(filter, cursor),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: () => store.close(),
    describe: () => store.describe(),
  };
}
