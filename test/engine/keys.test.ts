import { describe, expect, it } from 'vitest';
import { createMemoryStore, createOutboxSender, createSelfIssuedProvider, createVerifier, type KeyOptions } from '../../src/index.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';

const to = '+14155552671';
const requester = 'account-7';
const first = { secret: 'the first secret, of thirty-two bytes' };
const second = { secret: 'the second secret, of thirty-two bytes' };

/** Several processes on one store, each with the keys it has been given. */
function createWorld() {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const outbox = createOutboxSender();
  const provider = createSelfIssuedProvider({ senders: [outbox] });
  const open = (keys: KeyOptions) => createVerifier({ ...keys, store, provider });
  return { clock, outbox, open };
}

async function startWith(verifier: ReturnType<typeof createVerifier>) {
  const started = await verifier.start({ to, requester });
  if (started.status !== 'pending') throw new Error(started.reason);
  return started;
}

describe('keys of several processes', () => {
  it('a single secret is the same as a list with it alone', async () => {
    const { open, outbox } = createWorld();
    const { id } = await startWith(open(first));
    const checked = await open({ keys: [first] }).check({ id, requester, code: outbox.last(to).code });
    expect(checked.status).toBe('approved');
  });

  it('I2: a code issued under the old key is approved after a rotation', async () => {
    const { open, outbox } = createWorld();
    const { id } = await startWith(open(first));
    const checked = await open({ keys: [second, first] }).check({ id, requester, code: outbox.last(to).code });
    expect(checked.status).toBe('approved');
  });

  it('a process without the key of a verification neither judges nor ends it', async () => {
    const { open, outbox } = createWorld();
    const rotated = open({ keys: [second, first] });
    const behind = open({ keys: [first] });
    const { id } = await startWith(rotated);
    const { code } = outbox.last(to);
    for (let guess = 0; guess < 10; guess++) {
      await expect(behind.check({ id, requester, code })).rejects.toMatchObject({ code: 'configuration_invalid', field: 'keys' });
    }
    await expect(behind.resend({ id, requester })).rejects.toMatchObject({ code: 'configuration_invalid', field: 'keys' });
    expect(await behind.show({ id, requester })).toMatchObject({ status: 'pending', attemptsLeft: 5 });
    expect((await rotated.check({ id, requester, code })).status).toBe('approved');
  });

  it('a start where the key is unknown begins a new verification, on the same ladder', async () => {
    const { clock, open, outbox } = createWorld();
    const { id, resendAt } = await startWith(open({ keys: [second, first] }));
    const behind = open({ keys: [first] });
    expect(await behind.start({ to, requester })).toMatchObject({ status: 'refused', reason: 'resend_too_soon', retryAt: resendAt });
    clock.set(resendAt.getTime());
    const renewed = await startWith(behind);
    expect(renewed.id).not.toBe(id);
    expect(await behind.check({ id: renewed.id, requester, code: outbox.last(to).code })).toMatchObject({ status: 'approved' });
    expect(await behind.check({ id, requester, code: '000000' })).toEqual({ status: 'expired' });
  });

  it('limits outlive every key when the secret they began with becomes the index secret', async () => {
    const { open } = createWorld();
    const { resendAt } = await startWith(open(first));
    const later = open({ keys: [second], indexSecret: first.secret });
    expect(await later.start({ to, requester })).toMatchObject({ status: 'refused', reason: 'resend_too_soon', retryAt: resendAt });
  });

  it('another secret, or another index secret, is refused before anything is read', async () => {
    const { open, outbox } = createWorld();
    await startWith(open(first));
    const sent = outbox.messages.length;
    const fault = { code: 'configuration_invalid', field: 'indexSecret' };
    await expect(open(second).start({ to })).rejects.toMatchObject(fault);
    await expect(open({ ...first, indexSecret: second.secret }).start({ to })).rejects.toMatchObject(fault);
    expect(outbox.messages.length).toBe(sent);
  });
});
