import { CountersignError } from '../core/errors.ts';

/** What a provider may answer, key by key: TypeScript holds only those who use it to the contract. */

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value.length > 0;
const isReference: Check = (value) => value === undefined || (typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value));
const isError: Check = (value) => value === undefined || value instanceof CountersignError;
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const isLimit: Check = (value) =>
  value === undefined ||
  fits(value, {
    reason: oneOf('rate_limited', 'in_progress', 'budget_exhausted', 'guard_denied'),
    retryAfter: (after) => after === undefined || (Number.isSafeInteger(after) && (after as number) > 0),
    rule: isReference,
    detail: isReference,
  });

const SEND: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  sent: { sender: isText, reference: isReference },
  refused: { permanent: oneOf(true, false), limit: isLimit, error: isError },
  unknown: {},
};

const CHECK: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  approved: { reference: isReference },
  wrong: { reference: isReference },
  ended: { state: oneOf('expired', 'max_attempts_reached', 'canceled') },
  failed: { error: isError },
  unknown: { error: isError },
};

const CANCEL: Readonly<Record<string, Readonly<Record<string, Check>>>> = { canceled: {}, gone: {}, failed: {} };

/** Whether an answer is a `ProviderSendResult`, and nothing beside. */
export const isSendResult = (value: unknown): boolean => isOneOf(value, SEND);

/** Whether an answer is a `ProviderCheckResult`, and nothing beside. */
export const isCheckResult = (value: unknown): boolean => isOneOf(value, CHECK);

/** Whether an answer is a `ProviderCancelResult`, and nothing beside. */
export const isCancelResult = (value: unknown): boolean => isOneOf(value, CANCEL);

function isOneOf(value: unknown, shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>): boolean {
  const { status } = (value ?? {}) as { status?: unknown };
  if (typeof status !== 'string' || !Object.hasOwn(shapes, status)) return false;
  return fits(value, { status: isText, ...shapes[status] });
}

function fits(value: unknown, fields: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const isKnown = Object.keys(value).every((name) => Object.hasOwn(fields, name));
  return isKnown && Object.entries(fields).every(([name, isRight]) => isRight((value as Fields)[name]));
}
