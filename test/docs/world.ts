import { createLocalJWKSet, type LocalJWKSet } from 'jose';
import { createTenants } from '../../src/engine/tenants.ts';
import type { Clock, Provider, Store, Verifier } from '../../src/index.ts';
import { createMemoryStore, createOutboxSender, createSelfIssuedProvider, createVerifier } from '../../src/index.ts';
import type { OutboxSender } from '../../src/senders/outbox.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { RestWorld } from '../http/world.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { createTwilioDouble, type TwilioDouble } from '../twilio/double.ts';

/**
 * What an example on a page may use without saying where it comes from: a verifier on a store in memory, its outbox, and a clock to move. Each
 * example begins with a fresh one.
 */

export const MINUTE = 60_000;
export const DAY: number = 24 * 60 * MINUTE;

/** The number of the front door. */
export const to = '+14155552671';
export const secret: string = 'a secret of at least thirty-two bytes';

export let clock: FakeClock;
export let store: Store;
export let outbox: OutboxSender;
/** A sender that does what an example tells it: `sender.next('refused')`. Its messages go nowhere else. */
export let sender: RecordingSender;
export let provider: Provider;
export let verifier: Verifier;
/** Twilio, where a page talks to it: `twilio.codeFor(to)` is what the person reads on the phone. */
export let twilio: TwilioDouble;
export let accountSid: string;
export let authToken: string;
export let serviceSid: string;
export let baseUrl: string;

/** A service as readers have it: its interface over HTTP, and the id that docs/proof.md gives it. */
const rest = new RestWorld();
rest.clock = Date.now();

/** The published keys of a service, and what it answered an approval of {@link to} with just now, by the clock that readers have. */
export const keys: LocalJWKSet = createLocalJWKSet(rest.proofs.jwks());
export const nonce = 'a nonce of the reader';
export const token: string = await approve();

async function approve(): Promise<string> {
  const random = (size: number) => Buffer.from('0123456789abcdef0123456789abcdef', 'hex').subarray(0, size);
  const tenants = createTenants({ store: rest.store, keys: rest.keys, deployment: DEPLOYMENT, monotonic: () => rest.clock, random });
  const { id } = await tenants.createService({ name: 'Shop' });
  const key = await rest.makeKey(id);
  const { body } = await rest.ask('POST', '/v1/verifications', { key, body: { to, purpose: 'login', nonce } });
  const checked = await rest.ask('POST', `/v1/verifications/${body.id}/check`, { key, body: { code: rest.code(to), purpose: 'login' } });
  return checked.body.token;
}

/** Begins anew. */
export function resetWorld(): void {
  clock = createFakeClock();
  store = createMemoryStore({ clock });
  outbox = createOutboxSender();
  sender = createRecordingSender();
  provider = createSelfIssuedProvider({ senders: [outbox] });
  verifier = createVerifier({ secret, store, provider });
}

/** What a reader's own program gets from the person: the code as it arrived. */
export async function askThePerson(): Promise<string> {
  return twilio.codeFor(to);
}

/** Starts a Twilio of this machine's own. */
export async function startTwilio(): Promise<void> {
  twilio = await createTwilioDouble();
  ({ accountSid, authToken, serviceSid, baseUrl } = twilio);
}

/** Where a page means a store of the reader's. */
export const createMyStore = (options: { readonly clock: Clock }): Store => createMemoryStore(options);

/** A code that is surely not `code`: its last digit moved on by one. */
export function toWrongCode(code: string): string {
  return code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);
}
