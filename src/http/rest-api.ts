import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { createAllowedMethods } from './allowed-methods.ts';
import { withDocument } from './document.ts';
import { createDoor } from './door.ts';
import { createInputChecks } from './input-checks.ts';
import type { Operation } from './operation.ts';
import { parseJson } from './parse-json.ts';
import { HttpProblem, renderProblem, toProblem } from './problem.ts';
import { observeRequests, quietly } from './request-observation.ts';
import { createRequestStates, type RequestStates } from './request-state.ts';
import type { RestParts } from './rest-parts.ts';
import { runOperation } from './run-operation.ts';

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
    const problem = toProblem(error);
    if (problem.status >= 500) quietly(() => observe?.failed?.(error, request.id));
    states.of(request).problem = { code: problem.code, reason: problem.reason };
    const { status, headers, body } = renderProblem(problem, { publicUrl, requestId: request.id, now: now() });
    return reply.code(status).headers(headers).type('application/problem+json').send(JSON.stringify(body));
  });
}

function addRoute(app: FastifyInstance, each: Operation, parts: RestParts, states: RequestStates): void {
  const door = createDoor(each, parts);
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
      const { status, body } = await runOperation(each, { request, state: states.of(request), checks, parts });
      return body === undefined ? reply.code(status).send() : reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
    },
  });
}

/** Before a body is read: of one that goes nowhere nobody needs to know whether it is JSON. */
function refuseUnknownPaths(app: FastifyInstance, operations: readonly Operation[]): void {
  const refuse = createNotFound(operations);
  app.addHook('onRequest', (request, _, done) => {
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
