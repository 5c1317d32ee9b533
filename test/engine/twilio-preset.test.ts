import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { ServiceFields } from '../../src/engine/service-settings.ts';
import { createVerifiers } from '../../src/engine/verifiers.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { rejectionOf, T0 } from '../builders.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { DEPLOYMENT, TenantsWorld } from '../tenants-world.ts';

const TO = '+14155552671';
const [SECOND, MINUTE] = [1_000, 60_000];
/** Budgets that are not in the way of what is looked at. */
const WIDE: Limits = { ...DEFAULT_LIMITS, sendsPerHour: 100, sendsPerDay: 100, wrongPerHour: 100, wrongPerDay: 100 };
const TEST = { numbers: ['+14155550100'], code: '246810', until: '2026-01-02T00:00:00Z', acknowledged: false };

const temporaryFile = useTemporaryFiles();
const STORES: readonly (readonly [string, (clock: { now(): number }) => Store])[] = [
  ['memory', (clock) => createMemoryStore({ clock })],
  ['SQLite', (clock) => createSqliteStore({ path: temporaryFile(), clock })],
];

async function open({ limits = WIDE, on = STORES[0]![1], ...fields }: Partial<ServiceFields> & { limits?: Limits; on?: (typeof STORES)[0][1] } = {}) {
  const world = new TenantsWorld();
  const store = on({ now: () => world.clock });
  const sender = createRecordingSender();
  const deployment = { ...DEPLOYMENT, limits };
  const verifiers = createVerifiers({
    ...{ store, keys: { secret: 'a secret of at least 32 random bytes' }, deployment, now: () => world.clock },
    createProvider: (texts) => createSelfIssuedProvider({ senders: [sender], ...texts }),
  });
  const tenants = world.on(store, deployment);
  const make = async (given: Partial<ServiceFields>) => verifiers.of(await tenants.createService({ name: 'Shop', ...given }));
  const verifier = await make({ compatibility: 'twilio', ...fields });
  const code = () => sender.messages.at(-1)?.code.reveal() ?? '';
  const wrong = () => (code().startsWith('0') ? `1${code().slice(1)}` : `0${code().slice(1)}`);
  return { world, store, sender, verifiers, verifier, make, code, wrong };
}

describe.each(STORES)('a service with Twilio’s preset, on %s', (_name, on) => {
  it('I5 sends one message for a hundred starts at once, all of one verification', async () => {
    const { sender, verifier, store } = await open({ on });
    const answers = await Promise.all(Array.from({ length: 100 }, () => verifier.start({ to: TO })));
    expect(sender.messages).toHaveLength(1);
    const ids = answers.map((answer) => (answer.status === 'pending' ? answer.id : answer.verification?.id));
    expect(new Set(ids).size).toBe(1);
    expect(answers.filter(({ status }) => status === 'pending')).toHaveLength(1);
    await store.close();
  });

  it('I5 I17 sends a verification five times, ten seconds apart, and the sixth is refused until it expires', async () => {
    const { world, sender, verifier, store } = await open({ on });
    const ids = new Set<string>();
    for (let send = 0; send < 5; send += 1) {
      const started = await verifier.start({ to: TO });
      if (started.status !== 'pending') throw new Error(started.reason);
      ids.add(started.id);
      world.clock += 10 * SECOND - 1;
      if (send < 4) expect(await verifier.start({ to: TO })).toMatchObject({ status: 'refused', reason: 'resend_too_soon' });
      world.clock += 1;
    }
    const expiresAt = T0 + 10 * MINUTE;
    const refusal = { status: 'refused', reason: 'budget_exhausted', retryAt: new Date(expiresAt) };
    expect(await verifier.start({ to: TO })).toEqual(refusal);
    const [id = ''] = ids;
    expect(await verifier.resend({ id })).toEqual(refusal);
    expect(await verifier.show({ id })).toMatchObject({ resendAt: new Date(expiresAt) });
    world.clock = expiresAt - 1;
    const late = await Promise.all(Array.from({ length: 100 }, () => verifier.start({ to: TO })));
    expect(late).toEqual(Array(100).fill(refusal));
    expect([ids.size, sender.messages.length, new Set(sender.messages.map(({ code }) => code.reveal())).size]).toEqual([1, 5, 1]);
    world.clock = expiresAt;
    const next = await verifier.start({ to: TO });
    expect(next).toMatchObject({ status: 'pending' });
    expect(ids.has(next.status === 'pending' ? next.id : id)).toBe(false);
    await store.close();
  });

  it('I2 approves nothing of a hundred checks at once with the right code and another binding', async () => {
    const { verifier, code, store } = await open({ on });
    await verifier.start({ to: TO, binding: '10.00 EUR to ACME' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => verifier.check({ to: TO, code: code(), binding: '99.00 EUR to ACME' })));
    const kinds = answers.map((answer) => ('reason' in answer ? `${answer.status} ${answer.reason}` : answer.status));
    expect([kinds.filter((kind) => kind === 'pending wrong_code').length, kinds.filter((kind) => kind === 'approved').length]).toEqual([4, 0]);
    expect(kinds.filter((kind) => kind === 'max_attempts_reached wrong_code')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'max_attempts_reached')).toHaveLength(95);
    await store.close();
  });
});

describe('a service with Twilio’s preset', () => {
  it('I17 holds a number back after five wrong codes until that verification would have expired', async () => {
    const { world, sender, verifier, wrong } = await open();
    await verifier.start({ to: TO });
    world.clock += MINUTE;
    for (let guess = 0; guess < 5; guess += 1) await verifier.check({ to: TO, code: wrong() });
    const retryAt = new Date(T0 + 10 * MINUTE);
    expect(await verifier.start({ to: TO })).toEqual({ status: 'refused', reason: 'budget_exhausted', retryAt });
    world.clock = retryAt.getTime() - 1;
    expect(await verifier.start({ to: TO })).toEqual({ status: 'refused', reason: 'budget_exhausted', retryAt });
    expect(sender.messages).toHaveLength(1);
    world.clock += 1;
    expect(await verifier.start({ to: TO })).toMatchObject({ status: 'pending' });
  });

  it('holds nobody else: another purpose, another requester, another service', async () => {
    const { world, verifier, make, wrong } = await open();
    await verifier.start({ to: TO });
    for (let guess = 0; guess < 5; guess += 1) await verifier.check({ to: TO, code: wrong() });
    for (const start of [
      () => verifier.start({ to: TO, purpose: 'signup' }),
      () => verifier.start({ to: TO, requester: 'ada' }),
      async () => (await make({ compatibility: 'twilio' })).start({ to: TO }),
    ]) {
      world.clock += 10 * SECOND;
      expect(await start()).toMatchObject({ status: 'pending' });
    }
  });

  it.each(['approve', 'cancel', 'check'] as const)('begins anew after %s, as often as budgets allow', async (act) => {
    const { world, verifier, code } = await open();
    for (let send = 0; send < 5; send += 1) {
      await verifier.start({ to: TO });
      world.clock += 10 * SECOND;
    }
    if (act === 'check') await verifier.check({ to: TO, code: code() });
    else await verifier[act]({ to: TO });
    expect(await verifier.start({ to: TO })).toMatchObject({ status: 'pending' });
  });

  it('lets an operator’s unblock end a hold', async () => {
    const { world, verifier, verifiers, wrong } = await open();
    await verifier.start({ to: TO });
    for (let guess = 0; guess < 5; guess += 1) await verifier.check({ to: TO, code: wrong() });
    world.clock += MINUTE;
    await verifiers.operator.unblock({ to: TO });
    expect(await verifier.start({ to: TO })).toMatchObject({ status: 'pending' });
  });

  it('I5 stays within the hour and day budgets of the deployment', async () => {
    const { world, sender, verifier } = await open({ limits: { ...WIDE, sendsPerHour: 3 } });
    for (let send = 0; send < 20; send += 1) {
      await verifier.start({ to: TO });
      world.clock += 10 * SECOND;
    }
    expect(sender.messages).toHaveLength(3);
    expect(await verifier.start({ to: TO })).toMatchObject({ reason: 'budget_exhausted', retryAt: new Date(T0 + 60 * MINUTE) });
  });

  it('I3 stays within the guess budgets of the deployment', async () => {
    const { world, verifier, wrong } = await open({ limits: { ...WIDE, wrongPerHour: 7 } });
    const statuses: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      await verifier.start({ to: TO });
      for (let guess = 0; guess < 5; guess += 1) statuses.push((await verifier.check({ to: TO, code: wrong() })).status);
      world.clock += 10 * MINUTE;
    }
    expect(statuses.slice(5)).toEqual(['pending', 'pending', 'budget_exhausted', 'budget_exhausted', 'budget_exhausted']);
  });

  it('has the ladder on top where it says so', async () => {
    const { world, verifier } = await open({ ladderOnTop: true, ladderSeconds: [60] });
    await verifier.start({ to: TO });
    world.clock += MINUTE - 1;
    expect(await verifier.start({ to: TO })).toMatchObject({ reason: 'resend_too_soon', retryAt: new Date(T0 + MINUTE) });
    world.clock += 1;
    expect(await verifier.start({ to: TO })).toMatchObject({ status: 'pending' });
  });

  it('I5 leaves the ladder that another service has the number on as it stands', async () => {
    const { world, verifier, make } = await open();
    const other = await make({ ladderSeconds: [120, 900] });
    await other.start({ to: TO });
    for (let send = 0; send < 3; send += 1) {
      world.clock += 30 * SECOND;
      await verifier.start({ to: TO });
    }
    await verifier.approve({ to: TO });
    world.clock = T0 + 2 * MINUTE - 1;
    expect(await other.start({ to: TO })).toMatchObject({ reason: 'resend_too_soon', retryAt: new Date(T0 + 120 * SECOND) });
    world.clock = T0 + 2 * MINUTE;
    expect(await other.start({ to: TO })).toMatchObject({ status: 'pending', resendAt: new Date(world.clock + 900 * SECOND) });
  });

  it('is shown, canceled, approved and judged by number, without `checkByDestination`, and other services are not', async () => {
    const { verifier, make, code } = await open();
    await verifier.start({ to: TO, note: 'a note' });
    expect(await verifier.view({ to: TO })).toMatchObject({ status: 'pending', note: 'a note' });
    expect(await verifier.show({ to: TO })).toMatchObject({ status: 'pending' });
    const judged = await verifier.judge({ to: TO, code: code() });
    expect(judged.result).toMatchObject({ status: 'approved', test: false });
    expect([judged.view?.status, judged.view?.to?.reveal()]).toEqual(['approved', TO]);
    expect(await verifier.cancel({ to: TO })).toEqual({ status: 'approved' });
    const plain = await make({});
    for (const act of ['view', 'show', 'cancel', 'approve'] as const)
      expect(await rejectionOf(plain[act]({ to: TO, requester: 'ada' }))).toMatchObject({ code: 'forbidden' });
    expect(await rejectionOf(plain.judge({ to: TO, requester: 'ada', code: '123456' }))).toMatchObject({ code: 'forbidden' });
  });

  it('knows its test numbers by id and by number', async () => {
    const { sender, verifier } = await open({ test: TEST });
    const [to = ''] = TEST.numbers;
    for (const which of ['id', 'to'] as const) {
      const started = await verifier.start({ to, locale: 'de', note: 'a note' });
      if (started.status !== 'pending') throw new Error(started.reason);
      const input = which === 'id' ? { id: started.id } : { to };
      const view = await verifier.view(input);
      expect([view?.status, view?.to?.reveal(), view?.note]).toEqual(['pending', to, 'a note']);
      const judged = await verifier.judge({ ...input, code: TEST.code });
      expect(judged.result).toMatchObject({ status: 'approved', test: true });
      expect(judged.view?.service).toBe(view?.service);
      expect(view?.service).toMatch(/^VA[0-9a-f]{32}$/);
    }
    expect(await verifier.approve({ id: 'none' })).toEqual({ status: 'not_found' });
    expect(sender.messages).toHaveLength(0);
  });

  it('writes in the language that is asked for, and refuses one that there is no text in before anything is claimed', async () => {
    const { world, sender, verifier, make } = await open();
    const started = await verifier.start({ to: TO, locale: 'fr-CA' });
    world.clock += 10 * SECOND;
    await verifier.resend({ id: started.status === 'pending' ? started.id : '', locale: 'es' });
    const texts = sender.messages.map(({ text }) => text.reveal().replace(/\d{6}/, '…'));
    expect(texts).toEqual([
      'Votre code de vérification est …. Ne le communiquez à personne.',
      'Tu clave de un solo uso es …. No la compartas con nadie.',
    ]);
    for (const locale of ['de', 'x', '', 7 as unknown as string])
      expect(await rejectionOf(verifier.start({ to: TO, locale }))).toMatchObject({ code: 'invalid_request', field: 'locale' });
    const own = await make({ template: '{code} ist Ihr Code' });
    world.clock += MINUTE;
    await own.start({ to: TO, locale: 'fr' });
    expect(sender.messages.at(-1)?.text.reveal()).toMatch(/^\d{6} ist Ihr Code$/);
  });
});
