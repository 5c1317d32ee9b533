import type { KeyObject } from 'node:crypto';
import { equalInConstantTime } from '../core/codes.ts';
import { hmac, shortHash } from '../core/keys.ts';
import type { RandomBytes } from '../core/tenant-ids.ts';

/**
 * The secrets around a page session, each of 128 bits: none is kept, and of those that somebody else makes up only a keyed hash is. A session's id is none
 * of them, as it stands in the address bar.
 */

/** Bytes of a secret. */
const SECRET_BYTES = 16;

/** What makes a link of an id. It is derived, so that the same link can be answered again. */
export function toLinkSecret(key: KeyObject, id: string): string {
  return shortHash(key, `link\0${id}`);
}

/** Ensure that only who was given the link opens a session: comparing tells nothing of where a guess went wrong. */
export function isLinkSecret(key: KeyObject, id: string, given: string): boolean {
  return equalInConstantTime(toLinkSecret(key, id), given);
}

/** A new secret of 22 characters: of a browser, or of a result. */
export function createPageSecret(random: RandomBytes): string {
  return random(SECRET_BYTES).toString('base64url');
}

/** Whether a text has the form of one. */
export function isPageSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value);
}

/** What is kept of the browser that a session belongs to. @param browser its secret, from its cookie. */
export function toBrowserHash(key: KeyObject, id: string, browser: string): string {
  return shortHash(key, `browser\0${id}\0${browser}`);
}

/** What is kept of a result that waits to be exchanged. */
export function toResultHash(key: KeyObject, id: string, result: string): string {
  return shortHash(key, `result\0${id}\0${result}`);
}

/**
 * The attempt id of a guess: the same for the same digits from the same browser, so that a form that is sent twice is judged once, and its second answer is
 * the first.
 */
export function toPageAttemptId(key: KeyObject, given: { readonly id: string; readonly browser: string; readonly guess: string }): string {
  return shortHash(key, `attempt\0${given.id}\0${given.browser}\0${given.guess}`);
}

/** What a form says it is about: another for each verification and browser. */
export function toPageMark(key: KeyObject, given: { readonly id: string; readonly browser: string; readonly verificationId: string }): string {
  return shortHash(key, `about\0${given.id}\0${given.browser}\0${given.verificationId}`);
}

/**
 * What a form carries to show that it is one of ours (CSRF): derived from the browser's cookie, under a mask that is another each time, so that a compressed
 * page does not give it away piece by piece (CVE-2013-3587, "BREACH").
 */
export function createFormToken(key: KeyObject, given: { readonly id: string; readonly browser: string }, random: RandomBytes): string {
  const mask = Buffer.from(random(SECRET_BYTES));
  return Buffer.concat([mask, xor(mask, toFormSecret(key, given))]).toString('base64url');
}

/** Whether a form is one of ours, for this browser. */
export function isFormToken(key: KeyObject, given: { readonly id: string; readonly browser: string }, token: unknown): boolean {
  if (typeof token !== 'string' || !/^[\w-]{43}$/.test(token)) return false;
  const bytes = Buffer.from(token, 'base64url');
  const secret = xor(bytes.subarray(0, SECRET_BYTES), bytes.subarray(SECRET_BYTES));
  return equalInConstantTime(secret.toString('base64url'), toFormSecret(key, given).toString('base64url'));
}

function toFormSecret(key: KeyObject, { id, browser }: { readonly id: string; readonly browser: string }): Buffer {
  return hmac(key, `form\0${id}\0${browser}`).subarray(0, SECRET_BYTES);
}

function xor(one: Buffer, other: Buffer): Buffer {
  return one.map((byte, at) => byte ^ (other[at] ?? 0)) as Buffer;
}
