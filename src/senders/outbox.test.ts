import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { createOutboxSender, type OutboxSender } from './outbox.ts';
import type { Message } from './sender.ts';

const { signal } = new AbortController();
const [first, second] = ['+14155552671', '+14155552672'];

function put(outbox: OutboxSender, to: string, code: string, more?: Partial<Message>) {
  const text = new Secret(`Your code is ${code}.`);
  const message: Message = {
    to: parseDestination(to),
    channel: 'sms',
    subject: undefined,
    text,
    code: new Secret(code),
    deliveryId: 'VLaa',
    ...more,
  };
  return outbox.send(message, { signal });
}

function errorOf(act: () => unknown): CountersignError {
  try {
    act();
  } catch (error) {
    if (error instanceof CountersignError) return error;
  }
  throw new Error('expected a CountersignError');
}

describe('outbox sender', () => {
  it('keeps what it is given and hands it out by name', async () => {
    const outbox = createOutboxSender();
    expect(await put(outbox, 'someone@example.com', '123456', { channel: 'email', subject: 'Sign in' })).toEqual({ status: 'sent' });
    const message = outbox.last();
    expect(message).toMatchObject({ channel: 'email', subject: 'Sign in', deliveryId: 'VLaa' });
    expect(message.to.reveal()).toBe('someone@example.com');
    expect(message.code).toBe('123456');
    expect(message.text).toBe('Your code is 123456.');
    expect([outbox.name, outbox.channels]).toEqual(['outbox', ['sms', 'call', 'whatsapp', 'email']]);
  });

  it('lists the newest last, as a list that later messages do not change', async () => {
    const outbox = createOutboxSender();
    await put(outbox, first, '111111');
    const before = outbox.messages;
    await put(outbox, first, '222222');
    expect(before.map(({ code }) => code)).toEqual(['111111']);
    expect(outbox.messages.map(({ code }) => code)).toEqual(['111111', '222222']);
    expect(() => (before as unknown[]).pop()).toThrow(TypeError);
  });

  it('finds the newest, and the newest to one destination however it is spelled', async () => {
    const outbox = createOutboxSender();
    await put(outbox, first, '111111');
    await put(outbox, first, '222222');
    await put(outbox, second, '333333');
    await put(outbox, 'Someone@EXAMPLE.com', '444444');
    expect(outbox.last().code).toBe('444444');
    expect(outbox.last(first).code).toBe('222222');
    expect(outbox.last(second).code).toBe('333333');
    expect(outbox.last('Someone@example.com').code).toBe('444444');
  });

  it('says that there is none without naming anybody', async () => {
    const outbox = createOutboxSender();
    expect(errorOf(() => outbox.last())).toMatchObject({ code: 'not_found', message: 'The outbox holds no message' });
    expect(errorOf(() => outbox.last(first))).toMatchObject({ code: 'not_found', message: 'The outbox holds no message' });
    await put(outbox, first, '111111');
    const error = errorOf(() => outbox.last(second));
    expect(error).toMatchObject({ code: 'not_found', message: 'The outbox holds no message to that destination, and 1 to others' });
  });

  it('refuses a destination that is none', () => {
    expect(errorOf(() => createOutboxSender().last('nobody')).code).toBe('invalid_destination');
    expect(errorOf(() => createOutboxSender().last('')).code).toBe('invalid_destination');
  });

  it('forgets everything when cleared', async () => {
    const outbox = createOutboxSender();
    await put(outbox, first, '111111');
    outbox.clear();
    expect(outbox.messages).toEqual([]);
    expect(errorOf(() => outbox.last()).code).toBe('not_found');
  });

  it('drops the oldest beyond its limit', async () => {
    const outbox = createOutboxSender({ limit: 2 });
    for (const code of ['111111', '222222', '333333']) await put(outbox, first, code);
    expect(outbox.messages.map(({ code }) => code)).toEqual(['222222', '333333']);
  });

  it('keeps a thousand by default', async () => {
    const outbox = createOutboxSender();
    for (let call = 0; call < 1_001; call += 1) await put(outbox, first, String(call).padStart(6, '0'));
    expect(outbox.messages).toHaveLength(1_000);
    expect(outbox.messages[0]?.code).toBe('000001');
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null])('refuses %j as a limit', (limit) => {
    expect(errorOf(() => createOutboxSender({ limit } as object))).toMatchObject({
      code: 'configuration_invalid',
      field: 'limit',
      message: '`limit` must be a whole number of at least 1',
    });
  });

  it('takes a limit of one', async () => {
    const outbox = createOutboxSender({ limit: 1 });
    await put(outbox, first, '111111');
    expect(outbox.messages).toHaveLength(1);
  });
});

describe('outbox message', () => {
  it('prints its channel and the masked destination', async () => {
    const outbox = createOutboxSender();
    await put(outbox, first, '123456');
    const shown = `OutboxMessage(sms to ${parseDestination(first).masked})`;
    expect(inspect(outbox.last())).toBe(shown);
    expect(String(outbox.last())).toBe(shown);
    expect(JSON.stringify(outbox)).toContain(shown);
  });

  it('shows neither code, text nor destination, however it is printed, copied or spread (I9)', () => {
    const digits = fc.stringMatching(/^[0-9]{4,10}$/);
    fc.assert(
      fc.property(digits, fc.stringMatching(/^[0-9]{4}$/), (code, subscriber) => {
        const to = parseDestination(`+1415555${subscriber}`);
        const outbox = createOutboxSender();
        const text = new Secret(`Code ${code}`);
        void outbox.send({ to, channel: 'sms', subject: undefined, text, code: new Secret(code), deliveryId: 'VLaa' }, { signal });
        const message = outbox.last();
        for (const value of [
          outbox,
          message,
          { ...message },
          { ...outbox },
          Object.entries(message),
          structuredClone({ ...message, to: null }),
          [message],
        ]) {
          const shown = [inspect(value, { depth: null, showHidden: true, getters: true }), JSON.stringify(value), `${value}`].join('\n');
          expect(shown).not.toContain(code);
          expect(shown).not.toContain(`555${subscriber}`);
          expect(shown).not.toContain('Code');
        }
      }),
    );
  });
});
