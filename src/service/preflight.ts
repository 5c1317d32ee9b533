import { CountersignError } from '../core/errors.ts';
import type { Store } from '../stores/store.ts';
import { assertFingerprint, composeTenants } from './compose-service.ts';
import { openStore } from './open-store.ts';
import type { Settings } from './settings.ts';
import { findUnsafeSettings, type Unsafe } from './unsafe-settings.ts';

/**
 * Ensure that settings, store and services are fit for production.
 *
 * @throws {CountersignError} `configuration_invalid` with one message that names everything that is not; `store_unavailable`.
 */
export async function assertSafe(settings: Settings): Promise<void> {
  const unsafe = [...findUnsafeSettings(settings), ...(await findUnsafeStore(settings))];
  if (unsafe.length === 0) return;
  // What a sender is at fault for is seen twice: by itself, and where services are looked at with it.
  const message = [...new Set(unsafe.map(({ setting, problem }) => `${setting} ${problem}`))].join('; ');
  throw new CountersignError('configuration_invalid', `not safe to serve: ${message}`, { field: unsafe[0]?.setting ?? 'settings' });
}

/** What is wrong with the store and what is in it. Without a secret nothing in it can be read. */
async function findUnsafeStore(settings: Settings): Promise<readonly Unsafe[]> {
  let store: Store | undefined;
  try {
    store = await openStore(settings.database);
    await store.ping();
    if (settings.secret === undefined && settings.keys === undefined) return [];
    await assertFingerprint(settings, store);
    return await findTestNumbers(settings, store);
  } catch (error) {
    // What never will be as it is set; a store that is away for now is another matter, and stays an error of its own.
    if (!(error instanceof CountersignError && error.code === 'configuration_invalid')) throw error;
    return [{ setting: toSetting(error), problem: `cannot be used: ${error.message}` }];
  } finally {
    await store?.close().catch(() => undefined);
  }
}

/** The engine's word for a wrong secret is the name of an option. */
function toSetting({ field }: CountersignError): string {
  if (field === 'indexSecret') return 'secret';
  return field === 'senders' || field === 'accountSid' ? field : 'database';
}

/** Services whose test numbers are open while the deployment has not acknowledged any. */
export async function findTestNumbers(settings: Settings, store: Store): Promise<readonly Unsafe[]> {
  if (settings.acknowledgeTestNumbers) return [];
  const tenants = composeTenants(settings, store);
  const open: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await tenants.listServices(after, 1_000);
    open.push(...page.items.filter(({ test }) => test !== null && Date.parse(test.until) > Date.now()).map(({ id }) => id));
    if (page.next === undefined) break;
    after = page.next;
  }
  if (open.length === 0) return [];
  const problem = `is not set, and ${open.join(', ')} ${open.length === 1 ? 'has' : 'have'} test numbers: take them away, or acknowledge that whoever knows their code is approved`;
  return [{ setting: 'acknowledgeTestNumbers', problem }];
}
