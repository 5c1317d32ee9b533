import { expect } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import type { Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { Catch, type Secrets } from './secrecy.ts';

export const NUMBER: string = '+14155552671';
export const ADDRESS: string = 'annabel.lee@example.com';
export const REQUESTER: string = 'account of Annabel Lee, 1849';
const ATTEMPT = 'attempt of Annabel Lee';
export const SECRET: string = 'it was many and many a year ago, in a kingdom by the sea';
const INDEX_SECRET = 'that a maiden there lived whom you may know';
export const OWN_CODE: string = '4815162342';

const LIMITS = { ...DEFAULT_LIMITS, codeLength: 10, ladder: [1000], sendSpacing: 1000, sendsPerHour: 50, sendsPerDay: 50, knownSendsPerDay: 50 };
const EVENTS = ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const;

/** Everything that happens to a verification, and what comes of it. */
export class Scene {
  readonly caught: Catch = new Catch();
  readonly clock: FakeClock;
  readonly store: Store;
  readonly sender: RecordingSender = createRecordingSender();
  readonly verifier: Verifier;

  constructor(clock: FakeClock, store: Store, options: Partial<VerifierOptions> = {}) {
    [this.clock, this.store] = [clock, store];
    const provider = createSelfIssuedProvider({ senders: [this.sender] });
    this.verifier = createVerifier({ store, provider, limits: LIMITS, secret: SECRET, indexSecret: INDEX_SECRET, ...options });
    for (const name of EVENTS) this.verifier.on(name, (event) => this.caught.value(`event ${name}`, event));
  }

  /** What must not be found: everything known, and every code that was sent. */
  secrets(): Secrets {
    const codes = this.sender.messages.map(({ code }, index) => [`code ${index}`, code.reveal()]);
    return { ...PERSONAL, ...Object.fromEntries(codes) };
  }

  /** Makes a call and catches its answer or its error. */
  async call<T>(name: string, act: () => Promise<T>, after = 1000): Promise<T | undefined> {
    this.clock.advance(after);
    try {
      const result = await act();
      this.caught.value(`result of ${name}`, withoutRequester(result));
      return result;
    } catch (error) {
      this.caught.error(`error of ${name}`, error);
      return undefined;
    }
  }

  code(): string {
    return this.sender.messages.at(-1)?.code.reveal() ?? '';
  }

  /** Starts, resends, guesses, approves and cancels, with every outcome of a message; leaves some pending. */
  async play(to: string): Promise<void> {
    const { verifier, sender } = this;
    const requester = REQUESTER;
    const started = await this.call('start', () => verifier.start({ to, requester, purpose: 'login' }));
    const id = started?.status === 'pending' ? started.id : '';
    const first = this.code();
    await this.call('a wrong guess', () => verifier.check({ id, requester, purpose: 'login', code: toOther(first), attemptId: ATTEMPT }));
    await this.call('resend', () => verifier.resend({ id, requester, purpose: 'login' }));
    await this.call('an old code', () => verifier.check({ id, requester, purpose: 'login', code: first }));
    for (const code of [`${this.code()}9`, `${this.code().slice(1)}`, `${this.code()}x`, `<${this.code()}>`]) {
      await this.call('a code that is none', () => verifier.check({ id, requester, purpose: 'login', code }));
    }
    await this.call('show', () => verifier.show({ id, requester, purpose: 'login' }));
    await this.call('approval', () => verifier.check({ id, requester, purpose: 'login', code: this.code(), attemptId: ATTEMPT }));
    await this.call('the same again', () => verifier.check({ id, requester, purpose: 'login', code: this.code(), attemptId: ATTEMPT }));
    for (const outcome of ['refused', 'refused_permanently', 'unknown', 'throw', 'sent'] as const) {
      sender.next(outcome);
      await this.call(`a message that is ${outcome}`, () => verifier.start({ to, requester, purpose: outcome }));
    }
    await this.call('a start too soon', () => verifier.start({ to, requester, purpose: 'throw' }), 999);
    const own = await this.call('a code of the caller', () => verifier.start({ to, requester, purpose: 'own', code: OWN_CODE }));
    const ownId = own?.status === 'pending' ? own.id : '';
    await this.call('a code not brought again', () => verifier.resend({ id: ownId, requester, purpose: 'own' }));
    await this.call('cancel', () => verifier.cancel({ id: ownId, requester, purpose: 'own' }));
    await this.call('a last start', () => verifier.start({ to, requester, purpose: 'last' }));
  }

  /** Inputs that are refused, each with something in it that must not be repeated. */
  async misuse(): Promise<void> {
    const { verifier } = this;
    const inputs = [
      ...[{ to: `${NUMBER}x` }, { to: `call ${NUMBER}` }, { to: `${NUMBER}99999999` }, { to: `${ADDRESS},` }, { to: `<${ADDRESS}>` }],
      ...[
        { to: NUMBER, code: `${OWN_CODE}x` },
        { to: NUMBER, requester: `${REQUESTER}\0` },
        { to: NUMBER, purpose: REQUESTER },
      ],
      ...[{ to: NUMBER, [NUMBER]: SECRET }, { to: ADDRESS, channel: NUMBER }, { to: [NUMBER] }, NUMBER],
    ];
    for (const input of inputs) await this.call('a bad start', () => verifier.start(input as { to: string }));
    const bad = { id: `VE${NUMBER}`, code: OWN_CODE, attemptId: `${ATTEMPT}\0` };
    await this.call('a bad check', () => verifier.check(bad));
    await this.call('a bad erase', () => verifier.erase({ to: `${ADDRESS} ` }));
    await this.call('a bad secret', async () => createVerifier({ ...this.options(), secret: SECRET.slice(0, 30) }));
    await this.call('another index secret', () => createVerifier({ ...this.options(), indexSecret: SECRET }).start({ to: NUMBER }));
  }

  options(): VerifierOptions {
    return { store: this.store, provider: createSelfIssuedProvider({ senders: [this.sender] }), secret: SECRET, indexSecret: INDEX_SECRET };
  }

  /** What the store lists and what its journal holds. */
  async dump(): Promise<void> {
    for (const { id, body } of await this.store.list('destination', '', undefined, 1000)) this.caught.text('record', `${id} ${body}`);
    for (const { id, body } of await this.store.list('meta', '', undefined, 1000)) this.caught.text('record', `${id} ${body}`);
    for (const entry of (await this.store.entries({ limit: 1000 }, undefined)).entries) this.caught.value('journal entry', entry);
  }
}

/** What is known of the person beside codes. */
export const PERSONAL: Secrets = {
  number: NUMBER,
  'number without its plus': NUMBER.slice(1),
  'national number': NUMBER.slice(2),
  address: ADDRESS,
  'local part': 'annabel.lee',
  requester: REQUESTER,
  'attempt id': ATTEMPT,
  secret: SECRET,
  'index secret': INDEX_SECRET,
  'own code': OWN_CODE,
};

/** A proof hands the requester back to the caller, on purpose; nothing else does. */
function withoutRequester(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('proof' in result)) return result;
  const { requester, ...proof } = result.proof as { requester?: string };
  return { ...result, proof: { ...proof, isFor: requester === REQUESTER } };
}

function toOther(code: string): string {
  return code.startsWith('1') ? `2${code.slice(1)}` : `1${code.slice(1)}`;
}

/** All of it, for a number and an address, with misuse, a dump and what operators do. */
export async function playAll(scene: Scene): Promise<void> {
  await scene.caught.printed('output', async () => {
    for (const to of [NUMBER, ADDRESS]) await scene.play(to);
    await scene.misuse();
    await scene.dump();
    scene.caught.value('messages', scene.sender.messages);
    scene.caught.value('verifier', scene.verifier);
    await scene.call('erase', () => scene.verifier.erase({ to: ADDRESS }));
    await scene.call('unblock', () => scene.verifier.unblock({ to: NUMBER }));
    await scene.dump();
  });
}

/** That the search had something to look at: each kind of answer, event and error, and codes that were sent. */
export function expectFull({ caught, sender }: Scene): void {
  const names = new Set(caught.places.map(({ name }) => name.replace(/(?:, cause \d)? \(.*/, '')));
  const results = ['start', 'resend', 'approval', 'the same again', 'an old code', 'show', 'cancel', 'a start too soon', 'erase', 'unblock'];
  const errors = [
    'a code that is none',
    'a message that is refused',
    'a bad start',
    'a bad check',
    'a bad secret',
    'another index secret',
    'a code not brought again',
  ];
  expect([...names]).toEqual(expect.arrayContaining([...results.map((name) => `result of ${name}`), ...errors.map((name) => `error of ${name}`)]));
  expect([...names]).toEqual(
    expect.arrayContaining(['record', 'journal entry', 'messages', ...EVENTS.filter((name) => name !== 'expired').map((name) => `event ${name}`)]),
  );
  expect(sender.messages.length).toBeGreaterThan(10);
}
