import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Response } from 'light-my-request';
import { withDocument } from '../../src/http/document.ts';
import { createOpenApi } from '../../src/http/openapi.ts';
import { readRestStatuses } from '../docs/blocks.ts';

/** The document as JSON, as a client reads it. */
export const DOCUMENT: any = JSON.parse(JSON.stringify(createOpenApi(withDocument('https://verify.example.com'), 'https://verify.example.com')));

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
ajv.addFormat('uri', { validate: (text: string) => URL.canParse(text) });
ajv.addSchema(DOCUMENT, 'api');

const PATHS = Object.keys(DOCUMENT.paths).map((path) => ({
  path,
  // What is fixed before what is not: `/v1/destinations/unblock` is no id.
  pattern: new RegExp(`^${path.replaceAll(/[.$^]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

const compiled = new Map<string, ValidateFunction>();

/** Answers that no path has: the document describes what paths take, and these are about what none does. */
const OUTSIDE: Readonly<Record<number, string>> = { 400: 'invalid_request', 404: 'not_found', 405: 'method_not_allowed', 414: 'invalid_request' };

/** Statuses seen, by operation, so that a test can ask whether all were. */
export const SEEN: Map<string, Set<number>> = new Map<string, Set<number>>();

/** Ensure that an answer is one of those that the OpenAPI document describes, to its last field. */
export function assertDocumented(method: string, url: string, response: Response): void {
  const [path = ''] = url.split('?');
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const known = PATHS.find((each) => each.pattern.test(path));
  const operation = known && DOCUMENT.paths[known.path][verb];
  const status = response.statusCode;
  const type = String(response.headers['content-type'] ?? '');
  if (operation === undefined) {
    assertOutside(method, response);
    return;
  }
  SEEN.set(operation.operationId, (SEEN.get(operation.operationId) ?? new Set()).add(status));
  const described = operation.responses[String(status)];
  if (described === undefined)
    throw new Error(`${operation.operationId} answered ${status}, which is not documented: ${response.payload.slice(0, 300)}`);
  if (described.headers?.['Retry-After'] && !/^[1-9]\d*$/.test(String(response.headers['retry-after'])))
    throw new Error(`${status} without Retry-After`);
  const [contentType] = Object.keys(described.content ?? {});
  if (contentType === undefined || method === 'HEAD') {
    if (response.payload !== '') throw new Error(`${operation.operationId} ${status} has a body`);
    return;
  }
  if (type.split(';')[0] !== contentType) throw new Error(`${operation.operationId} ${status} is ${type} and not ${contentType}`);
  const pointer = ['paths', known?.path, verb, 'responses', String(status), 'content', contentType, 'schema'];
  validate(`api#/${pointer.map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`, response);
}

function assertOutside(method: string, response: Response): void {
  const { statusCode: status } = response;
  if (OUTSIDE[status] === undefined) throw new Error(`an unknown path answered ${status}`);
  if (method === 'HEAD') return;
  const body = validate('api#/components/schemas/Problem', response) as { code: string };
  if (body.code !== OUTSIDE[status]) throw new Error(`an unknown path answered ${body.code}`);
}

function validate(ref: string, response: Response): unknown {
  const check = compiled.get(ref) ?? ajv.compile({ $ref: ref });
  compiled.set(ref, check);
  const body: unknown = JSON.parse(response.payload);
  if (!check(body)) throw new Error(`${ref}: ${ajv.errorsText(check.errors)} in ${response.payload.slice(0, 500)}`);
  if (response.statusCode >= 400) assertOnPage(body as { code: string; docs: string }, response.statusCode);
  return body;
}

const named = new Map<string, readonly number[]>();

/** Ensure that the page that a problem leads to says that its code may come with this status. */
function assertOnPage({ code, docs }: { readonly code: string; readonly docs: string }, status: number): void {
  if (docs !== `docs/errors/${code}.md`) return;
  const statuses = named.get(code) ?? readRestStatuses(code);
  named.set(code, statuses);
  if (!statuses.includes(status)) throw new Error(`${docs} does not say that REST answers ${status} with it`);
}
