import { readFileSync } from 'node:fs';
import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv';
import { toPathPattern } from '../../src/http/allowed-methods.ts';

/** Bodies held against what Twilio publishes about its wire: {@link createTwilioContract}. */
export interface TwilioContract {
  /**
   * Ensures that a 2xx body is what the document says this operation answers with this status.
   *
   * @throws {ContractViolation} when it is not, or when the document knows no such answer.
   */
  check(operationId: string, status: number, body: unknown): void;
  /**
   * Ensures that an error body is one every SDK of Twilio reads: four fields, two of them integers, and none that belongs to RFC 9457, which
   * makes some of them throw another class.
   *
   * @throws {ContractViolation} when it is not.
   */
  checkError(body: unknown): void;
  /** How many bodies passed, by operationId; errors under `error`. */
  readonly validated: ReadonlyMap<string, number>;
}

/** A body that Twilio would not have sent. Names places and rules, never what was found there: bodies hold numbers. */
export class ContractViolation extends Error {
  override readonly name = 'ContractViolation';
}

interface Operation {
  readonly operationId?: string;
  readonly responses?: Record<string, { readonly content?: Record<string, { readonly schema: AnySchemaObject }> }>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, AnySchemaObject> };
}

const DOCUMENT = new URL('../data/twilio/twilio_verify_v2.json', import.meta.url);

/** Not rules about bodies: what the document says beside them. */
const REMARKS = ['example', 'x-twilio'];

const ERROR: AnySchemaObject = {
  type: 'object',
  required: ['code', 'message', 'more_info', 'status'],
  properties: {
    code: { type: 'integer' },
    message: { type: 'string', minLength: 1 },
    more_info: { type: 'string', format: 'uri' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    // SDKs in typed languages read an object, and fail on a list.
    details: { type: 'object' },
  },
  additionalProperties: false,
};

/**
 * Makes the check from Twilio's own OpenAPI document, in `test/data/twilio`, which is kept as published. Two of its faults are mended as it
 * is read, since each of them would make a validator pass everything or refuse what Twilio sends: see {@link mended}. And it is held to more
 * than it says: every field is there, and no other, because Twilio sends unused fields as null.
 */
export function createTwilioContract(): TwilioContract {
  rules ??= readRules();
  const { ajv, operations, isError } = rules;
  const validated = new Map<string, number>();

  function accept(name: string, isValid: ValidateFunction, body: unknown): void {
    if (!isValid(body)) throw new ContractViolation(`${name}: ${ajv.errorsText(isValid.errors, { dataVar: 'body' })}`);
    validated.set(name, (validated.get(name) ?? 0) + 1);
  }

  return {
    validated,
    checkError: (body) => accept('error', isError, body),
    check(operationId, status, body) {
      const schema = operations.get(operationId)?.responses?.[status]?.content?.['application/json']?.schema;
      if (!schema) throw new ContractViolation(`${operationId}: the document has no body for ${status}`);
      accept(operationId, ajv.compile(schema), body); // compiled once: ajv knows a schema it has seen
    },
  };
}

/** Every operation that the document describes. */
export function readOperations(): readonly { readonly operationId: string; readonly method: string; readonly path: string }[] {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as OpenApi;
  return Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).flatMap(([verb, { operationId }]) => (operationId ? [{ operationId, method: verb.toUpperCase(), path }] : [])),
  );
}

/** The longest path first, so that what is fixed goes before what is not. */
let routes: readonly { readonly operationId: string; readonly method: string; readonly pattern: RegExp }[] | undefined;

/** The `operationId` of what a request means; `none` for what the document does not describe. */
export function findOperation(method: string, path: string): string {
  routes ??= readOperations()
    .map(({ operationId, method: verb, path: template }) => ({ operationId, method: verb, pattern: toPathPattern(template) }))
    .sort((a, b) => Number(a.pattern.source.includes('[^/]')) - Number(b.pattern.source.includes('[^/]')));
  return routes.find((each) => each.method === method && each.pattern.test(path))?.operationId ?? 'none';
}

interface Rules {
  readonly ajv: Ajv;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly isError: ValidateFunction;
}

/** Read once, since half a megabyte of document is most of what a double costs. */
let rules: Rules | undefined;

function readRules(): Rules {
  const ajv = new Ajv({ allErrors: true });
  ajv.addVocabulary(REMARKS);
  ajv.addFormat('uri', URL.canParse);
  // No fractions: an SDK that reads dates by a pattern hands back a string for them, without a word.
  ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text)));
  ajv.addFormat('int32', { type: 'number', validate: (value) => value === (value | 0) });
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
  const document = mended(JSON.parse(readFileSync(DOCUMENT, 'utf8'))) as OpenApi;
  for (const [name, schema] of Object.entries(document.components.schemas)) ajv.addSchema(schema, name);
  const operations = new Map<string, Operation>();
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    if (operation.operationId) operations.set(operation.operationId, operation);
  }
  return { ajv, operations, isError: ajv.compile(ERROR) };
}

/**
 * The document with OpenAPI 3.0 made JSON Schema: `nullable` becomes a union of types, and goes where there is no type, for there it makes a
 * validator refuse the whole schema (32 places). `uri-map` is a format of strings only by name: it becomes a rule for each value. An object
 * with properties has these and no others.
 */
function mended(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(mended);
  if (typeof part !== 'object' || part === null) return part;
  const { nullable, format, ...schema } = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, mended(value)]));
  const { $ref, type, properties } = schema;
  if (typeof $ref === 'string') return { $ref: $ref.replace('#/components/schemas/', '') };
  return {
    ...schema,
    ...(typeof type === 'string' && nullable === true && { type: [type, 'null'] }),
    ...(typeof nullable === 'object' && { nullable }), // a property of that name
    ...(format === 'uri-map' ? { additionalProperties: { type: 'string', format: 'uri' } } : format !== undefined && { format }),
    ...(type === 'object' && typeof properties === 'object' && { required: Object.keys(properties ?? {}), additionalProperties: false }),
  };
}
