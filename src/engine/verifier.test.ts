import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorOf, rejectionOf, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing } from '../core/keys.ts';
import type { Provider, ProviderSendRequest, ProviderSendResult } from '../providers/provider.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import type { Guard, GuardRequest } from './guard.ts';
import { decideExpireAll, FINGERPRINT_KEY } from './index-fingerprint.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { PendingResult, StartResult } from './results.ts';
import { createVerifier, type VerifierOptions } from './verifier.ts';

const secret = 'a secret of at least 32 random bytes';
const [to, other, mail] = ['+14155552671', '+14155552672', 'ada@example.com'];
const [OLD, NEW] = [
  { id: 'old', secret },
  { id: 'new', secret: 'another secret of 32 random bytes!' },
];
const SENT: ProviderSendResult = { status: 'sent', sender: 'outbox' };

/** A way out that answers what a test wants, in a world with a clock that a test sets. */
class World {
  clock = T0;
  answer: () => unknown = () => SENT;
  readonly sent: ProviderSendRequest[] = [];
  readonly heard: unknown[][] = [];
  readonly store = createMemoryStore({ clock: { now: () => this.clock } });
  readonly provider: Provider = {
    name: 'test',
    channels: ['sms', 'call', 'email'],
    send: async (request) => {
      this.sent.push(request);
      return this.answer() as ProviderSendResult;
    },
  };

  verifier(options: Partial<VerifierOptions> = {}) {
    const verifier = createVerifier({ secret, store: this.store, provider: this.provider, ...options });
    for (const name of ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const) {
      verifier.on(name, (event) => this.heard.push([name, event]));
    }
    return verifier;
  }

  get code(): string {
    return this.sent.at(-1)?.code.reveal() ?? '';
  }

  get wrong(): string {
    return this.code.startsWith('0') ? this.code.replace('0', '1') : `0${this.code.slice(1)}`;
  }
}

function pending(result: StartResult | { readonly status: string }): PendingResult {
  expect(result.status).toBe('pending');
  return result as PendingResult;
}

/** A store of which some calls fail: those that `fails` says, by their count. */
function failing(store: Store, fails: (call: number) => unknown): Store {
  let call = 0;
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name).bind(target);
      if (name !== 'update') return method;
      return async (...args: unknown[]) => {
        call += 1;
        const error = fails(call);
        if (error) throw error;
        return method(...args);
      };
    },
  });
}

describe('a verifier', () => {
  const { store, provider } = new World();

  it.each([
    ['no store', { store: undefined }, 'store', '`store` is missing or has no `update`'],
    ['a store that is none', { store: {} }, 'store', '`store` is missing or has no `update`'],
    ['no provider', { provider: undefined }, 'provider', '`provider` is missing or has no `send`'],
    ['a provider that is none', { provider: null }, 'provider', '`provider` is missing or has no `send`'],
    ['a provider without channels', { provider: { name: 'test', send: provider.send } }, 'provider', '`provider` has no list of `channels`'],
    ['a guard that is none', { guard: null }, 'guard', '`guard` is missing or has no `assess`'],
    ['a guard with no rule', { guard: { assess: true } }, 'guard', '`guard` is missing or has no `assess`'],
    ['no secret', { secret: undefined }, 'secret', /^`secret` is missing/],
    ['a short secret', { secret: 'short' }, 'secret', /^`secret` is shorter/],
    ['bad limits', { limits: { codeLength: 3 } }, 'limits', /^`limits.codeLength` must be/],
  ])('is not made with %s', (_name, options, field, message) => {
    const error = errorOf(() => createVerifier({ secret, store, provider, ...options } as VerifierOptions));
    expect(error).toMatchObject({ code: 'configuration_invalid', field });
    expect(error.message).toMatch(message);
  });

  it('is not made for a service whose name is none', () => {
    expect(errorOf(() => createVerifier({ secret, store, provider, service: 'a b' }))).toMatchObject({
      code: 'configuration_invalid',
      field: 'service',
    });
  });

  it('I3 refuses a store that was begun with another index secret, and sends nothing', async () => {
    const world = new World();
    await world.verifier().start({ to });
    const error = await rejectionOf(world.verifier({ secret: 'another secret of 32 random bytes!' }).start({ to: other }));
    expect([error.code, error.field, world.sent.length]).toEqual(['configuration_invalid', 'indexSecret', 1]);
  });

  it('I3 refuses such a store where a look at it comes first as well, and looks only once', async () => {
    const world = new World();
    const { id } = pending(await world.verifier().start({ to }));
    const stranger = world.verifier({ secret: 'another secret of 32 random bytes!' });
    for (const act of [stranger.show({ id }), stranger.resend({ id })]) expect((await rejectionOf(act)).code).toBe('configuration_invalid');
    let updates = 0;
    const counting = failing(world.store, (call) => {
      updates = call;
      return false;
    });
    const verifier = world.verifier({ store: counting });
    for (const count of [1, 2]) expect([count, await verifier.show({ id })]).toMatchObject([count, { status: 'pending' }]);
    expect(updates).toBe(1);
  });

  it('I14 looks at the store again at the next call, where the first has failed, and only until one has worked', async () => {
    const world = new World();
    let updates = 0;
    const down = (call: number) => {
      updates = call;
      return call === 1 && new CountersignError('store_unavailable', 'down');
    };
    const verifier = world.verifier({ store: failing(world.store, down) });
    expect((await rejectionOf(verifier.start({ to }))).message).toBe('down');
    expect(world.sent).toEqual([]);
    pending(await verifier.start({ to }));
    expect(updates).toBe(4);
    await verifier.start({ to: other });
    expect(updates).toBe(6);
  });
});

describe('start', () => {
  it('sends a code and says when it ends and when it may be sent again', async () => {
    const world = new World();
    const { id, deliveries, ...rest } = pending(await world.verifier().start({ to }));
    expect(id).toMatch(/^VE[0-9a-f]{32}$/);
    expect(rest).toEqual({
      ...{ status: 'pending', to: '+1********71', channel: 'sms', codeLength: 6 },
      ...{ expiresAt: new Date(T0 + 10 * MINUTE), resendAt: new Date(T0 + 2 * MINUTE) },
    });
    expect(deliveries).toEqual([{ id: expect.stringMatching(/^VL[0-9a-f]{32}$/), channel: 'sms', status: 'sent', at: new Date(T0) }]);
    expect(world.sent).toHaveLength(1);
    expect(world.sent[0]).toMatchObject({ channel: 'sms', verificationId: id, deliveryId: deliveries[0]?.id });
    expect(world.sent[0]?.to.reveal()).toBe(to);
    expect(world.code).toMatch(/^\d{6}$/);
    expect(world.heard.map(([name]) => name)).toEqual(['started', 'delivered']);
    const about = { id, service: 'default', purpose: 'default', channel: 'sms', to: '+1********71', deliveryId: deliveries[0]?.id };
    const begun = { attemptsLeft: 5, expiresAt: new Date(T0 + 10 * MINUTE), resendAt: new Date(T0 + 2 * MINUTE) };
    expect(world.heard.map(([, event]) => event)).toEqual([
      { ...about, ...begun },
      { ...about, state: 'sent' },
    ]);
  });

  it('gives an address the life of its own', async () => {
    const world = new World();
    const verifier = world.verifier({ limits: { emailLife: HOUR }, service: 'shop' });
    const result = pending(await verifier.start({ to: mail, purpose: 'login' }));
    expect(result).toMatchObject({ to: 'a***@example.com', channel: 'email', expiresAt: new Date(T0 + HOUR) });
    expect(world.heard[0]).toMatchObject(['started', { service: 'shop', purpose: 'login', channel: 'email', to: 'a***@example.com' }]);
    expect(pending(await verifier.start({ to })).expiresAt).toEqual(new Date(T0 + 10 * MINUTE));
  });

  it('I9 leaves neither number, requester nor code in the store', async () => {
    const world = new World();
    await world.verifier().start({ to, requester: 'ada-lovelace', code: '73519264' });
    const kept = inspect(await world.store.list('destination', '', undefined, 10), { depth: null });
    expect(kept).toContain('+1********71');
    for (const hidden of ['4155552671', 'ada-lovelace', '73519264', secret]) expect(kept).not.toContain(hidden);
  });

  it('with a requester sends the pending one again: same id, same code', async () => {
    const world = new World();
    const verifier = world.verifier();
    const first = pending(await verifier.start({ to, requester: 'ada' }));
    const { code } = world;
    world.clock += 2 * MINUTE;
    const second = pending(await verifier.start({ to: '+1 415 555 2671', requester: 'ada' }));
    expect([second.id, second.expiresAt, world.code]).toEqual([first.id, first.expiresAt, code]);
    expect(second.deliveries).toHaveLength(2);
  });

  it.each([
    ['another service', { service: 'shop' }, {}],
    ['another purpose', {}, { purpose: 'login' }],
    ['another requester', {}, { requester: 'bob' }],
    ['no requester', {}, { requester: undefined }],
    ['another spelling of the mailbox', {}, { to: 'a.da+x@gmail.com' }],
  ])('makes another verification for %s, under the same limits', async (_name, options, input) => {
    const world = new World();
    const first = pending(await world.verifier().start({ to: 'ada@gmail.com', requester: 'ada' }));
    const verifier = world.verifier(options);
    expect(await verifier.start({ to: 'ada@gmail.com', requester: 'ada', ...input })).toMatchObject({ status: 'refused' });
    world.clock += 2 * MINUTE;
    expect(pending(await verifier.start({ to: 'ada@gmail.com', requester: 'ada', ...input })).id).not.toBe(first.id);
  });

  it('I17 says until when it refuses, and shows the requester the verification that is alive', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { status: _status, ...alive } = pending(await verifier.start({ to, requester: 'ada' }));
    world.heard.length = 0;
    const retryAt = new Date(T0 + 2 * MINUTE);
    expect(await verifier.start({ to, requester: 'ada' })).toEqual({ status: 'refused', reason: 'resend_too_soon', retryAt, verification: alive });
    expect(world.heard).toEqual([['refused', { service: 'default', purpose: 'default', to: '+1********71', reason: 'resend_too_soon' }]]);
    expect(world.sent).toHaveLength(1);
  });

  it('shows a stranger nothing but the time', async () => {
    const world = new World();
    const verifier = world.verifier();
    await verifier.start({ to });
    expect(await verifier.start({ to })).toEqual({ status: 'refused', reason: 'resend_too_soon', retryAt: new Date(T0 + 2 * MINUTE) });
  });

  it('I12 shows no verification where the budgets refuse, which others may have used', async () => {
    const world = new World();
    const verifier = world.verifier({ limits: { sendsPerHour: 1, ladder: [1] } });
    await verifier.start({ to, requester: 'ada' });
    world.clock += 2 * MINUTE;
    const refused = { status: 'refused', reason: 'budget_exhausted', retryAt: new Date(T0 + HOUR) };
    expect(await verifier.start({ to, requester: 'ada' })).toEqual(refused);
  });

  it('answers in_progress while another call is sending, with that verification', async () => {
    const world = new World();
    const verifier = world.verifier();
    let second: Promise<StartResult> | undefined;
    world.answer = () => {
      second ??= verifier.start({ to, requester: 'ada' });
      return second.then(() => SENT);
    };
    const first = pending(await verifier.start({ to, requester: 'ada' }));
    const refused = await second;
    expect(refused).toMatchObject({ status: 'refused', reason: 'in_progress', verification: { id: first.id, deliveries: [{ status: 'sending' }] } });
    expect(world.sent).toHaveLength(1);
  });

  it('I5 of a hundred at once sends one message', async () => {
    const world = new World();
    const verifier = world.verifier();
    const results = await Promise.all(Array.from({ length: 100 }, () => verifier.start({ to, requester: 'ada' })));
    expect(results.filter(({ status }) => status === 'pending')).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });

  it("sends a code of the caller's own, asks for it again, and takes another", async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id, codeLength } = pending(await verifier.start({ to, requester: 'ada', code: '0042' }));
    expect([world.code, codeLength]).toEqual(['0042', 4]);
    world.clock += 2 * MINUTE;
    const error = await rejectionOf(verifier.start({ to, requester: 'ada' }));
    expect([error.code, error.field]).toEqual(['invalid_request', 'code']);
    expect(error.message).toContain('bring it again as `code`');
    await verifier.start({ to, requester: 'ada', code: '00420' });
    expect(world.code).toBe('00420');
    expect((await rejectionOf(verifier.check({ id, code: '0042', requester: 'ada' }))).code).toBe('invalid_code');
    expect(await verifier.check({ id, code: '00420', requester: 'ada' })).toMatchObject({ status: 'approved' });
  });

  it('throws for malformed input before the store is asked', async () => {
    const world = new World();
    const verifier = world.verifier();
    expect((await rejectionOf(verifier.start({ to: 'nobody' }))).code).toBe('invalid_destination');
    expect((await rejectionOf(verifier.start({ to, channel: 'whatsapp' }))).message).toContain('not offered here');
    expect(await world.store.list('destination', '', undefined, 10)).toEqual([]);
  });
});

describe('what the provider answers', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('down'))],
    ['does not know', () => ({ status: 'unknown' })],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
    ['answers another word', () => ({ status: 'queued' })],
  ])('I5 counts as a message that may have left when it %s', async (_name, answer) => {
    const world = new World();
    world.answer = answer;
    const verifier = world.verifier();
    expect(pending(await verifier.start({ to, requester: 'ada' })).deliveries).toMatchObject([{ status: 'unknown' }]);
    expect(world.heard.at(-1)).toMatchObject(['delivered', { state: 'unknown' }]);
    expect(await verifier.start({ to, requester: 'ada' })).toMatchObject({ status: 'refused', reason: 'resend_too_soon' });
  });

  it.each([
    [true, 'provider_rejected', 'the provider test does not deliver to this destination; nothing was sent'],
    [false, 'provider_unavailable', 'the provider test could not send; nothing was sent'],
  ])('is thrown when it surely did not send (for good: %s), and the verification has failed', async (permanent, code, message) => {
    const world = new World();
    world.answer = () => ({ status: 'refused', permanent });
    const verifier = world.verifier();
    const error = await rejectionOf(verifier.start({ to, requester: 'ada' }));
    expect([error.code, error.message]).toEqual([code, message]);
    expect(world.heard.map(([name]) => name)).toEqual(['started', 'delivered']);
    const { id } = (world.heard[0] as [string, { id: string }])[1];
    expect(await verifier.check({ id, code: '123456', requester: 'ada' })).toEqual({ status: 'failed' });
    world.answer = () => SENT;
    pending(await verifier.start({ to, requester: 'ada' }));
  });

  it.each([
    ['sent', SENT],
    ['unknown', { status: 'unknown' }],
  ])('reads as unknown where the store fails before it is written down: %s', async (_name, answer) => {
    const world = new World();
    world.answer = () => answer;
    const down = (call: number) => call === 3 && new CountersignError('store_unavailable', 'down');
    const verifier = world.verifier({ store: failing(world.store, down) });
    const result = pending(await verifier.start({ to, requester: 'ada' }));
    expect(result).toMatchObject({ deliveries: [{ status: 'unknown' }], resendAt: new Date(T0 + 2 * MINUTE) });
    expect(world.heard.map(([name]) => name)).toEqual(['started']);
    expect(await verifier.check({ id: result.id, code: world.code, requester: 'ada' })).toMatchObject({ status: 'approved' });
  });

  it('reads as unknown for the message that was sent, not for those before', async () => {
    const world = new World();
    const down = (call: number) => call === 5 && new CountersignError('store_unavailable', 'down');
    const verifier = world.verifier({ store: failing(world.store, down) });
    await verifier.start({ to, requester: 'ada' });
    world.clock += 2 * MINUTE;
    const { deliveries } = pending(await verifier.start({ to, requester: 'ada' }));
    expect(deliveries.map(({ status }) => status)).toEqual(['sent', 'unknown']);
  });

  it('is not hidden by a store that fails for another reason', async () => {
    const world = new World();
    const failure = new CountersignError('configuration_invalid', 'misconfigured');
    const verifier = world.verifier({ store: failing(world.store, (call) => call === 3 && failure) });
    await expect(verifier.start({ to: other })).rejects.toBe(failure);
  });

  it("I9 is not lost for what a store throws of its own, and that is never passed on: a driver's message may hold anything", async () => {
    const world = new World();
    const failure = Object.assign(new Error(`cannot reach postgres://user:password@host for ${to}`), { code: 'ECONNRESET' });
    const late = world.verifier({ store: failing(world.store, (call) => call === 3 && failure) });
    expect(pending(await late.start({ to })).deliveries.map(({ status }) => status)).toEqual(['unknown']);
    const down = world.verifier({ store: failing(world.store, () => failure) });
    const error = await down.start({ to: other }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'CountersignError', code: 'store_unavailable', cause: { name: 'Error', code: 'ECONNRESET' } });
    expect((error as Error).message).toMatch(/^the store failed in a way of its own/);
    expect(inspect(error)).not.toMatch(/postgres|password|4155552671/);
  });

  it('is told of a verification that was erased meanwhile', async () => {
    const world = new World();
    const verifier = world.verifier();
    world.answer = () => verifier.erase({ to }).then(() => SENT);
    expect(pending(await verifier.start({ to })).deliveries).toMatchObject([{ status: 'unknown' }]);
  });
});

describe('a guard', () => {
  const asked: GuardRequest[] = [];
  const noting = (verdict: () => unknown): Guard => ({
    assess: (request) => {
      asked.push(request);
      return verdict() as ReturnType<Guard['assess']>;
    },
  });

  it('is asked before every send, and never sees the number', async () => {
    asked.length = 0;
    const world = new World();
    const verifier = world.verifier({ guard: noting(() => ({ allowed: true })), service: 'shop' });
    const { id } = pending(await verifier.start({ to, purpose: 'login' }));
    await verifier.start({ to: mail });
    world.clock += 2 * MINUTE;
    pending(await verifier.resend({ id, purpose: 'login' }));
    world.clock += 5 * MINUTE;
    pending(await verifier.resend({ id, purpose: 'login', channel: 'call' }));
    const phone = { country: 'US', kind: 'phone', channel: 'sms', service: 'shop', purpose: 'login' };
    const address = { country: undefined, kind: 'email', channel: 'email', service: 'shop', purpose: 'default' };
    expect(asked).toEqual([phone, address, phone, { ...phone, channel: 'call' }]);
  });

  it('is not asked for a verification that has ended, or that nobody knows', async () => {
    asked.length = 0;
    const world = new World();
    const { id } = pending(await world.verifier().start({ to }));
    const verifier = world.verifier({ guard: noting(() => ({ allowed: true })) });
    await verifier.cancel({ id });
    expect(await verifier.resend({ id })).toEqual({ status: 'canceled' });
    expect(await verifier.resend({ id: 'VE' })).toEqual({ status: 'not_found' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['with a time', { retryAt: new Date(T0 + DAY) }],
    ['without one', {}],
  ])('that says no ends a start and a resend, %s: nothing is claimed, nothing is sent', async (_name, given) => {
    const world = new World();
    const open = world.verifier();
    const { id } = pending(await open.start({ to }));
    const before = await world.store.list('destination', '', undefined, 10);
    world.clock += 2 * MINUTE;
    world.heard.length = 0;
    const verifier = world.verifier({ guard: noting(async () => ({ allowed: false, rule: 'price', detail: 'too dear', ...given })) });
    const denied = { status: 'refused', reason: 'guard_denied', rule: 'price', detail: 'too dear', ...given };
    expect(await verifier.start({ to })).toEqual(denied);
    expect(await verifier.resend({ id })).toEqual(denied);
    const event = { service: 'default', purpose: 'default', to: '+1********71', reason: 'guard_denied', rule: 'price' };
    expect(world.heard).toEqual([
      ['refused', event],
      ['refused', event],
    ]);
    expect(world.sent).toHaveLength(1);
    expect(await world.store.list('destination', '', undefined, 10)).toEqual(before);
  });

  it('that fails lets nothing through, and what it threw is not passed on', async () => {
    const world = new World();
    const guard = noting(() => Promise.reject(Object.assign(new Error('no route to +14155552671'), { code: 'ECONNREFUSED' })));
    const error = await rejectionOf(world.verifier({ guard }).start({ to }));
    expect([error.code, error.message]).toEqual(['provider_unavailable', 'the guard failed to decide; nothing was sent']);
    expect(error.cause).toEqual({ name: 'Error', code: 'ECONNREFUSED' });
    expect(world.sent).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no answer', {}],
    ['a word', { allowed: 'yes' }],
    ['a number', { allowed: 1 }],
  ])('that answers neither yes nor no lets nothing through: %s', async (_name, verdict) => {
    const world = new World();
    const error = await rejectionOf(world.verifier({ guard: noting(() => verdict) }).start({ to }));
    expect([error.code, error.message]).toEqual(['provider_unavailable', 'the guard failed to decide; nothing was sent']);
    expect(world.sent).toEqual([]);
  });

  it('that fails with an error of ours is heard', async () => {
    const own = new CountersignError('store_unavailable', 'down');
    const world = new World();
    const guard: Guard = {
      assess: () => {
        throw own;
      },
    };
    await expect(world.verifier({ guard }).start({ to })).rejects.toBe(own);
  });
});

describe('resend', () => {
  it('sends the pending one again: same id, same code, life not extended, the channel it went by', async () => {
    const world = new World();
    const verifier = world.verifier();
    const first = pending(await verifier.start({ to, channel: 'call' }));
    const { code } = world;
    world.clock += 2 * MINUTE;
    const second = pending(await verifier.resend({ id: first.id.toLowerCase().replace('ve', 'VE') }));
    expect([second.id, second.expiresAt, second.channel, world.code]).toEqual([first.id, first.expiresAt, 'call', code]);
    expect(world.sent.at(-1)?.to.reveal()).toBe(to);
    expect(pending(await advance(world, 5 * MINUTE, () => verifier.resend({ id: first.id, channel: 'sms' }))).channel).toBe('sms');
  });

  it('I2 carries another code after a wrong guess, and the first is dead', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    const { code } = world;
    await verifier.check({ id, code: world.wrong });
    world.clock += 2 * MINUTE;
    await verifier.resend({ id });
    expect(world.code).not.toBe(code);
    expect(await verifier.check({ id, code })).toMatchObject({ reason: 'wrong_code', attemptsLeft: 3 });
    expect(await verifier.check({ id, code: world.code })).toMatchObject({ status: 'approved' });
  });

  it('is refused with the verification that is alive until its rung has passed', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { status: _status, ...alive } = pending(await verifier.start({ to }));
    const retryAt = new Date(T0 + 2 * MINUTE);
    expect(await verifier.resend({ id: alive.id })).toEqual({ status: 'refused', reason: 'resend_too_soon', retryAt, verification: alive });
  });

  it.each([
    ['an invented id', { id: `VE${'0'.repeat(32)}` }],
    ['what is no id', { id: 'x' }],
    ['another purpose', { purpose: 'login' }],
    ['no requester', { requester: undefined }],
    ['another requester', { requester: 'bob' }],
  ])('I2 finds nothing for %s, nor do check, cancel and show', async (_name, input) => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to, requester: 'ada' }));
    world.clock += 2 * MINUTE;
    const claim = { id, requester: 'ada', ...input };
    for (const result of [verifier.resend(claim), verifier.cancel(claim), verifier.show(claim), verifier.check({ ...claim, code: world.code })]) {
      expect(await result).toEqual({ status: 'not_found' });
    }
    expect(await world.verifier({ service: 'shop' }).resend({ id, requester: 'ada' })).toEqual({ status: 'not_found' });
    expect(world.sent).toHaveLength(1);
    expect(await verifier.check({ id, requester: 'ada', code: world.code })).toMatchObject({ status: 'approved' });
  });

  it('answers how a verification ended', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    await verifier.check({ id, code: world.code });
    expect(await verifier.resend({ id })).toEqual({ status: 'approved' });
    expect(await verifier.resend({ id, channel: 'email' })).toEqual({ status: 'approved' });
    world.clock += DAY;
    expect(await verifier.resend({ id })).toEqual({ status: 'not_found' });
  });

  it('ends one with too little life left', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    world.clock += 9 * MINUTE;
    expect(await verifier.resend({ id })).toEqual({ status: 'expired' });
    expect(world.heard.at(-1)).toMatchObject(['expired', { id }]);
  });

  it('by a channel that does not reach the destination is misuse', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    world.clock += 2 * MINUTE;
    const error = await rejectionOf(verifier.resend({ id, channel: 'email' }));
    expect([error.code, error.message]).toEqual(['invalid_request', '`channel` email does not reach a phone number']);
  });

  it("asks for a code of the caller's again", async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to, code: '0042' }));
    world.clock += 2 * MINUTE;
    expect((await rejectionOf(verifier.resend({ id }))).field).toBe('code');
    pending(await verifier.resend({ id, code: '0043' }));
    expect(world.code).toBe('0043');
  });

  it.each([
    ['canceled', (world: World, id: string) => world.verifier().cancel({ id })],
    ['not_found', (world: World) => world.verifier().erase({ to })],
  ])('decides on the record as it is then, not as it was looked at: %s', async (status, meanwhile) => {
    const world = new World();
    const { id } = pending(await world.verifier().start({ to }));
    world.clock += 2 * MINUTE;
    const guard: Guard = { assess: async () => meanwhile(world, id).then(() => ({ allowed: true })) };
    expect(await world.verifier({ guard }).resend({ id })).toEqual({ status });
    expect(world.sent).toHaveLength(1);
  });

  it('I14 sends nothing where the record went back to an earlier state between look and update', async () => {
    const world = new World();
    const { id } = pending(await world.verifier().start({ to }));
    world.clock += 2 * MINUTE;
    const split: Store = new Proxy(world.store, {
      get(target, name) {
        // What is read shows a verification that has ended; what is updated does not.
        if (name === 'read') return async (key: never) => ({ ...(await target.read(key)), now: T0 + HOUR });
        return Reflect.get(target, name).bind(target);
      },
    });
    const error = await rejectionOf(world.verifier({ store: split }).resend({ id }));
    expect([error.code, error.message]).toEqual(['store_unavailable', 'the record of this destination went back to an earlier state']);
    expect(world.sent).toHaveLength(1);
  });
});

/** What comes of an act after a wait. */
async function advance<T>(world: World, by: number, act: () => Promise<T>): Promise<T> {
  world.clock += by;
  return act();
}

describe('check', () => {
  it('approves the code once, with a proof', async () => {
    const world = new World();
    const verifier = world.verifier({ service: 'shop' });
    const { id } = pending(await verifier.start({ to, requester: 'ada', purpose: 'login' }));
    world.heard.length = 0;
    const claim = { id, requester: 'ada', purpose: 'login', code: world.code };
    const result = await verifier.check(claim);
    if (result.status !== 'approved') throw new Error('not approved');
    const { destination, ...proof } = result.proof;
    expect(proof).toEqual({ verificationId: id, service: 'shop', purpose: 'login', channel: 'sms', requester: 'ada', approvedAt: new Date(T0) });
    expect(destination.reveal()).toBe(to);
    const about = { id, service: 'shop', purpose: 'login', channel: 'sms', to: '+1********71' };
    expect(world.heard).toEqual([
      ['checked', { ...about, right: true, attemptsLeft: 0 }],
      ['approved', about],
    ]);
    expect(await verifier.check(claim)).toEqual({ status: 'already_approved' });
  });

  it('I1 of fifty at once approves one', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    const results = await Promise.all(Array.from({ length: 50 }, () => verifier.check({ id, code: world.code })));
    expect(results.filter(({ status }) => status === 'approved')).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'already_approved')).toHaveLength(49);
  });

  it('counts wrong codes, and says so', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    world.heard.length = 0;
    for (const attemptsLeft of [4, 3, 2, 1]) {
      expect(await verifier.check({ id, code: world.wrong })).toEqual({ status: 'pending', reason: 'wrong_code', attemptsLeft });
    }
    expect(await verifier.check({ id, code: world.wrong })).toEqual({ status: 'max_attempts_reached', reason: 'wrong_code' });
    expect(await verifier.check({ id, code: world.wrong })).toEqual({ status: 'max_attempts_reached' });
    const about = { id, service: 'default', purpose: 'default', channel: 'sms', to: '+1********71' };
    expect(world.heard.map(([, event]) => event)).toEqual([4, 3, 2, 1, 0].map((attemptsLeft) => ({ ...about, right: false, attemptsLeft })));
  });

  it('I6 gives the same attempt the same proof', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    const guess = { id, code: world.code, attemptId: 'attempt-1' };
    const first = await verifier.check(guess);
    const again = await world.verifier().check(guess);
    expect(again).toEqual(first);
    if (again.status !== 'approved') throw new Error('not approved');
    expect(again.proof.destination.reveal()).toBe(to);
    expect(await verifier.check({ ...guess, attemptId: 'attempt-2' })).toEqual({ status: 'already_approved' });
    expect(world.heard.filter(([name]) => name === 'approved')).toHaveLength(1);
  });

  it('throws for a code of another length, which is not counted', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    const error = await rejectionOf(verifier.check({ id, code: '1234' }));
    expect([error.code, error.message]).toEqual(['invalid_code', '`code` must have 6 digits; the guess was not counted']);
    expect(await verifier.show({ id })).toMatchObject({ attemptsLeft: 5 });
  });

  it('I17 says from when on guesses are allowed again', async () => {
    const world = new World();
    const verifier = world.verifier({ limits: { wrongPerHour: 1 } });
    const { id } = pending(await verifier.start({ to }));
    await verifier.check({ id, code: world.wrong });
    expect(await verifier.check({ id, code: world.code })).toEqual({ status: 'budget_exhausted', retryAt: new Date(T0 + HOUR) });
  });

  it('I8 answers expired at the end, and tells it once', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    world.clock += 10 * MINUTE;
    world.heard.length = 0;
    for (const count of [1, 2]) expect([count, await verifier.check({ id, code: world.code })]).toEqual([count, { status: 'expired' }]);
    expect(world.heard).toEqual([['expired', { id, service: 'default', purpose: 'default', channel: 'sms', to: '+1********71' }]]);
  });

  it('goes on when keys rotate: what was started under the old key is judged, what is new comes from the new one', async () => {
    const world = new World();
    const { id } = pending(await world.verifier({ secret: undefined, keys: [OLD] }).start({ to, requester: 'ada' }));
    const rotated = world.verifier({ secret: undefined, keys: [NEW, OLD] });
    expect(await rotated.check({ id, requester: 'ada', code: world.wrong })).toMatchObject({ reason: 'wrong_code' });
    expect(await rotated.check({ id, requester: 'ada', code: world.code })).toMatchObject({ status: 'approved' });
    const { id: second } = pending(await rotated.start({ to: other }));
    const { code } = world;
    const without = world.verifier({ secret: undefined, keys: [OLD] });
    expect((await rejectionOf(without.check({ id: second, code }))).code).toBe('configuration_invalid');
    expect(await rotated.check({ id: second, code })).toMatchObject({ status: 'approved' });
  });

  it('is not judged, not ended and not sent again by a process without its key; a start there begins a new one', async () => {
    const world = new World();
    const { id } = pending(await world.verifier({ secret: undefined, keys: [OLD] }).start({ to, requester: 'ada' }));
    const { code } = world;
    world.clock += 2 * MINUTE;
    const without = world.verifier({ secret: undefined, keys: [NEW], indexSecret: secret });
    for (const act of [without.check({ id, code, requester: 'ada' }), without.resend({ id, requester: 'ada' })]) {
      expect(await rejectionOf(act)).toMatchObject({ code: 'configuration_invalid', field: 'keys' });
    }
    expect(await without.show({ id, requester: 'ada' })).toMatchObject({ status: 'pending', attemptsLeft: 5 });
    expect(pending(await without.start({ to, requester: 'ada' })).id).not.toBe(id);
    expect(await without.show({ id, requester: 'ada' })).toMatchObject({ status: 'expired' });
  });
});

describe('cancel, show, unblock and erase', () => {
  it('cancel ends a pending verification, twice with the same answer', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    world.heard.length = 0;
    for (const count of [1, 2]) expect([count, await verifier.cancel({ id })]).toEqual([count, { status: 'canceled' }]);
    expect(world.heard).toEqual([['canceled', { id, service: 'default', purpose: 'default', channel: 'sms', to: '+1********71' }]]);
    expect(await verifier.check({ id, code: world.code })).toEqual({ status: 'canceled' });
  });

  it('show tells what is known, and changes nothing', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { status: _status, ...alive } = pending(await verifier.start({ to, requester: 'ada' }));
    await verifier.check({ id: alive.id, requester: 'ada', code: world.wrong });
    world.clock += 9 * MINUTE;
    const before = await world.store.list('destination', '', undefined, 10);
    const shown = { ...alive, status: 'pending', createdAt: new Date(T0), attemptsLeft: 4 };
    expect(await verifier.show({ id: alive.id, requester: 'ada' })).toEqual(shown);
    world.clock += MINUTE;
    expect(await verifier.show({ id: alive.id, requester: 'ada' })).toEqual({ ...shown, status: 'expired', attemptsLeft: 0 });
    expect(await world.store.list('destination', '', undefined, 10)).toEqual(before);
    expect(await verifier.show({ id: 'x' })).toEqual({ status: 'not_found' });
  });

  it('I9 every message and every guess that was compared goes into the journal, without number, requester or code', async () => {
    const world = new World();
    const verifier = world.verifier({ journal: 'all' });
    const requester = 'ada of the shop';
    const started = pending(await verifier.start({ to, requester, purpose: 'login' }));
    const owner = { id: started.id, requester, purpose: 'login' };
    await verifier.check({ ...owner, code: world.wrong });
    world.clock += MINUTE;
    const right = world.code;
    await verifier.check({ ...owner, code: right });
    await verifier.check({ ...owner, code: right }); // already approved: not compared
    await verifier.start({ to, requester: 'bob', purpose: 'login' });
    const { entries } = await world.store.entries({ limit: 10, service: 'default' }, undefined);
    const about = { verificationId: started.id, purpose: 'login', to: '+1********71' };
    const [deliveryId] = started.deliveries.map((delivery) => delivery.id);
    expect(entries.slice(0, 3).map(({ at, type, data }) => [at, type, JSON.parse(data)])).toEqual([
      [T0, 'delivery', { ...about, deliveryId, channel: 'sms', state: 'sent', sentAt: T0 }],
      [T0, 'check', { ...about, right: false }],
      [T0 + MINUTE, 'check', { ...about, right: true }],
    ]);
    expect(entries.map(({ type }) => type)).toEqual(['delivery', 'check', 'check', 'delivery']);
    expect(new Set(entries.map(({ destination }) => destination)).size).toBe(1);
    for (const secret of ['4155552671', requester, right, world.wrong]) expect(inspect(entries, { depth: 9 })).not.toContain(secret);
  });

  it('unblock lets a disabled destination be written to again, and goes into the journal', async () => {
    const world = new World();
    const verifier = world.verifier({ limits: { wrongInARow: 1 } });
    const { id } = pending(await verifier.start({ to }));
    await verifier.check({ id, code: world.wrong });
    world.clock += HOUR;
    expect(await verifier.start({ to })).toEqual({ status: 'refused', reason: 'destination_blocked' });
    expect(await verifier.check({ id, code: world.code })).toEqual({ status: 'expired' });
    expect(await verifier.unblock({ to })).toEqual({ status: 'unblocked', wasBlocked: true });
    expect(await verifier.unblock({ to })).toEqual({ status: 'unblocked', wasBlocked: false });
    pending(await verifier.start({ to }));
    const { entries } = await world.store.entries({ limit: 10 }, undefined);
    expect(entries.filter(({ type }) => type === 'unblock').map(({ at, service, data }) => [at, service, data])).toEqual([
      [T0 + HOUR, 'default', '{}'],
      [T0 + HOUR, 'default', '{}'],
    ]);
    expect(inspect(entries)).not.toContain('4155552671');
  });

  it('I8 accepts nothing that was begun before all was expired, once a process begins anew', async () => {
    const world = new World();
    const { id } = pending(await world.verifier().start({ to }));
    world.clock += 1;
    const { fingerprint } = createKeyRing({ secret });
    await world.store.update(FINGERPRINT_KEY, decideExpireAll(fingerprint));
    const anew = world.verifier();
    expect(await anew.check({ id, code: world.code })).toEqual({ status: 'expired' });
    expect(await anew.show({ id })).toMatchObject({ status: 'expired' });
    world.clock += 15 * MINUTE;
    const since = pending(await anew.start({ to }));
    expect((await anew.check({ id: since.id, code: world.code })).status).toBe('approved');
  });

  it('I3 erase forgets the verifications and keeps what was used', async () => {
    const world = new World();
    const verifier = world.verifier();
    const { id } = pending(await verifier.start({ to }));
    expect(await verifier.erase({ to })).toEqual({ status: 'erased', verifications: 1 });
    expect(await verifier.erase({ to: other })).toEqual({ status: 'erased', verifications: 0 });
    expect(await verifier.check({ id, code: world.code })).toEqual({ status: 'not_found' });
    expect(await verifier.start({ to })).toMatchObject({ status: 'refused', reason: 'resend_too_soon' });
    const journal = await world.store.entries({ limit: 10 }, undefined);
    const entries = journal.entries.filter(({ type }) => type === 'erase');
    expect(new Set(entries.map(({ type, destination }) => `${type} ${destination}`)).size).toBe(2);
  });

  it('on tells nothing of another service, whose verifications the same record holds', async () => {
    const world = new World();
    const shop = world.verifier({ service: 'shop' });
    const { id } = pending(await shop.start({ to }));
    world.clock += 10 * MINUTE;
    world.heard.length = 0;
    pending(await world.verifier({ service: 'bank' }).start({ to }));
    expect(world.heard.map(([name, event]) => [name, (event as { service: string }).service])).toEqual([
      ['started', 'bank'],
      ['delivered', 'bank'],
    ]);
    expect(await shop.show({ id })).toMatchObject({ status: 'expired' });
  });

  it('on tells what has been committed until it is ended, and a listener that throws changes nothing', async () => {
    const world = new World();
    const verifier = world.verifier();
    const heard: string[] = [];
    const off = verifier.on('started', ({ id }) => {
      heard.push(id);
      throw new Error('broken');
    });
    const { id } = pending(await verifier.start({ to }));
    off();
    pending(await verifier.start({ to: other }));
    expect(heard).toEqual([id]);
  });

  it('the limits are those that are given, over the defaults', async () => {
    const world = new World();
    const result = pending(await world.verifier({ limits: { codeLength: 8, ladder: [HOUR] } }).start({ to }));
    expect([result.codeLength, result.resendAt]).toEqual([8, new Date(T0 + DEFAULT_LIMITS.sharedRung)]);
  });
});
