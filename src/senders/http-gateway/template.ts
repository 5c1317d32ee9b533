import { Secret } from '../../core/secret.ts';
import type { Message } from '../sender.ts';

/** What every message has, by the name a template calls it. */
export const BUILT_IN = ['to', 'toDigits', 'text', 'code', 'subject', 'channel', 'deliveryId'] as const;

/** The values of one message, constants included. */
export type Values = ReadonlyMap<string, string>;

/** A text with placeholders, split once. */
export interface Template {
  readonly placeholders: ReadonlySet<string>;
  /** Puts each value in its place, in the way that this place needs. */
  render(values: Values, encode: (value: string) => string): string;
}

/** Splits a template; undefined where a brace belongs to no placeholder. Whether the placeholders exist is asked elsewhere. */
export function parseTemplate(text: string): Template | undefined {
  const parts = text.split(/\{([A-Za-z][A-Za-z0-9]*)\}/);
  if (parts.some((part, index) => index % 2 === 0 && /[{}]/.test(part))) return undefined;
  // The text around them may hold a token, and must not be shown by whoever prints a template.
  const hidden = parts.map((part) => new Secret(part));
  return {
    placeholders: new Set(parts.filter((_, index) => index % 2 === 1)),
    render: (values, encode) => hidden.map((part, index) => (index % 2 === 0 ? part.reveal() : encode(values.get(part.reveal()) ?? ''))).join(''),
  };
}

/** The values of a message. A constant cannot take a built-in's place: that is refused at construction. */
export function toValues({ to, text, code, subject = '', channel, deliveryId }: Message, constants: ReadonlyMap<string, Secret>): Values {
  const values = new Map([...constants].map(([name, value]) => [name, value.reveal()]));
  const builtIn: Readonly<Record<(typeof BUILT_IN)[number], string>> = {
    to: to.reveal(),
    toDigits: to.reveal().replace(/^\+/, ''),
    text: text.reveal(),
    code: code.reveal(),
    subject,
    channel,
    deliveryId,
  };
  for (const [name, value] of Object.entries(builtIn)) values.set(name, value);
  return values;
}
