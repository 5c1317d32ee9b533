import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey } from '../engine/api-key.ts';
import { createAllowedMethods } from './allowed-methods.ts';
import { withDocument } from './document.ts';
import { createDoor, createSecondLook } from './door.ts';
import { createInputChecks } from './input-checks.ts';
import type { Operation } from './operation.ts';
import { parseJson } from './parse-json.ts';
import { HttpProblem, type ProblemOptions, renderProblem, toProblem } from './problem.ts';
import { observeRequests, quietly } from './request-observation.ts';
import { createRequestStates, type RequestStates } from './request-state.ts';
import type { RestParts } from './rest-parts.ts';
import { runOperation } from './run-operation.ts';
import { endUnread } from './unread-body.ts';

/**
 * The REST interface as a Fastify plugin. It listens to nothing and reads no environment; the server it is registered on is made with
 * `createServerOptions`.
 *
 * @example
 * const app = fastify(createServerOptions(publicUrl));
 * await app.register(createRestApi(parts));
 */
export function createRestApi(parts: RestParts): FastifyPluginAsync {
  return async (app) => {
    const states = createRequestStates();
    acceptJsonOnly(app, states);
    answerInProblems(app, parts, states);
    observeRequests(app, parts.observe, states);
    // What a client expects beyond `100-continue` may be passed over (RFC 9110 §10.1.1); Node alone would answer 417 without a word.
    app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
    const operations = withDocument(parts.publicUrl);
    for (const each of operations) addRoute(app, each, parts, states);
    refuseUnknownPaths(app, operations);
  };
}

function acceptJsonOnly(app: FastifyInstance, states: RequestStates): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      const { text, value } = parseJson(bytes as Buffer);
      states.of(request).text = text;
      done(null, value);
    } catch (error) {
      done(error as Error);
    }
  });
}

function answerInProblems(app: FastifyInstance, { publicUrl, now, observe }: RestParts, states: RequestStates): void {
  app.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const problem = toPublic(toProblem(error), states.of(request).key);
    if (problem.status >= 500) quietly(() => observe?.failed?.(error, request.id));
    endUnread(request, reply);
    states.of(request).problem = { code: problem.code, reason: problem.reason };
    const { status, headers, body } = renderProblem(problem, { publicUrl, requestId: request.id, now: now() });
    return reply.code(status).headers(headers).type('application/problem+json').send(JSON.stringify(body));
  });
}

/** Ensure that what is wrong with the store is told to operators, by the log, and not to whoever has no key. */
function toPublic(problem: ProblemOptions, key: ApiKey | undefined): ProblemOptions {
  if (key !== undefined || (problem.code !== 'store_unavailable' && problem.code !== 'configuration_invalid')) return problem;
  return { ...problem, detail: 'the store cannot be used now; the log has more under this instance' };
}

function addRoute(app: FastifyInstance, each: Operation, parts: RestParts, states: RequestStates): void {
  const door = createDoor(each, parts);
  const lookAgain = createSecondLook(each, parts);
  const checks = createInputChecks(each);
  app.route({
    method: each.method,
    url: each.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request) => {
      // An id of no characters is no id: the path is another.
      if (Object.values(request.params as object).includes('')) throw nothingHere();
      const state = states.of(request);
      state.operation = each;
      await door(request, state);
    },
    handler: async (request, reply) => {
      endUnread(request, reply);
      const state = states.of(request);
      await lookAgain(request, state);
      const { status, body } = await runOperation(each, { request, state, checks, parts });
      return body === undefined ? reply.code(status).send() : reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
    },
  });
}

/** Ensure that a request of HTTP/1.1 says whom it is for (RFC 9112 §3.2). Node alone would refuse it without a word. */
function assertHost({ raw }: FastifyRequest): void {
  if (raw.httpVersion === '1.1' && raw.headers.host === undefined)
    throw new HttpProblem({ status: 400, code: 'invalid_request', detail: 'the header `Host` is missing' });
}

/** Before a body is read: of one that goes nowhere nobody needs to know whether it is JSON. */
function refuseUnknownPaths(app: FastifyInstance, operations: readonly Operation[]): void {
  const refuse = createNotFound(operations);
  app.addHook('onRequest', (request, _, done) => {
    assertHost(request);
    if (request.is404) refuse(request);
    done();
  });
  app.setNotFoundHandler(refuse);
}

/** A path that exists answers 405 with the methods that it takes. */
function createNotFound(operations: readonly Operation[]): (request: FastifyRequest) => never {
  const allowedAt = createAllowedMethods(operations);
  return ({ url }) => {
    const allow = allowedAt(url);
    if (allow === undefined) throw nothingHere();
    throw new HttpProblem({ status: 405, code: 'method_not_allowed', detail: `this path takes ${allow}`, headers: { allow } });
  };
}

function nothingHere(): HttpProblem {
  return new HttpProblem({ status: 404, code: 'not_found', detail: 'there is nothing at this path' });
}
