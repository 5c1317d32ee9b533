import { describe, expect, it, vi } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { JudgedWorld } from '../../test/providers/judged-world.ts';
import { MINUTE } from '../core/duration.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createRecordingSender } from '../testing/recording-sender.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { StartInput } from './results.ts';
import { createVerifier } from './verifier.ts';

const TO = '+14155552671';
const BINDING = '10.00 EUR to ACME';
const NOTE = 'a note that nobody else may read';

function open(limits: Partial<typeof DEFAULT_LIMITS> = {}) {
  const world = { clock: T0 };
  const store = createMemoryStore({ clock: { now: () => world.clock } });
  const sender = createRecordingSender();
  const heard: unknown[] = [];
  const verifier = createVerifier({
    ...{ secret: 'a secret of at least 32 random bytes', store, provider: createSelfIssuedProvider({ senders: [sender] }), journal: 'all' },
    limits: { ladder: [], sendSpacing: 1_000, sendsPerHour: 100, sendsPerDay: 100, wrongPerHour: 100, ...limits },
  });
  for (const name of ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const)
    verifier.on(name, (event) => heard.push(event));
  const start = async (input: Partial<StartInput> = {}) => {
    const started = await verifier.start({ to: TO, requester: 'ada', binding: BINDING, ...input });
    if (started.status !== 'pending') throw new Error(started.reason);
    const { id } = started;
    return { id, owner: { id, requester: 'ada' }, code: sender.messages.at(-1)?.code.reveal() ?? '' };
  };
  return { world, store, sender, heard, verifier, start };
}

describe('a code that is bound to something', () => {
  it('I2 is good for that alone: with another binding or none it is wrong, charged, and ends the verification as any wrong code', async () => {
    const { verifier, start } = open();
    const { owner, code } = await start();
    const left: unknown[] = [];
    for (const binding of ['10.00 EUR to ACMF', undefined, `${BINDING} `]) left.push(await verifier.check({ ...owner, code, binding }));
    expect(left).toEqual([4, 3, 2].map((attemptsLeft) => ({ status: 'pending', reason: 'wrong_code', attemptsLeft })));
    expect(await verifier.show(owner)).toMatchObject({ status: 'pending', attemptsLeft: 2 });
    expect(await verifier.check({ ...owner, code, binding: BINDING })).toMatchObject({ status: 'approved' });
  });

  it('I2 is not good where it was bound to nothing and a check says that it was', async () => {
    const { verifier, start } = open();
    const { owner, code } = await start({ binding: undefined });
    expect(await verifier.check({ ...owner, code, binding: BINDING })).toMatchObject({ reason: 'wrong_code' });
    expect(await verifier.check({ ...owner, code })).toMatchObject({ status: 'approved' });
  });

  it('I2 I3 approves nothing of a hundred checks at once with the right code and another binding, and judges five', async () => {
    const { verifier, start } = open();
    const { owner, code } = await start();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, other) => verifier.check({ ...owner, code, binding: `another ${other}` })));
    expect(answers.filter(({ status }) => status === 'approved')).toEqual([]);
    expect(answers.filter((answer) => 'reason' in answer)).toHaveLength(5);
    expect(await verifier.check({ ...owner, code, binding: BINDING })).toEqual({ status: 'max_attempts_reached' });
  });

  it('I2 is not the same code for the same words at another verification', async () => {
    const { store, verifier, start } = open();
    await start();
    await verifier.start({ to: '+14155552672', requester: 'ada', binding: BINDING });
    const records = await store.list('destination', '', undefined, 10);
    const bindings = records.map(({ body }) => JSON.parse(body)[2][0][17]);
    expect(bindings).toEqual([expect.stringMatching(/^[\w-]{22}$/), expect.stringMatching(/^[\w-]{22}$/)]);
    expect(bindings[0]).not.toBe(bindings[1]);
  });

  it.each([
    ['another', { binding: '11.00 EUR to ACME' }],
    ['none', { binding: undefined }],
  ])('I2 gives way to a start that says %s: the old code is dead, and the new one is bound to what the new start says', async (_which, other) => {
    const { world, sender, verifier, start } = open();
    const canceled = vi.fn();
    verifier.on('canceled', canceled);
    const first = await start();
    world.clock += MINUTE;
    const second = await verifier.start({ to: TO, requester: 'ada', ...other });
    if (second.status !== 'pending') throw new Error(second.reason);
    expect(second.id).not.toBe(first.id);
    expect(canceled).toHaveBeenCalledOnce();
    expect(await verifier.check({ ...first.owner, code: first.code, binding: BINDING })).toEqual({ status: 'canceled' });
    const code = sender.messages.at(-1)?.code.reveal() ?? '';
    expect(await verifier.check({ id: second.id, requester: 'ada', code, binding: BINDING })).toMatchObject({ reason: 'wrong_code' });
    expect(await verifier.check({ id: second.id, requester: 'ada', code, ...other })).toMatchObject({ status: 'approved' });
  });

  it('I5 gives way to no other while the limits let no message go, and not once it has sent all it may', async () => {
    const { world, verifier, start } = open({ sendSpacing: MINUTE, sendsPerVerification: 1 });
    const { owner, code } = await start();
    const another = () => verifier.start({ to: TO, requester: 'ada', binding: 'another' });
    expect(await another()).toMatchObject({ status: 'refused' });
    // The spacing is over, and a new verification would be free to send.
    world.clock += MINUTE;
    expect(await another()).toMatchObject({ status: 'refused', reason: 'budget_exhausted', retryAt: new Date(T0 + DEFAULT_LIMITS.life) });
    expect(await verifier.check({ ...owner, code, binding: BINDING })).toMatchObject({ status: 'approved' });
  });

  it('gives way to another where too little of its life is left, and the new code is bound anew', async () => {
    const { world, verifier, start } = open();
    const first = await start();
    world.clock += DEFAULT_LIMITS.life - DEFAULT_LIMITS.renewBefore + 1;
    const second = await start({ binding: 'another' });
    expect(second.id).not.toBe(first.id);
    expect(await verifier.check({ ...second.owner, code: second.code, binding: 'another' })).toMatchObject({ status: 'approved' });
  });

  it('stays bound over a resend and a change of keys', async () => {
    const { world, sender, store, start } = open();
    const { id, owner } = await start();
    world.clock += MINUTE;
    const keys = [{ secret: 'another secret of 32 random bytes!' }, { secret: 'a secret of at least 32 random bytes' }];
    const rotated = createVerifier({ keys, store, provider: createSelfIssuedProvider({ senders: [sender] }), limits: { ladder: [] } });
    expect(await rotated.resend(owner)).toMatchObject({ status: 'pending', id });
    const code = sender.messages.at(-1)?.code.reveal() ?? '';
    expect(await rotated.check({ ...owner, code, binding: 'x' })).toMatchObject({ reason: 'wrong_code' });
    expect(await rotated.check({ ...owner, code, binding: BINDING })).toMatchObject({ status: 'approved' });
  });

  it('is answered again to the same attempt with the same binding, and to no other', async () => {
    const { verifier, start } = open();
    const { owner, code } = await start();
    const attempt = { ...owner, code, attemptId: 'attempt-1' };
    expect(await verifier.check({ ...attempt, binding: 'x' })).toMatchObject({ attemptsLeft: 4 });
    expect(await verifier.check({ ...attempt, binding: 'x' })).toMatchObject({ attemptsLeft: 4 });
    expect(await verifier.check({ ...attempt, binding: BINDING })).toMatchObject({ status: 'approved' });
    expect(await verifier.check({ ...attempt, binding: BINDING })).toMatchObject({ status: 'approved' });
    expect(await verifier.check({ ...attempt, binding: 'x' })).toEqual({ status: 'already_approved' });
  });

  it.each(['', 'x'.repeat(257), 7, null, 'a\0', '\ud800'])('is not bound to %o', async (binding) => {
    const { verifier } = open();
    const error = await rejectionOf(verifier.start({ to: TO, binding: binding as string }));
    expect(error).toMatchObject({ code: 'invalid_request', field: 'binding' });
  });
});

describe('a code of a provider’s that is bound to something', () => {
  it('I2 is not asked about with another binding: the guess is charged and wrong', async () => {
    const world = new JudgedWorld();
    const { id } = await world.start({ binding: BINDING });
    expect(await world.first.check({ id, code: world.code, binding: 'another' })).toEqual({
      status: 'pending',
      reason: 'wrong_code',
      attemptsLeft: 4,
    });
    expect(await world.first.check({ id, code: world.code })).toMatchObject({ attemptsLeft: 3 });
    expect(world.judge.asked).toHaveLength(0);
    expect(await world.first.check({ id, code: world.code, binding: BINDING })).toMatchObject({ status: 'approved' });
    expect(world.judge.asked).toHaveLength(1);
  });

  it('I3 has its guesses used up by wrong bindings as by wrong codes', async () => {
    const world = new JudgedWorld();
    const { id } = await world.start({ binding: BINDING });
    for (let guess = 0; guess < 4; guess += 1) await world.first.check({ id, code: world.code, binding: 'another' });
    expect(await world.first.check({ id, code: world.code, binding: 'another' })).toEqual({ status: 'max_attempts_reached', reason: 'wrong_code' });
    expect(await world.first.check({ id, code: world.code, binding: BINDING })).toEqual({ status: 'max_attempts_reached' });
  });
});

describe('a note', () => {
  it('is shown while its verification is pending, the first one where it is started again, and then no more', async () => {
    const { world, verifier, start } = open();
    const { owner, code } = await start({ note: NOTE });
    expect(await verifier.view(owner)).toMatchObject({ status: 'pending', note: NOTE });
    world.clock += MINUTE;
    await start({ note: 'another' });
    expect(await verifier.view(owner)).toMatchObject({ note: NOTE });
    const judged = await verifier.judge({ ...owner, code, binding: BINDING });
    expect(judged.result.status).toBe('approved');
    expect(await verifier.view(owner)).not.toHaveProperty('note');
  });

  it('I9 is in the store only sealed, and in no event, journal entry or answer of a check', async () => {
    const { store, heard, verifier, start } = open();
    const { owner, code } = await start({ note: NOTE });
    const body = async () => (await store.list('destination', '', undefined, 10)).map((record) => record.body).join();
    expect(JSON.parse(await body())[2][0][18]).toMatch(/^[\w-]{60,}$/);
    const answers = [await verifier.check({ ...owner, code, binding: 'x' }), await verifier.show(owner)];
    answers.push(await verifier.check({ ...owner, code, binding: BINDING }));
    const { entries } = await store.entries({ limit: 100 }, undefined);
    const everything = JSON.stringify([heard, entries, answers, await body()]);
    for (const secret of [NOTE, BINDING, code, TO]) expect(everything.includes(secret)).toBe(false);
    expect(entries.map(({ type }) => type)).toEqual(['delivery', 'check', 'check']);
  });

  it.each(['canceled', 'erased'] as const)('I9 is gone when its verification is %s', async (how) => {
    const { store, verifier, start } = open();
    const { owner } = await start({ note: NOTE });
    if (how === 'erased') await verifier.erase({ to: TO });
    else await verifier.cancel(owner);
    const [record] = await store.list('destination', '', undefined, 10);
    const [version, , verifications] = JSON.parse(record?.body ?? '[]');
    if (how === 'erased') expect([version, verifications]).toEqual([1, []]);
    else expect(verifications[0]?.[18]).toBe(0);
  });

  it('I9 I12 does not open in the place of a destination, nor that as a note', async () => {
    const { store, verifier, start } = open();
    const { owner } = await start({ note: NOTE });
    const [record] = await store.list('destination', '', undefined, 10);
    const key = { kind: 'destination', partition: '', id: record?.id ?? '' };
    const packed = JSON.parse(record?.body ?? '');
    const [sealed, note] = [packed[2][0][14], packed[2][0][18]];
    [packed[2][0][14], packed[2][0][18]] = [note, sealed];
    await store.update(key, () => ({ result: undefined, next: { body: JSON.stringify(packed), expiresAt: undefined } }));
    expect(await rejectionOf(verifier.view(owner))).toMatchObject({ code: 'store_unavailable' });
  });

  it.each(['', 'x'.repeat(1_025), 7, null, 'a\0'])('is not %o', async (note) => {
    expect(await rejectionOf(open().verifier.start({ to: TO, note: note as string }))).toMatchObject({ code: 'invalid_request', field: 'note' });
  });
});
