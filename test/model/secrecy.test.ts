import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createCompareAndSet, type VersionedDriver } from '../../src/stores/compare-and-set.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { Catch, findSecrets, type Secrets, toForms } from './secrecy.ts';

const NUMBER = '+14155552671';
const ADDRESS = 'annabel.lee@example.com';
const REQUESTER = 'account of Annabel Lee, 1849';
const ATTEMPT = 'attempt of Annabel Lee';
const SECRET = 'it was many and many a year ago, in a kingdom by the sea';
const INDEX_SECRET = 'that a maiden there lived whom you may know';
const OWN_CODE = '4815162342';

const LIMITS = { ...DEFAULT_LIMITS, codeLength: 10, ladder: [1000], sendSpacing: 1000, sendsPerHour: 50, sendsPerDay: 50, knownSendsPerDay: 50 };
const EVENTS = ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const;

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-secrecy-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Everything that happens to a verification, and what comes of it. */
class Scene {
  readonly caught = new Catch();
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

const PERSONAL: Secrets = {
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

async function playAll(scene: Scene): Promise<void> {
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

describe('I9: codes, numbers, addresses and secrets', () => {
  it('leave the memory store and the engine by the sender alone', async () => {
    const clock = createFakeClock();
    const scene = new Scene(clock, createMemoryStore({ clock }));
    await playAll(scene);
    expectFull(scene);
    expect(findSecrets(scene.caught.places, scene.secrets())).toEqual([]);
  });

  it('are in no file of a SQLite store, open or closed', async () => {
    const [clock, folder] = [createFakeClock(), makeFolder()];
    const scene = new Scene(clock, createSqliteStore({ path: join(folder, 'store.db'), clock }));
    await playAll(scene);
    scene.caught.folder('open', folder);
    await scene.store.close();
    scene.caught.folder('closed', folder);
    await scene.call('a closed store', () => scene.verifier.start({ to: NUMBER, requester: REQUESTER }));
    expectFull(scene);
    expect(scene.caught.places.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['open store.db', 'open store.db-wal', 'open store.db-shm', 'closed store.db']),
    );
    expect(findSecrets(scene.caught.places, scene.secrets())).toEqual([]);
  });

  it('are not repeated when a database, a guard or a provider fails with them in its mouth', async () => {
    const clock = createFakeClock();
    for (const { update, read, provider, guard } of troubles()) {
      const store = { ...createMemoryStoreObject(clock), ...(update && { update }), ...(read && { read }) };
      const scene = new Scene(clock, store, { ...(provider && { provider }), ...(guard && { guard }) });
      await scene.caught.printed('output', async () => {
        await scene.call('start', () => scene.verifier.start({ to: NUMBER, requester: REQUESTER }));
        await scene.call('check', () => scene.verifier.check({ id: `VE${'0'.repeat(32)}`, code: OWN_CODE }));
      });
      expect(scene.caught.places.length).toBeGreaterThan(0);
      expect(findSecrets(scene.caught.places, scene.secrets())).toEqual([]);
    }
  });

  it('are not repeated when a file is not what it should be', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'store.db'), `${NUMBER} ${ADDRESS} `.repeat(1000));
    const caught = new Catch();
    const open = () => createSqliteStore({ path: join(folder, 'store.db') });
    expect(open).toThrow();
    try {
      open();
    } catch (error) {
      caught.error('not a database', error);
    }
    expect(findSecrets(caught.places, PERSONAL)).toEqual([]);
  });
});

describe('the search for secrets', () => {
  const value = `${NUMBER}/${OWN_CODE}`;

  it.each(toForms(value).map(([form, bytes]) => [form, bytes] as const))('finds the form %s, whatever stands around it', (form, bytes) => {
    for (const around of ['', 'a', 'ab', 'abc']) {
      const place = { name: 'here', bytes: Buffer.concat([Buffer.from(around), bytes, Buffer.from('~~')]) };
      expect(findSecrets([place], { value })).toContainEqual({ secret: 'value', place: 'here', form });
    }
  });

  it('finds base64 of a longer text, wherever it stands there', () => {
    for (const encoding of ['base64', 'base64url'] as const) {
      for (const before of ['', 'a', 'ab', 'abc']) {
        const bytes = Buffer.from(Buffer.from(`${before}${value}${before} and more`).toString(encoding));
        expect(findSecrets([{ name: 'here', bytes }], { value }).length).toBeGreaterThan(0);
      }
    }
  });

  it('finds what is planted in every kind of place', async () => {
    const [clock, folder] = [createFakeClock(), makeFolder()];
    const store = createSqliteStore({ path: join(folder, 'store.db'), clock });
    const scene = new Scene(clock, store);
    const { caught } = scene;
    const seal = (kind: string) => `planted in ${kind}`;
    const kinds = ['record', 'journal', 'output', 'raw output', 'event', 'result', 'error', 'cause', 'stack', 'open', 'closed'];
    await caught.printed('output', async () => {
      const key = { kind: 'destination', partition: '', id: 'planted' };
      await store.update(key, () => ({
        result: 0,
        next: { body: JSON.stringify({ a: seal('record'), b: seal('open'), c: seal('closed') }), expiresAt: undefined },
      }));
      await store.append([{ at: clock.now(), service: 'shop', type: 'check', destination: '', data: JSON.stringify(seal('journal')) }]);
      console.log(seal('output'));
      process.stderr.write(seal('raw output'));
      scene.verifier.on('refused', (event) => caught.value('planted event', { ...event, rule: seal('event') }));
      await scene.verifier.start({ to: NUMBER });
      await scene.verifier.start({ to: NUMBER });
      await scene.call('planted', async () => ({ deep: [{ down: { here: seal('result') } }] }));
      await scene.call('planted', async () => {
        throw new Error('outer', { cause: Object.assign(new Error(seal('cause')), { config: { data: seal('error') }, stack: seal('stack') }) });
      });
      await scene.dump();
      caught.folder('open', folder);
    });
    await store.close();
    caught.folder('closed', folder);
    const found = findSecrets(caught.places, Object.fromEntries(kinds.map((kind) => [kind, seal(kind)])));
    expect([...new Set(found.map(({ secret }) => secret))].sort()).toEqual([...kinds].sort());
    const places = (secret: string) => found.filter((find) => find.secret === secret).map(({ place }) => place.replace(/ \(.*/, ''));
    expect(places('event')).toContain('planted event');
    expect(places('journal')).toContain('journal entry');
    expect(places('open')).toEqual(expect.arrayContaining(['record', 'open store.db-wal']));
    expect(places('closed')).toContain('closed store.db');
  });
});

/** That the search had something to look at: each kind of answer, event and error, and codes that were sent. */
function expectFull({ caught, sender }: Scene): void {
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

type Trouble = Partial<Pick<Store, 'update' | 'read'> & Pick<VerifierOptions, 'provider' | 'guard'>>;

/** An error as SDKs make them: it repeats what it was given, and what it was set up with. */
function toSdkError(): Error {
  const request = { to: NUMBER, body: `Your code is ${OWN_CODE}`, email: ADDRESS };
  const error = new Error(`POST /messages failed for ${NUMBER}: ${JSON.stringify(request)}`, { cause: new Error(`${ADDRESS} ${SECRET}`) });
  return Object.assign(error, { name: NUMBER, code: OWN_CODE, status: 503, config: { auth: SECRET, data: request }, request, requester: REQUESTER });
}

function troubles(): readonly Trouble[] {
  const fail = () => Promise.reject(toSdkError());
  const driver: VersionedDriver = { name: 'failing', read: fail, write: fail };
  const dropsWrites: VersionedDriver = { name: 'failing', read: async () => ({ now: 0 }), write: fail, classify: () => 'not_applied' };
  const damaged: VersionedDriver = { ...dropsWrites, read: async () => ({ version: '1.abcdefgh', body: `{"to":"${NUMBER}"}`, now: 0 }) };
  const stores = [driver, dropsWrites, damaged].map((broken) => ({
    update: createCompareAndSet(broken, { callTimeout: 50, totalTimeout: 50 }).update,
  }));
  const provider = { name: 'failing', channels: ['sms' as const], send: fail };
  return [...stores, { update: fail, read: fail }, { provider }, { guard: { assess: fail } }];
}

function createMemoryStoreObject(clock: FakeClock): Store {
  const store = createMemoryStore({ clock });
  return {
    update: (key, decide) => store.update(key, decide),
    read: (key) => store.read(key),
    list: (...args) => store.list(...args),
    append: (entries) => store.append(entries),
    entries: (...args) => store.entries(...args),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: () => store.close(),
    describe: () => store.describe(),
  };
}
