import { inspect } from 'node:util';
import { parseDestination } from '../../src/core/destination.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Message } from '../../src/senders/sender.ts';

export const NUMBER = '+14155552671';
export const ADDRESS = 'someone.special@mail.example.net';
export const CODE = '730916';
export const DELIVERY_ID: string = `VL${'b'.repeat(32)}`;

/** An SMS with a quote, a plus and a line of its own for the browser. */
export function sms(more?: Partial<Message>): Message {
  return {
    to: parseDestination(NUMBER),
    channel: 'sms',
    subject: undefined,
    text: new Secret(`"Code" + ${CODE} & more\n\n@example.com #${CODE}`),
    code: new Secret(CODE),
    deliveryId: DELIVERY_ID,
    ...more,
  };
}

export function email(more?: Partial<Message>): Message {
  const text = new Secret(`Your code is ${CODE}.\n.\nNever share it.`);
  return sms({ to: parseDestination(ADDRESS), channel: 'email', subject: 'Your Example code', text, ...more });
}

/** Everything that a log could make of a value, causes and hidden properties included. */
export function printed(value: unknown): string {
  const options = { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null };
  const parts = [inspect(value, options), String(value), JSON.stringify(value) ?? ''];
  if (value instanceof Error) parts.push(value.stack ?? '', value.message, inspect(value.cause, options), JSON.stringify(value.cause) ?? '');
  return parts.join('\n');
}
