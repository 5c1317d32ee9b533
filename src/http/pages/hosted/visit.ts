import type { FastifyRequest } from 'fastify';
import type { PageSession, PageVisitor } from '../../../engine/page-sessions.ts';
import type { PageSettings } from '../../../engine/page-settings.ts';
import type { ServiceSettings } from '../../../engine/service-settings.ts';
import type { ServiceVerifier } from '../../../engine/service-verifier.ts';
import { readBrowserCookie } from './browser-cookie.ts';
import { type FoundLanguage, findPageLanguage } from './find-language.ts';
import { type MarkupTexts, markupTextsIn } from './markup-texts.ts';
import type { PageParts } from './page-parts.ts';

/** A session whose service is there and has a page. */
export interface OpenSession extends PageSession {
  readonly settings: ServiceSettings;
  readonly page: PageSettings;
  readonly verifier: ServiceVerifier;
}

/** A request of somebody's browser, and what is known of it. */
export interface Visit {
  readonly id: string;
  /** Undefined where there is none, or nobody remembers it. */
  readonly session: OpenSession | undefined;
  /** The secret of the browser; undefined where it sent none. */
  readonly browser: string | undefined;
  readonly isOwn: boolean;
  readonly language: FoundLanguage;
  readonly texts: MarkupTexts;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether a service is reached by https. */
export function isSecure({ publicUrl }: Pick<PageParts, 'publicUrl'>): boolean {
  return publicUrl.startsWith('https:');
}

/** Finds what a request is about. */
export async function findVisit(request: FastifyRequest, parts: PageParts): Promise<Visit> {
  const { id = '' } = request.params as { readonly id?: string };
  const session = await findSession(id, parts);
  const browser = readBrowserCookie(request.headers.cookie, { id, isSecure: isSecure(parts) });
  const language = findPageLanguage({ locale: session?.request.locale, acceptLanguage: request.headers['accept-language'] });
  const isOwn = session?.isOf(browser) ?? false;
  return { id, session, browser, isOwn, language, texts: markupTextsIn(language.language), now: parts.now() };
}

/** The visitor of a visit that is its browser's own. */
export function toVisitor({ id, browser = '' }: Visit): PageVisitor {
  return { id, browser };
}

/** Undefined also where the service is gone since, or has no page any more, or no longer leads where the visit would end. */
async function findSession(id: string, { pageSessions, tenants, verifierFor }: PageParts): Promise<OpenSession | undefined> {
  const session = await pageSessions.find(id);
  const settings = session && (await tenants.getService(session.service));
  if (session === undefined || settings === undefined || settings.page === null) return undefined;
  if (!settings.page.returnUrls.includes(session.request.returnUrl)) return undefined;
  return { ...session, settings, page: settings.page, verifier: verifierFor(settings) };
}
