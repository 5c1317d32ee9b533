/** Names of resources, and ids: what may be repeated of a path. Anything else may be a phone number or an address. */
const HARMLESS = /^(?:v2|[A-Za-z]{1,32}|[A-Z]{2}[0-9a-fA-F]{32})$/;

/** The path of a URL without what it says of people: `/v2/Services/VA…/Verifications/{Sid}` where a number was in the place of the sid. */
export function toSafePath(url: string): string {
  const [path = ''] = url.split('?');
  return path
    .split('/')
    .slice(0, 12)
    .map((part) => (part === '' || HARMLESS.test(part) ? part : '{Sid}'))
    .join('/');
}

/** Whether a URL is one of this door's. */
export function isTwilioUrl(url: string): boolean {
  return /^\/v2(?:[/?]|$)/.test(url);
}
