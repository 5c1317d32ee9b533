import { describe, expect, it } from 'vitest';
import { createMemoryStore, createSelfIssuedProvider, createVerifier, type VerifierOptions } from '../../src/index.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, type SendOutcome } from '../../src/testing/recording-sender.ts';

const to = '+14155552671';
const secret = 'a secret of at least thirty-two bytes';

function createWorld() {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const sender = createRecordingSender();
  const provider = createSelfIssuedProvider({ senders: [sender] });
  const open = (options: Partial<VerifierOptions> = {}) => createVerifier({ secret, store, provider, ...options });
  return { clock, sender, open };
}

describe('many requesters at one destination', () => {
  it('I5: are given back one refused send, not one each', async () => {
    const { sender, open } = createWorld();
    const verifier = open();
    sender.next(...Array.from({ length: 300 }, () => 'refused' as const));
    const answers: string[] = [];
    for (let device = 0; device < 300; device++) {
      const answer = await verifier.start({ to, requester: `device-${device}` }).catch((error: unknown) => error);
      answers.push((answer as { reason?: string; code?: string }).reason ?? (answer as { code: string }).code);
    }
    expect(answers.slice(0, 3)).toEqual(['provider_unavailable', 'provider_unavailable', 'resend_too_soon']);
    expect(sender.calls).toBe(2);
  });

  it('I5: reach a provider that refuses no more often in a day than budgets allow twice over', async () => {
    const { clock, sender, open } = createWorld();
    const verifier = open();
    sender.next(...Array.from({ length: 3_000 }, () => 'refused' as const));
    for (let device = 0; device < 2_880; device++) {
      await verifier.start({ to, requester: `device-${device}` }).catch(() => undefined);
      clock.advance(30_000);
    }
    expect(sender.calls).toBeGreaterThanOrEqual(10);
    expect(sender.calls).toBeLessThanOrEqual(20);
  });
});

/** The sender answers after a second: by then a ladder of a millisecond has been forgotten. */
describe.each([
  ['of a millisecond', [1]],
  ['as long as the spacing', [30_000]],
])('a number on a ladder %s', (_name, ladder) => {
  function createSlowWorld() {
    const clock = createFakeClock();
    const store = createMemoryStore({ clock });
    let behaviour: SendOutcome = 'refused';
    const sender = createRecordingSender(() => {
      clock.advance(1_000);
      return behaviour;
    });
    const verifier = createVerifier({ secret, store, provider: createSelfIssuedProvider({ senders: [sender] }), limits: { ladder } });
    const work = () => {
      behaviour = 'sent';
    };
    return { clock, store, sender, verifier, work };
  }

  it('I5: that every sender refuses is tried at most twice for each send of a day, and its record stays small', async () => {
    const { clock, store, sender, verifier } = createSlowWorld();
    let longest = 0;
    for (let start = 0; start < 2_880; start++) {
      const next = clock.now() + 30_000;
      await verifier.start({ to }).catch(() => undefined);
      clock.set(next);
      const [record] = await store.list('destination', '', undefined, 1);
      longest = Math.max(longest, record?.body.length ?? 0);
    }
    expect(sender.calls).toBeGreaterThanOrEqual(10);
    expect(sender.calls).toBeLessThanOrEqual(20);
    expect(longest).toBeLessThan(8_192);
  });

  it('I17: whose gateway refuses once gets its message with the same call at once', async () => {
    const { sender, verifier, work } = createSlowWorld();
    await expect(verifier.start({ to })).rejects.toMatchObject({ code: 'provider_unavailable' });
    work();
    expect(await verifier.start({ to })).toMatchObject({ status: 'pending', deliveries: [{ status: 'sent' }] });
    expect(sender.calls).toBe(2);
  });
});

describe('several services on one store', () => {
  it('I12: what one closes for another is heard by neither of its listeners', async () => {
    const { clock, open } = createWorld();
    const [shop, bank] = [open({ service: 'shop' }), open({ service: 'bank' })];
    const heard: string[] = [];
    shop.on('expired', ({ service }) => heard.push(service));
    const started = await bank.start({ to, purpose: 'reset' });
    if (started.status !== 'pending') throw new Error(started.reason);
    clock.set(started.expiresAt.getTime());
    await shop.start({ to });
    expect(heard).toEqual([]);
    expect(await bank.check({ id: started.id, purpose: 'reset', code: '000000' })).toEqual({ status: 'expired' });
  });
});

describe('a verifier', () => {
  it.each([
    ['service', { service: 'a b' }],
    ['provider', { provider: { name: 'mine', send: () => undefined } }],
    ['provider', { provider: undefined }],
    ['store', { store: {} }],
    ['guard', { guard: {} }],
  ])('is not made with a %s that cannot serve', (field, options) => {
    const { open } = createWorld();
    expect(() => open(options as unknown as Partial<VerifierOptions>)).toThrow(expect.objectContaining({ code: 'configuration_invalid', field }));
  });

  it.each([{ allowed: 'no' }, {}, undefined, null, true])('sends nothing on a guard that answers %o', async (verdict) => {
    const { sender, open } = createWorld();
    const verifier = open({ guard: { assess: () => verdict as never } });
    await expect(verifier.start({ to })).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(sender.calls).toBe(0);
  });
});
