import type { FastifyRequest } from 'fastify';
import { CountersignError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { ApiKey } from '../engine/api-key.ts';
import type { IdempotentAnswer } from '../engine/idempotency.ts';
import type { ServiceSettings } from '../engine/service-settings.ts';
import type { InputChecks } from './input-checks.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { HttpProblem } from './problem.ts';
import type { RequestState } from './request-state.ts';
import type { RestParts } from './rest-parts.ts';

/** A request that came through the door. */
export interface OperationRequest {
  readonly request: FastifyRequest;
  readonly state: RequestState;
  readonly checks: InputChecks;
  readonly parts: RestParts;
}

/** Checks the input, has the operation done (once, where there is an idempotency key), and makes what leaves of its answer. */
export async function runOperation(operation: Operation, { request, state, checks, parts }: OperationRequest): Promise<IdempotentAnswer> {
  const call = new OperationCall({ request, state, checks, parts }, operation);
  const done = await runOnce(operation, call, { header: request.headers['idempotency-key'], text: state.text ?? '' });
  const body = operation.finish === undefined ? done.body : operation.finish(done.body, parts);
  return { status: done.status, body: done.secret === undefined ? body : { ...(body as object), secret: done.secret.reveal() } };
}

/** What is asked, as a handler is given it. */
class OperationCall implements Call<unknown, unknown, unknown> {
  readonly parts: RestParts;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Given where the request has an idempotency key. */
  attemptId: string | undefined;
  readonly #key: ApiKey | undefined;

  constructor({ request, state, checks, parts }: OperationRequest, operation: Operation) {
    this.parts = parts;
    this.#key = state.key;
    this.params = checks.params(request.params);
    this.query = checks.query({ ...(request.query as object) });
    // A request without a body is one with an empty one, where there is nothing that it must say.
    this.body = checks.body(operation.body !== undefined && request.body === undefined ? {} : request.body);
  }

  get key(): ApiKey {
    if (this.#key === undefined) throw new TypeError('a public operation asked for its key');
    return this.#key;
  }

  service(): Promise<ServiceSettings> {
    return findService(this.parts, this.#key, (this.body as Named | undefined)?.service ?? (this.query as Named).service);
  }
}

interface Named {
  readonly service?: string | null;
}

/** Ensure that a key of one service acts for that one, whatever it asks for: of any other it is not told whether it is there. */
async function findService({ tenants }: RestParts, key: ApiKey | undefined, given: string | null | undefined): Promise<ServiceSettings> {
  const own = key?.service ?? undefined;
  if (own !== undefined && (given ?? own) !== own) throw new CountersignError('forbidden', 'this API key does not act for that service');
  const id = own ?? given ?? undefined;
  if (id === undefined)
    throw new CountersignError('invalid_request', '`service` is missing: a key for all services names the one to act for', { field: 'service' });
  const service = await tenants.getService(id);
  if (service !== undefined) return service;
  throw new HttpProblem({ status: 404, code: 'not_found', detail: 'there is no such service' });
}

async function runOnce(
  operation: Operation,
  call: OperationCall,
  { header, text }: { readonly header: string | string[] | undefined; readonly text: string },
): Promise<Answer> {
  if (header === undefined || operation.method !== 'POST') return operation.handle(call);
  const key = parseIdempotencyKey(header);
  const tenant = call.key.service ?? (call.body as Named | undefined)?.service ?? 'all';
  const { id = '' } = call.params as { readonly id?: string };
  const scope = { tenant, route: `POST ${operation.path.replace('{id}', id)}`, key, body: text };
  let secret: Secret | undefined;
  const outcome = await call.parts.idempotency.run(scope, async (attemptId) => {
    call.attemptId = attemptId;
    const { secret: made, ...answer } = await operation.handle(call);
    secret = made;
    return answer;
  });
  if (outcome.kind === 'answer') return { ...outcome.answer, ...(secret !== undefined && !outcome.replayed && { secret }) };
  throw outcome.kind === 'running' ? underWay(outcome.retryAt) : reused();
}

function parseIdempotencyKey(header: string | string[]): string {
  if (typeof header === 'string' && /^[!-~]{1,255}$/.test(header)) return header;
  throw new CountersignError('invalid_request', '`Idempotency-Key` must be 1 to 255 printable ASCII characters without spaces', {
    field: 'Idempotency-Key',
  });
}

function underWay(retryAt: Date): HttpProblem {
  return new HttpProblem({ status: 409, code: 'conflict', detail: 'the same request is under way: its answer is not there yet', retryAt });
}

function reused(): HttpProblem {
  return new HttpProblem({
    status: 422,
    code: 'invalid_request',
    detail: 'this idempotency key came with another body before',
    field: 'Idempotency-Key',
  });
}
