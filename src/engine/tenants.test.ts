import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { useTemporaryFiles } from '../../test/stores/sqlite-files.ts';
import {
  DEPLOYMENT,
  isIn,
  journalOf,
  lastUse,
  NOBODY,
  type OpenStores,
  PLAIN_FIELDS,
  range,
  STAGES,
  type Stage,
  stage as stageOn,
  TenantsWorld,
} from '../../test/tenants-world.ts';
import { DAY, MINUTE } from '../core/duration.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createTenants, type NewApiKey, type Tenants } from './tenants.ts';

const newPath = useTemporaryFiles();
const stage = (open: OpenStores, run: (parts: Stage) => Promise<void>) => stageOn((world) => open(world, newPath), run);

describe.each(STAGES)('services %s', (_name, open) => {
  it('are made, found, changed and deleted, each in the journal before it is answered', () =>
    stage(open, async ({ world, store, here, there }) => {
      const made = await here.createService({ name: 'Shop' }, { by: 'SKroot' });
      expect(made).toEqual({ ...PLAIN_FIELDS, id: made.id, createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' });
      expect(made.id).toMatch(/^VA[0-9a-f]{32}$/);
      expect(await there.getService(made.id)).toEqual(made);
      world.clock += 1_000;
      const changed = await here.updateService(made.id, { codeLength: 8, purposes: ['login'] });
      expect(changed).toEqual({ ...made, codeLength: 8, purposes: ['login'], updatedAt: '2026-01-01T00:00:01.000Z' });
      expect(await here.getService(made.id)).toEqual(changed);
      expect(await here.deleteService(made.id, { by: 'SKroot' })).toBe(true);
      expect([await here.deleteService(made.id), await here.getService(made.id), await here.updateService(made.id, {})]).toEqual([
        false,
        undefined,
        undefined,
      ]);
      const entries = await journalOf(store);
      expect(entries.map(({ type, service, destination, data }) => [type, service, destination, JSON.parse(data)])).toEqual([
        ['service_created', made.id, '', { by: 'SKroot', testNumbers: 0 }],
        ['service_updated', made.id, '', { fields: ['codeLength', 'purposes'] }],
        ['service_deleted', made.id, '', { by: 'SKroot' }],
      ]);
    }));

  it('are written by no patch that changes nothing, and get a later time by every one that does', () =>
    stage(open, async ({ store, here }) => {
      const made = await here.createService({ name: 'Shop', budgets: { sendsPerDay: 3 } });
      expect(await here.updateService(made.id, { name: 'Shop', budgets: { sendsPerDay: 3 } })).toEqual(made);
      expect(await journalOf(store)).toHaveLength(1);
      const times = [];
      for (const codeLength of [7, 8, 9]) times.push((await here.updateService(made.id, { codeLength }))?.updatedAt);
      expect(times).toEqual(['2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.002Z', '2026-01-01T00:00:00.003Z']);
    }));

  it('take two patches at once, both', () =>
    stage(open, async ({ here, there }) => {
      const { id } = await here.createService({ name: 'Shop' });
      await Promise.all([
        here.updateService(id, { codeLength: 8 }),
        there.updateService(id, { template: '{code}' }),
        here.updateService(id, { subject: 'x' }),
      ]);
      expect(await here.getService(id)).toMatchObject({ codeLength: 8, template: '{code}', subject: 'x' });
    }));

  it('refuse one of two patches that are good alone and not together', () =>
    stage(open, async ({ here, there }) => {
      const until = new Date(T0 + DAY).toISOString();
      const { id } = await here.createService({ name: 'Shop' });
      const test = { numbers: ['+14155550100'], code: '123456', until };
      const settled = await Promise.allSettled([here.updateService(id, { codeLength: 8 }), there.updateService(id, { test })]);
      expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const { codeLength, test: kept } = (await there.getService(id)) ?? PLAIN_FIELDS;
      expect(kept === null || kept.code.length === codeLength).toBe(true);
    }));

  it('say in the journal that test numbers were opened, for how many and until when, and that they were closed', () =>
    stage(open, async ({ store, here }) => {
      const { id } = await here.createService({ name: 'Shop' });
      const until = new Date(T0 + DAY).toISOString();
      await here.updateService(id, { test: { numbers: ['+14155552671'], code: '123456', until, acknowledged: true } });
      await here.updateService(id, { test: null });
      const [, opened, closed] = await journalOf(store);
      expect(JSON.parse(opened?.data ?? '')).toEqual({ fields: ['test'], testNumbers: 1, testUntil: until });
      expect(JSON.parse(closed?.data ?? '')).toEqual({ fields: ['test'], testNumbers: 0 });
      expect(JSON.stringify(await journalOf(store))).not.toMatch(/123456|4155552671/);
    }));

  it('judge the end of test numbers by the store’s clock', () =>
    stage(open, async ({ world, here }) => {
      const test = { numbers: ['+14155550100'], code: '123456', until: new Date(T0 + 90 * DAY + 1).toISOString() };
      expect((await rejectionOf(here.createService({ name: 'Shop', test }))).message).toBe('`test.until` must lie in the next 90 days');
      world.clock += 1;
      expect((await here.createService({ name: 'Shop', test })).test).toMatchObject({ numbers: ['+14155550100'] });
    }));

  it('are listed in pages, deleted ones left out, with nothing left out or twice', () =>
    stage(open, async ({ here, there }) => {
      const made = await Promise.all(range(13).map((index) => here.createService({ name: `Shop ${index}` })));
      const ids = made.map(({ id }) => id).sort();
      const gone = new Set([0, 1, 5, 12].map((index) => ids[index]));
      for (const id of gone) await there.deleteService(id ?? '');
      const left = ids.filter((id) => !gone.has(id));
      for (const limit of [1, 2, 3, 8, 9, 10, 1_000]) {
        const found: string[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const { items, next } = await here.listServices(after, limit);
          expect(items.length).toBeLessThanOrEqual(limit);
          found.push(...items.map(({ id }) => id));
          [after, more] = [next, next !== undefined];
        }
        expect([limit, found]).toEqual([limit, left]);
      }
      expect((await here.listServices(undefined, 9)).next).toBeUndefined();
    }));
});

describe.each(STAGES)('API keys %s', (_name, open) => {
  const setUp = async ({ here }: Stage, scopes: readonly string[] = ['start', 'check']) => {
    const { id } = await here.createService({ name: 'Shop' });
    return { id, made: await here.createKey({ name: 'backend', service: id, scopes }, { by: 'cli' }) };
  };

  it('authenticate by their secret, in every process', () =>
    stage(open, async (parts) => {
      const { id, made } = await setUp(parts);
      expect(made.key).toEqual({
        ...{
          id: made.key.id,
          name: 'backend',
          service: id,
          scopes: ['start', 'check'],
          createdAt: '2026-01-01T00:00:00.000Z',
          lastUsedAt: null,
          revokedAt: null,
        },
      });
      for (const tenants of [parts.here, parts.there]) {
        expect(await tenants.authenticate(made.key.id, made.secret.reveal())).toMatchObject({ id: made.key.id, service: id });
      }
      const { key, secret } = await parts.here.createKey({ name: 'root', service: null, scopes: ['admin'] });
      expect(await parts.there.authenticate(key.id, secret.reveal())).toMatchObject({ service: null, scopes: ['admin'] });
      expect((await journalOf(parts.store)).slice(1).map(({ type, service, data }) => [type, service, JSON.parse(data)])).toEqual([
        ['api_key_created', id, { by: 'cli', keyId: made.key.id, scopes: ['start', 'check'] }],
        ['api_key_created', '', { keyId: key.id, scopes: ['admin'] }],
      ]);
    }));

  it('do not for an unknown id, a wrong secret, another’s secret, or what has not their form', () =>
    stage(open, async (parts) => {
      const { made } = await setUp(parts);
      const other = await parts.here.createKey({ name: 'other', service: null, scopes: ['read'] });
      const secret = made.secret.reveal();
      const wrong = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a');
      const tries: readonly (readonly [unknown, unknown])[] = [
        ...[[NOBODY.key, secret] as const, [made.key.id, wrong] as const, [made.key.id, NOBODY.secret] as const],
        ...[[made.key.id, other.secret.reveal()] as const, [other.key.id, secret] as const, [made.key.id, `${secret}x`] as const],
        ...[[made.key.id, ''] as const, ['', secret] as const, [made.key.id.toUpperCase(), secret] as const, [`${made.key.id}\0`, secret] as const],
        ...[[made.key.id, undefined] as const, [null, null] as const, [made.key.id, 'x'.repeat(100_000)] as const],
      ];
      for (const warm of [false, true]) {
        for (const [id, given] of tries) expect([warm, await parts.here.authenticate(id as string, given as string)]).toEqual([warm, undefined]);
        expect(await isIn(parts.here, made, made.secret)).toBe(true);
      }
    }));

  it('are made for no service that is not there', () =>
    stage(open, async (parts) => {
      const { id } = await setUp(parts);
      await parts.here.getService(id);
      await parts.there.deleteService(id);
      for (const service of [id, NOBODY.service]) {
        const error = await rejectionOf(parts.here.createKey({ name: 'x', service, scopes: ['start'] }));
        expect([error.code, error.field]).toEqual(['invalid_request', 'service']);
      }
    }));

  it('of a deleted service stay and authenticate no more', () =>
    stage(open, async (parts) => {
      const { id, made } = await setUp(parts);
      expect(await isIn(parts.here, made, made.secret)).toBe(true);
      await parts.here.deleteService(id);
      expect(await isIn(parts.here, made, made.secret)).toBe(false);
      expect(await parts.here.getKey(made.key.id)).toMatchObject({ revokedAt: null });
    }));

  it('end at once where they are revoked and after 2 s elsewhere', () =>
    stage(open, async (parts) => {
      const { made } = await setUp(parts);
      for (const tenants of [parts.here, parts.there]) expect(await isIn(tenants, made, made.secret)).toBe(true);
      const revoked = await parts.here.revokeKey(made.key.id);
      expect(revoked?.revokedAt).toBe('2026-01-01T00:00:00.000Z');
      expect([await isIn(parts.here, made, made.secret), await isIn(parts.there, made, made.secret)]).toEqual([false, true]);
      parts.world.pass(2_000);
      expect(await isIn(parts.there, made, made.secret)).toBe(true);
      parts.world.pass(1);
      expect(await isIn(parts.there, made, made.secret)).toBe(false);
      expect(await parts.there.revokeKey(made.key.id)).toEqual(revoked);
      expect((await journalOf(parts.store)).map(({ type }) => type)).toEqual(['service_created', 'api_key_created', 'api_key_revoked']);
    }));

  it('take a new secret everywhere at once, and the old one for ten minutes', () =>
    stage(open, async (parts) => {
      const { made } = await setUp(parts);
      for (const tenants of [parts.here, parts.there]) expect(await isIn(tenants, made, made.secret)).toBe(true);
      const rotated = await parts.here.rotateKey(made.key.id, { by: 'cli' });
      expect(rotated?.secret.reveal()).not.toBe(made.secret.reveal());
      const both = async (tenants: Tenants) => [await isIn(tenants, made, rotated?.secret ?? made.secret), await isIn(tenants, made, made.secret)];
      for (const tenants of [parts.here, parts.there]) expect(await both(tenants)).toEqual([true, true]);
      parts.world.pass(10 * MINUTE - 1);
      expect(await both(parts.there)).toEqual([true, true]);
      // Remembered, and over all the same.
      parts.world.pass(1);
      for (const tenants of [parts.here, parts.there]) expect(await both(tenants)).toEqual([true, false]);
    }));

  it('that are unknown are not got, rotated or revoked', () =>
    stage(open, async ({ store, here }) => {
      for (const id of [NOBODY.key, 'SK', '', 'VA', '\0', 'a'.repeat(5_000)]) {
        expect([await here.getKey(id), await here.rotateKey(id), await here.revokeKey(id), await here.getService(id)]).toEqual(
          Array(4).fill(undefined),
        );
        expect([await here.deleteService(id), await here.updateService(id, {})]).toEqual([false, undefined]);
      }
      expect(await journalOf(store)).toEqual([]);
    }));

  it('are listed in pages, all or those of one service', () =>
    stage(open, async ({ here }) => {
      const [one, two] = await Promise.all([here.createService({ name: 'one' }), here.createService({ name: 'two' })]);
      const made = await Promise.all(
        range(9).map((index) => here.createKey({ name: `${index}`, service: [one.id, two.id, null][index % 3], scopes: ['read'] })),
      );
      const idsOf = (service?: string | null) => made.flatMap(({ key }) => (service === undefined || key.service === service ? key.id : [])).sort();
      const pagesOf = async (service?: string) => {
        const found: string[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const { items, next } = await here.listKeys(after, 2, service);
          found.push(...items.map(({ id }) => id));
          [after, more] = [next, next !== undefined];
        }
        return found;
      };
      expect([await pagesOf(), await pagesOf(one.id), await pagesOf(NOBODY.service)]).toEqual([idsOf(), idsOf(one.id), []]);
    }));

  it('write down that they were used at most once a minute, over all processes', () =>
    stage(open, async ({ world, store, here, there, ...rest }) => {
      const { made } = await setUp({ world, store, here, there, ...rest });
      const use = () => Promise.all([here, there, here].map((tenants) => isIn(tenants, made, made.secret)));
      const seen: unknown[] = [];
      for (const wait of [0, 2_001, 55_000, 2_998, 1, 2_001]) {
        world.pass(wait);
        expect(await use()).toEqual([true, true, true]);
        seen.push(await lastUse(store, there, made.key.id));
      }
      const [first, second] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:02.001Z'];
      expect(seen).toEqual([first, first, first, first, first, second]);
      await isIn(here, made, { reveal: () => NOBODY.secret } as NewApiKey['secret']);
      expect(await lastUse(store, there, made.key.id)).toBe(second);
    }));
});

describe('an id that comes twice', () => {
  it('is a conflict, and changes nothing: a source that repeats itself overwrites no tenant', async () => {
    const world = new TenantsWorld();
    const store = createMemoryStore({ clock: { now: () => world.clock } });
    const { keys } = world;
    const tenants = createTenants({ store, keys, deployment: DEPLOYMENT, monotonic: () => 0, random: (size) => Buffer.alloc(size, 7) });
    const { id } = await tenants.createService({ name: 'first' });
    const made = await tenants.createKey({ name: 'first', service: null, scopes: ['read'] });
    expect((await rejectionOf(tenants.createService({ name: 'second' }))).code).toBe('conflict');
    expect((await rejectionOf(tenants.createKey({ name: 'second', service: null, scopes: ['admin'] }))).code).toBe('conflict');
    expect([(await tenants.getService(id))?.name, await tenants.getKey(made.key.id)]).toEqual(['first', made.key]);
  });
});

describe('a deployment', () => {
  it('bounds what its services may set', async () => {
    const world = new TenantsWorld();
    const tenants = world.on(createMemoryStore(), { ...DEPLOYMENT, allowedCountries: ['DE'] });
    const error = await rejectionOf(tenants.createService({ name: 'x', allowedCountries: ['FR'], budgets: { wrongPerDay: 50 } }));
    expect(error.message).toMatch(/^`allowedCountries` .*; `budgets.wrongPerDay` /);
  });
});
