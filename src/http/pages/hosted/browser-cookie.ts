import { parseCookie, stringifySetCookie } from 'cookie';
import { isPageSecret } from '../../../engine/page-session-keys.ts';

/** How long a browser keeps the cookie of a visit, in seconds: as long as the visit is remembered. */
const MAX_AGE = 45 * 60;

/** Visits of one browser at a time. With some eighty of their cookies the head of a request is larger than is read, and nothing here could be opened. */
const MAX_VISITS = 20;

/** Where a cookie is set. */
export interface CookiePlace {
  /** The session's id. */
  readonly id: string;
  /** Whether the service is reached by https; else it is on this machine, or behind nothing that hides a cookie. */
  readonly isSecure: boolean;
}

/**
 * The secret by which a browser shows that a visit is its own. Each visit has a cookie of its own name, so that two in two tabs do not end each other; by the
 * prefix a browser refuses it from any other host and from http (RFC 6265bis §4.1.3.2).
 */
export function readBrowserCookie(header: string | undefined, place: CookiePlace): string | undefined {
  const secret = header === undefined ? undefined : parseCookie(header)[toName(place)];
  return isPageSecret(secret) ? secret : undefined;
}

/**
 * The header that sets it. It comes back on a link from elsewhere, but not with what another site posts.
 *
 * @param inFrame whether another site may show the page in a frame, where only a cookie that says so is kept, apart for each such site (CHIPS).
 */
export function toBrowserCookie(secret: string, { id, isSecure, inFrame }: NewCookiePlace): string {
  return toHeader(toName({ id, isSecure }), secret, { isSecure, inFrame, maxAge: MAX_AGE });
}

/** The headers that let go of the visits that were opened first, where one more would be too many: browsers send the oldest first (RFC 6265bis §5.8.3). */
export function toForgottenCookies(header: string | undefined, place: NewCookiePlace): string[] {
  const names = Object.keys(parseCookie(header ?? '')).filter((name) => /^(?:__Host-)?countersign-PS[0-9a-f]{32}$/.test(name));
  return names.slice(0, Math.max(0, names.length + 1 - MAX_VISITS)).map((name) => toHeader(name, '', { ...place, maxAge: 0 }));
}

/** Where a new cookie is set. */
interface NewCookiePlace extends CookiePlace {
  readonly inFrame: boolean;
}

interface CookieKind extends Pick<NewCookiePlace, 'isSecure' | 'inFrame'> {
  readonly maxAge: number;
}

function toHeader(name: string, value: string, { isSecure, inFrame, maxAge }: CookieKind): string {
  const across = inFrame && isSecure;
  return stringifySetCookie({
    ...{ name, value, maxAge, path: '/', httpOnly: true, secure: isSecure },
    ...{ sameSite: across ? 'none' : 'lax', partitioned: across },
  });
}

function toName({ id, isSecure }: CookiePlace): string {
  return `${isSecure ? '__Host-' : ''}countersign-${id}`;
}
