import { createSecretKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '../core/errors.ts';
import { hmac, type KeyRing, shortHash } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { NONCE_BYTES, sealText, unsealText } from '../core/sealing.ts';
import type { RandomBytes } from '../core/tenant-ids.ts';
import type { Decide, RecordKey, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import { decideClaimKey, decideKeepAnswer, decideReleaseKey } from './idempotency-acts.ts';
import { toIdempotencyRecordKey } from './idempotency-record.ts';

/** Everything that idempotency is made of. */
export interface IdempotencyOptions {
  readonly store: Store;
  readonly keys: KeyRing;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes;
}

/** Whose request, what it asks for, and the key that its sender gave it. */
export interface IdempotencyScope {
  /** The same key of another tenant is another key. */
  readonly tenant: string;
  /** Verb and path, with the ids that are in it: `POST /v1/verifications/VE…/check`. */
  readonly route: string;
  /** Of the header `Idempotency-Key`: 1–255 printable ASCII characters. */
  readonly key: string;
  /** The request as text, with everything that its answer depends on. */
  readonly body: string;
}

/** What a request is answered: a status of HTTP, and JSON. */
export interface IdempotentAnswer {
  readonly status: number;
  /** Nothing where it is undefined. */
  readonly body: unknown;
}

/** What comes of the work: the answer, and what may be kept of it. */
export interface IdempotentResult extends IdempotentAnswer {
  /**
   * Kept in the place of `body`, and what a replay is answered from: a created key without its secret; the claims of a proof, which is signed again.
   * @defaultValue `body`
   */
  readonly keep?: unknown;
}

/** What a request with an idempotency key comes to. */
export type IdempotencyOutcome =
  /** `replayed`: the work was not run, and `body` is what was kept. */
  | { readonly kind: 'answer'; readonly answer: IdempotentAnswer; readonly replayed: boolean }
  /** Another with the same key has not been answered yet: to be answered with 409. */
  | { readonly kind: 'running'; readonly retryAt: Date }
  /** The key was used for another request within the last 24 h: to be answered with 422. */
  | { readonly kind: 'mismatch' };

/**
 * At most one effect per idempotency key (draft-ietf-httpapi-idempotency-key-header-07), over all processes on one store.
 *
 * The first request with a key runs, and its answer is kept for 24 h; who asks meanwhile is told to come back, because to wait for another process takes a
 * timer or a connection, and to ask again takes neither. An answer is final, and kept, unless it tells to come back itself: 409, 429 and 5xx, or a throw,
 * had no effect that a limit does not remember, and free the key for the same request. The key is its request's in any case.
 *
 * **A crash** between the claim and the answer leaves the key to the next one after 60 s, and the work runs again. That is safe because nothing relies on the
 * key alone. *start, resend*: the rung and the budgets were claimed in the destination's record before the message left, so a second run is refused until
 * they allow another. *check*: with the `attemptId` that the work is given, the same guess is neither judged nor charged twice within a minute; later a
 * right code is `already_approved`. *cancel, unblock, erase, revoke, update*: the second time changes nothing more. *create*: what was made the first time is
 * left over, listed, and nobody knows its secret. *rotate*: the secret before the first rotation ends at once, as by any second rotation.
 */
export interface Idempotency {
  /**
   * Runs `work`, or answers what it was answered before. What it throws is thrown on.
   *
   * @param work given an attempt id of 22 characters, the same each time it runs for one scope.
   * @throws {CountersignError} `invalid_request` for a key that is none; `store_unavailable` where the key could not be claimed: nothing was run.
   */
  run(scope: IdempotencyScope, work: (attemptId: string) => Promise<IdempotentResult>): Promise<IdempotencyOutcome>;
}

/** The longest answer that is kept, as JSON: four times the longest request. */
export const MAX_ANSWER_LENGTH = 65_536;

/** Makes idempotency on a store; any number of processes may share it. */
export function createIdempotency({ store, keys, random = createRandomPool() }: IdempotencyOptions): Idempotency {
  return {
    async run(scope, work) {
      const claim = toClaim(keys.idempotency, scope);
      const run = random(RUN_BYTES).toString('base64url');
      const found = await ask(store.update(claim.record, decideClaimKey(claim.body, run)));
      if (found.kind === 'kept') return { kind: 'answer', answer: openAnswer(claim, found.sealed), replayed: true };
      if (found.kind === 'running') return { kind: 'running', retryAt: new Date(found.retryAt) };
      if (found.kind === 'mismatch') return found;
      const end = async (decide: Decide<boolean>) => {
        try {
          await store.update(claim.record, decide);
        } catch {
          // Nothing fails for it any more: an answer that is given is not asked for again, and without one the key is free when the lease ends.
        }
      };
      try {
        const result = await work(claim.attemptId);
        const sealed = isFinal(result) ? sealAnswer(claim, random(NONCE_BYTES), result) : undefined;
        await end(sealed === undefined ? decideReleaseKey(run) : decideKeepAnswer(run, sealed));
        return { kind: 'answer', answer: { status: result.status, body: result.body }, replayed: false };
      } catch (error) {
        await end(decideReleaseKey(run));
        throw error;
      }
    },
  };
}

/** 72 bits: no two runs of one key share an id. */
const RUN_BYTES = 9;

/** Printable ASCII: what the draft's strings are made of (RFC 9651 §3.3.3). */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** A scope as it is kept and sealed. */
interface Claim {
  readonly record: RecordKey;
  /** Keyed hash of the request, 43 characters. */
  readonly body: string;
  readonly attemptId: string;
  readonly sealKey: KeyObject;
}

/**
 * All by keyed hash, as keys and requests may be guessed; and by the key that does not rotate, or a rotation would let each request run once more. The seal's
 * key takes the caller's key to derive, which the record does not hold: who has the store and our secrets still has to guess it.
 */
function toClaim(key: KeyObject, scope: IdempotencyScope): Claim {
  if (typeof scope.key !== 'string' || !KEY.test(scope.key))
    throw new CountersignError('invalid_request', '`Idempotency-Key` must be 1 to 255 printable ASCII characters', { field: 'Idempotency-Key' });
  // As JSON: parts joined by any one character have two readings, and UTF-8 writes every half of a surrogate pair alike.
  const name = JSON.stringify([scope.tenant, scope.route, scope.key]);
  return {
    record: toIdempotencyRecordKey(shortHash(key, `id\0${name}`)),
    body: hmac(key, `body\0${JSON.stringify([name, scope.body])}`).toString('base64url'),
    attemptId: shortHash(key, `attempt\0${name}`),
    sealKey: createSecretKey(hmac(key, `seal\0${name}`)),
  };
}

/** Whether the answer stays the same however often it is asked for. */
function isFinal({ status }: IdempotentResult): boolean {
  return status < 500 && status !== 409 && status !== 429;
}

function sealAnswer(claim: Claim, nonce: Buffer, { status, body, keep = body }: IdempotentResult): string {
  const text = JSON.stringify(keep === undefined ? [status] : [status, keep]);
  if (text.length > MAX_ANSWER_LENGTH) throw new TypeError(`an answer that is kept must be JSON of at most ${MAX_ANSWER_LENGTH} characters`);
  return sealText(claim.sealKey, nonce, text, toBound(claim));
}

function openAnswer(claim: Claim, sealed: string): IdempotentAnswer {
  const text = unsealText(claim.sealKey, sealed, toBound(claim));
  if (text === undefined) throw new CountersignError('store_unavailable', 'the kept answer does not open: the record was changed');
  const [status, body] = JSON.parse(text) as [number, unknown];
  return { status, body };
}

/** A seal that is moved to another record, or to another request's, does not open. */
function toBound({ record, body }: Claim): string {
  return `1\0idempotency\0${record.id}\0${body}`;
}
