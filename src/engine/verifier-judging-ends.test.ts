import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../../test/builders.ts';
import { JudgedWorld, OTHER, outcomes, STORES, TO } from '../../test/providers/judged-world.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { wrongCodes } from '../testing/engine-bench.ts';

/** A promise, and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const failed = () => ({ status: 'failed' });

describe.each(STORES)('what ends here ends at the provider, on %s', (_store, open) => {
  it('when it is canceled', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    expect(await world.second.cancel({ id })).toEqual({ status: 'canceled' });
    expect(world.judge.canceled.map(({ to, verificationId, reference }) => [to.reveal(), verificationId, reference])).toEqual([
      [TO, id, 'plain-a-1'],
    ]);
    expect(await world.first.cancel({ id })).toEqual({ status: 'canceled' });
    expect(world.judge.canceled).toHaveLength(1);
    expect(await world.first.check({ id, code: world.code })).toEqual({ status: 'canceled' });
    expect(world.judge.asked).toEqual([]);
    world.clock.advance(2 * MINUTE);
    await world.start();
    // Known to have ended: it is not asked for again.
    expect(world.judge.canceled).toHaveLength(1);
  });

  it.each([
    ['fails', failed],
    ['rejects', () => Promise.reject(new Error(TO))],
    ['says nothing', () => undefined],
    ['says what it may not', () => ({ status: 'approved' })],
  ])('before the next message leaves, where the provider %s; and where it fails again none does', async (_name, step) => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    world.judge.next.cancel.push(step as never);
    expect(await world.first.cancel({ id })).toEqual({ status: 'canceled' });
    world.clock.advance(2 * MINUTE);
    const before = await world.record();
    world.judge.next.cancel.push(step as never);
    const error = await rejectionOf(world.first.start({ to: TO }));
    expect([error.code, error.retryable]).toEqual(['provider_unavailable', true]);
    expect(error.message).toBe('the provider plain did not end an earlier verification; nothing was sent');
    expect(await world.record()).toMatchObject({
      shared: { sends: before.shared.sends },
      verifications: [{ judge: { isOpen: true } }, { state: 'failed' }],
    });
    expect(world.judge.messages).toHaveLength(1);
    const again = await world.start();
    expect(world.judge.messages.map(({ reference }) => reference)).toEqual(['plain-a-1', 'plain-a-2']);
    expect(world.judge.canceled.map(({ verificationId }) => verificationId)).toEqual([id, id, id]);
    expect(await world.first.check({ id: again.id, code: world.code })).toMatchObject({ status: 'approved' });
  });

  it('when it is used up or expires: theirs would be sent again', async () => {
    for (const end of ['used up', 'expired'] as const) {
      const world = new JudgedWorld(open);
      const { id, expiresAt } = await world.start({ requester: 'ada' });
      const old = world.code;
      if (end === 'used up') {
        for (const code of wrongCodes(old, 5)) await world.first.check({ id, code, requester: 'ada' });
        world.clock.advance(2 * MINUTE);
      } else world.clock.set(expiresAt.getTime());
      const next = await world.start({ requester: 'ada' });
      expect([next.id === id, world.code === old, world.judge.canceled.length]).toEqual([false, false, 1]);
      expect(await world.second.check({ id: next.id, code: old, requester: 'ada' })).toMatchObject({ status: 'pending', reason: 'wrong_code' });
    }
  });

  it('when it is erased: pending, used up, or never heard of again', async () => {
    const world = new JudgedWorld(open, { ladder: [1], sharedRung: 1, sendSpacing: 1 });
    const { id } = await world.start();
    for (const code of wrongCodes(world.code, 5)) await world.first.check({ id, code });
    expect(await world.first.show({ id })).toMatchObject({ status: 'max_attempts_reached' });
    expect(await world.second.erase({ to: TO })).toEqual({ status: 'erased', verifications: 1 });
    expect(world.judge.canceled.map(({ to, reference }) => [to.reveal(), reference])).toEqual([[TO, 'plain-a-1']]);
    world.clock.advance(SECOND);
    world.judge.next.send.push((act) => act().then(() => ({ status: 'unknown' })));
    await world.start({ purpose: 'login' });
    await world.first.erase({ to: TO });
    expect(world.judge.canceled.map(({ reference }) => reference)).toEqual(['plain-a-1', undefined]);
    world.clock.advance(SECOND);
    await world.start({ purpose: 'signup' });
    expect(world.judge.messages.map(({ reference }) => reference)).toEqual(['plain-a-1', 'plain-a-2', 'plain-a-3']);
  });
});

describe('what is erased', () => {
  it('is gone here whatever the provider says, and each is asked for', async () => {
    const world = new JudgedWorld(undefined, { ladder: [1], sharedRung: 1, sendSpacing: 1 }, { isolation: 'verification' });
    for (const purpose of ['login', 'signup']) {
      await world.start({ purpose });
      world.clock.advance(SECOND);
    }
    world.judge.next.cancel.push(failed, () => Promise.reject(new Error('no')));
    expect(await world.first.erase({ to: TO })).toEqual({ status: 'erased', verifications: 2 });
    expect(world.judge.canceled).toHaveLength(2);
    expect((await world.record()).verifications).toEqual([]);
  });

  it('is erased by a process that lacks the key of one of them', async () => {
    const world = new JudgedWorld(undefined, { ladder: [1], sharedRung: 1, sendSpacing: 1 });
    const other = { secret: 'another secret of 32 random bytes!', id: 'new' };
    const { id } = await world.start();
    const without = world.verifier({ secret: undefined, keys: [other], indexSecret: 'a secret of at least 32 random bytes' });
    expect(await without.erase({ to: TO })).toEqual({ status: 'erased', verifications: 1 });
    expect(await world.first.show({ id })).toEqual({ status: 'not_found' });
    expect(world.judge.canceled).toHaveLength(1);
  });

  it('is canceled by a process that lacks its key, as it would be without a provider', async () => {
    const world = new JudgedWorld();
    const other = { secret: 'another secret of 32 random bytes!', id: 'new' };
    const { id } = await world.start();
    const without = world.verifier({ secret: undefined, keys: [other], indexSecret: 'a secret of at least 32 random bytes' });
    expect(await without.cancel({ id })).toEqual({ status: 'canceled' });
    // Its destination does not open here: whoever starts the next one ends it first.
    expect(await world.record()).toMatchObject({ verifications: [{ state: 'canceled', judge: { isOpen: true } }] });
  });
});

describe.each(STORES)('a message that is under way while its verification ends, on %s', (_store, open) => {
  it('leaves theirs open: it is ended before the next message leaves', async () => {
    const world = new JudgedWorld(open);
    const { opened, open: release } = gate();
    world.judge.next.send.push((act) => opened.then(act));
    const starting = world.first.start({ to: TO, requester: 'ada' });
    const met = await world.second.start({ to: TO, requester: 'ada' });
    const id = (met.status === 'refused' && met.verification?.id) || '';
    expect(await world.second.cancel({ id, requester: 'ada' })).toEqual({ status: 'canceled' });
    release();
    expect(await starting).toMatchObject({ status: 'pending' });
    expect(await world.first.show({ id, requester: 'ada' })).toMatchObject({ status: 'canceled' });
    const old = world.code;
    world.clock.advance(2 * MINUTE);
    const { id: next } = await world.start({ requester: 'bob' });
    expect([world.code === old, world.judge.messages.map(({ reference }) => reference)]).toEqual([false, ['plain-a-1', 'plain-a-2']]);
    expect(await world.first.check({ id: next, code: old, requester: 'bob' })).toMatchObject({ status: 'pending' });
  });

  it('is waited for by others, as one that is pending is', async () => {
    const world = new JudgedWorld(open, { ladder: [1], sharedRung: 1, sendSpacing: 1 });
    const { opened, open: release } = gate();
    world.judge.next.send.push((act) => opened.then(act));
    const starting = world.first.start({ to: TO, requester: 'ada' });
    const met = await world.second.start({ to: TO, requester: 'ada' });
    const id = (met.status === 'refused' && met.verification?.id) || '';
    await world.second.cancel({ id, requester: 'ada' });
    const from = world.clock.now();
    world.clock.advance(SECOND);
    const refused = { status: 'refused', reason: 'in_progress', retryAt: new Date(from + MINUTE) };
    expect(await world.first.start({ to: TO, requester: 'bob' })).toEqual(refused);
    expect(world.judge.messages).toEqual([]);
    release();
    await starting;
    await world.start({ requester: 'bob' });
    expect(world.judge.messages.map(({ reference }) => reference)).toEqual(['plain-a-1', 'plain-a-2']);
  });

  it('opens theirs again where it is sent again while its code is approved', async () => {
    const world = new JudgedWorld(open);
    const { id } = await world.start();
    const { opened, open: release } = gate();
    world.clock.advance(2 * MINUTE);
    world.judge.next.send.push((act) => opened.then(act));
    const resending = world.first.resend({ id });
    while ((await world.record()).verifications[0]?.deliveries.length !== 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await world.second.check({ id, code: world.code })).toMatchObject({ status: 'approved' });
    release();
    await resending;
    world.clock.advance(15 * MINUTE);
    await world.start({ requester: 'bob' });
    expect(world.judge.messages.map(({ reference }) => reference)).toEqual(['plain-a-1', 'plain-a-2', 'plain-a-3']);
  });
});

describe('a provider that keeps one verification for a destination', () => {
  it.each([
    ['another requester', { requester: 'bob' }],
    ['none', {}],
    ['another purpose', { requester: 'ada', purpose: 'login' }],
  ])('begins none for %s while one is pending, and says until when', async (_name, input) => {
    const world = new JudgedWorld();
    const { id, expiresAt } = await world.start({ requester: 'ada' });
    world.clock.advance(3 * MINUTE);
    expect(await world.second.start({ to: TO, ...input })).toEqual({ status: 'refused', reason: 'in_progress', retryAt: expiresAt });
    world.clock.set(expiresAt.getTime() - 1);
    expect(await world.second.start({ to: TO, ...input })).toEqual({ status: 'refused', reason: 'in_progress', retryAt: expiresAt });
    expect([world.judge.messages.length, world.judge.canceled.length]).toEqual([1, 0]);
    await world.first.cancel({ id, requester: 'ada' });
    await world.start(input);
    expect(world.judge.messages).toHaveLength(2);
  });

  it('begins one for another service or destination as it would for itself', async () => {
    const world = new JudgedWorld();
    const { expiresAt } = await world.start();
    await world.start({ to: OTHER });
    world.clock.advance(3 * MINUTE);
    const shop = world.verifier({ service: 'shop' });
    expect(await shop.start({ to: TO })).toEqual({ status: 'refused', reason: 'in_progress', retryAt: expiresAt });
  });

  it('is no matter to one that keeps each apart', async () => {
    const world = new JudgedWorld(undefined, {}, { isolation: 'verification' });
    const ada = await world.start({ requester: 'ada' });
    const [adaCode] = [world.code];
    world.clock.advance(MINUTE);
    const bob = await world.start({ requester: 'bob' });
    expect(await world.first.check({ id: bob.id, code: adaCode, requester: 'bob' })).toMatchObject({ status: 'pending' });
    expect(await world.first.check({ id: ada.id, code: adaCode, requester: 'ada' })).toMatchObject({ status: 'approved' });
    expect(await world.first.check({ id: bob.id, code: world.code, requester: 'bob' })).toMatchObject({ status: 'approved' });
    expect(world.judge.canceled).toEqual([]);
  });
});

describe('a guess by destination', () => {
  it('is at the newest of its requester', async () => {
    const world = new JudgedWorld();
    const { id } = await world.start({ requester: 'ada' });
    const checked = await world.second.check({ to: '+1 (415) 555-2671', code: world.code, requester: 'ada' });
    expect(checked).toMatchObject({ status: 'approved', proof: { verificationId: id, requester: 'ada' } });
    expect(await world.first.check({ to: TO, code: world.code, requester: 'ada' })).toEqual({ status: 'already_approved' });
  });

  it('finds nothing of another requester, purpose or destination, and asks nobody', async () => {
    const world = new JudgedWorld();
    await world.start({ requester: 'ada' });
    const { code } = world;
    for (const input of [
      { to: TO, requester: 'bob' },
      { to: OTHER, requester: 'ada' },
      { to: TO, requester: 'ada', purpose: 'login' },
    ]) {
      expect(await world.first.check({ code, ...input })).toEqual({ status: 'not_found' });
    }
    for (const [input, field] of [
      [{ to: TO, code }, 'requester'],
      [{ to: TO, id: 'VE', code, requester: 'ada' }, 'to'],
      [{ to: '4155552671', code, requester: 'ada' }, 'to'],
    ] as const) {
      expect((await rejectionOf(world.first.check(input as never))).field).toBe(field);
    }
    expect(world.judge.asked).toEqual([]);
  });

  it('needs no requester where pending ones are shared', async () => {
    const world = new JudgedWorld(undefined, { sharePending: true });
    const { id } = await world.start();
    expect(await world.first.check({ to: TO, code: world.code })).toMatchObject({ status: 'approved', proof: { verificationId: id } });
  });

  it('I1 of fifty at once is approved for one', async () => {
    const world = new JudgedWorld();
    await world.start({ requester: 'ada' });
    const { code } = world;
    const calls = Array.from({ length: 50 }, () => world.first.check({ to: TO, code, requester: 'ada' }));
    const { approved, already_approved = 0, conflict = 0 } = await outcomes(calls);
    expect([approved, already_approved + conflict]).toEqual([1, 49]);
  });
});

describe('a verification of another provider', () => {
  const name = 'other';

  it('is neither judged nor sent again, and says whose it is', async () => {
    const world = new JudgedWorld();
    const { id } = await world.start({ requester: 'ada' });
    const { code } = world;
    const before = await world.record();
    world.clock.advance(2 * MINUTE);
    const elsewhere = world.another({ name });
    for (const call of [
      elsewhere.verifier.check({ id, code, requester: 'ada' }),
      elsewhere.verifier.resend({ id, requester: 'ada' }),
      world.carrying().check({ id, code, requester: 'ada' }),
      world.carrying().resend({ id, requester: 'ada' }),
    ]) {
      const message = 'this verification was begun with the provider plain: that one has to go on with it';
      expect(await rejectionOf(call)).toMatchObject({ code: 'configuration_invalid', field: 'provider', message });
    }
    expect((await world.record()).shared).toEqual(before.shared);
    expect([elsewhere.judge.asked, elsewhere.judge.messages]).toEqual([[], []]);
    expect(await world.first.check({ id, code, requester: 'ada' })).toMatchObject({ status: 'approved' });
  });

  it('of none, whose code is ours, says so too', async () => {
    const world = new JudgedWorld();
    const started = await world.carrying().start({ to: TO });
    const error = await rejectionOf(world.first.resend({ id: started.status === 'pending' ? started.id : '' }));
    expect(error.message).toBe('this verification was begun with codes of our own: a provider that carries them has to go on with it');
  });

  it('is closed by a start that would repeat it, and canceled without its provider; that one ends theirs when it is back', async () => {
    const world = new JudgedWorld(undefined, { ladder: [1], sharedRung: 1, sendSpacing: 1 });
    const first = await world.start({ requester: 'ada' });
    const elsewhere = world.another({ name });
    world.clock.advance(SECOND);
    const second = await world.start({ requester: 'ada' }, elsewhere.verifier);
    expect(await world.first.show({ id: first.id, requester: 'ada' })).toMatchObject({ status: 'expired' });
    expect(await world.first.cancel({ id: second.id, requester: 'ada' })).toEqual({ status: 'canceled' });
    expect([world.judge.canceled, elsewhere.judge.canceled]).toEqual([[], []]);
    world.clock.advance(SECOND);
    await world.start({ requester: 'ada' });
    expect(world.judge.canceled.map(({ verificationId }) => verificationId)).toEqual([first.id]);
  });
});
