import type { Destination } from '../../core/destination.ts';
import { CountersignError } from '../../core/errors.ts';
import { isSafeReference } from '../../core/reference.ts';
import type { Secret } from '../../core/secret.ts';
import type { SendResult } from '../sender.ts';

/** An HTTP status (`201`), a class of them (`'2xx'`) or a range (`'400-428'`), both ends included. */
export type StatusPattern = number | string;

/** What an answer looks like. What is not given does not matter; what is given must all hold. */
export interface AnswerPattern {
  /** The HTTP status, or several to choose from. */
  readonly status?: StatusPattern | readonly StatusPattern[];
  /**
   * Where in the JSON body a value is, as a JSON pointer (RFC 6901); `*` in the place of an index stands for every element of an array, and then each of them
   * has to fit. A body that is no JSON, is cut off or is too long has no values.
   */
  readonly at?: string;
  /** Which values fit, compared as text: `0` and `'0'` are one. Without it anything fits that is there and not null. */
  readonly values?: readonly (string | number | boolean)[];
}

/** An answer that says that the message surely was not sent. */
export interface RefusedAnswer extends AnswerPattern {
  /** Whether the same message would be refused again: a landline, a blocked number. */
  readonly permanent: boolean;
  /** What an operator has to put right, where it is the settings that are refused: it is thrown as `configuration_invalid` if no other sender takes the message. */
  readonly problem?: string;
}

/** An answer as it came; no `body` where there was none that could be read as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What counts as what. */
export interface AnswerRules {
  readonly accepted: readonly AnswerPattern[];
  readonly refused: readonly RefusedAnswer[];
  /** Where the carrier's id is. */
  readonly reference: string | undefined;
}

/** Accepted comes first: to call a message refused that was sent is a second message to the same person. */
export function judge(answer: Answer, { accepted, refused, reference }: AnswerRules, to: Destination, code: Secret): SendResult {
  if (accepted.some((pattern) => fits(answer, pattern))) {
    const [found] = reference === undefined ? [] : findAt(answer.body, reference);
    const id = typeof found === 'number' ? String(found) : found;
    return isSafeReference(id, to, code) ? { status: 'sent', reference: id } : { status: 'sent' };
  }
  const refusal = refused.find((pattern) => fits(answer, pattern));
  if (refusal === undefined) return { status: 'unknown' };
  const { permanent, problem } = refusal;
  const cause = { name: 'HttpAnswer', status: answer.status };
  return { status: 'refused', permanent, cause, ...(problem !== undefined && { error: new CountersignError('configuration_invalid', problem) }) };
}

function fits(answer: Answer, { status, at, values }: AnswerPattern): boolean {
  if (status !== undefined && ![status].flat().some((pattern) => isStatus(answer.status, pattern))) return false;
  if (at === undefined) return true;
  const found = findAt(answer.body, at);
  return found.length > 0 && found.every((value) => isOneOf(value, values));
}

function isStatus(status: number, pattern: StatusPattern): boolean {
  const [from = 0, to = from] = toRange(pattern) ?? [];
  return status >= from && status <= to;
}

/** The first and last status of a pattern; undefined where it is none. */
export function toRange(pattern: unknown): readonly [from: number, to: number] | undefined {
  const text = String(pattern);
  const [, first] = /^([1-5])xx$/.exec(text) ?? [];
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(first === undefined ? text : `${first}00-${first}99`) ?? [];
  return from === undefined || Number(to) < Number(from) ? undefined : [Number(from), Number(to)];
}

function isOneOf(value: unknown, values: AnswerPattern['values']): boolean {
  if (values === undefined) return value !== null;
  return typeof value !== 'object' && values.some((wanted) => String(wanted) === String(value));
}

/** Whether a text is a JSON pointer (RFC 6901 §3). */
export function isPointer(value: unknown): value is string {
  return typeof value === 'string' && /^(\/([^~/]|~[01])*)+$/.test(value);
}

/** The values at a pointer (RFC 6901 §4): one, none, or with `*` as many as there are; none at all where one element lacks it. */
function findAt(body: unknown, pointer: string): readonly unknown[] {
  const tokens = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  let found = [body];
  for (const token of tokens) {
    const next = found.flatMap((value) => step(value, token) ?? []);
    if (found.some((value) => step(value, token) === undefined)) return [];
    found = next;
  }
  return found;
}

/** The children that a token names; undefined where there is no such child. */
function step(value: unknown, token: string): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && token === '*') return value;
  // Own properties alone: `/constructor` is nothing that a gateway answered.
  return Object.hasOwn(value, token) ? [(value as Readonly<Record<string, unknown>>)[token]] : undefined;
}
