import { Secret } from './secret.ts';

/** Random bytes from a source that repeats nothing. */
export type RandomBytes = (size: number) => Buffer;

/** 128 bits: nobody guesses an id, and no two are ever the same. */
const ID_BYTES = 16;

/** What a secret is made of: characters that need no escaping in a header, a URL or a shell. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The most equal shares of the 256 values of a byte; those above are drawn again, or the first letters would come more often. */
const FAIR_BELOW = 256 - (256 % ALPHABET.length);

/** Characters of an API key's secret: 190 bits. */
const API_SECRET_LENGTH = 32;

/** A new service's id: `VA` + 32 lower-case hex. */
export function createServiceId(random: RandomBytes): string {
  return `VA${random(ID_BYTES).toString('hex')}`;
}

/** A new API key's id: `SK` + 32 lower-case hex. */
export function createApiKeyId(random: RandomBytes): string {
  return `SK${random(ID_BYTES).toString('hex')}`;
}

/** A new page session's id: `PS` + 32 lower-case hex. */
export function createPageSessionId(random: RandomBytes): string {
  return `PS${random(ID_BYTES).toString('hex')}`;
}

/** Whether a text has the form of a page session's id. */
export function isPageSessionId(value: unknown): value is string {
  return typeof value === 'string' && /^PS[0-9a-f]{32}$/.test(value);
}

/** A new send limit's id: `RK` + 32 lower-case hex. */
export function createSendLimitId(random: RandomBytes): string {
  return `RK${random(ID_BYTES).toString('hex')}`;
}

/** A new bucket's id: `BL` + 32 lower-case hex. */
export function createSendBucketId(random: RandomBytes): string {
  return `BL${random(ID_BYTES).toString('hex')}`;
}

/** Whether a text has the form of a send limit's id. */
export function isSendLimitId(value: unknown): value is string {
  return typeof value === 'string' && /^RK[0-9a-f]{32}$/.test(value);
}

/** Whether a text has the form of a bucket's id. */
export function isSendBucketId(value: unknown): value is string {
  return typeof value === 'string' && /^BL[0-9a-f]{32}$/.test(value);
}

/** Whether a text has the form of a service's id. */
export function isServiceId(value: unknown): value is string {
  return typeof value === 'string' && /^VA[0-9a-f]{32}$/.test(value);
}

/** Whether a text has the form of an API key's id. */
export function isApiKeyId(value: unknown): value is string {
  return typeof value === 'string' && /^SK[0-9a-f]{32}$/.test(value);
}

/** A new secret of 32 letters and digits, each as likely as any other. */
export function createApiSecret(random: RandomBytes): Secret {
  let text = '';
  while (text.length < API_SECRET_LENGTH) {
    for (const byte of random(API_SECRET_LENGTH)) if (byte < FAIR_BELOW && text.length < API_SECRET_LENGTH) text += ALPHABET[byte % ALPHABET.length];
  }
  return new Secret(text);
}

/** Whether a text has the form of an API key's secret. */
export function isApiSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{32}$/.test(value);
}
