import { describe, expect, it, vi } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { PlainJudge } from '../../test/providers/plain-judge.ts';
import { DEPLOYMENT, TenantsWorld } from '../../test/tenants-world.ts';
import { CountersignError } from '../core/errors.ts';
import type { Provider } from '../providers/provider.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { RecordKey, Store } from '../stores/store.ts';
import { createRecordingSender } from '../testing/recording-sender.ts';
import type { DeploymentLimits, ServiceFields } from './service-settings.ts';
import { createVerifiers, type VerifierEvent, type VerifiersOptions } from './verifiers.ts';

const SECRET = 'a secret of at least 32 random bytes';
const TO = '+14155552671';
const TEST = { numbers: ['+14155550100'], code: '246810', until: '2026-01-02T00:00:00Z', acknowledged: false };

async function open(fields: Partial<ServiceFields> = {}, options: Partial<VerifiersOptions> = {}) {
  const world = new TenantsWorld();
  const store = createMemoryStore({ clock: { now: () => world.clock } });
  const tenants = world.on(store);
  const sender = createRecordingSender();
  const events: VerifierEvent[] = [];
  const made: unknown[] = [];
  const verifiers = createVerifiers({
    store,
    keys: { secret: SECRET },
    deployment: DEPLOYMENT,
    createProvider(texts) {
      made.push(texts);
      return createSelfIssuedProvider({ senders: [sender], ...texts });
    },
    now: () => world.clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const service = await tenants.createService({ name: 'Shop', ...fields });
  return { world, store, tenants, sender, events, made, verifiers, service, verifier: verifiers.of(service) };
}

describe('verifiers of services', () => {
  it('are made once for each version of a service’s settings', async () => {
    const { verifiers, service, verifier, tenants } = await open();
    expect(verifiers.of({ ...service })).toBe(verifier);
    const changed = await tenants.updateService(service.id, { codeLength: 8 });
    expect(changed && verifiers.of(changed)).not.toBe(verifier);
    expect(changed && (await verifiers.of(changed).start({ to: TO }))).toMatchObject({ codeLength: 8 });
  });

  it('are remembered up to a thousand, those used last', async () => {
    const { verifiers, service, verifier, made } = await open();
    for (let other = 0; other < 999; other += 1) verifiers.of({ ...service, id: `VA${String(other).padStart(32, '0')}` });
    expect(verifiers.of(service)).toBe(verifier);
    const before = made.length;
    verifiers.of({ ...service, id: `VA${'f'.repeat(32)}` });
    expect(verifiers.of(service)).toBe(verifier);
    verifiers.of({ ...service, id: `VA${'0'.repeat(32)}` });
    expect(made.length).toBe(before + 2);
  });

  it('use the texts, channels, countries and purposes of their service', async () => {
    const { verifier, sender, made } = await open({
      template: 'Shop: {code}',
      channels: ['sms'],
      allowedCountries: ['US'],
      purposes: ['login'],
    });
    expect(made.at(-1)).toEqual({ template: 'Shop: {code}' });
    expect(await verifier.start({ to: TO, purpose: 'login' })).toMatchObject({ status: 'pending' });
    expect(sender.messages[0]?.text.reveal()).toMatch(/^Shop: \d{6}$/);
    expect(await verifier.start({ to: '+4915112345678', purpose: 'login' })).toMatchObject({ reason: 'guard_denied', rule: 'allowed_countries' });
    expect((await rejectionOf(verifier.start({ to: TO, channel: 'call', purpose: 'login' }))).field).toBe('channel');
    expect((await rejectionOf(verifier.start({ to: 'a@example.com', purpose: 'login' }))).field).toBe('channel');
    expect((await rejectionOf(verifier.start({ to: TO }))).field).toBe('purpose');
  });

  it('write to no country where the deployment took back the last, and to addresses all the same', async () => {
    const deployment: DeploymentLimits = { ...DEPLOYMENT, allowedCountries: ['DE'] };
    const { service, verifier } = await open({ allowedCountries: ['US'] }, { deployment });
    expect(service.allowedCountries).toEqual(['US']);
    expect(await verifier.start({ to: TO })).toMatchObject({ reason: 'guard_denied', detail: 'this service may write to no country' });
    expect(await verifier.start({ to: 'a@example.com' })).toMatchObject({ status: 'pending' });
  });

  it('ask the deployment’s own guard after the countries', async () => {
    const asked: string[] = [];
    const guard = {
      assess({ country }: { readonly country: string | undefined }) {
        asked.push(country ?? '');
        return { allowed: false as const, rule: 'mine', detail: 'no' };
      },
    };
    const { verifier } = await open({ allowedCountries: ['US'] }, { guard });
    expect(await verifier.start({ to: '+4915112345678' })).toMatchObject({ rule: 'allowed_countries' });
    expect(await verifier.start({ to: TO })).toMatchObject({ rule: 'mine' });
    expect(asked).toEqual(['US']);
  });

  it('carry a judging provider with all that it needs', async () => {
    const judge = new PlainJudge();
    const { verifier } = await open({ channels: ['sms'] }, { createProvider: () => judge });
    const started = await verifier.start({ to: TO, requester: 'r' });
    if (started.status !== 'pending') throw new Error(started.reason);
    const code = judge.messages[0]?.code ?? '';
    expect(await verifier.check({ id: started.id, code, requester: 'r' })).toMatchObject({ status: 'approved', test: false });
    const other = await verifier.start({ to: '+14155552672', requester: 'r' });
    if (other.status !== 'pending') throw new Error(other.reason);
    expect(await verifier.cancel({ id: other.id, requester: 'r' })).toEqual({ status: 'canceled' });
    expect(judge.canceled).toHaveLength(1);
    expect((await rejectionOf(verifier.start({ to: TO, code: '123456' }))).field).toBe('code');
  });

  it('hand options through to a provider that takes them', async () => {
    const taken: unknown[] = [];
    const provider: Provider = {
      name: 'taking',
      channels: ['sms'],
      parseOptions: (given) => given,
      async send({ options }) {
        taken.push(options);
        return { status: 'sent', sender: 'taking' };
      },
    };
    const { verifier } = await open({}, { createProvider: () => provider });
    await verifier.start({ to: TO, providerOptions: { locale: 'de' } });
    expect(taken).toEqual([{ locale: 'de' }]);
  });

  it('ask for the nonce with the guess, in whatever spelling the id is, and fail for it only where it is needed', async () => {
    const memory = createMemoryStore();
    const read = vi.fn((key: RecordKey) =>
      key.kind === 'nonce' && isNonceDown ? Promise.reject(new CountersignError('store_unavailable', 'down')) : memory.read(key),
    );
    let isNonceDown = false;
    const update: Store['update'] = (key, decide) => memory.update(key, decide);
    const { verifier, sender } = await open({}, { store: { ...memory, read, update } });
    const started = await verifier.start({ to: TO, nonce: 'n-1' });
    if (started.status !== 'pending') throw new Error(started.reason);
    const code = sender.messages[0]?.code.reveal() ?? '';
    const wrong = code.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
    isNonceDown = true;
    expect(await verifier.check({ id: started.id, code: wrong })).toMatchObject({ status: 'pending' });
    expect(await verifier.check({ id: 'no id \ud800', code })).toEqual({ status: 'not_found' });
    isNonceDown = false;
    const spelt = `VE${started.id.slice(2).toUpperCase()}`;
    expect(await verifier.check({ id: spelt, code })).toMatchObject({ status: 'approved', nonce: 'n-1' });
    expect(read.mock.calls.map(([{ kind, id }]) => [kind, id.endsWith(started.id)])).toEqual([
      ['nonce', true],
      ['nonce', true],
    ]);
  });

  it('check by destination only where their service allows it', async () => {
    const { verifier } = await open();
    expect((await rejectionOf(verifier.check({ to: TO, code: '123456', requester: 'r' }))).code).toBe('forbidden');
  });

  it('tell of what was committed', async () => {
    const { verifier, events, service } = await open();
    await verifier.start({ to: TO });
    expect(events).toMatchObject([
      { name: 'started', event: { service: service.id } },
      { name: 'delivered', event: { state: 'sent' } },
    ]);
  });

  it('let operators act over all services', async () => {
    const { verifier, verifiers } = await open();
    await verifier.start({ to: TO });
    expect(await verifiers.operator.erase({ to: TO })).toEqual({ status: 'erased', verifications: 1 });
  });
});

describe('test numbers', () => {
  const to = '+14155550100';

  it('get no message, no limit of sends and no event, and a proof that says so', async () => {
    const { verifier, sender, service, events, store } = await open({ test: TEST, allowedCountries: ['DE'] });
    let last = '';
    for (let time = 0; time < 150; time += 1) {
      const started = await verifier.start({ to, ...(time % 2 === 0 && { requester: 'r' }), nonce: `n${time}` });
      if (started.status !== 'pending') throw new Error(started.reason);
      last = time % 2 === 0 ? started.id : last;
    }
    expect(sender.calls).toBe(0);
    expect(events).toEqual([]);
    const approved = await verifier.check({ id: last, code: '246810', requester: 'r' });
    expect(approved).toMatchObject({ status: 'approved', test: true, nonce: 'n148', proof: { service: service.id } });
    const [record] = await store.list('destination', '', undefined, 1);
    expect(record?.body.length).toBeLessThan(40_000);
  });

  it('I3 are not exempt from limits of guesses', async () => {
    const { verifier } = await open({ test: TEST });
    const statuses = [];
    for (let round = 0; round < 3; round += 1) {
      const started = await verifier.start({ to });
      for (let guess = 0; guess < 5 && started.status === 'pending'; guess += 1) {
        statuses.push((await verifier.check({ id: started.id, code: '000000' })).status);
      }
    }
    expect(statuses.slice(0, 5)).toEqual(['pending', 'pending', 'pending', 'pending', 'max_attempts_reached']);
    expect(statuses.slice(10)).toEqual(Array(5).fill('budget_exhausted'));
  });

  it('are resent, shown and canceled as any, with the fixed code whatever was brought', async () => {
    const { verifier } = await open({ test: TEST });
    const started = await verifier.start({ to, code: '111111', channel: 'call', providerOptions: { any: 1 } });
    if (started.status !== 'pending') throw new Error(started.reason);
    expect(await verifier.resend({ id: started.id })).toMatchObject({ status: 'pending', id: started.id });
    expect(await verifier.show({ id: started.id })).toMatchObject({ status: 'pending', attemptsLeft: 5 });
    expect(await verifier.check({ id: started.id, code: '111111' })).toMatchObject({ reason: 'wrong_code' });
    expect(await verifier.cancel({ id: started.id })).toEqual({ status: 'canceled' });
  });

  it('are checked by destination', async () => {
    const { verifier } = await open({ test: TEST, checkByDestination: true });
    await verifier.start({ to, requester: 'r' });
    expect(await verifier.check({ to, code: '246810', requester: 'r' })).toMatchObject({ status: 'approved', test: true });
    await verifier.start({ to: TO, requester: 'r' });
    expect(await verifier.check({ to: TO, code: '246810', requester: 'r' })).toMatchObject({ status: 'pending' });
  });

  it('end at their time, for what is under way too, and when they are taken out', async () => {
    const { verifier, verifiers, world, tenants, service, sender } = await open({ test: TEST });
    const started = await verifier.start({ to });
    if (started.status !== 'pending') throw new Error(started.reason);
    const without = await tenants.updateService(service.id, { test: null });
    if (without === undefined) throw new Error('no service');
    expect(await verifiers.of(without).check({ id: started.id, code: '246810' })).toEqual({ status: 'not_found' });
    world.clock = Date.parse(TEST.until) - 1;
    const late = await verifier.start({ to });
    if (late.status !== 'pending') throw new Error(late.reason);
    world.clock += 1;
    expect(await verifier.check({ id: late.id, code: '246810' })).toEqual({ status: 'not_found' });
    expect(sender.calls).toBe(0);
    // From then on it is a number as any other, and nothing of its budgets was used.
    expect(await verifier.start({ to })).toMatchObject({ status: 'pending' });
    expect(sender.calls).toBe(1);
  });

  it('of one service are numbers as any other for another', async () => {
    const { verifiers, tenants, sender } = await open({ test: TEST });
    const other = verifiers.of(await tenants.createService({ name: 'Other' }));
    expect(await other.start({ to })).toMatchObject({ status: 'pending' });
    expect(sender.calls).toBe(1);
    expect(T0).toBeLessThan(Date.parse(TEST.until));
  });

  it('wait for a send that is under way', async () => {
    const { verifier } = await open({ test: TEST });
    const answers = await Promise.all(Array.from({ length: 20 }, () => verifier.start({ to, requester: 'r' })));
    for (const answer of answers) if (answer.status === 'refused') expect(answer.reason).toBe('in_progress');
    expect(answers.some(({ status }) => status === 'pending')).toBe(true);
  });
});
