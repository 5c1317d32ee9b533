import type { TSchema } from 'typebox';
import type { Operation, ResponseSpec } from './operation.ts';
import { Problem } from './schemas.ts';

/** An OpenAPI 3.1 document; JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

type Json = Record<string, unknown>;

const TAGS = [
  ['Verifications', 'Proving that a person holds a phone number or an email address.'],
  ['Deliveries', 'What became of messages.'],
  ['Sessions', 'Visits of the hosted page.'],
  ['Services', 'The settings of tenants.'],
  ['API keys', 'Who may ask.'],
  ['Destinations', "Operators' acts on one phone number or address."],
  ['Proofs', 'What approvals are signed with.'],
  ['Operation', 'Whether the service is well.'],
] as const;

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is not well-formed: `detail` names each field at fault.',
  401: 'The API key is missing, unknown, revoked or wrong.',
  403: 'The key lacks the scope or acts for another service, the service is not set up for this, or only an operator can help.',
  404: 'Nothing of this service is there.',
  405: 'The path does not take this method: `allow` names those that it takes.',
  409: 'The same request is under way: its answer is not there yet.',
  408: 'The request took too long to arrive.',
  413: 'The body is larger than 16 kB.',
  414: 'The address is too long.',
  415: 'The body is not JSON.',
  422: 'The idempotency key came with another body before; or the provider does not deliver to this destination.',
  429: 'A limit refused: `retryAt` and `Retry-After` say until when.',
  431: 'The headers are too large.',
  500: 'Something of ours failed.',
  503: 'The store or the provider cannot answer now.',
};

/** The document of operations. */
export function createOpenApi(operations: readonly Operation[], publicUrl: string): OpenApiDocument {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(operation, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version: '1',
      summary: 'Proves that a person holds a phone number or an email address.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic', description: 'The id of an API key and its secret.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The id of an API key, a dot, and its secret.' },
      },
      schemas,
    },
  };
}

/** The statuses of problems that an operation may answer, by what it takes; its own come on top. */
function problemsOf({ method, scope, params, query, body, problems = [] }: Operation): readonly number[] {
  const statuses = new Set([...problems, 408, 431, 500]);
  if (params !== undefined || query !== undefined || body !== undefined || method !== 'GET') statuses.add(400);
  if (method !== 'GET') for (const status of [413, 415]) statuses.add(status);
  if (scope !== undefined) for (const status of [400, 401, 403, 404, 429, 503]) statuses.add(status);
  if (method === 'POST') for (const status of [409, 422]) statuses.add(status);
  if (params !== undefined) for (const status of [404, 414]) statuses.add(status);
  return [...statuses].sort((a, b) => a - b);
}

function describeOperation(operation: Operation, schemas: Json): Json {
  const { id, tag, summary, description, scope, isOperators, body, example, responses } = operation;
  const needs = scope === undefined ? [] : [`Needs the scope \`${scope}\`${isOperators === true ? ' and a key for all services' : ''}.`];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, ...needs].filter(Boolean).join(' ') || summary,
    security: scope === undefined ? [] : [{ basic: [] }, { bearer: [] }],
    ...(describeParameters(operation).length > 0 && { parameters: describeParameters(operation) }),
    ...(body !== undefined && {
      requestBody: { required: isRequired(body), content: { 'application/json': { schema: toReference(body, schemas), example } } },
    }),
    responses: Object.fromEntries([
      ...Object.entries(responses).map(([status, spec]) => [status, describeResponse(spec, schemas)]),
      ...problemsOf(operation).map((status) => [String(status), describeProblemResponse(status, schemas)]),
    ]),
  };
}

function describeParameters({ method, params, query }: Operation): readonly Json[] {
  const idempotency = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'One effect for each key: the same request with it gets the same answer for 24 h; another body is a 422.',
    schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  };
  return [...toParameters(params, 'path'), ...toParameters(query, 'query'), ...(method === 'POST' ? [idempotency] : [])];
}

function toParameters(schema: TSchema | undefined, where: 'path' | 'query'): readonly Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, Json>; required?: readonly string[] };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

function isRequired(body: TSchema): boolean {
  return ((body as { required?: readonly string[] }).required ?? []).length > 0;
}

function describeResponse({ description, schema, example }: ResponseSpec, schemas: Json): Json {
  if (schema === undefined) return { description };
  return { description, content: { 'application/json': { schema: toReference(schema, schemas), ...(example !== undefined && { example }) } } };
}

function describeProblemResponse(status: number, schemas: Json): Json {
  const retry = {
    'Retry-After': { required: true, description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
  };
  return {
    description: PROBLEMS[status] ?? 'A problem.',
    ...((status === 429 || status === 503) && { headers: retry }),
    content: { 'application/problem+json': { schema: toReference(Problem, schemas) } },
  };
}

/** A schema as JSON; those with a name become components that are referred to. */
function toReference(schema: unknown, schemas: Json): unknown {
  if (Array.isArray(schema)) return schema.map((part) => toReference(part, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $id, ...rest } = schema as Json;
  const plain = () => Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, toReference(part, schemas)]));
  if (typeof $id !== 'string') return plain();
  if (!Object.hasOwn(schemas, $id)) {
    schemas[$id] = {};
    schemas[$id] = plain();
  }
  return { $ref: `#/components/schemas/${$id}` };
}
