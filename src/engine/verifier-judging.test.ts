import { describe, expect, it } from 'vitest';
import { errorOf, rejectionOf } from '../../test/builders.ts';
import { JudgedWorld, OTHER, outcomes, STORES, TO } from '../../test/providers/judged-world.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { countByStatus, wrongCodes } from '../testing/engine-bench.ts';
import { createVerifier, type VerifierOptions } from './verifier.ts';

const secret = 'a secret of at least 32 random bytes';

describe('a verifier with a provider that judges', () => {
  const store = createMemoryStore();
  const judge = { name: 'test', channels: ['sms'], send() {}, check() {}, cancel() {}, codeLength: 6, isolation: 'verification' };

  it.each([
    ['that cannot be asked', { check: undefined }, '`provider` is missing or has no `check`'],
    ['that cannot end anything', { cancel: undefined }, '`provider` is missing or has no `cancel`'],
    ['that does not say how long its codes are', { codeLength: undefined }, '`provider` must say a `codeLength` from 4 to 10'],
    ['whose codes are too short', { codeLength: 3 }, '`provider` must say a `codeLength` from 4 to 10'],
    ['whose codes are too long', { codeLength: 11 }, '`provider` must say a `codeLength` from 4 to 10'],
    ['that does not say what it keeps apart', { isolation: 'none' }, '`provider` must say its `isolation`: "verification" or "destination"'],
  ])('is not made %s', (_name, given, message) => {
    const options = { secret, store, provider: { ...judge, ...given } } as unknown as VerifierOptions;
    expect(errorOf(() => createVerifier(options))).toMatchObject({ code: 'configuration_invalid', field: 'provider', message });
  });

  it.each([4, 10])('is made whose codes have %i digits', (codeLength) => {
    const options = { secret, store, provider: { ...judge, codeLength } } as unknown as VerifierOptions;
    expect(() => createVerifier(options)).not.toThrow();
  });

  it("takes no code of the caller's, and no options where the provider takes none", async () => {
    const { first, judge: provider } = new JudgedWorld();
    expect(await rejectionOf(first.start({ to: TO, code: '123456' }))).toMatchObject({ code: 'invalid_request', field: 'code' });
    expect(await rejectionOf(first.start({ to: TO, providerOptions: {} }))).toMatchObject({ code: 'invalid_request', field: 'providerOptions' });
    expect(provider.messages).toEqual([]);
  });

  it('hands through the options of one message as the provider parsed them', async () => {
    const world = new JudgedWorld();
    const seen: unknown[] = [];
    const provider = Object.assign(Object.create(world.judge), {
      parseOptions: ({ locale }: { locale?: unknown }) => ({ language: locale }),
      send: (request: { options?: unknown }) => {
        seen.push(request.options);
        return world.judge.send(request as never);
      },
    });
    const verifier = world.verifier({ provider });
    const { id } = await world.start({ providerOptions: { locale: 'de' } }, verifier);
    world.clock.advance(2 * MINUTE);
    await verifier.resend({ id });
    expect(seen).toEqual([{ language: 'de' }, undefined]);
    expect(await rejectionOf(verifier.start({ to: TO, providerOptions: [] as never }))).toMatchObject({ field: 'providerOptions' });
  });
});

describe.each(STORES)('a code that a provider judges, on %s', (_store, open) => {
  it('is sent, asked about and approved once, in its own length', async () => {
    const world = new JudgedWorld(open, {}, { codeLength: 8 });
    const { id, codeLength } = await world.start({ requester: 'ada', purpose: 'login' });
    expect(codeLength).toBe(8);
    expect((await rejectionOf(world.first.check({ id, code: '123456', requester: 'ada', purpose: 'login' }))).code).toBe('invalid_code');
    expect(world.judge.asked).toEqual([]);
    const { code } = world;
    const checked = await world.second.check({ id, code, requester: 'ada', purpose: 'login' });
    expect(checked).toMatchObject({ status: 'approved', proof: { verificationId: id, purpose: 'login', requester: 'ada' } });
    expect(checked.status === 'approved' && checked.proof.destination.reveal()).toBe(TO);
    expect(
      world.judge.asked.map(({ to, code: guess, verificationId, reference }) => [to.reveal(), guess.reveal(), verificationId, reference]),
    ).toEqual([[TO, code, id, 'plain-a-1']]);
    expect(await world.first.check({ id, code, requester: 'ada', purpose: 'login' })).toEqual({ status: 'already_approved' });
    expect(world.judge.asked).toHaveLength(1);
    expect(world.names()).toEqual(['started', 'delivered', 'checked', 'approved']);
    expect(await world.record()).toMatchObject({ shared: { wrong: [], run: 0 }, verifications: [{ wrong: 0, judge: { isOpen: false, asked: [] } }] });
  });

  it('I1 of a hundred right guesses at once is approved for one', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    const { code, first, second } = world;
    const answers = await outcomes(Array.from({ length: 100 }, (_, index) => (index % 2 ? first : second).check({ id, code })));
    const { approved, already_approved = 0, conflict = 0, ...rest } = answers;
    expect([approved, already_approved + conflict, rest]).toEqual([1, 99, {}]);
    expect(world.judge.asked.length).toBeLessThanOrEqual(5);
    expect(world.names().filter((name) => name === 'approved')).toHaveLength(1);
    expect(await first.check({ id, code })).toEqual({ status: 'already_approved' });
    expect(await world.record()).toMatchObject({ shared: { wrong: [], run: 0, disabled: false }, verifications: [{ state: 'approved', wrong: 0 }] });
  });

  it('I3 of a thousand wrong guesses at once is asked about for five, which stay charged', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    const guesses = wrongCodes(world.code, 1_000);
    const answers = await outcomes(guesses.map((code, index) => (index % 2 ? world.first : world.second).check({ id, code })));
    const { pending = 0, max_attempts_reached = 0, conflict = 0, ...rest } = answers;
    expect([pending + max_attempts_reached + conflict, rest, world.judge.asked.length]).toEqual([1_000, {}, 5]);
    expect(await world.first.check({ id, code: world.code })).toEqual({ status: 'max_attempts_reached' });
    expect(await world.record()).toMatchObject({
      shared: { run: 5 },
      verifications: [{ state: 'max_attempts_reached', wrong: 5, judge: { asked: [] } }],
    });
    expect((await world.record()).shared.wrong).toHaveLength(5);
    expect(world.judge.asked).toHaveLength(5);
  });

  it('I1 I3 of a thousand guesses at once with a right one among them is approved at most once, and asked about for five', async () => {
    for (const place of [0, 2, 4, 500]) {
      const world = new JudgedWorld(open);
      const { id } = await world.start();
      const guesses = wrongCodes(world.code, 1_000).with(place, world.code);
      const { approved = 0 } = await outcomes(guesses.map((code, index) => (index % 2 ? world.first : world.second).check({ id, code })));
      const isAsked = world.judge.asked.some(({ code }) => code.reveal() === world.code);
      expect([world.judge.asked.length <= 5, approved, world.names().filter((name) => name === 'approved').length]).toEqual([
        true,
        isAsked ? 1 : 0,
        isAsked ? 1 : 0,
      ]);
    }
  });

  it.each([undefined, 'ada'])('I5 of two hundred starts at once sends one message (requester %s)', async (requester) => {
    const world = new JudgedWorld(open);
    const starts = Array.from({ length: 200 }, (_, index) => (index % 2 ? world.first : world.second).start({ to: TO, requester }));
    const answers = await Promise.all(starts);
    expect([countByStatus(answers), world.judge.messages.length]).toEqual([{ pending: 1, refused: 199 }, 1]);
    for (const answer of answers) if (answer.status === 'refused') expect(answer.retryAt).toBeInstanceOf(Date);
  });

  it('I6 I14 is not approved where the store is away when the provider has answered, and stays charged', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    const { code } = world;
    world.judge.next.check.push(async (act) => {
      const answer = await act();
      world.isAway = () => true;
      return answer;
    });
    expect((await rejectionOf(world.first.check({ id, code }))).code).toBe('store_unavailable');
    world.isAway = () => false;
    expect(await world.record()).toMatchObject({ shared: { run: 1 }, verifications: [{ state: 'pending', wrong: 1, judge: { asked: [{}] } }] });
    // Whoever asked may come back and settle it: until a minute is over.
    expect((await rejectionOf(world.second.check({ id, code }))).code).toBe('conflict');
    world.clock.advance(MINUTE);
    expect(await world.second.check({ id, code })).toEqual({ status: 'expired' });
    expect(world.names()).not.toContain('approved');
    expect((await world.record()).shared).toMatchObject({ run: 1 });
  });

  it('I14 is neither sent nor asked about while the store is away', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    world.isAway = () => true;
    expect((await rejectionOf(world.first.start({ to: OTHER }))).code).toBe('store_unavailable');
    expect((await rejectionOf(world.first.check({ id, code: world.code }))).code).toBe('store_unavailable');
    expect([world.judge.messages.length, world.judge.asked.length]).toEqual([1, 0]);
  });

  it('may have been sent where the store is away when the provider has answered; its code is as good as any', async () => {
    const world = new JudgedWorld(open);
    world.judge.next.send.push(async (act) => {
      const answer = await act();
      world.isAway = () => true;
      return answer;
    });
    const { id, deliveries } = await world.start();
    expect(deliveries.map(({ status }) => status)).toEqual(['unknown']);
    world.isAway = () => false;
    expect(await world.second.start({ to: TO })).toMatchObject({ status: 'refused', reason: 'in_progress' });
    expect(await world.second.check({ id, code: world.code })).toMatchObject({ status: 'approved' });
    expect(world.judge.asked[0]?.reference).toBeUndefined();
  });
});

describe('what a provider answers to a guess', () => {
  const error = new CountersignError('configuration_invalid', 'the account is closed');
  const foreign = new Error(`no answer for ${TO}`);
  const [kept, back] = [1, 0];
  const expired = { status: 'expired' };

  it.each<[string, unknown, unknown, number, string]>([
    ['approved', { status: 'approved', reference: 'abc' }, { status: 'approved' }, back, 'approved'],
    ['wrong', { status: 'wrong', reference: 'abc' }, { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 }, kept, 'pending'],
    ['ended: expired', { status: 'ended', state: 'expired' }, expired, back, 'expired'],
    ['ended: canceled', { status: 'ended', state: 'canceled' }, { status: 'canceled' }, back, 'canceled'],
    ['ended: used up', { status: 'ended', state: 'max_attempts_reached' }, { status: 'max_attempts_reached' }, back, 'max_attempts_reached'],
    ['ended, in a state that is none', { status: 'ended', state: 'approved' }, 'provider_unavailable', kept, 'pending'],
    ['failed', { status: 'failed' }, 'provider_unavailable', back, 'pending'],
    ['failed, with an error of ours', { status: 'failed', error }, 'configuration_invalid', back, 'pending'],
    ['failed, with an error of its own', { status: 'failed', error: foreign }, 'provider_unavailable', back, 'pending'],
    ['unknown', { status: 'unknown' }, 'provider_unavailable', kept, 'pending'],
    ['unknown, with an error of ours', { status: 'unknown', error }, 'configuration_invalid', kept, 'pending'],
    ['unknown, with an error of its own', { status: 'unknown', error: foreign }, 'provider_unavailable', kept, 'pending'],
    ['a status that is none', { status: 'right' }, 'provider_unavailable', kept, 'pending'],
    ['true', true, 'provider_unavailable', kept, 'pending'],
    ['nothing', undefined, 'provider_unavailable', kept, 'pending'],
    ['null', null, 'provider_unavailable', kept, 'pending'],
    ['a rejection', foreign, 'provider_unavailable', kept, 'pending'],
  ])('%s', async (_name, answer, expected, charged, state) => {
    const world = new JudgedWorld();
    const { id } = await world.start();
    world.judge.next.check.push(() => (answer === foreign ? Promise.reject(foreign) : answer));
    const checked = world.first.check({ id, code: '999999' });
    if (typeof expected === 'string') {
      const thrown = await rejectionOf(checked);
      expect([thrown.code, thrown.cause, thrown.message.includes(TO)]).toEqual([expected, undefined, false]);
    } else expect(await checked).toMatchObject(expected as object);
    const { shared, verifications } = await world.record();
    expect([shared.wrong.length, shared.run, verifications[0]?.wrong]).toEqual([charged, charged, charged]);
    expect(verifications).toMatchObject([{ state, judge: { asked: [] } }]);
  });

  it.each([`ref ${TO}`, 'ref 14155552671', 'ref 999999', '', 'ü', 'x'.repeat(201), 7])('is not kept with it where that is %o', async (reference) => {
    const world = new JudgedWorld();
    world.judge.next.send.push((act) => act().then(() => ({ status: 'sent', sender: 'x' })));
    const { id } = await world.start();
    world.judge.next.check.push(() => ({ status: 'wrong', reference }));
    await world.first.check({ id, code: '999999' });
    expect((await world.record()).verifications[0]?.judge?.reference).toBeUndefined();
  });

  it('I1 approved, and the answer lost: nothing is approved, and the charge stays', async () => {
    const world = new JudgedWorld();
    const { id } = await world.start();
    const { code } = world;
    world.judge.next.check.push((act) => act().then(() => ({ status: 'unknown' })));
    expect(await rejectionOf(world.first.check({ id, code }))).toMatchObject({ code: 'provider_unavailable', retryable: true });
    expect(await world.first.check({ id, code })).toEqual({ status: 'expired' });
    expect((await world.record()).shared).toMatchObject({ run: 1 });
    expect(world.names()).not.toContain('approved');
  });
});

describe('what a provider answers to a message', () => {
  const foreign = new Error(`no gateway for ${TO}`);
  const limit = (given: object) => ({ status: 'refused', permanent: false, limit: given });

  it.each<[string, unknown, object]>([
    ['refused', { status: 'refused', permanent: false }, { code: 'provider_unavailable' }],
    ['refused for good', { status: 'refused', permanent: true }, { code: 'provider_rejected' }],
    ['refused, with an error of its own', { status: 'refused', permanent: false, error: foreign }, { code: 'provider_unavailable' }],
    ['refused by a limit that is none', limit({ reason: `no ${TO}`, retryAfter: 1 }), { code: 'provider_unavailable' }],
    ['refused by nothing', { status: 'refused', permanent: false, limit: null }, { code: 'provider_unavailable' }],
    ['refused, without saying for how long', { status: 'refused' }, { code: 'provider_unavailable' }],
  ])('%s is thrown, and given back', async (_name, answer, expected) => {
    const world = new JudgedWorld();
    world.judge.next.send.push(() => answer);
    const error = await rejectionOf(world.first.start({ to: TO }));
    expect(error).toMatchObject(expected);
    expect(error.message).not.toContain(TO);
    expect(await world.record()).toMatchObject({ shared: { sends: [] }, verifications: [{ state: 'failed', judge: { isOpen: false } }] });
  });

  it.each<[string, object, object]>([
    ['with a time', { reason: 'rate_limited', retryAfter: 90 * SECOND }, { reason: 'rate_limited' }],
    ['with half a millisecond', { reason: 'rate_limited', retryAfter: 89_999.5 }, { reason: 'rate_limited' }],
  ])('refused by a limit %s is an answer', async (_name, given, expected) => {
    const world = new JudgedWorld();
    world.judge.next.send.push(() => limit(given));
    const retryAt = new Date(world.clock.now() + 90 * SECOND);
    expect(await world.first.start({ to: TO })).toEqual({ status: 'refused', ...expected, retryAt });
  });

  it.each([undefined, Number.NaN, -1, '60000', Number.POSITIVE_INFINITY])('refused by a limit for %o is one without a time', async (retryAfter) => {
    const world = new JudgedWorld();
    world.judge.next.send.push(() => limit({ reason: 'guard_denied', retryAfter, rule: 'theirs', detail: 'they say so' }));
    expect(await world.first.start({ to: TO })).toEqual({ status: 'refused', reason: 'guard_denied', rule: 'theirs', detail: 'they say so' });
  });

  it('refused by a guard that names no rule in words is one without a rule', async () => {
    const world = new JudgedWorld();
    world.judge.next.send.push(() => limit({ reason: 'guard_denied', retryAfter: undefined, rule: { to: TO }, detail: `blocked ${TO}` }));
    expect(await world.first.start({ to: TO })).toEqual({ status: 'refused', reason: 'guard_denied' });
  });

  it.each([
    ['unknown', { status: 'unknown' }],
    ['nothing', undefined],
    ['a status that is none', { status: 'ok' }],
    ['a rejection', foreign],
  ])('%s may have left', async (_name, answer) => {
    const world = new JudgedWorld();
    world.judge.next.send.push(() => (answer === foreign ? Promise.reject(foreign) : answer));
    const { deliveries } = await world.start();
    expect(deliveries.map(({ status }) => status)).toEqual(['unknown']);
    expect(await world.record()).toMatchObject({ shared: { sends: [world.clock.now()] }, verifications: [{ judge: { isOpen: true } }] });
  });
});
