import { type TSchema, Type } from 'typebox';
import { CountersignError } from '../../core/errors.ts';
import { type ApiKey, SCOPES } from '../../engine/api-key.ts';
import { type Operation, operation } from '../operation.ts';
import { HttpProblem } from '../problem.ts';
import type { RestParts } from '../rest-parts.ts';
import { ApiKeyShape, pageOf } from '../schemas.ts';
import { DEFAULT_LIMIT, LIMIT } from './inputs.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.Object({ id: Type.String({ maxLength: 64, description: 'The id of the key.' }) }, closed);
const about = { tag: 'API keys', scope: 'admin' } as const;

const NewKey: TSchema = Type.Object(
  {
    key: ApiKeyShape,
    secret: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9]{32}$', description: 'Shown this once. Absent where the answer is given again for an idempotency key.' }),
    ),
  },
  { ...closed, $id: 'NewApiKey' },
);

const example = {
  id: 'SK0123456789abcdef0123456789abcdef',
  name: 'Web shop',
  service: 'VA0123456789abcdef0123456789abcdef',
  scopes: ['start', 'check'],
  createdAt: '2026-01-31T12:00:00.000Z',
  lastUsedAt: null,
  revokedAt: null,
};
const exampleSecret = { key: example, secret: 'abcdefghijklmnopqrstuvwxyzABCDEF' };

const create: Operation = operation({
  ...about,
  id: 'createApiKey',
  method: 'POST',
  path: '/v1/api-keys',
  summary: 'Create an API key',
  description: 'A key of one service makes keys of that service only.',
  body: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 64 }),
      service: Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'The one service that it acts for; null for all.' }),
      scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1, maxItems: SCOPES.length, uniqueItems: true }),
    },
    closed,
  ),
  example: { name: 'Web shop', service: 'VA0123456789abcdef0123456789abcdef', scopes: ['start', 'check'] },
  responses: { 201: { description: 'The key, and its secret.', schema: NewKey, example: exampleSecret } },
  problems: [503],
  async handle({ parts, body, key: { id: by, service } }) {
    if (service !== null && body.service !== service) throw new CountersignError('forbidden', 'this API key makes keys of its own service only');
    const { key, secret } = await parts.tenants.createKey(body, { by });
    return { status: 201, body: { key }, secret };
  },
});

const list: Operation = operation({
  ...about,
  id: 'listApiKeys',
  method: 'GET',
  path: '/v1/api-keys',
  summary: 'List API keys',
  description: 'Revoked ones for 30 days. A key of one service sees those of that service.',
  query: Type.Object(
    {
      service: Type.Optional(Type.String({ maxLength: 64, description: 'Only keys of this one service.' })),
      after: Type.Optional(Type.String({ maxLength: 64, description: '`next` of an earlier page.' })),
      limit: LIMIT,
    },
    closed,
  ),
  responses: { 200: { description: 'A page, in the order of ids.', schema: pageOf(ApiKeyShape, 'next'), example: { items: [example] } } },
  problems: [503],
  async handle({ parts, query: { service, after, limit = DEFAULT_LIMIT }, key }) {
    if (key.service !== null && service !== undefined && service !== key.service)
      throw new CountersignError('forbidden', 'this API key does not act for that service');
    return { status: 200, body: await parts.tenants.listKeys(after, limit, key.service ?? service) };
  },
});

const revoke: Operation = operation({
  ...about,
  id: 'revokeApiKey',
  method: 'POST',
  path: '/v1/api-keys/{id}/revoke',
  summary: 'Revoke an API key',
  description: 'Good for nothing from then on, in every process after 2 s at the latest. Again changes nothing.',
  params: Id,
  body: Type.Object({}, closed),
  example: {},
  responses: { 200: { description: 'The key.', schema: ApiKeyShape, example: { ...example, revokedAt: '2026-02-01T12:00:00.000Z' } } },
  problems: [404, 503],
  async handle({ parts, params, key }) {
    await assertOwn(parts, key, params.id);
    return { status: 200, body: orNone(await parts.tenants.revokeKey(params.id, { by: key.id })) };
  },
});

const rotate: Operation = operation({
  ...about,
  id: 'rotateApiKey',
  method: 'POST',
  path: '/v1/api-keys/{id}/rotate',
  summary: 'Give an API key a new secret',
  description: 'The old secret is good for 10 more minutes; one more rotation ends it at once.',
  params: Id,
  body: Type.Object({}, closed),
  example: {},
  responses: { 200: { description: 'The key, and its new secret.', schema: NewKey, example: exampleSecret } },
  problems: [404, 503],
  async handle({ parts, params, key: acting }) {
    await assertOwn(parts, acting, params.id);
    const { key, secret } = orNone(await parts.tenants.rotateKey(params.id, { by: acting.id }));
    return { status: 200, body: { key }, secret };
  },
});

/** What operators do with API keys. */
export const API_KEY_OPERATIONS: readonly Operation[] = [create, list, revoke, rotate];

/** Ensure that a key of one service finds those of another, and those for all, as little as one that is not there. */
async function assertOwn({ tenants }: RestParts, acting: ApiKey, id: string): Promise<void> {
  if (acting.service !== null && (await tenants.getKey(id))?.service !== acting.service) orNone(undefined);
}

function orNone<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new HttpProblem({ status: 404, code: 'not_found', detail: 'there is no such API key' });
}
