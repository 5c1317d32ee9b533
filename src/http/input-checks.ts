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

/** A body is what it says; a query is text, and a number in it is digits. */
const AJV = { body: new Ajv2020(OPTIONS), text: new Ajv2020({ ...OPTIONS, coerceTypes: true }) };

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
    params: createCheck(AJV.text, params),
    query: createCheck(AJV.text, query),
    body: body === undefined ? assertNoBody : createCheck(AJV.body, body),
  };
  compiled.set(operation, checks);
  return checks;
}

function assertNoBody(value: unknown): unknown {
  if (value === undefined) return undefined;
  throw new CountersignError('invalid_request', 'this takes no body', { field: 'body' });
}

function createCheck(ajv: Ajv2020, schema: TSchema | undefined): (value: unknown) => unknown {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= ajv.compile(schema ?? { type: 'object', properties: {}, additionalProperties: false });
    if (validate(value)) return value;
    throw toError(validate.errors ?? []);
  };
}

/** The codes that the engine has for two of its fields. A map, because a field may be called `constructor`. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['to', 'invalid_destination'],
  ['code', 'invalid_code'],
]);

function toError(errors: readonly ErrorObject[]): CountersignError {
  const faults = new Map<string, string>();
  for (const error of errors) {
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
  return [at(), message];
}

/** Ensure that a field nobody knows is repeated only where it is a name: it may as well be a number, or something for a log to trip over. */
function toSafeName(name: unknown): string {
  return typeof name === 'string' && /^[A-Za-z_][A-Za-z_.-]{0,39}$/.test(name) ? name : '(a name that is not repeated here)';
}
