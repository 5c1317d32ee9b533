/**
 * What a message's texts may be, told without making one: an operator may set them per service, and a mistake must show where it is made and not when a
 * person waits. Each function answers with what is wrong, to be put behind the field's name, or with undefined.
 */

/** Where the code goes in a template. */
export const PLACEHOLDER = '{code}';

/** Control characters, lone surrogates, line and paragraph separators, bidirectional controls (UAX #9): unsendable, or not what a person reads. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** A template holds {@link PLACEHOLDER} exactly once. Line feeds are allowed; what a person cannot see is not. */
export function describeTemplateFault(template: unknown): string | undefined {
  if (typeof template !== 'string') return 'must be a text that holds `{code}`';
  const parts = template.split(PLACEHOLDER);
  if (parts.length !== 2) return 'must hold `{code}` exactly once';
  if (/[{}]/.test(parts.join(''))) return 'may hold no placeholder and no brace but `{code}`';
  if (UNPRINTABLE.test(template.replaceAll('\n', ''))) return 'may hold no control characters but line feeds, and no bidirectional controls';
  return undefined;
}

/** Ensure that a subject is one printable line: a line break in it would begin a header of its own (CWE-93). */
export function describeSubjectFault(subject: unknown): string | undefined {
  if (typeof subject !== 'string' || subject.trim().length === 0) return 'must be a text';
  if (UNPRINTABLE.test(subject)) return 'must be one line without control characters';
  if (/[{}]/.test(subject)) return 'may hold no placeholder: it never carries the code';
  return undefined;
}

/** An origin that has a {@link toOriginHost}. */
export function describeOriginFault(origin: unknown): string | undefined {
  return toOriginHost(origin) === undefined ? 'must be `https://` and a host name: no user, port, path, query or fragment' : undefined;
}

/**
 * The host of an origin as the format writes it: `@host` becomes the origin (`https`, host, no port) without any parsing, so it has to be
 * the canonical ASCII form that a browser has for the page (WICG origin-bound one-time codes §3.2). Undefined where it has none.
 */
export function toOriginHost(origin: unknown): string | undefined {
  // Looked at before `URL` is, which drops tabs, takes backslashes for slashes and forgets an empty query.
  const written = typeof origin === 'string' && /^https:\/\/[^\s/?#@:\\]+\/?$/i.test(origin) && URL.canParse(origin);
  const host = written ? new URL(origin).hostname : '';
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(host) ? host : undefined;
}
