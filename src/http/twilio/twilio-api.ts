import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { createDoor, createSecondLook, type DoorParts } from '../door.ts';
import { observeRequests, quietly } from '../request-observation.ts';
import { createRequestStates, type RequestStates } from '../request-state.ts';
import { endUnread } from '../unread-body.ts';
import { Fields } from './fields.ts';
import { EMPTY_FORM, type Form, parseForm, parseQuery } from './form.ts';
import { NOT_OFFERED_PATHS, TWILIO_OPERATIONS } from './operations.ts';
import { type ParameterNames, toTwilioError } from './to-twilio-error.ts';
import { notFound, renderTwilioError, TwilioError } from './twilio-errors.ts';
import type { TwilioOperation } from './twilio-operation.ts';
import type { TwilioParts } from './twilio-parts.ts';
import { createRefusal } from './unknown-paths.ts';

/** Where Twilio has its resources. Clients of some languages take no longer prefix. */
const PREFIX = '/v2';

/**
 * Twilio Verify's interface as a Fastify plugin, for the server that the REST one is registered on: forms in, JSON out, Twilio's errors. It answers for everything
 * under `/v2`, and knows of a request only its path and credentials: no `Host`, no `Accept`.
 *
 * @example
 * const app = fastify(createServerOptions(publicUrl));
 * await app.register(createTwilioApi(parts));
 */
export function createTwilioApi(parts: TwilioParts): FastifyPluginAsync {
  const api: FastifyPluginAsync = async (app) => {
    const states = createRequestStates();
    acceptFormsOnly(app);
    const answerWith = createErrorAnswers(parts, states);
    app.setErrorHandler(answerWith({}));
    observeRequests(app, parts.observe, states);
    for (const each of TWILIO_OPERATIONS) addRoute(app, each, { parts, states, errorHandler: answerWith(each.names ?? {}) });
    refuseUnknownPaths(app);
  };
  return async (app) => {
    await app.register(api, { prefix: PREFIX });
  };
}

/** Some clients say that they send a form, or JSON, where they send nothing: with a GET, with a DELETE. */
function acceptFormsOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_, bytes, done) => {
    try {
      done(null, parseForm(bytes as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addContentTypeParser('*', ({ headers }, _, done) => {
    const isEmpty = Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined;
    done(isEmpty ? null : new TwilioError(20415), undefined);
  });
}

type ErrorAnswer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

function createErrorAnswers({ now, observe }: TwilioParts, states: RequestStates): (names: ParameterNames) => ErrorAnswer {
  return (names) => (error, request, reply) => {
    const refused = toTwilioError(error, names);
    if (refused.status >= 500) quietly(() => observe?.failed?.(error, request.id));
    states.of(request).problem = { code: String(refused.code), reason: refused.options.reason };
    endUnread(request, reply);
    const { status, headers, body } = renderTwilioError(refused, { url: request.url, now: now() });
    return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
  };
}

interface RouteParts {
  readonly parts: TwilioParts;
  readonly states: RequestStates;
  readonly errorHandler: ErrorAnswer;
}

function addRoute(app: FastifyInstance, each: TwilioOperation, { parts, states, errorHandler }: RouteParts): void {
  const doorParts = withAccountNames(parts);
  const door = createDoor(each, doorParts);
  const lookAgain = createSecondLook(each, doorParts);
  const known = { id: `twilio${each.id}` };
  app.route({
    method: each.method,
    url: each.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    errorHandler,
    onRequest: async (request) => {
      // A sid of no characters is no sid: the path is another.
      if (Object.values(request.params as object).includes('')) throw notFound();
      const state = states.of(request);
      state.operation = known;
      await door(request, state);
    },
    handler: async (request, reply) => {
      endUnread(request, reply);
      const state = states.of(request);
      await lookAgain(request, state);
      const { key } = state;
      if (key === undefined) throw new TypeError('an operation was reached past the door');
      const form = each.method === 'GET' ? parseQuery(request.url) : ((request.body as Form | undefined) ?? EMPTY_FORM);
      const { status, body } = await each.handle({ parts, params: request.params as Record<string, string>, fields: new Fields(form), key });
      if (body === undefined) return reply.code(status).send();
      return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
    },
  });
}

/** Clients that insist on a user name of the form `AC…` write their key's id so. */
function withAccountNames(parts: TwilioParts): DoorParts {
  const { tenants } = parts;
  return {
    ...parts,
    tenants: { authenticate: (id, secret) => tenants.authenticate(id.replace(/^AC/, 'SK'), secret), isCurrent: (key) => tenants.isCurrent(key) },
  };
}

/** Before a body is read, as at the REST interface. */
function refuseUnknownPaths(app: FastifyInstance): void {
  const refuse = createRefusal({ prefix: PREFIX, operations: TWILIO_OPERATIONS, notOffered: NOT_OFFERED_PATHS });
  app.addHook('onRequest', (request, _, done) => {
    if (request.is404) refuse(request);
    done();
  });
  app.setNotFoundHandler(refuse);
}
