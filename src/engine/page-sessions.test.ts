import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { DOORS, recordsOf } from '../../test/doors-world.ts';
import { findSecrets } from '../../test/model/secrecy.ts';
import { ADA, approve, claims, current, describePageSessions, EVE, openForAda, request, SERVICE, TO } from '../../test/page-sessions-world.ts';
import { useTemporaryFiles } from '../../test/stores/sqlite-files.ts';
import { bind, TenantsWorld } from '../../test/tenants-world.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import { toPageSessionKey } from './page-session-record.ts';
import { createPageSessions } from './page-sessions.ts';

const newPath = useTemporaryFiles();

function setUp(patch: Partial<Store> = {}) {
  const world = new TenantsWorld();
  const memory = createMemoryStore({ clock: { now: () => world.clock } });
  return { world, memory, sessions: createPageSessions({ store: { ...bind(memory), ...patch }, keys: world.keys }) };
}

describe.each(DOORS)('page sessions %s', (_name, onStores) => describePageSessions((run) => onStores(newPath, run)));

describe('a page session that is found', () => {
  it('says what was asked for, whose it is, and what is left', async () => {
    const { sessions } = setUp();
    const { id } = await sessions.open(SERVICE, request);
    const free = await sessions.find(id);
    expect(free).toMatchObject({ id, service: SERVICE, request, isBound: false, destinationsLeft: 3, current: undefined, end: undefined });
    expect([ADA, EVE, '', undefined].map((browser) => free?.isOf(browser))).toEqual([false, false, false, false]);
    await sessions.claim({ id, browser: ADA }, { hasLink: true, destination: TO });
    const bound = await sessions.find(id);
    expect([ADA, EVE, '', undefined].map((browser) => bound?.isOf(browser))).toEqual([true, false, false, false]);
    expect(bound).toMatchObject({ isBound: true, destinationsLeft: 2 });
    const bare = await sessions.open(SERVICE, { returnUrl: 'https://shop.example/' });
    expect((await sessions.find(bare.id))?.request).toEqual({ returnUrl: 'https://shop.example/' });
  });

  it('says how it ended, also by time alone', async () => {
    const { sessions, world, memory } = setUp();
    const [left, told, used, stopped] = [
      await openForAda(sessions),
      await openForAda(sessions),
      await openForAda(sessions),
      await openForAda(sessions),
    ];
    const ends = () => Promise.all([left, told, used, stopped].map(async ({ id }) => (await sessions.find(id))?.end));
    await approve(sessions, told.ada);
    await sessions.exchange(SERVICE, await approve(sessions, used.ada));
    expect([await sessions.cancel(stopped.eve), await sessions.cancel(stopped.ada)]).toEqual(['elsewhere', 'canceled']);
    expect(await ends()).toEqual([undefined, 'approved', 'exchanged', 'canceled']);
    world.clock += 3 * MINUTE;
    expect(await ends()).toEqual([undefined, 'late', 'exchanged', 'canceled']);
    world.clock = T0 + 30 * MINUTE - 1;
    expect((await ends())[0]).toBeUndefined();
    world.clock += 1;
    expect((await ends())[0]).toBe('over');
    world.clock = T0 + 45 * MINUTE;
    await memory.sweep(100);
    expect(await ends()).toEqual(Array(4).fill(undefined));
    expect(await recordsOf(memory, 'page_session')).toEqual([]);
  });
});

describe('what is brought', () => {
  it('opens a link of its own session alone', () => {
    const { sessions } = setUp();
    const [id, other] = [`PS${'1'.repeat(32)}`, `PS${'2'.repeat(32)}`];
    const link = sessions.linkOf(id);
    expect([sessions.isLink(id, link.reveal()), sessions.isLink(other, link.reveal()), sessions.isLink(id, '')]).toEqual([true, false, false]);
    expect(inspect(link)).not.toContain(link.reveal());
  });

  it('is not looked for where it has not the form of ours', async () => {
    const asked: string[] = [];
    const ask = (key: { readonly id: string }) => Promise.reject(new Error(asked.push(key.id).toString()));
    const { sessions } = setUp({ read: ask, update: ask });
    const [id, secret] = [`PS${'1'.repeat(32)}`, 's'.repeat(22)];
    for (const bad of [
      '',
      '.',
      id,
      `${id}.`,
      `.${secret}`,
      `${id}.${secret}.`,
      `${id}.${secret}x`,
      `${id}.${secret.slice(1)}`,
      `${id} .${secret}`,
      `VA.${secret}`,
    ])
      expect(await sessions.exchange(SERVICE, bad), bad).toBeUndefined();
    for (const bad of ['', 'PS1', `PS${'A'.repeat(32)}`, `${id}0`, `${id}\n`, 'VE', undefined as unknown as string])
      expect(await sessions.find(bad)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('is worth nothing with another session’s id, another secret, or for another service', async () => {
    const { sessions, memory } = setUp();
    const [one, other] = [await openForAda(sessions), await openForAda(sessions)];
    const [result, others] = [await approve(sessions, one.ada), await approve(sessions, other.ada)];
    const before = await recordsOf(memory, 'page_session');
    const [, secret] = others.split('.');
    for (const [service, guess] of [
      [`VA${'2'.repeat(32)}`, result],
      [SERVICE, `${one.id}.${secret}`],
      [SERVICE, `${one.id}.${ADA}`],
      [SERVICE, `PS${'0'.repeat(32)}.${secret}`],
    ] as const)
      expect(await sessions.exchange(service, guess)).toBeUndefined();
    expect(await recordsOf(memory, 'page_session')).toEqual(before);
    expect([await sessions.exchange(SERVICE, result), await sessions.exchange(SERVICE, others)]).toEqual([claims, claims]);
  });

  it('gives a browser that is not the session’s nothing', async () => {
    const { sessions } = setUp();
    const { ada, eve } = await openForAda(sessions);
    expect([await sessions.approve(eve, claims), await sessions.issue(eve), await sessions.issue(ada)]).toEqual([undefined, undefined, undefined]);
    expect([await sessions.keep(eve, current), await sessions.claim(eve, { hasLink: true })]).toEqual(['elsewhere', 'elsewhere']);
    expect([(await sessions.approve(ada, claims)) === undefined, await sessions.issue(eve), await sessions.keep(ada, current)]).toEqual([
      false,
      undefined,
      'ended',
    ]);
  });

  it('is still known after the secret was rotated', async () => {
    const { memory } = setUp();
    const [old, fresh] = ['the first secret, of 32 bytes and more', 'the second secret, of 32 bytes and more'].map((secret) => ({ secret }));
    const [before, after] = [[old!], [fresh!, old!]].map((keys) => createPageSessions({ store: memory, keys: createKeyRing({ keys }) }));
    const { id, ada } = await openForAda(before!);
    const result = await approve(before!, ada);
    expect([(await after!.find(id))?.request, await after!.exchange(SERVICE, result)]).toEqual([request, claims]);
  });
});

describe('a store', () => {
  it('that fails in a way of its own is unavailable, and keeps nothing', async () => {
    const failing = () => Promise.reject(Object.assign(new Error('redis://user:password@host'), { code: 'ECONNRESET' }));
    const { world, memory, sessions: sound } = setUp();
    const { ada } = await openForAda(sound);
    const result = await approve(sound, ada);
    const before = await recordsOf(memory, 'page_session');
    const sessions = createPageSessions({ store: { ...bind(memory), update: failing, read: failing }, keys: world.keys });
    const calls: readonly (() => Promise<unknown>)[] = [
      ...[() => sessions.open(SERVICE, request), () => sessions.find(ada.id), () => sessions.claim(ada, { hasLink: true, destination: TO })],
      ...[() => sessions.keep(ada, current), () => sessions.approve(ada, claims), () => sessions.issue(ada), () => sessions.cancel(ada)],
      () => sessions.exchange(SERVICE, result),
    ];
    for (const call of calls) {
      const error = await rejectionOf(call());
      expect([error.code, error.cause]).toEqual(['store_unavailable', { name: 'Error', code: 'ECONNRESET' }]);
      expect(inspect(error)).not.toContain('password');
    }
    expect(await recordsOf(memory, 'page_session')).toEqual(before);
    // Nothing was taken by the exchange that failed.
    expect(await sound.exchange(SERVICE, result)).toBe(claims);
  });

  it('says so itself, and is believed', async () => {
    const down = new CountersignError('store_unavailable', 'down');
    const { sessions } = setUp({ update: () => Promise.reject(down) });
    await expect(sessions.open(SERVICE, request)).rejects.toBe(down);
  });

  it('whose record was changed, or moved, gives nobody’s request, number or claims to anybody', async () => {
    const { sessions, memory } = setUp();
    const [one, other] = [await openForAda(sessions), await openForAda(sessions)];
    for (const { ada } of [one, other]) await sessions.keep(ada, current);
    const result = await approve(sessions, one.ada);
    await approve(sessions, other.ada);
    const bodyOf = async ({ id }: { readonly id: string }) => JSON.parse((await memory.read(toPageSessionKey(id))).body ?? '') as any[];
    const [sound, moved] = [await bodyOf(one), await bodyOf(other)];
    const put = (body: unknown) =>
      memory.update(toPageSessionKey(one.id), () => ({ result: 0, next: { body: JSON.stringify(body), expiresAt: undefined } }));
    const faultOf = async (call: () => Promise<unknown>) => {
      const { code, message } = await rejectionOf(call());
      return [code, message.includes('this page session is damaged')];
    };
    for (const request of [moved[4], sound[8][2], sound[7][1], 'AAAA', '']) {
      await put(sound.with(4, request));
      expect(await faultOf(() => sessions.find(one.id))).toEqual(['store_unavailable', true]);
    }
    for (const to of [moved[7][1], sound[4]]) {
      await put(sound.with(7, [current.verificationId, to]));
      expect(await faultOf(() => sessions.find(one.id))).toEqual(['store_unavailable', true]);
    }
    for (const sealed of [moved[8][2], sound[4], sound[7][1]]) {
      await put(sound.with(8, sound[8].with(2, sealed)));
      expect(await faultOf(() => sessions.exchange(SERVICE, result))).toEqual(['store_unavailable', true]);
    }
  });

  it('I9 holds nothing of what a caller said, a person typed, or a browser shows, in any form', async () => {
    const text = fc.stringMatching(/^[!-~]{8,40}$/);
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.stringMatching(/^\+120255501[0-9]{2}$/), async (state, requester, nonce, number) => {
        const { sessions, memory, world } = setUp();
        const returnUrl = 'https://shop.example/verified';
        const { id } = await sessions.open(SERVICE, { ...request, returnUrl, state, requester, nonce, to: number });
        const visitor = { id, browser: 'browserbrowserbrowserX' };
        await sessions.claim(visitor, { hasLink: true, destination: number });
        await sessions.keep(visitor, { ...current, to: number });
        const dump = async () => (await recordsOf(memory, 'page_session')).join();
        const given = await sessions.approve(visitor, JSON.stringify({ destination: number, requester, nonce }));
        const [result, link] = [given?.reveal().split('.')[1] ?? '', sessions.linkOf(id).reveal()];
        const before = await dump();
        expect(inspect([sessions, given, await sessions.claim(visitor, { hasLink: true })], { depth: null, showHidden: true })).not.toContain(result);
        world.clock += 30 * SECOND;
        await sessions.exchange(SERVICE, given?.reveal() ?? '');
        expect([result.length, link.length, before === (await dump())]).toEqual([22, 22, false]);
        const place = { name: 'store', bytes: Buffer.from(before + (await dump())) };
        const { purpose = '', locale = '' } = request;
        const { browser } = visitor;
        expect(findSecrets([place], { state, requester, nonce, number, returnUrl, result, link, browser, purpose, locale })).toEqual([]);
        expect((await recordsOf(memory, 'page_session')).length).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});
