import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { SECOND } from '../core/duration.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createRecordingSender } from '../testing/recording-sender.ts';
import { createVerifier } from './verifier.ts';

const TO = '+14155552671';

async function open(sharePending = false) {
  const world = { clock: T0 };
  const store = createMemoryStore({ clock: { now: () => world.clock } });
  const sender = createRecordingSender();
  const provider = createSelfIssuedProvider({ senders: [sender] });
  const verifier = createVerifier({ secret: 'a secret of at least 32 random bytes', store, provider, limits: { sharePending } });
  const started = await verifier.start({ to: TO, purpose: 'login', requester: 'ada', note: 'a note' });
  if (started.status !== 'pending') throw new Error(started.reason);
  const owner = { purpose: 'login', requester: 'ada' };
  const code = sender.messages.at(-1)?.code.reveal() ?? '';
  const wrong = code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`;
  return { world, verifier, sender, owner, id: started.id, code, wrong, deliveries: started.deliveries };
}

describe('the view of a verification', () => {
  it('says all that a door shows while it is pending, by its id and by its destination', async () => {
    const { verifier, owner, id, deliveries } = await open();
    const view = await verifier.view({ ...owner, id });
    expect(view).toEqual({
      ...{ id, service: 'default', purpose: 'login', channel: 'sms', status: 'pending', masked: '+1********71', deliveries, attemptsLeft: 5 },
      ...{ createdAt: new Date(T0), updatedAt: new Date(T0), expiresAt: new Date(T0 + 600 * SECOND), to: expect.anything(), note: 'a note' },
    });
    expect(view?.to?.reveal()).toBe(TO);
    expect(JSON.stringify(view)).not.toContain(TO);
    expect(await verifier.view({ ...owner, to: TO })).toEqual(view);
  });

  it('says nothing of what is another’s, and nobody names a number without a requester where it is not shared', async () => {
    const { verifier, owner, id } = await open();
    for (const input of [{ id }, { ...owner, id, purpose: 'signup' }, { ...owner, to: '+14155552672' }, { ...owner, id: 'VE0' }])
      expect(await verifier.view(input)).toBeUndefined();
    for (const act of ['view', 'show', 'cancel', 'approve'] as const)
      expect(await rejectionOf(verifier[act]({ to: TO, purpose: 'login' }))).toMatchObject({ code: 'invalid_request', field: 'requester' });
    const shared = await open(true);
    expect(await shared.verifier.view({ to: TO, purpose: 'login' })).toBeUndefined();
  });

  it('has neither number nor note once it has ended, and the time of that', async () => {
    const { world, verifier, owner, id } = await open();
    world.clock += SECOND;
    await verifier.cancel({ ...owner, to: TO });
    const view = await verifier.view({ ...owner, id });
    expect(view).toMatchObject({ status: 'canceled', updatedAt: new Date(T0 + SECOND), to: undefined, attemptsLeft: 0 });
    expect(view).not.toHaveProperty('note');
  });
});

describe('a guess, judged for a door', () => {
  it('tells the verification as the guess left it, with its number: wrong, and the last one too', async () => {
    const { verifier, owner, id, wrong } = await open();
    for (const attemptsLeft of [4, 3, 2, 1]) {
      const { result, view } = await verifier.judge({ ...owner, id, code: wrong });
      expect([result, view?.status, view?.attemptsLeft, view?.to?.reveal(), view?.note]).toEqual([
        { status: 'pending', reason: 'wrong_code', attemptsLeft },
        ...['pending', attemptsLeft, TO, 'a note'],
      ]);
    }
    const last = await verifier.judge({ ...owner, id, code: wrong });
    expect(last.result).toEqual({ status: 'max_attempts_reached', reason: 'wrong_code' });
    expect([last.view?.status, last.view?.to?.reveal(), last.view?.attemptsLeft]).toEqual(['max_attempts_reached', TO, 0]);
    const later = await verifier.judge({ ...owner, id, code: wrong });
    expect(later.result).toEqual({ status: 'max_attempts_reached' });
    expect([later.view?.status, later.view?.to]).toEqual(['max_attempts_reached', undefined]);
  });

  it('tells the one that was approved, for a repeated attempt as well', async () => {
    const { world, verifier, owner, code, id } = await open();
    world.clock += SECOND;
    for (const _again of [1, 2]) {
      const { result, view } = await verifier.judge({ ...owner, to: TO, code, attemptId: 'attempt-1' });
      expect(result).toMatchObject({ status: 'approved', proof: { verificationId: id } });
      expect([view?.id, view?.status, view?.to?.reveal(), view?.updatedAt]).toEqual([id, 'approved', TO, new Date(T0 + SECOND)]);
    }
  });

  it('tells nothing where there is nothing', async () => {
    const { verifier, code } = await open();
    expect(await verifier.judge({ id: `VE${'0'.repeat(32)}`, code })).toMatchObject({ result: { status: 'not_found' }, view: undefined });
    expect(await verifier.judge({ id: 'none', code })).toEqual({ result: { status: 'not_found' }, view: undefined });
  });
});
