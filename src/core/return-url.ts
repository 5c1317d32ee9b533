import { isLoopback } from './loopback.ts';

/** Longest address that a visit may end at: with a result and a `state` it still fits where addresses do. */
const MAX_LENGTH = 512;

/** What is added to an address behind a `?`. */
const RETURNED = ['result', 'error', 'state'] as const;

/** The characters of RFC 3986 §2: what goes into a header, a page or a redirect as it is. */
const CHARACTERS = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;

/**
 * What is wrong with an address that people are sent back to, to be put behind the field's name; undefined where nothing is.
 *
 * Ensure that it is an address of the caller's alone: https, this machine, or a scheme of an app's own with a dot in it (RFC 8252 §7.1). It is compared as it
 * is, character by character (RFC 9700 §2.1), so that it must be written as `URL` writes it, and what is added to it goes behind its query.
 */
export function describeReturnUrlFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'must be an absolute address';
  if (value.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  const { href, protocol, hostname, username, password, hash, searchParams } = new URL(value);
  // Of what stands behind a scheme that it does not know, `URL` escapes little: no quote, no space, no backslash.
  if ((href !== value && href !== `${value}/`) || !CHARACTERS.test(value))
    return 'must be written as browsers write it: lower-case host, no default port, nothing to be escaped';
  if (`${username}${password}${hash}` !== '' || value.includes('#')) return 'may hold no user and no fragment';
  // Of two of one name most readers take the first, which would not be ours.
  if (RETURNED.some((name) => searchParams.has(name))) return `may not have ${RETURNED.join(', ')} in its query: they are added there`;
  if (protocol === 'http:' && !isLoopback(hostname)) return 'must be https, unless it is on this machine';
  if (protocol === 'https:' || protocol === 'http:') return isPlainHost(hostname) ? undefined : 'must have a host of letters, digits, "-" and "."';
  return /^[a-z][a-z\d+-]*(?:\.[a-z\d+-]+)+:$/.test(protocol)
    ? undefined
    : 'must be https, or have a scheme with a dot in it: com.example.app:/verified';
}

/**
 * What is wrong with an address that somebody means as a pattern: a `*` in its host, or in the place of a part of its path. Apart from the faults of every
 * address: it would lead to nowhere and to nobody else, so that one which is kept already stays readable.
 */
export function describePatternFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { hostname, pathname } = new URL(value);
  const isPattern = hostname.includes('*') || pathname.split('/').some((part) => /^\*+$/.test(part));
  return isPattern ? 'is compared character by character, and may hold no pattern: give each address that there is' : undefined;
}

/**
 * Whether a host, as `URL.hostname` writes it, means itself in a Content-Security-Policy (CSP3 §2.3.1): `URL` takes `*.example.com` and `a;sandbox` as well,
 * which there are every host of a kind and another directive.
 */
export function isPlainHost(hostname: string): boolean {
  return hostname === '[::1]' || /^[a-z\d-]+(?:\.[a-z\d-]+)*$/.test(hostname);
}

/** The address with what is told there, behind a query that it has already. */
export function addToQuery(returnUrl: string, told: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  const joint = !returnUrl.includes('?') ? '?' : /[?&]$/.test(returnUrl) ? '' : '&';
  return `${returnUrl}${joint}${pairs.join('&')}`;
}
