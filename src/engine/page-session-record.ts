import type { RecordBody, RecordKey } from '../stores/store.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const PAGE_SESSION_SCHEMA = 1;

/** What is kept of one visit to the hosted page: neither whose it is nor where it leads can be read from it. */
export interface PageSessionRecord {
  /** Milliseconds of the store's clock. */
  readonly createdAt: number;
  /** The latest time that it has seen: a clock that is set back opens nothing that was over. */
  readonly seen: number;
  readonly service: string;
  /** What its caller asked for, sealed. */
  readonly request: string;
  /** Keyed hash of the secret of the browser it belongs to. */
  readonly browser: string | undefined;
  /** Keyed hashes of the numbers and addresses that were tried. */
  readonly destinations: readonly string[];
  /** The verification that it is about now. */
  readonly current: PageSessionCurrent | undefined;
  readonly end: PageSessionEnd | undefined;
  /** Since when a form of it is having a message sent; undefined where none is. */
  readonly sending: number | undefined;
}

/** A verification that a visit is about. */
export interface PageSessionCurrent {
  readonly verificationId: string;
  /** What was typed, in its canonical form, sealed: a person sees a slip only in all of it. */
  readonly to: string;
}

/** How a visit ended. `approved` is told by a result, and is `exchanged` once that was. */
export type PageSessionEnd =
  | {
      readonly kind: 'approved';
      readonly at: number;
      /** What a proof is signed from, sealed; gone with the exchange. */
      readonly claims: string;
      /** The newest last. */
      readonly results: readonly PageResult[];
    }
  | { readonly kind: 'exchanged' | 'canceled'; readonly at: number };

/** A handle that was given out. */
export interface PageResult {
  /** Keyed hash. */
  readonly hash: string;
  readonly at: number;
}

const { open, number, text, list, damaged } = createUnpacker('this page session');

/** Which record a session has. */
export function toPageSessionKey(id: string): RecordKey {
  return { kind: 'page_session', partition: '', id };
}

/** The text that a store keeps: lists by position, times as what they are after the first. */
export function encodePageSession({
  createdAt,
  seen,
  service,
  request,
  browser,
  destinations,
  current,
  end,
  sending,
}: PageSessionRecord): RecordBody {
  const packedEnd = end === undefined ? 0 : packEnd(end, createdAt);
  const packedCurrent = current === undefined ? 0 : [current.verificationId, current.to];
  const head = [PAGE_SESSION_SCHEMA, createdAt, seen - createdAt, service, request, browser ?? 0];
  return JSON.stringify([...head, destinations, packedCurrent, packedEnd, sending === undefined ? NOTHING : sending - createdAt]);
}

/**
 * The session in a text.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no session of ours, or one of a newer version.
 */
export function decodePageSession(body: RecordBody): PageSessionRecord {
  const [created, seen, service, request, browser, destinations, current, end, sending] = list(open(body, PAGE_SESSION_SCHEMA), 9);
  const createdAt = number(created, 0);
  if (!Array.isArray(destinations)) throw damaged();
  return {
    createdAt,
    seen: createdAt + number(seen, 0),
    service: text(service),
    request: text(request),
    browser: browser === 0 ? undefined : hash(browser),
    destinations: destinations.map(hash),
    current: current === 0 ? undefined : unpackCurrent(current),
    end: end === 0 ? undefined : unpackEnd(end, createdAt),
    sending: sending === NOTHING ? undefined : createdAt + number(sending, 0),
  };
}

/** Before any time that a session has. */
const NOTHING = -1;

const ENDS = ['approved', 'exchanged', 'canceled'] as const;

function packEnd(end: PageSessionEnd, createdAt: number): unknown {
  const head = [ENDS.indexOf(end.kind), end.at - createdAt];
  return end.kind === 'approved' ? [...head, end.claims, end.results.map(({ hash: of, at }) => [of, at - createdAt])] : head;
}

function unpackEnd(packed: unknown, createdAt: number): PageSessionEnd {
  if (!Array.isArray(packed)) throw damaged();
  const kind = ENDS[number(packed[0], 0)];
  const at = createdAt + number(packed[1], 0);
  if (kind === undefined) throw damaged();
  if (kind !== 'approved') {
    list(packed, 2);
    return { kind, at };
  }
  const [, , claims, results] = list(packed, 4);
  if (!Array.isArray(results)) throw damaged();
  return { kind, at, claims: text(claims), results: results.map((result) => unpackResult(result, createdAt)) };
}

function unpackResult(packed: unknown, createdAt: number): PageResult {
  const [of, at] = list(packed, 2);
  return { hash: hash(of), at: createdAt + number(at, 0) };
}

function unpackCurrent(packed: unknown): PageSessionCurrent {
  const [verificationId, to] = list(packed, 2);
  return { verificationId: text(verificationId), to: text(to) };
}

/** Ensure that no hash is short: what compares equal must be a whole one. */
function hash(value: unknown): string {
  if (!/^[\w-]{22}$/.test(text(value))) throw damaged();
  return value as string;
}
