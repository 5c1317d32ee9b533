import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { observeRequests } from '../../request-observation.ts';
import { createRequestStates, type RequestStates } from '../../request-state.ts';
import { endUnread } from '../../unread-body.ts';
import { acceptsGzip } from './accepts.ts';
import { Answers } from './answers.ts';
import { type PageAssets, toAssets } from './assets.ts';
import { toBrowserCookie, toForgottenCookies } from './browser-cookie.ts';
import { PAGE_PREFIX } from './page-address.ts';
import { assertOwnAddress, assertOwnSession, assertSameSite } from './page-limits.ts';
import type { PageParts } from './page-parts.ts';
import { parseSaid } from './said.ts';
import { STEPS, type StepName, toReturn } from './steps.ts';
import { findVisit, isSecure, toVisitor, type Visit } from './visit.ts';

/**
 * The hosted page as a Fastify plugin, for the server that the REST interface is registered on: a person opens the link of a session, says where to send a
 * code, types it, and is sent back. Forms and redirects alone; what its script adds is comfort.
 *
 * @example
 * const app = fastify(createServerOptions(publicUrl));
 * await app.register(createHostedPages(parts));
 */
export function createHostedPages(parts: PageParts): FastifyPluginAsync {
  const assets = toAssets(parts, PAGE_PREFIX);
  const pages: FastifyPluginAsync = async (app) => {
    const states = createRequestStates();
    const answers = new Answers({ parts, assets, states, prefix: PAGE_PREFIX });
    acceptFormsOnly(app);
    app.setErrorHandler(answers.failed);
    observeRequests(app, parts.observe, states);
    refuseUnknownPaths(app, answers);
    endBodiesOfGets(app);
    addAssets(app, assets, states);
    addOpening(app, { parts, states, answers });
    addPage(app, { parts, states, answers });
    addSteps(app, { parts, states, answers });
  };
  return async (app) => {
    await app.register(pages, { prefix: PAGE_PREFIX });
  };
}

interface RouteParts {
  readonly parts: PageParts;
  readonly states: RequestStates;
  readonly answers: Answers;
}

/** A form has a handful of short fields. */
const FORM_LIMIT = 4_096;

function acceptFormsOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: FORM_LIMIT }, (_, text, done) => {
    done(null, new URLSearchParams(text as string));
  });
}

/** Before a body is read: of one that goes nowhere nobody needs to know whether it is a form. */
function refuseUnknownPaths(app: FastifyInstance, answers: Answers): void {
  app.addHook('onRequest', async (request, reply) => (request.is404 ? answers.nothing(request, reply) : undefined));
  app.setNotFoundHandler(answers.nothing);
}

/** A form is read as a whole before anything is answered; whatever comes behind any other request is not. */
function endBodiesOfGets(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST') endUnread(request, reply);
  });
}

/** The files never change under their address, and hold nothing of anybody. */
function addAssets(app: FastifyInstance, assets: PageAssets, states: RequestStates): void {
  for (const { path, type, body, compressed } of assets.files) {
    app.get(path, (request, reply) => {
      states.of(request).operation = { id: 'pageFile' };
      reply.header('cache-control', 'public, max-age=31536000, immutable').header('vary', 'accept-encoding').type(type);
      return acceptsGzip(request) ? reply.header('content-encoding', 'gzip').send(compressed) : reply.send(body);
    });
  }
}

/**
 * Opens a link. Nothing is written and nothing is used up, so that whoever looks at a link before its person does (a messenger, a mail filter) takes nothing
 * away; the cookie that is given is nobody's until a form comes back with it.
 */
function addOpening(app: FastifyInstance, { parts, states, answers }: RouteParts): void {
  app.get('/:id/:link', async (request, reply) => {
    states.of(request).operation = { id: 'pageOpen' };
    await assertOwnAddress(request, parts);
    const visit = await findVisit(request, parts);
    const { session } = visit;
    const { link = '' } = request.params as { readonly link?: string };
    // The address of a step, loaded again. One of a session that nobody has is whatever somebody wrote there, and leads nowhere.
    if (session !== undefined && Object.hasOwn(STEPS, link)) return answers.go(request, reply, visit);
    if (session === undefined || !parts.pageSessions.isLink(visit.id, link)) return answers.end(request, reply, visit, 'gone');
    if (visit.isOwn) return answers.go(request, reply, visit);
    if (session.isBound) return answers.end(request, reply, visit, 'elsewhere');
    if (session.end !== undefined) return answers.end(request, reply, visit, 'gone');
    const browser = visit.browser ?? giveCookie(request, reply, visit, parts);
    return answers.page(request, reply, { visit: { ...visit, browser }, session, link, said: parseSaid(request.query, visit.now) });
  });
}

function giveCookie({ headers }: FastifyRequest, reply: FastifyReply, { id, session }: Visit, parts: PageParts): string {
  const browser = parts.pageSessions.createBrowser();
  const place = { id, inFrame: (session?.page.frameAncestors.length ?? 0) > 0, isSecure: isSecure(parts) };
  reply.header('set-cookie', [toBrowserCookie(browser, place), ...toForgottenCookies(headers.cookie, place)]);
  return browser;
}

/** The page of a visit. An approval whose way back was cut off is told again. */
function addPage(app: FastifyInstance, { parts, states, answers }: RouteParts): void {
  app.get('/:id', async (request, reply) => {
    states.of(request).operation = { id: 'pageShow' };
    await assertOwnAddress(request, parts);
    const visit = await findVisit(request, parts);
    const { session } = visit;
    if (session === undefined || !session.isBound) return answers.end(request, reply, visit, 'gone');
    if (!visit.isOwn) return answers.end(request, reply, visit, 'elsewhere');
    if (session.end === 'approved') {
      const result = await parts.pageSessions.issue(toVisitor(visit));
      return result === undefined
        ? answers.end(request, reply, visit, 'late')
        : answers.leave(request, reply, { visit, name: 'done', url: toReturn(session, { result: result.reveal() }) });
    }
    if (session.end !== undefined) return answers.end(request, reply, visit, ENDS[session.end]);
    const { with: ask } = request.query as { readonly with?: unknown };
    const asked = ask === 'email' || ask === 'phone' ? ask : undefined;
    return answers.page(request, reply, { visit, session, said: parseSaid(request.query, visit.now), ask: asked });
  });
}

const ENDS = { late: 'late', exchanged: 'done', canceled: 'canceled', over: 'gone' } as const;

/** Everything that a person does is a form that is posted. */
function addSteps(app: FastifyInstance, { parts, states, answers }: RouteParts): void {
  for (const name of Object.keys(STEPS) as StepName[]) {
    const operation = { id: `page${name.charAt(0).toUpperCase()}${name.slice(1)}` };
    app.post(`/:id/${name}`, { bodyLimit: FORM_LIMIT }, async (request, reply) => {
      states.of(request).operation = operation;
      await assertOwnAddress(request, parts);
      assertSameSite(request, parts);
      const visit = await findVisit(request, parts);
      const { session, browser } = visit;
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const link = form.get('link') ?? '';
      const hasLink = link !== '' && parts.pageSessions.isLink(visit.id, link);
      if (session === undefined || !(session.isBound || hasLink)) return answers.end(request, reply, visit, 'gone');
      if (browser === undefined) return answers.end(request, reply, visit, 'cookies');
      if (session.isBound && !visit.isOwn) return answers.end(request, reply, visit, 'elsewhere');
      const page = { visit, session, ...(hasLink && { link }) };
      if (!parts.pageSessions.isFormToken(toVisitor(visit), form.get('form'))) return answers.stale(request, reply, { ...page, typed: form });
      await assertOwnSession(visit, parts);
      if (session.end !== undefined) return answers.go(request, reply, visit);
      const result = await STEPS[name]({ visit, session, form, hasLink, parts });
      return answers.step(request, reply, { ...page, typed: form, name, result });
    });
  }
}
