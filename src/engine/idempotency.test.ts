import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { createGate, DOORS, recordsOf } from '../../test/doors-world.ts';
import { findSecrets } from '../../test/model/secrecy.ts';
import { useTemporaryFiles } from '../../test/stores/sqlite-files.ts';
import { bind, range, TenantsWorld } from '../../test/tenants-world.ts';
import { DAY, MINUTE, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import { createIdempotency, type IdempotencyScope, type IdempotentResult, MAX_ANSWER_LENGTH } from './idempotency.ts';
import { toIdempotencyRecordKey } from './idempotency-record.ts';

const newPath = useTemporaryFiles();
const SCOPE: IdempotencyScope = { tenant: `VA${'1'.repeat(32)}`, route: 'POST /v1/verifications', key: 'order 17', body: '{"to":"+14155552671"}' };
const OK: IdempotentResult = { status: 201, body: { id: 'VE1', to: '+1********71' } };

/** Work that counts how often it ran. */
function createWork(result: IdempotentResult | (() => Promise<IdempotentResult>) = OK) {
  const attemptIds: string[] = [];
  const work = async (attemptId: string) => {
    attemptIds.push(attemptId);
    return typeof result === 'function' ? result() : result;
  };
  return { work, attemptIds, runs: () => attemptIds.length };
}

function setUp(patch: Partial<Store> = {}) {
  const world = new TenantsWorld();
  const memory = createMemoryStore({ clock: { now: () => world.clock } });
  const store = { ...bind(memory), ...patch };
  return { world, memory, idempotency: createIdempotency({ store, keys: world.keys }) };
}

const first = { kind: 'answer', answer: { status: 201, body: OK.body }, replayed: false };
const again = { ...first, replayed: true };

describe.each(DOORS)('idempotency %s', (_name, onStores) => {
  it('I11 runs once, and answers the same for 24 h in every process', () =>
    onStores(newPath, async ({ world, ...stores }) => {
      const [here, there] = [stores.here, stores.there].map((store) => createIdempotency({ store, keys: world.keys }));
      const { work, runs } = createWork();
      expect(await here?.run(SCOPE, work)).toEqual(first);
      expect([await here?.run(SCOPE, work), await there?.run(SCOPE, work)]).toEqual([again, again]);
      world.clock += DAY - 1;
      expect([await there?.run(SCOPE, work), runs()]).toEqual([again, 1]);
      world.clock += 1;
      expect([await there?.run(SCOPE, work), runs()]).toEqual([first, 2]);
    }));

  it('I11 lets one of a hundred at once run, and tells the others when to ask again', () =>
    onStores(newPath, async ({ world, ...stores }) => {
      const both = [stores.here, stores.there].map((store) => createIdempotency({ store, keys: world.keys }));
      const gate = createGate();
      const { work, runs } = createWork(async () => {
        await gate.opened;
        return OK;
      });
      let waiting = 100;
      const outcomes = range(100).map(async (index) => {
        const outcome = await both[index % 2]?.run(SCOPE, work);
        waiting -= 1;
        // The last one is who runs, and waits for this.
        if (waiting === 1) gate.open();
        return outcome;
      });
      const settled = await Promise.all(outcomes);
      const running = { kind: 'running', retryAt: new Date(T0 + SECOND) };
      expect(settled.filter((outcome) => outcome?.kind === 'answer')).toEqual([first]);
      expect(settled.filter((outcome) => outcome?.kind !== 'answer')).toEqual(Array(99).fill(running));
      expect([await both[0]?.run(SCOPE, work), await both[1]?.run(SCOPE, work), runs()]).toEqual([again, again, 1]);
    }));

  it('I11 refuses another body, at once, while it runs and after', () =>
    onStores(newPath, async ({ world, ...stores }) => {
      const [here, there] = [stores.here, stores.there].map((store) => createIdempotency({ store, keys: world.keys }));
      const gate = createGate();
      const { work, runs } = createWork(async () => {
        await gate.opened;
        return OK;
      });
      const running = here?.run(SCOPE, work);
      const other = { ...SCOPE, body: `${SCOPE.body} ` };
      const [mismatch, answered] = [await there?.run(other, work), gate.open()];
      expect([mismatch, answered, await running]).toEqual([{ kind: 'mismatch' }, undefined, first]);
      expect([await here?.run(other, work), await there?.run(other, work), runs()]).toEqual([mismatch, mismatch, 1]);
    }));

  it('gives a key to the next one 60 s after a process crashed with it, with the same attempt id', () =>
    onStores(newPath, async ({ world, ...stores }) => {
      const [here, there] = [stores.here, stores.there].map((store) => createIdempotency({ store, keys: world.keys }));
      const never = new Promise<never>(() => undefined);
      const crashed = createWork(() => never);
      void here?.run(SCOPE, crashed.work);
      const { work, attemptIds } = createWork();
      const early = async () => {
        const outcome = await there?.run(SCOPE, work);
        return outcome?.kind === 'running' ? outcome.retryAt.getTime() - T0 : outcome;
      };
      expect(await early()).toBe(SECOND);
      world.clock += MINUTE - 1;
      expect(await early()).toBe(MINUTE);
      world.clock += 1;
      expect(await early()).toEqual(first);
      expect(attemptIds).toEqual(crashed.attemptIds);
    }));
});

describe('a key', () => {
  it.each<[string, Partial<IdempotencyScope>]>([
    ['another tenant', { tenant: 'VA2' }],
    ['another route', { route: 'POST /v1/checks' }],
    ['another key', { key: 'order 18' }],
    ['parts that are cut elsewhere', { tenant: `${SCOPE.tenant}"`, route: SCOPE.route.slice(1) }],
  ])('is another of %s', async (_name, part) => {
    const { idempotency } = setUp();
    const { work, attemptIds } = createWork();
    for (const scope of [SCOPE, { ...SCOPE, ...part }]) expect(await idempotency.run(scope, work)).toEqual(first);
    expect(new Set(attemptIds).size).toBe(2);
  });

  it('is told from another by both halves of a surrogate pair', async () => {
    const { idempotency } = setUp();
    const { work } = createWork();
    await idempotency.run({ ...SCOPE, body: '\ud800' }, work);
    expect(await idempotency.run({ ...SCOPE, body: '\ud801' }, work)).toEqual({ kind: 'mismatch' });
  });

  it('is 1 to 255 printable characters', async () => {
    const { idempotency, memory } = setUp();
    const { work, runs } = createWork();
    for (const key of ['', 'x'.repeat(256), 'a\n', 'é', '\0', undefined as unknown as string]) {
      const error = await rejectionOf(idempotency.run({ ...SCOPE, key }, work));
      expect([error.code, error.field]).toEqual(['invalid_request', 'Idempotency-Key']);
    }
    expect([runs(), await recordsOf(memory, 'idempotency')]).toEqual([0, []]);
    for (const key of ['x', ' ', '~'.repeat(255)]) expect(await idempotency.run({ ...SCOPE, key }, work)).toEqual(first);
  });

  it('opens after its secret was rotated, and its request is still known', async () => {
    const { memory } = setUp();
    const [old, fresh] = ['the first secret, of 32 bytes and more', 'the second secret, of 32 bytes and more'].map((secret) => ({ secret }));
    const rings = [{ keys: [old!] }, { keys: [fresh!, old!] }, { keys: [fresh!], indexSecret: old!.secret }];
    const [before, ...after] = rings.map((ring) => createIdempotency({ store: memory, keys: createKeyRing(ring) }));
    const { work, runs } = createWork();
    await before?.run(SCOPE, work);
    for (const idempotency of after) expect(await idempotency.run(SCOPE, work)).toEqual(again);
    expect(runs()).toBe(1);
  });
});

describe('an answer', () => {
  it.each([200, 201, 204, 400, 403, 404, 422])('of %i is kept', async (status) => {
    const { idempotency } = setUp();
    const { work, runs } = createWork({ status, body: { a: [1, null, 'é'] } });
    const outcomes = [await idempotency.run(SCOPE, work), await idempotency.run(SCOPE, work)];
    const answer = { status, body: { a: [1, null, 'é'] } };
    expect([outcomes, runs()]).toEqual([[false, true].map((replayed) => ({ kind: 'answer', answer, replayed })), 1]);
  });

  it.each([409, 429, 500, 502, 503])('of %i is not, and frees the key for its request alone', async (status) => {
    const { idempotency } = setUp();
    const { work, runs } = createWork({ status, body: {} });
    expect(await idempotency.run(SCOPE, work)).toEqual({ kind: 'answer', answer: { status, body: {} }, replayed: false });
    expect(await idempotency.run({ ...SCOPE, body: '{}' }, work)).toEqual({ kind: 'mismatch' });
    expect([await idempotency.run(SCOPE, createWork().work), runs()]).toEqual([first, 1]);
  });

  it('that is thrown is thrown on, and frees the key', async () => {
    const { idempotency } = setUp();
    const thrown = new CountersignError('provider_unavailable', 'down');
    await expect(idempotency.run(SCOPE, () => Promise.reject(thrown))).rejects.toBe(thrown);
    expect(await idempotency.run(SCOPE, createWork().work)).toEqual(first);
  });

  it('is replayed from what may be kept', async () => {
    const { idempotency, memory } = setUp();
    const body = { id: 'SK1', secret: 'shown once' };
    const { work } = createWork({ status: 201, body, keep: { id: 'SK1' } });
    expect(await idempotency.run(SCOPE, work)).toEqual({ kind: 'answer', answer: { status: 201, body }, replayed: false });
    expect(await idempotency.run(SCOPE, work)).toEqual({ kind: 'answer', answer: { status: 201, body: { id: 'SK1' } }, replayed: true });
    expect((await recordsOf(memory, 'idempotency')).length).toBe(1);
  });

  it('may be empty', async () => {
    const { idempotency } = setUp();
    const { work } = createWork({ status: 204, body: undefined });
    await idempotency.run(SCOPE, work);
    expect(await idempotency.run(SCOPE, work)).toEqual({ kind: 'answer', answer: { status: 204, body: undefined }, replayed: true });
  });

  it('is kept up to 64 kB of JSON, and a longer one is misuse', async () => {
    const { idempotency } = setUp();
    const padded = (length: number) => ({ status: 200, body: 'x'.repeat(length - '[200,""]'.length) });
    await idempotency.run(SCOPE, createWork(padded(MAX_ANSWER_LENGTH)).work);
    expect(await idempotency.run(SCOPE, createWork().work)).toMatchObject({ replayed: true });
    const other = { ...SCOPE, key: 'other' };
    await expect(idempotency.run(other, createWork(padded(MAX_ANSWER_LENGTH + 1)).work)).rejects.toThrow(TypeError);
    expect(await idempotency.run(other, createWork().work)).toEqual(first);
  });

  it('of a run that was overtaken after its lease is its own, and the next one’s is kept', async () => {
    const { world, idempotency } = setUp();
    const gate = createGate();
    const slow = idempotency.run(SCOPE, async () => {
      await gate.opened;
      return { status: 200, body: 'slow' };
    });
    await idempotency.run(SCOPE, createWork().work);
    world.clock += MINUTE;
    expect(await idempotency.run(SCOPE, createWork().work)).toEqual(first);
    gate.open();
    expect(await slow).toEqual({ kind: 'answer', answer: { status: 200, body: 'slow' }, replayed: false });
    expect(await idempotency.run(SCOPE, createWork().work)).toEqual(again);
  });
});

describe('a store', () => {
  const failing = () => Promise.reject(Object.assign(new Error('redis://user:password@host'), { code: 'ECONNRESET' }));

  it('that cannot claim runs nothing', async () => {
    const { idempotency } = setUp({ update: failing });
    const { work, runs } = createWork();
    const error = await rejectionOf(idempotency.run(SCOPE, work));
    expect([error.code, error.cause, runs()]).toEqual(['store_unavailable', { name: 'Error', code: 'ECONNRESET' }, 0]);
    expect(inspect(error)).not.toContain('password');
  });

  it('that cannot keep takes no answer back, nor puts its error in the place of another', async () => {
    const { memory, world } = setUp();
    let left = 2;
    const update: Store['update'] = (key, decide) => (left-- % 2 === 0 ? memory.update(key, decide) : failing());
    const idempotency = createIdempotency({ store: { ...bind(memory), update }, keys: world.keys });
    expect(await idempotency.run(SCOPE, createWork().work)).toEqual(first);
    world.clock += MINUTE;
    left = 2;
    const thrown = new CountersignError('provider_unavailable', 'down');
    await expect(idempotency.run(SCOPE, () => Promise.reject(thrown))).rejects.toBe(thrown);
  });

  it('whose record was changed, or moved, gives nobody’s answer to anybody', async () => {
    const { idempotency, memory } = setUp();
    const other = { ...SCOPE, tenant: 'VA2' };
    for (const scope of [SCOPE, other]) await idempotency.run(scope, createWork().work);
    const [one, two] = await memory.list('idempotency', '', undefined, 10);
    const put = (id: string, body: string) => memory.update(toIdempotencyRecordKey(id), () => ({ result: 0, next: { body, expiresAt: undefined } }));
    await put(one!.id, two!.body);
    const outcomes = await Promise.all([SCOPE, other].map((scope) => idempotency.run(scope, createWork().work)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['answer', 'mismatch']);
    // Its request is known again, its answer is the other's.
    const [at, hash] = [JSON.parse(one!.body) as unknown[], JSON.parse(two!.body) as unknown[]];
    await put(one!.id, JSON.stringify([...at.slice(0, 3), hash[3]]));
    const settled = await Promise.allSettled([SCOPE, other].map((scope) => idempotency.run(scope, createWork().work)));
    const errors = settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(errors.map(({ code, message }) => [code, message])).toEqual([['store_unavailable', expect.stringContaining('does not open')]]);
  });

  it('I9 holds neither key nor request nor answer, in any form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[!-~]{8,40}$/), fc.stringMatching(/^\+[1-9][0-9]{9,14}$/), async (key, number) => {
        const { idempotency, memory } = setUp();
        const body = JSON.stringify({ to: number, code: '90210733' });
        const answer = { phone_number: number, secret: 'nobody sees this again' };
        await idempotency.run({ ...SCOPE, key, body }, createWork({ status: 200, body: answer }).work);
        const dump = { name: 'store', bytes: Buffer.from(`${await recordsOf(memory, 'idempotency')}`) };
        const { tenant, route } = SCOPE;
        expect(findSecrets([dump], { key, number, body, code: '90210733', secret: 'nobody sees this again', tenant, route })).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
