import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseDestination } from '../core/destination.ts';
import { Secret } from '../core/secret.ts';
import type { Message } from '../senders/sender.ts';
import { createRecordingSender, type RecordingSender, type SendOutcome } from './recording-sender.ts';

const controller = new AbortController();
const [first, second] = ['+14155552671', '+14155552672'];

function send(sender: RecordingSender, to = first, code = '123456') {
  const text = new Secret(`Code ${code}`);
  const message: Message = { to: parseDestination(to), channel: 'sms', subject: undefined, text, code: new Secret(code), deliveryId: 'VLaa' };
  return sender.send(message, { signal: controller.signal });
}

/** Whether a promise has settled once everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  await new Promise(setImmediate);
  return settled;
}

describe('recording sender', () => {
  it.each([
    ['sent', { status: 'sent', reference: 'recording:VLaa' }],
    ['refused', { status: 'refused', permanent: false }],
    ['refused_permanently', { status: 'refused', permanent: true }],
    ['unknown', { status: 'unknown' }],
  ] as const)('answers %s', async (outcome, result) => {
    expect(await send(createRecordingSender(outcome))).toEqual(result);
  });

  it('sends unless told otherwise', async () => {
    const sender = createRecordingSender();
    expect(await send(sender)).toMatchObject({ status: 'sent' });
    expect([sender.name, sender.channels]).toEqual(['recording', ['sms', 'call', 'whatsapp', 'email']]);
  });

  it('throws as SDKs do, with the number and the text in the message', async () => {
    await expect(send(createRecordingSender('throw'))).rejects.toThrow('Gateway failed for +14155552671: Code 123456');
  });

  it('hangs', async () => {
    expect(await isSettled(send(createRecordingSender('hang')))).toBe(false);
    expect(await isSettled(send(createRecordingSender('sent')))).toBe(true);
  });

  it('waits at a gate, the message recorded already', async () => {
    let open: (outcome: SendOutcome) => void = () => {};
    const gate = new Promise<SendOutcome>((resolve) => {
      open = resolve;
    });
    const sender = createRecordingSender(gate);
    const sending = send(sender);
    expect(sender.calls).toBe(1);
    expect(await isSettled(sending)).toBe(false);
    open('unknown');
    expect(await sending).toEqual({ status: 'unknown' });
  });

  it('follows its script and then returns to its behaviour', async () => {
    const sender = createRecordingSender('sent');
    sender.next('refused', Promise.resolve('unknown' as const));
    sender.next('refused');
    const statuses = [await send(sender), await send(sender), await send(sender), await send(sender)].map(({ status }) => status);
    expect(statuses).toEqual(['refused', 'unknown', 'refused', 'sent']);
  });

  it('lets a function choose, given the message and the call', async () => {
    const sender = createRecordingSender((message, call) => (message.to.reveal() === second || call === 3 ? 'refused' : 'sent'));
    const statuses = [await send(sender), await send(sender, second), await send(sender)].map(({ status }) => status);
    expect(statuses).toEqual(['sent', 'refused', 'refused']);
  });

  it('records every message, whatever becomes of it, and finds them by destination', async () => {
    const sender = createRecordingSender('refused');
    sender.next('throw');
    await send(sender, first, '111111').catch(() => {});
    await send(sender, second, '222222');
    await send(sender, first, '333333');
    expect(sender.calls).toBe(3);
    expect(sender.messages.map(({ code }) => code.reveal())).toEqual(['111111', '222222', '333333']);
    expect(sender.messagesTo(first).map(({ code }) => code.reveal())).toEqual(['111111', '333333']);
    expect(sender.messagesTo('someone@example.com')).toEqual([]);
  });

  it('hands out lists that later sends do not change', async () => {
    const sender = createRecordingSender();
    const before = sender.messages;
    await send(sender);
    expect(before).toEqual([]);
    expect(() => (sender.messages as unknown[]).pop()).toThrow(TypeError);
  });

  it('passes for whatever it is called', () => {
    const sender = createRecordingSender('sent', { name: 'second', channels: ['call'] });
    expect([sender.name, sender.channels]).toEqual(['second', ['call']]);
  });

  it('shows neither code, text nor number when printed (I9)', async () => {
    const sender = createRecordingSender();
    await send(sender);
    for (const value of [sender, { ...sender }, sender.messages, sender.messagesTo(first), { ...sender.messages[0] }]) {
      const shown = `${inspect(value, { depth: null, showHidden: true, getters: true })}\n${JSON.stringify(value)}`;
      for (const hidden of ['123456', 'Code ', '4155552671']) expect(shown).not.toContain(hidden);
    }
  });
});
