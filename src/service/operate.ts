import type { ApiKey, Scope } from '../engine/api-key.ts';
import type { ServiceSettings } from '../engine/service-settings.ts';
import type { Tenants, TenantsPage } from '../engine/tenants.ts';
import { assertFingerprint, composeDeployment, composeTenants } from './compose-service.ts';
import { importTwilioServices, type TwilioImportReport } from './import-twilio-services.ts';
import { openStore } from './open-store.ts';
import { readSettings } from './read-settings.ts';
import { readTwilioServices } from './read-twilio-services.ts';

export type { ApiKey, Scope } from '../engine/api-key.ts';
export type { ServiceSettings } from '../engine/service-settings.ts';

/** Who acts, in the journal: somebody with the secret of the deployment. */
const BY = { by: 'cli' } as const;

/** An API key with its secret, to be shown once. It is JSON, for whoever asked for a key on a terminal. */
export interface ShownApiKey extends ApiKey {
  readonly secret: string;
}

/** What an operator does on a terminal. */
export interface Operator {
  createService(input: { readonly name: string }): Promise<ServiceSettings>;
  listServices(): Promise<readonly ServiceSettings[]>;
  /** @throws {CountersignError} `invalid_request` for a file at fault: nothing was made. */
  importTwilioServices(path: string): Promise<TwilioImportReport>;
  createKey(input: { readonly name: string; readonly service: string | null; readonly scopes: readonly Scope[] }): Promise<ShownApiKey>;
  listKeys(): Promise<readonly ApiKey[]>;
  revokeKey(id: string): Promise<ApiKey | undefined>;
}

/**
 * Opens the deployment that the settings name, has `work` done on its services and keys, and closes it.
 *
 * @throws {CountersignError} `configuration_invalid` for settings at fault, or another secret than the store began with; `store_unavailable`.
 */
export async function withOperator<T>(work: (operator: Operator) => Promise<T>): Promise<T> {
  const settings = readSettings();
  const store = await openStore(settings.database);
  try {
    // Before anything is written: a key made with another secret would be good for nothing.
    await assertFingerprint(settings, store);
    const tenants = composeTenants(settings, store);
    const importServices = async (path: string) =>
      importTwilioServices(await readTwilioServices(path), { store, deployment: composeDeployment(settings), ...BY });
    return await work({ ...createOperator(tenants), importTwilioServices: importServices });
  } finally {
    await store.close().catch(() => undefined);
  }
}

function createOperator(tenants: Tenants): Omit<Operator, 'importTwilioServices'> {
  return {
    createService: (input) => tenants.createService(input, BY),
    listServices: () => listAll((after) => tenants.listServices(after, PAGE)),
    async createKey(input) {
      const { key, secret } = await tenants.createKey(input, BY);
      return { ...key, secret: secret.reveal() };
    },
    listKeys: () => listAll((after) => tenants.listKeys(after, PAGE)),
    revokeKey: (id) => tenants.revokeKey(id, BY),
  };
}

const PAGE = 1_000;

async function listAll<T>(list: (after: string | undefined) => Promise<TenantsPage<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(after);
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
}
