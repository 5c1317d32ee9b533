import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toProblem, toSeconds } from '../../problem.ts';
import { quietly } from '../../request-observation.ts';
import type { RequestStates } from '../../request-state.ts';
import { endUnread } from '../../unread-body.ts';
import { acceptsGzip, isScript } from './accepts.ts';
import type { PageAssets } from './assets.ts';
import { findPageLanguage } from './find-language.ts';
import { formatWait } from './format-wait.ts';
import { markupTextsIn } from './markup-texts.ts';
import { toPageHeaders } from './page-headers.ts';
import { PageRefusal } from './page-limits.ts';
import type { PageParts } from './page-parts.ts';
import { pageTextsIn } from './page-texts.ts';
import { viewAsk, viewPage } from './page-view.ts';
import { isFault, type Said, tellSaid, toQuery } from './said.ts';
import { kindOf, type PageForm, type StepName, type StepResult, toMark, toReturn } from './steps.ts';
import { type EndName, renderEnd } from './views/end-view.ts';
import { renderPage, type View } from './views/layout.ts';
import { type OpenSession, toVisitor, type Visit } from './visit.ts';

/** A page that a browser may go on with. */
export interface PageAnswer {
  readonly visit: Visit;
  readonly session: OpenSession;
  /** The second half of the link, until the session is this browser's. */
  readonly link?: string | undefined;
  readonly said?: Said | undefined;
  readonly ask?: 'email' | 'phone' | undefined;
  readonly typed?: PageForm | undefined;
}

/** What answers are made of. */
export interface AnswerParts {
  readonly parts: PageParts;
  readonly assets: PageAssets;
  readonly states: RequestStates;
  readonly prefix: string;
}

/** Makes what leaves: pages and redirects to a browser, and the same as JSON to the page's script. */
export class Answers {
  readonly #parts: PageParts;
  readonly #assets: PageAssets;
  readonly #states: RequestStates;
  readonly #prefix: string;

  constructor({ parts, assets, states, prefix }: AnswerParts) {
    this.#parts = parts;
    this.#assets = assets;
    this.#states = states;
    this.#prefix = prefix;
  }

  /** The page of a visit as it is now. */
  async page(request: FastifyRequest, reply: FastifyReply, answer: PageAnswer, status?: number): Promise<FastifyReply> {
    const { said, session, visit } = answer;
    const view = await viewPage(this.#toViewed(answer));
    // Another form of this visit is having it sent: the page for the code is there in a moment, for browsers without script as well.
    if (said?.what === 'in_progress' && session.current === undefined) reply.header('refresh', `${ASK_AGAIN};url=${this.#toPath(visit.id)}`);
    return this.#send(request, reply, answer.visit, status === undefined ? view : { ...view, status });
  }

  /** To the visit's own page, so that loading it again does nothing again. */
  go(request: FastifyRequest, reply: FastifyReply, { id }: Pick<Visit, 'id'>, query = ''): FastifyReply {
    return this.#redirect(request, reply, `${this.#toPath(id)}${query}`);
  }

  /** To another address of the page. */
  #redirect(request: FastifyRequest, reply: FastifyReply, location: string): FastifyReply {
    if (isScript(request)) return reply.type(JSON_TYPE).send(JSON.stringify({ location }));
    return reply.code(303).header('location', location).send();
  }

  /**
   * Back to the caller. By a page that leads on, and no redirect: browsers hold those behind a form against the page's `form-action`, also the ones that the
   * caller's site adds. Its link is for browsers that open no app by themselves.
   */
  leave(
    request: FastifyRequest,
    reply: FastifyReply,
    { visit, name, url }: { readonly visit: Visit; readonly name: 'done' | 'canceled'; readonly url: string },
  ): FastifyReply {
    const { session, texts, language, now } = visit;
    const brand = session?.page.brand ?? '';
    if (isScript(request)) {
      const { say } = pageTextsIn(language.language);
      // Whether an app opens nobody here learns: its page stays, and says how the visit ended.
      const stays = !/^https?:/.test(url) && {
        end: name,
        title: say(`${name}.title`),
        lead: say(`${name}.lead`),
        back: say('back.link', { brand }),
      };
      return reply.type(JSON_TYPE).send(JSON.stringify({ location: url, ...stays }));
    }
    return this.#send(request, reply.header('refresh', `0;url=${url}`), visit, renderEnd(name, { texts, now, brand, back: url }));
  }

  /** What came of a step. */
  async step(
    request: FastifyRequest,
    reply: FastifyReply,
    { name, result, ...answer }: PageAnswer & { readonly name: StepName; readonly result: StepResult },
  ): Promise<FastifyReply> {
    const { visit, session } = answer;
    if (result.kind === 'leave') return this.leave(request, reply, { ...result, visit });
    if (result.kind === 'end') return this.end(request, reply, visit, result.page);
    if (result.kind === 'go') return this.go(request, reply, visit, result.said ? toQuery(result.said) : result.ask ? `?with=${result.ask}` : '');
    if (isScript(request))
      return reply
        .type(JSON_TYPE)
        .send(JSON.stringify({ message: this.#tell(answer, result.said, name), ...(isFault(result.said) && { isFault: true }) }));
    if (name !== 'start') return this.go(request, reply, visit, toQuery({ ...result.said, isOfGuess: name === 'check' }));
    const ask = answer.typed?.get('with') === 'email' ? 'email' : 'phone';
    return this.#send(request, reply, visit, { ...viewAsk(this.#toViewed({ ...answer, session, said: result.said, ask })), status: 422 });
  }

  /** A form that was made for another browser, or another time. */
  async stale(request: FastifyRequest, reply: FastifyReply, answer: PageAnswer): Promise<FastifyReply> {
    const { visit, link, typed } = answer;
    const said: Said = { what: 'form_stale', isOfGuess: typed?.get('code') != null };
    if (visit.isOwn) return this.go(request, reply, visit, toQuery(said));
    // A session that is nobody's yet has no page but that of its link.
    if (isScript(request)) return this.#redirect(request, reply, `${this.#toPath(visit.id)}/${link}${toQuery(said)}`);
    return this.page(request, reply, { ...answer, said }, 403);
  }

  /** An end, or what is none yet. */
  end(request: FastifyRequest, reply: FastifyReply, visit: Visit, name: EndName, until?: number): FastifyReply {
    const { session, isOwn, language, texts, now } = visit;
    const brand = session?.page.brand ?? '';
    if (isScript(request)) {
      const { say } = pageTextsIn(language.language);
      const message = name === 'quick' ? say('quick.lead', { wait: formatWait((until ?? now) - now) }) : say(`${name}.lead`, { brand });
      return this.#answer(reply, JSON_TYPE, JSON.stringify({ message }), renderEnd(name, { texts, brand, now }).status);
    }
    // Only its own browser learns where the visit would have led.
    const error = name === 'canceled' ? 'canceled' : name === 'late' || name === 'gone' ? 'expired' : undefined;
    const back = session !== undefined && isOwn && error !== undefined ? toReturn(session, { error }) : undefined;
    return this.#send(request, reply, visit, renderEnd(name, { texts, brand, now, back, until }));
  }

  /** Whatever was thrown. Of a fault of ours or of the store a person learns that it is none of theirs. */
  failed = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    endUnread(request, reply);
    const visit = this.#toNobodys(request);
    if (error instanceof PageRefusal) {
      if (error.until !== undefined) reply.header('retry-after', String(toSeconds(new Date(error.until), visit.now)));
      this.#states.of(request).problem = { code: 'refused', reason: error.page === 'quick' ? 'rate_limited' : undefined };
      return this.end(request, reply, error.visit ?? visit, error.page, error.until);
    }
    const { status, code } = toProblem(error);
    if (status >= 500) quietly(() => this.#parts.observe?.failed?.(error, request.id));
    this.#states.of(request).problem = { code, reason: undefined };
    if (status === 503) reply.header('retry-after', '1');
    this.end(request, reply.code(status), visit, status === 404 ? 'gone' : 'trouble');
    return reply;
  };

  /** A path that is none. */
  nothing = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    endUnread(request, reply);
    return this.end(request, reply, this.#toNobodys(request), 'gone');
  };

  /** A request of which nothing is looked up. */
  #toNobodys({ headers }: FastifyRequest): Visit {
    const language = findPageLanguage({ acceptLanguage: headers['accept-language'] });
    const texts = markupTextsIn(language.language);
    return { id: '', now: this.#parts.now(), language, texts, session: undefined, browser: undefined, isOwn: false };
  }

  #toPath(id: string): string {
    return `${this.#assets.base}${this.#prefix}/${id}`;
  }

  #toViewed({ visit, session, link, said, ask, typed }: PageAnswer): Parameters<typeof viewAsk>[0] {
    const token = this.#parts.pageSessions.createFormToken(toVisitor(visit));
    return { visit, session, said, ask, typed, mark: toMark(visit, session, this.#parts), form: { path: this.#toPath(visit.id), token, link } };
  }

  #tell({ visit, session, typed }: PageAnswer, said: Said, name: StepName): string {
    const to = name === 'start' ? undefined : session.current?.to;
    const isEmail = to === undefined ? typed?.get('with') === 'email' : kindOf(to) === 'email';
    return tellSaid(said, {
      ...{ language: visit.language.language, now: visit.now, brand: session.page.brand, digits: session.settings.codeLength },
      kind: isEmail ? 'email' : 'phone',
      attemptsLeft: said.attemptsLeft ?? 1,
    });
  }

  #send(request: FastifyRequest, reply: FastifyReply, { language, session, texts }: Visit, view: View): FastifyReply {
    const page = session?.page;
    const { status, markup, styleSource } = renderPage(view, { language: language.language, texts, page, assets: this.#assets });
    if (page !== undefined && page.frameAncestors.length > 0) reply.removeHeader('x-frame-options');
    reply.headers(toPageHeaders({ page, styleSource })).header('vary', 'accept, accept-encoding, accept-language, cookie');
    if (!acceptsGzip(request)) return this.#answer(reply, HTML_TYPE, markup, status);
    return this.#answer(reply.header('content-encoding', 'gzip'), HTML_TYPE, gzipSync(markup), status);
  }

  /** A status that was set for a failure stays. */
  #answer(reply: FastifyReply, type: string, body: string | Buffer, status: number): FastifyReply {
    return (reply.statusCode === 200 ? reply.code(status) : reply).type(type).send(body);
  }
}

/** After so many seconds a page looks whether a message has left. */
const ASK_AGAIN = 2;

const HTML_TYPE = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
