import { equalInConstantTime } from '../core/codes.ts';
import type { Channel } from '../core/destination.ts';
import type { KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { NONCE_BYTES, sealText, unsealText } from '../core/sealing.ts';
import { Secret } from '../core/secret.ts';
import { createPageSessionId, isPageSessionId, type RandomBytes } from '../core/tenant-ids.ts';
import type { Decide, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import {
  type ClaimOutcome,
  decideApprovePage,
  decideCancelPage,
  decideClaim,
  decideCurrent,
  decideExchange,
  decideIssueResult,
  decideOpenSession,
  decideUnsent,
  isPageOver,
  isTellable,
  MAX_DESTINATIONS,
  type PageClaim,
  type PageSessionRefusal,
} from './page-session-acts.ts';
import {
  createFormToken,
  createPageSecret,
  isFormToken,
  isLinkSecret,
  isPageSecret,
  toBrowserHash,
  toLinkSecret,
  toPageAttemptId,
  toPageMark,
  toResultHash,
} from './page-session-keys.ts';
import { decodePageSession, type PageSessionRecord, toPageSessionKey } from './page-session-record.ts';
import { toRecordFault } from './record-fault.ts';

/** What the caller of a session asked for. */
export interface PageSessionRequest {
  /** Where the visit ends: one of the service's. */
  readonly returnUrl: string;
  /** The caller's own, given back as it is. */
  readonly state?: string | undefined;
  /** Canonical; undefined where the page asks for it. */
  readonly to?: string | undefined;
  /** Those that the page offers, of the service's; undefined for all of these. */
  readonly channels?: readonly Channel[] | undefined;
  readonly purpose?: string | undefined;
  readonly requester?: string | undefined;
  readonly nonce?: string | undefined;
  /** The language of page and message (BCP 47); undefined for the browser's. */
  readonly locale?: string | undefined;
}

/** A session as it is now. */
export interface PageSession {
  readonly id: string;
  readonly service: string;
  readonly request: PageSessionRequest;
  readonly isBound: boolean;
  /** Numbers and addresses that may still be tried. */
  readonly destinationsLeft: number;
  /** The verification that it is about, and where its messages go. */
  readonly current: { readonly verificationId: string; readonly to: string } | undefined;
  /** `late`: approved, and too long ago for anybody to be told. `over`: it took too long. */
  readonly end: 'approved' | 'late' | 'exchanged' | 'canceled' | 'over' | undefined;
  /** Whether it belongs to the browser of this secret. */
  isOf(browser: string | undefined): boolean;
}

/** A browser at a session. */
export interface PageVisitor {
  readonly id: string;
  /** The secret in its cookie: see {@link createPageSecret}. */
  readonly browser: string;
}

/** Visits of the hosted page. Each method rejects with `store_unavailable` where the store cannot answer. */
export interface PageSessions {
  open(service: string, request: PageSessionRequest): Promise<{ readonly id: string; readonly expiresAt: Date }>;
  /** What follows the id in a session's link. */
  linkOf(id: string): Secret;
  isLink(id: string, given: string): boolean;
  /** Undefined for an id that is none, or was forgotten. */
  find(id: string): Promise<PageSession | undefined>;
  /** Begins: binds the session to a browser that has its link, and counts the number or address. @param destination canonical. */
  claim(visitor: PageVisitor, claim: Omit<PageClaim, 'browser'>): Promise<ClaimOutcome>;
  /** No message left after a claim that was to send one. */
  unsent(visitor: PageVisitor): Promise<PageSessionRefusal | 'kept'>;
  /** Says what the visit is about. */
  keep(visitor: PageVisitor, current: { readonly verificationId: string; readonly to: string }): Promise<PageSessionRefusal | 'kept'>;
  /**
   * Resolves with a result, or with undefined where the session is not this browser's, or was exchanged, canceled, or approved too long ago.
   *
   * @param claims what the proof is signed from, as text.
   */
  approve(visitor: PageVisitor, claims: string): Promise<Secret | undefined>;
  /** One more result. */
  issue(visitor: PageVisitor): Promise<Secret | undefined>;
  /** What `approve` was given, to one of all who bring a result. */
  exchange(service: string, result: string): Promise<string | undefined>;
  cancel(visitor: PageVisitor): Promise<PageSessionRefusal | 'canceled'>;
  /** A new secret for a browser's cookie. */
  createBrowser(): string;
  /** What a form carries to show that it is one of ours; another text each time. */
  createFormToken(visitor: PageVisitor): string;
  isFormToken(visitor: PageVisitor, token: unknown): boolean;
  /** The same for the same guess from the same browser. @param guess its digits. */
  toAttemptId(visitor: PageVisitor, guess: string): string;
  /** Names a verification to one browser, so that a form shows what it is about. */
  toMark(visitor: PageVisitor, verificationId: string): string;
}

/** Everything that page sessions are made of. */
export interface PageSessionsOptions {
  readonly store: Store;
  readonly keys: KeyRing;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes;
}

type SealedPart = 'request' | 'to' | 'claims';

/** Makes page sessions on a store; any number of processes may share it. */
export function createPageSessions({ store, keys, random = createRandomPool() }: PageSessionsOptions): PageSessions {
  const key = keys.session;
  // Bound to its place, so that one session's does not open in another, nor as something else.
  const seal = (id: string, part: SealedPart, text: string) => sealText(key, random(NONCE_BYTES), text, `1\0page\0${id}\0${part}`);
  const unseal = (id: string, part: SealedPart, sealed: string) => {
    const text = unsealText(key, sealed, `1\0page\0${id}\0${part}`);
    if (text !== undefined) return text;
    throw toRecordFault('this page session', 'damaged');
  };
  const update = <T>(id: string, decide: Decide<T>): Promise<T> => ask(store.update(toPageSessionKey(id), decide));
  const hashOf = ({ id, browser }: PageVisitor) => toBrowserHash(key, id, browser);
  const giveResult = async ({ id }: PageVisitor, toDecide: (hash: string) => Decide<boolean>): Promise<Secret | undefined> => {
    const secret = createPageSecret(random);
    return (await update(id, toDecide(toResultHash(key, id, secret)))) ? new Secret(`${id}.${secret}`) : undefined;
  };
  const toSession = (id: string, record: PageSessionRecord): PageSession => {
    const { service, request, browser, destinations, current } = record;
    return {
      ...{ id, service, request: JSON.parse(unseal(id, 'request', request)) as PageSessionRequest, isBound: browser !== undefined },
      destinationsLeft: MAX_DESTINATIONS - destinations.length,
      current: current && { verificationId: current.verificationId, to: unseal(id, 'to', current.to) },
      end: findEnd(record),
      isOf: (given) => given !== undefined && browser !== undefined && equalInConstantTime(toBrowserHash(key, id, given), browser),
    };
  };

  return {
    async open(service, request) {
      const id = createPageSessionId(random);
      const { expiresAt } = await update(id, decideOpenSession(service, seal(id, 'request', JSON.stringify(request))));
      return { id, expiresAt: new Date(expiresAt) };
    },
    linkOf: (id) => new Secret(toLinkSecret(key, id)),
    isLink: (id, given) => isLinkSecret(key, id, given),
    async find(id) {
      if (!isPageSessionId(id)) return undefined;
      const { body, now } = await ask(store.read(toPageSessionKey(id)));
      if (body === undefined) return undefined;
      const record = decodePageSession(body);
      return toSession(id, { ...record, seen: Math.max(now, record.seen) });
    },
    unsent: (visitor) => update(visitor.id, decideUnsent(hashOf(visitor))),
    claim(visitor, { hasLink, destination, sends }) {
      const hash = destination === undefined ? undefined : keys.destinationKey(destination);
      return update(visitor.id, decideClaim({ browser: hashOf(visitor), hasLink, destination: hash, sends }));
    },
    keep: (visitor, { verificationId, to }) => update(visitor.id, decideCurrent(hashOf(visitor), { verificationId, to: seal(visitor.id, 'to', to) })),
    approve: (visitor, claims) =>
      giveResult(visitor, (hash) => decideApprovePage(hashOf(visitor), { claims: seal(visitor.id, 'claims', claims), hash })),
    issue: (visitor) => giveResult(visitor, (hash) => decideIssueResult(hashOf(visitor), hash)),
    async exchange(service, result) {
      const [id = '', secret, ...rest] = result.split('.');
      if (!isPageSessionId(id) || !isPageSecret(secret) || rest.length > 0) return undefined;
      const sealed = await update(id, decideExchange(service, toResultHash(key, id, secret)));
      return sealed === undefined ? undefined : unseal(id, 'claims', sealed);
    },
    cancel: (visitor) => update(visitor.id, decideCancelPage(hashOf(visitor))),
    createBrowser: () => createPageSecret(random),
    createFormToken: (visitor) => createFormToken(key, visitor, random),
    isFormToken: (visitor, token) => isFormToken(key, visitor, token),
    toAttemptId: (visitor, guess) => toPageAttemptId(key, { ...visitor, guess }),
    toMark: (visitor, verificationId) => toPageMark(key, { ...visitor, verificationId }),
  };
}

function findEnd(record: PageSessionRecord): PageSession['end'] {
  const { end, seen } = record;
  if (end?.kind === 'approved') return isTellable(end, seen) ? 'approved' : 'late';
  return end?.kind ?? (isPageOver(record) ? 'over' : undefined);
}
