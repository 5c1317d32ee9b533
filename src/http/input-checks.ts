import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { CountersignError, type ErrorCode } from '../core/errors.ts';
import type { Operation } from './operation.ts';

/** Checks the parts of a request; each returns the value or throws {@link CountersignError}, naming every field at fault and no value. */
export interface InputChecks {
  params(value: unknown): unknown;
  query(value: unknown): unknown;
  body(value: unknown): unknown;
}

const OPTIONS = { allErrors: true, strict: true, strictTypes: false, removeAdditional: false, useDefaults: false } as const;

const AJV = new Ajv2020(OPTIONS);

/** Faults that are named; a body of 16 kB may have thousands. */
const MAX_FAULTS = 10;

/** The operations are the same for every server of a process. */
const compiled = new WeakMap<object, InputChecks>();

/** The checks of an operation. Each schema is compiled once, when it is first needed: that takes milliseconds, and a process is to answer soon. */
export function createInputChecks(operation: Pick<Operation, 'params' | 'query' | 'body'>): InputChecks {
  const known = compiled.get(operation);
  if (known !== undefined) return known;
  const { params, query, body } = operation;
  const checks = {
    params: createCheck(params),
    query: createQueryCheck(query),
    body: body === undefined ? assertNoBody : createCheck(body),
  };
  compiled.set(operation, checks);
  return checks;
}

function assertNoBody(value: unknown): unknown {
  if (value === undefined) return undefined;
  throw new CountersignError('invalid_request', 'this takes no body', { field: 'body' });
}

/** A query is text, and a number in it is decimal digits: `0x10` and `1e2` are numbers to some readers alone. */
function createQueryCheck(schema: TSchema | undefined): (value: unknown) => unknown {
  const { properties = {} } = (schema ?? {}) as { readonly properties?: Readonly<Record<string, { readonly type?: string }>> };
  const numbers = Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
  const check = createCheck(schema);
  return (value) => {
    const query = { ...(value as Record<string, unknown>) };
    for (const name of numbers) {
      const text = query[name];
      if (typeof text === 'string' && /^-?\d{1,15}$/.test(text)) query[name] = Number(text);
    }
    return check(query);
  };
}

function createCheck(schema: TSchema | undefined): (value: unknown) => unknown {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= AJV.compile(schema ?? { type: 'object', properties: {}, additionalProperties: false });
    if (validate(value)) return value;
    throw toError(validate.errors ?? []);
  };
}

/** The codes that the engine has for two of its fields. A map, because a field may be called `constructor`. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['to', 'invalid_destination'],
  ['code', 'invalid_code'],
]);

/** What is said in the place of a pattern that people write by hand. */
const SPELLINGS: ReadonlyMap<unknown, string> = new Map([
  ['^#[0-9A-Fa-f]{6}$', 'must be a colour as `#rrggbb`'],
  ['^[A-Z]{2}$', 'must be two capital letters, such as `DE`'],
  ['^\\+[1-9][0-9]{6,14}$', 'must be a phone number in E.164 form, such as `+12025550143`'],
]);

/** Of what may be null as well nobody who gave something else meant null: that it is none goes without saying. */
function isOfNull({ keyword, params }: ErrorObject): boolean {
  return keyword === 'anyOf' || (keyword === 'type' && params.type === 'null');
}

function toError(errors: readonly ErrorObject[]): CountersignError {
  const faults = new Map<string, string>();
  for (const error of errors.filter((each) => !isOfNull(each))) {
    const [field, problem] = describe(error);
    if (!faults.has(field)) faults.set(field, problem);
  }
  const named = [...faults].slice(0, MAX_FAULTS);
  const fields = named.map(([field]) => field);
  const rest = faults.size > named.length ? `; and ${faults.size - named.length} more` : '';
  const code = fields.length === 1 ? CODES.get(fields[0] ?? '') : undefined;
  const message = named.map(([field, problem]) => `\`${field}\` ${problem}`).join('; ');
  return new CountersignError(code ?? 'invalid_request', message + rest, { field: fields[0] ?? 'input' });
}

function describe({ instancePath, keyword, params, message = 'is not as it must be' }: ErrorObject): readonly [field: string, problem: string] {
  const path = instancePath.split('/').slice(1);
  const at = (name?: unknown) => [...path, ...(name === undefined ? [] : [toSafeName(name)])].join('.') || 'body';
  if (keyword === 'additionalProperties') return [at(params.additionalProperty), 'is not a field here'];
  if (keyword === 'required') return [at(params.missingProperty), 'is missing'];
  if (keyword === 'enum') return [at(), `must be one of ${(params.allowedValues as readonly unknown[]).join(', ')}`];
  return [at(), (keyword === 'pattern' && SPELLINGS.get(params.pattern)) || message];
}

/** Ensure that a field nobody knows is repeated only where it is a name: it may as well hold a code or a number, or something for a log to trip over. */
function toSafeName(name: unknown): string {
  const isName = typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name) && !/\d{4}/.test(name);
  return isName ? name : '(a name that is not repeated here)';
}
