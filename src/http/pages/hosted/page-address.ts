/** Where visits are, under the service's public address. */
export const PAGE_PREFIX = '/verify';

/** Whether an address, as a request has it, is one of the hosted page's. */
export function isPageUrl(url: string): boolean {
  return url.startsWith(PAGE_PREFIX) && /^(?:[/?#]|$)/.test(url.slice(PAGE_PREFIX.length));
}
