import { Type } from 'typebox';
import type { ApiKey } from '../../engine/api-key.ts';
import { assertAllServices } from '../authentication.ts';
import { type Operation, operation } from '../operation.ts';
import { HttpProblem } from '../problem.ts';
import { pageOf } from '../schemas.ts';
import { DEFAULT_LIMIT, LIMIT } from './inputs.ts';
import { EXAMPLE_SERVICE, NewService, ServicePatch, ServiceShape } from './service-schemas.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.Object({ id: Type.String({ maxLength: 64, description: 'The id of the service.' }) }, closed);
const about = { tag: 'Services', scope: 'admin' } as const;

const create: Operation = operation({
  ...about,
  id: 'createService',
  method: 'POST',
  path: '/v1/services',
  summary: 'Create a service',
  description: 'Only `name` must be given; the rest begins as the deployment has it.',
  isOperators: true,
  body: NewService,
  example: { name: 'Shop', purposes: ['login', 'signup'], allowedCountries: ['DE', 'AT'] },
  responses: { 201: { description: 'The service.', schema: ServiceShape, example: EXAMPLE_SERVICE } },
  problems: [503],
  async handle({ parts, body, key }) {
    return { status: 201, body: await parts.tenants.createService(body, { by: key.id }) };
  },
});

const list: Operation = operation({
  ...about,
  id: 'listServices',
  method: 'GET',
  path: '/v1/services',
  summary: 'List services',
  isOperators: true,
  query: Type.Object({ after: Type.Optional(Type.String({ maxLength: 64, description: '`next` of an earlier page.' })), limit: LIMIT }, closed),
  responses: { 200: { description: 'A page, in the order of ids.', schema: pageOf(ServiceShape, 'next'), example: { items: [EXAMPLE_SERVICE] } } },
  problems: [503],
  async handle({ parts, query: { after, limit = DEFAULT_LIMIT } }) {
    return { status: 200, body: await parts.tenants.listServices(after, limit) };
  },
});

const show: Operation = operation({
  ...about,
  id: 'showService',
  method: 'GET',
  path: '/v1/services/{id}',
  summary: 'Show a service',
  params: Id,
  responses: { 200: { description: 'The service.', schema: ServiceShape, example: EXAMPLE_SERVICE } },
  problems: [404, 503],
  async handle({ parts, params, key }) {
    assertOwn(key, params.id);
    return { status: 200, body: orNone(await parts.tenants.getService(params.id)) };
  },
});

const update: Operation = operation({
  ...about,
  id: 'updateService',
  method: 'PATCH',
  path: '/v1/services/{id}',
  summary: 'Change a service',
  description: 'Fields that are not named stay; one that is named is replaced as a whole. `test.acknowledged` takes a key for all services.',
  params: Id,
  body: ServicePatch,
  example: { codeLength: 8 },
  responses: { 200: { description: 'The service as it is now.', schema: ServiceShape, example: EXAMPLE_SERVICE } },
  problems: [404, 503],
  async handle({ parts, params, body, key }) {
    assertOwn(key, params.id);
    // Ensure that a tenant does not open a number that may be somebody's: limits and budgets of one are shared by all.
    if (body.test?.acknowledged === true) assertAllServices(key);
    return { status: 200, body: orNone(await parts.tenants.updateService(params.id, body, { by: key.id })) };
  },
});

const remove: Operation = operation({
  ...about,
  id: 'deleteService',
  method: 'DELETE',
  path: '/v1/services/{id}',
  summary: 'Delete a service',
  description: 'Its API keys authenticate no more, and its verifications under way are out of reach.',
  isOperators: true,
  params: Id,
  responses: { 204: { description: 'It is gone.' } },
  problems: [404, 503],
  async handle({ parts, params, key }) {
    orNone((await parts.tenants.deleteService(params.id, { by: key.id })) || undefined);
    return { status: 204, body: undefined };
  },
});

/** What operators do with services. */
export const SERVICE_OPERATIONS: readonly Operation[] = [create, list, show, update, remove];

/** Ensure that a key of one service finds another as little as one that is not there. */
function assertOwn(key: ApiKey, id: string): void {
  if (key.service !== null && key.service !== id) orNone(undefined);
}

function orNone<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new HttpProblem({ status: 404, code: 'not_found', detail: 'there is no such service' });
}
