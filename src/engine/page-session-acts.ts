import { equalInConstantTime } from '../core/codes.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import type { Decide, Decision } from '../stores/store.ts';
import { decodePageSession, encodePageSession, type PageSessionCurrent, type PageSessionEnd, type PageSessionRecord } from './page-session-record.ts';

/**
 * What happens to a visit of the hosted page, as rules on its record. Time is the later of the store's clock and the latest time that the record has seen.
 * Each rule but the first and the exchange is for one browser: whoever has another is told so, and changes nothing.
 */

/** How long a link is good, and what was begun with it: 30 min. */
export const PAGE_SESSION_LIFE: number = 30 * MINUTE;

/** Numbers and addresses that may be tried in one visit. */
export const MAX_DESTINATIONS = 3;

/** How long a result may be exchanged: 60 s, a redirect and a request. */
export const RESULT_LIFE: number = 60 * SECOND;

/** Until when after an approval a new result is given to a browser that comes again. A proof is good for 300 s; this leaves its reader a minute. */
export const RESULT_PERIOD: number = 180 * SECOND;

/** How long a form may take to have its message sent, 60 s, as for any delivery: whoever ended meanwhile looks the same. */
const SEND_LIMIT = 60 * SECOND;

/** Results that are good at the same time: a page that was sent twice, and loaded again. */
const MAX_RESULTS = 3;

/** How long a record is kept behind the life of its session: results, and whoever wants to know that it was one. */
const KEPT_AFTER = 15 * MINUTE;

/** Why an act did nothing. */
export type PageSessionRefusal = 'gone' | 'elsewhere' | 'ended';

/** What comes of it when a browser begins something; `sending` where another form of it is having a message sent. */
export type ClaimOutcome = PageSessionRefusal | 'destinations_used_up' | 'claimed' | 'sending';

/** Makes a session. @param request what its caller asked for, sealed. */
export function decideOpenSession(service: string, request: string): Decide<{ readonly expiresAt: number }> {
  return (_, now) => {
    const record = {
      createdAt: now,
      seen: now,
      service,
      request,
      browser: undefined,
      destinations: [],
      current: undefined,
      end: undefined,
      sending: undefined,
    };
    return write(record, { expiresAt: now + PAGE_SESSION_LIFE });
  };
}

/** What a browser wants to begin. */
export interface PageClaim {
  /** Keyed hash of the browser's secret. */
  readonly browser: string;
  /** Whether the browser has shown the link, and so may become the one that the session belongs to. */
  readonly hasLink: boolean;
  /** Keyed hash of the number or address that a message shall go to; undefined where it is the caller's, or was claimed before. */
  readonly destination?: string | undefined;
  /** Whether a message is about to be sent: of forms that come at once one has it. @defaultValue false */
  readonly sends?: boolean | undefined;
}

/** Ensure that one browser has a session, of all that know its link, and that no more than {@link MAX_DESTINATIONS} are tried in it. */
export function decideClaim({ browser, hasLink, destination, sends = false }: PageClaim): Decide<ClaimOutcome> {
  return (body, clock) => {
    const found = openFor(body, clock, browser, hasLink);
    if (typeof found === 'string') return { result: found };
    const { destinations } = found;
    const isNew = destination !== undefined && !destinations.includes(destination);
    if (isNew && destinations.length >= MAX_DESTINATIONS) return { result: 'destinations_used_up' };
    if (sends && found.sending !== undefined && found.seen < found.sending + SEND_LIMIT) return { result: 'sending' };
    const sending = sends ? found.seen : found.sending;
    return write({ ...found, browser, destinations: isNew ? [...destinations, destination] : destinations, sending }, 'claimed');
  };
}

/** What a visit is about from now on. */
export function decideCurrent(browser: string, current: PageSessionCurrent): Decide<PageSessionRefusal | 'kept'> {
  return (body, clock) => {
    const found = openFor(body, clock, browser, false);
    return typeof found === 'string' ? { result: found } : write({ ...found, current, sending: undefined }, 'kept');
  };
}

/** Says that no message left, so that another form may have one sent. */
export function decideUnsent(browser: string): Decide<PageSessionRefusal | 'kept'> {
  return (body, clock) => {
    const found = openFor(body, clock, browser, false);
    return typeof found === 'string' ? { result: found } : write({ ...found, sending: undefined }, 'kept');
  };
}

/** The end that a visit is for. The same approval, brought again while it can be told, has one more result. @param claims sealed. @param hash of the result. */
export function decideApprovePage(browser: string, { claims, hash }: { readonly claims: string; readonly hash: string }): Decide<boolean> {
  return (body, clock) => {
    const record = open(body, clock);
    if (record === undefined || !isOf(record, browser)) return { result: false };
    const { end, seen } = record;
    if (end === undefined) return write({ ...record, end: { kind: 'approved', at: seen, claims, results: [{ hash, at: seen }] } }, true);
    return isTellable(end, seen) ? write({ ...record, end: addResult(end, { hash, at: seen }) }, true) : { result: false };
  };
}

/** One more result of an approval, for a browser whose way back was cut off. False where there is no approval, or it was too long ago. */
export function decideIssueResult(browser: string, hash: string): Decide<boolean> {
  return (body, clock) => {
    const record = open(body, clock);
    if (record === undefined || !isOf(record, browser) || !isTellable(record.end, record.seen)) return { result: false };
    return write({ ...record, end: addResult(record.end, { hash, at: record.seen }) }, true);
  };
}

/** Ensure that of all who bring a result one has what it stands for: the claims, sealed. Undefined for one that is wrong, over or used, or another service's. */
export function decideExchange(service: string, hash: string): Decide<string | undefined> {
  return (body, clock) => {
    const record = open(body, clock);
    if (record === undefined || record.service !== service || record.end?.kind !== 'approved') return { result: undefined };
    const { results, claims } = record.end;
    const isGood = results.some((result) => equalInConstantTime(result.hash, hash) && record.seen < result.at + RESULT_LIFE);
    return isGood ? write({ ...record, current: undefined, end: { kind: 'exchanged', at: record.seen } }, claims) : { result: undefined };
  };
}

/** The end that a person brings about. */
export function decideCancelPage(browser: string): Decide<PageSessionRefusal | 'canceled'> {
  return (body, clock) => {
    const found = openFor(body, clock, browser, false);
    if (typeof found === 'string') return { result: found };
    return write({ ...found, current: undefined, end: { kind: 'canceled', at: found.seen } }, 'canceled');
  };
}

/** Whether an approval can still be told to whoever waits for it. */
export function isTellable(end: PageSessionEnd | undefined, now: number): end is PageSessionEnd & { readonly kind: 'approved' } {
  return end?.kind === 'approved' && now < end.at + RESULT_PERIOD;
}

/** A session as it is now, for one browser; or why it is not for that one. */
function openFor(body: string | undefined, clock: number, browser: string, mayBind: boolean): PageSessionRecord | PageSessionRefusal {
  const record = open(body, clock);
  if (record === undefined) return 'gone';
  const isFree = record.browser === undefined && mayBind;
  if (!isFree && !isOf(record, browser)) return record.browser === undefined ? 'gone' : 'elsewhere';
  if (record.end !== undefined) return 'ended';
  return isPageOver(record) ? 'gone' : record;
}

/** The record at the later of the clock and the latest time it has seen. */
function open(body: string | undefined, clock: number): PageSessionRecord | undefined {
  if (body === undefined) return undefined;
  const record = decodePageSession(body);
  return { ...record, seen: Math.max(clock, record.seen) };
}

/** Whether nothing more can be begun, by the time that the record has seen. */
export function isPageOver({ createdAt, seen }: PageSessionRecord): boolean {
  return seen >= createdAt + PAGE_SESSION_LIFE;
}

function isOf(record: PageSessionRecord, browser: string): boolean {
  return record.browser !== undefined && equalInConstantTime(record.browser, browser);
}

function addResult(end: PageSessionEnd & { readonly kind: 'approved' }, result: { readonly hash: string; readonly at: number }): PageSessionEnd {
  return { ...end, results: [...end.results, result].slice(-MAX_RESULTS) };
}

function write<T>(record: PageSessionRecord, result: T): Decision<T> {
  return { result, next: { body: encodePageSession(record), expiresAt: record.createdAt + PAGE_SESSION_LIFE + KEPT_AFTER } };
}
