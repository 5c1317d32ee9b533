import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { useTemporaryFiles } from '../../test/stores/sqlite-files.ts';
import {
  bind,
  dumpOf,
  isIn,
  journalOf,
  lastUse,
  NOBODY,
  type OpenStores,
  range,
  STAGES,
  type Stage,
  stage as stageOn,
  TenantsWorld,
} from '../../test/tenants-world.ts';
import { MINUTE } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import { toApiKeyKey } from './api-key-record.ts';
import type { NewApiKey } from './tenants.ts';

const newPath = useTemporaryFiles();
const stage = (open: OpenStores, run: (parts: Stage) => Promise<void>) => stageOn((world) => open(world, newPath), run);

describe.each(STAGES)('races %s', (_name, open) => {
  it('of a hundred rotations end with two secrets that are good, and one after ten minutes', () =>
    stage(open, async ({ world, store, here, there }) => {
      const made = await here.createKey({ name: 'x', service: null, scopes: ['read'] });
      const rotated = await Promise.all(range(100).map((index) => (index % 2 === 0 ? here : there).rotateKey(made.key.id)));
      const secrets = [made, ...rotated].map((rotation) => rotation?.secret ?? made.secret);
      const good = async () => {
        const answers = await Promise.all(secrets.map((secret, index) => isIn(index % 2 === 0 ? here : there, made, secret)));
        return answers.filter(Boolean).length;
      };
      expect(await good()).toBe(2);
      world.pass(10 * MINUTE);
      expect(await good()).toBe(1);
      expect((await journalOf(store)).filter(({ type }) => type === 'api_key_rotated')).toHaveLength(100);
    }));

  it('of uses with a revocation: none that begins after it was answered is let in, and it stays revoked', () =>
    stage(open, async ({ store, here }) => {
      for (const before of range(8)) {
        const made = await here.createKey({ name: 'x', service: null, scopes: ['read'] });
        const early = range(before).map(() => isIn(here, made, made.secret));
        const revoking = here.revokeKey(made.key.id).then(() => Promise.all(range(5).map(() => isIn(here, made, made.secret))));
        const meanwhile = range(5).map(() => isIn(here, made, made.secret));
        expect(await revoking).toEqual(Array(5).fill(false));
        await Promise.all([...early, ...meanwhile]);
        expect(await isIn(here, made, made.secret)).toBe(false);
        await lastUse(store, here, made.key.id);
        expect((await here.getKey(made.key.id))?.revokedAt).not.toBeNull();
      }
    }));

  it('of a hundred patches of one service lose none', () =>
    stage(open, async ({ store, here, there }) => {
      const { id } = await here.createService({ name: 'Shop' });
      await Promise.all(range(100).map((index) => (index % 2 === 0 ? here : there).updateService(id, { name: `Shop ${index}` })));
      const updated = (await journalOf(store)).filter(({ type }) => type === 'service_updated');
      expect(updated).toHaveLength(100);
      expect((await here.getService(id))?.updatedAt).toBe(new Date(T0 + 100).toISOString());
    }));
});

describe('what a process remembers', () => {
  it('of a service is out of date by 2 s at the most, and never of its own changes', async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const [here, there] = [world.on(store), world.on(store)];
    const { id } = await here.createService({ name: 'one' });
    expect((await there.getService(id))?.name).toBe('one');
    await here.updateService(id, { name: 'two' });
    expect([(await here.getService(id))?.name, (await there.getService(id))?.name]).toEqual(['two', 'one']);
    world.uptime += 2_001;
    expect((await there.getService(id))?.name).toBe('two');
  });

  it('saves reads of right secrets, and of no others', async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const counted = countReads(store);
    const tenants = world.on(counted.store);
    const { id } = await tenants.createService({ name: 'Shop' });
    const { key, secret } = await tenants.createKey({ name: 'x', service: id, scopes: ['read'] });
    counted.take();
    await Promise.all(range(50).map(() => tenants.authenticate(key.id, secret.reveal())));
    expect(counted.take()).toEqual(['api_key', 'service']);
    for (const _ of range(20)) await tenants.authenticate(key.id, secret.reveal());
    expect(counted.take()).toEqual([]);
    for (const [who, what] of [
      [key.id, NOBODY.secret],
      [NOBODY.key, NOBODY.secret],
      [NOBODY.key, secret.reveal()],
    ] as const) {
      expect(await tenants.authenticate(who, what)).toBeUndefined();
      expect(await tenants.authenticate(who, what)).toBeUndefined();
      expect(counted.take()).toEqual(['api_key', 'api_key']);
    }
    world.uptime += 2_001;
    await tenants.authenticate(key.id, secret.reveal());
    expect(counted.take()).toEqual(['api_key', 'service']);
  });
});

describe('a use', () => {
  it('asks for no write where one was written down within the last minute', async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const { key, secret } = await world.on(store).createKey({ name: 'x', service: null, scopes: ['read'] });
    let writes = 0;
    const update: Store['update'] = (record, decide) => {
      writes += 1;
      return store.update(record, decide);
    };
    const tenants = world.on({ ...bind(store), update });
    for (const expected of [1, 1, 1, 2]) {
      await Promise.all(range(9).map(() => tenants.authenticate(key.id, secret.reveal())));
      expect(writes).toBe(expected);
      await lastUse(store, tenants, key.id);
      world.pass(20_000);
    }
  });
});

describe('a store that fails', () => {
  const setUp = async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const { key, secret } = await world.on(store).createKey({ name: 'x', service: null, scopes: ['read'] });
    return { world, store, id: key.id, secret: secret.reveal() };
  };

  it.each<[string, Partial<Store>]>([
    ['rejects', { update: () => Promise.reject(new Error('down')) }],
    ['throws', { update: () => raise() }],
    ['never answers', { update: () => new Promise(() => undefined) }],
  ])('to write a use down neither delays nor fails the answer: it %s', async (_how, failing) => {
    const { world, store, id, secret } = await setUp();
    const tenants = world.on({ ...bind(store), ...failing });
    for (const _ of range(3)) {
      expect(await tenants.authenticate(id, secret)).toMatchObject({ id });
      world.pass(2_001);
    }
  });

  it('to read lets nobody in, whoever they are, and passes on nothing of a driver’s', async () => {
    const { world, store, id, secret } = await setUp();
    const failing = { read: () => Promise.reject(Object.assign(new Error('postgres://user:password@host'), { code: 'ECONNRESET' })) };
    const tenants = world.on({ ...bind(store), ...failing });
    for (const [who, what] of [
      [id, secret],
      [id, NOBODY.secret],
      [NOBODY.key, secret],
    ] as const) {
      const error = await rejectionOf(tenants.authenticate(who, what));
      expect([error.code, error.cause]).toEqual(['store_unavailable', { name: 'Error', code: 'ECONNRESET' }]);
      expect(inspect(error)).not.toContain('password');
    }
  });

  it('of which nobody knows whether it revoked a key is asked again before the next use', async () => {
    const { world, store, id, secret } = await setUp();
    const lost: Partial<Store> = {
      update: async (key, decide) => {
        await store.update(key, decide);
        throw new CountersignError('store_unavailable', 'the reply was lost');
      },
    };
    const tenants = world.on({ ...bind(store), ...lost });
    expect(await tenants.authenticate(id, secret)).toBeDefined();
    expect((await rejectionOf(tenants.revokeKey(id))).code).toBe('store_unavailable');
    expect(await tenants.authenticate(id, secret)).toBeUndefined();
  });

  it('is refused a page that is none, and a place that no page gave', async () => {
    const { world, store } = await setUp();
    const tenants = world.on(store);
    for (const limit of [0, 1_001, 1.5, Number.NaN, '5' as unknown as number]) {
      expect((await rejectionOf(tenants.listKeys(undefined, limit))).code).toBe('invalid_request');
      expect((await rejectionOf(tenants.listServices(undefined, limit))).code).toBe('invalid_request');
    }
    for (const after of ['', 'x', `VA${'0'.repeat(31)}\0`]) {
      expect((await rejectionOf(tenants.listKeys(after, 5))).field).toBe('after');
      expect((await rejectionOf(tenants.listServices(after, 5))).field).toBe('after');
    }
  });

  it('holds a record of a newer version: refused, not guessed at', async () => {
    const { world, store, id, secret } = await setUp();
    await store.update(toApiKeyKey(id), () => ({ result: undefined, next: { body: '[2,"new"]', expiresAt: undefined } }));
    const tenants = world.on(store);
    for (const call of [tenants.authenticate(id, secret), tenants.getKey(id), tenants.revokeKey(id), tenants.listKeys(undefined, 5)]) {
      expect((await rejectionOf(call)).message).toContain('newer version');
    }
  });
});

describe('secrets', () => {
  it('I9 are in nothing but the answer that made them: not in the store, its journal, what prints, or errors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('create', 'rotate', 'revoke', 'use', 'wrong', 'patch'), { minLength: 3, maxLength: 25 }),
        async (acts) => {
          const world = new TenantsWorld();
          const store = createMemoryStore({ clock: { now: () => world.clock } });
          const tenants = world.on(store);
          const shown: unknown[] = [tenants];
          const { id } = await tenants.createService({ name: 'Shop' });
          const keys = [await tenants.createKey({ name: 'first', service: id, scopes: ['start'] })];
          for (const [index, act] of acts.entries()) {
            const { key, secret } = keys[index % keys.length] as NewApiKey;
            if (act === 'create') keys.push(await tenants.createKey({ name: `${index}`, service: null, scopes: ['read'] }));
            if (act === 'rotate') keys.push((await tenants.rotateKey(key.id)) ?? (keys[0] as NewApiKey));
            if (act === 'revoke') shown.push(await tenants.revokeKey(key.id));
            if (act === 'use') shown.push(await tenants.authenticate(key.id, secret.reveal()));
            if (act === 'wrong') shown.push(await tenants.authenticate(key.id, secret.reveal().split('').reverse().join('')));
            if (act === 'patch') shown.push(await rejectionOf(tenants.updateService(id, { template: secret.reveal() })));
            world.pass(61_000);
          }
          shown.push(keys, await tenants.listKeys(undefined, 100));
          const printed = `${await dumpOf(store)}${inspect(shown, { depth: null, showHidden: true })}${JSON.stringify(shown)}`;
          for (const { secret } of keys) expect(printed).not.toContain(secret.reveal());
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are kept as a hash that is made with a key: who reads the store can try none', async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const { key, secret } = await world.on(store).createKey({ name: 'x', service: null, scopes: ['read'] });
    expect(await dumpOf(store)).toContain(world.keys.apiSecretHash(key.id, secret.reveal()));
    const copied = `SK${'1'.repeat(32)}`;
    const { body } = await store.read(toApiKeyKey(key.id));
    await store.update(toApiKeyKey(copied), () => ({ result: undefined, next: { body: body ?? '', expiresAt: undefined } }));
    expect(await world.on(store).authenticate(copied, secret.reveal())).toBeUndefined();
  });
});

/** A store that says which kinds were read since it was asked last. */
function countReads(store: Store): { readonly store: Store; take(): string[] } {
  const kinds: string[] = [];
  const read: Store['read'] = (key) => {
    kinds.push(key.kind);
    return store.read(key);
  };
  return { store: { ...bind(store), read }, take: () => kinds.splice(0) };
}

function raise(): never {
  throw new Error('down');
}
