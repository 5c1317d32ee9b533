import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { VerifierOptions } from '../../src/engine/verifier.ts';
import { createCompareAndSet, type VersionedDriver } from '../../src/stores/compare-and-set.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { Catch, findSecrets, toForms } from './secrecy.ts';
import { ADDRESS, expectFull, NUMBER, OWN_CODE, PERSONAL, playAll, REQUESTER, Scene, SECRET } from './secrecy-scene.ts';

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-secrecy-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

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
