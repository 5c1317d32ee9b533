import type { Fields } from './fields.ts';
import { TwilioError } from './twilio-errors.ts';

/** Which page of a list is asked for. */
export interface PageRequest {
  readonly size: number;
  /** Its number, which means nothing but to the client: where a page begins the token says. */
  readonly page: number;
  /** What an earlier page's link said; undefined for the first. */
  readonly token: string | undefined;
}

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1_000;

/** @param isToken whether a text is a token of this list. @throws {TwilioError} 60200, or 21481 for a token that is none. */
export function readPage(fields: Fields, isToken: (text: string) => boolean): PageRequest {
  const token = fields.text('PageToken');
  if (token !== undefined && !isToken(token)) throw new TwilioError(21481);
  return { size: fields.whole('PageSize', 1, MAX_SIZE) ?? DEFAULT_SIZE, page: fields.whole('Page', 0, Number.MAX_SAFE_INTEGER - 1) ?? 0, token };
}

/** A page of a list that is there as a whole, in the order of its ids; the token is the last id of the page before. */
export function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  { size, token }: PageRequest,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const behind = all.filter(({ id }) => token === undefined || id > token);
  const items = behind.slice(0, size);
  return { items, next: behind.length > size ? items.at(-1)?.id : undefined };
}

/** One page, as it is to leave. */
export interface PageToRender {
  /** Twilio's name of the list. */
  readonly key: string;
  readonly items: readonly object[];
  readonly request: PageRequest;
  /** The token of the next page; undefined on the last. */
  readonly next: string | undefined;
  /** The absolute address of the list, without a query. */
  readonly url: string;
  /** What the list was asked for beside its page; it stays in every link. */
  readonly filters?: Readonly<Record<string, string | undefined>>;
}

/**
 * A page with all seven `meta` keys: two of the SDKs fail on one that is not there. Pages go forward only, so that `previous_page_url` is always null: a store
 * lists behind an id, and not before one.
 */
export function renderPage({ key, items, request, next, url, filters = {} }: PageToRender): object {
  const { size, page, token } = request;
  const link = (number: number, from: string | undefined) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
    query.set('PageSize', String(size));
    query.set('Page', String(number));
    if (from !== undefined) query.set('PageToken', from);
    return `${url}?${query}`;
  };
  return {
    [key]: items,
    meta: {
      key,
      page,
      page_size: size,
      first_page_url: link(0, undefined),
      previous_page_url: null,
      next_page_url: next === undefined ? null : link(page + 1, next),
      url: link(page, token),
    },
  };
}
