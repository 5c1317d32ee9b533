import { parseCookie, stringifySetCookie } from 'cookie';
import { isPageSecret } from '../../../engine/page-session-keys.ts';

/** How long a browser keeps the cookie of a visit, in seconds: as long as the visit is remembered. */
const MAX_AGE = 45 * 60;

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
export function toBrowserCookie(secret: string, { id, isSecure, inFrame }: CookiePlace & { readonly inFrame: boolean }): string {
  const across = inFrame && isSecure;
  return stringifySetCookie({
    ...{ name: toName({ id, isSecure }), value: secret, maxAge: MAX_AGE, path: '/', httpOnly: true, secure: isSecure },
    ...{ sameSite: across ? 'none' : 'lax', partitioned: across },
  });
}

function toName({ id, isSecure }: CookiePlace): string {
  return `${isSecure ? '__Host-' : ''}countersign-${id}`;
}
