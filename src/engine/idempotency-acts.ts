import { equalInConstantTime } from '../core/codes.ts';
import { DAY, SECOND } from '../core/duration.ts';
import type { Decide, Decision } from '../stores/store.ts';
import { decodeIdempotency, encodeIdempotency, type IdempotencyRecord, type IdempotencyState } from './idempotency-record.ts';

/**
 * What a request does to its idempotency key, as rules on the key's record. Time is the later of the store's clock and the latest time that the record has
 * seen: a clock that is set back ends nothing early, and neither a lease nor an answer that was seen over comes back.
 */

/** How long a key is its request's after it was used last: 24 h. */
export const KEY_LIFE: number = DAY;

/**
 * How long one request alone may run: 60 s, more than a message takes to be handed over. Whoever runs longer is not stopped; but who asks then is let
 * through, because a process that crashed looks the same.
 */
export const RUN_LEASE: number = 60 * SECOND;

/** When to ask again whether another has been answered: most are within a second. */
export const ASK_AGAIN: number = SECOND;

/** What a request finds when it claims its key. */
export type ClaimedKey =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'kept'; readonly sealed: string }
  /** `retryAt` in milliseconds of the store's clock. */
  | { readonly kind: 'running'; readonly retryAt: number }
  | { readonly kind: 'mismatch' };

/** Leave to run, for one request at a time. @param body keyed hash of the request. @param run random. */
export function decideClaimKey(body: string, run: string): Decide<ClaimedKey> {
  return (text, clock) => {
    const { record, now } = openAt(text, clock);
    if (record !== undefined) {
      if (!equalInConstantTime(record.body, body)) return { result: { kind: 'mismatch' } };
      if (record.state.kind === 'kept') return { result: record.state };
      const left = record.at + RUN_LEASE - now;
      if (record.state.kind === 'running' && left > 0) return { result: { kind: 'running', retryAt: clock + Math.min(left, ASK_AGAIN) } };
    }
    return write({ at: now, body, state: { kind: 'running', run } }, { kind: 'claimed' });
  };
}

/** Keeps the answer of a run. False where another has been let through meanwhile: what it keeps is not overwritten. */
export function decideKeepAnswer(run: string, sealed: string): Decide<boolean> {
  return decideEnd(run, { kind: 'kept', sealed });
}

/** Lets the next one run, with the same request. False as by {@link decideKeepAnswer}. */
export function decideReleaseKey(run: string): Decide<boolean> {
  return decideEnd(run, { kind: 'free' });
}

function decideEnd(run: string, state: IdempotencyState): Decide<boolean> {
  return (text, clock) => {
    const { record, now } = openAt(text, clock);
    if (record?.state.kind !== 'running' || record.state.run !== run) return { result: false };
    return write({ ...record, at: now, state }, true);
  };
}

/** The record as it is now; undefined where nothing in it matters any more. */
function openAt(text: string | undefined, clock: number): { readonly record: IdempotencyRecord | undefined; readonly now: number } {
  const kept = text === undefined ? undefined : decodeIdempotency(text);
  const now = Math.max(clock, kept?.at ?? clock);
  return { record: kept !== undefined && now < kept.at + KEY_LIFE ? kept : undefined, now };
}

function write<T>(record: IdempotencyRecord, result: T): Decision<T> {
  return { result, next: { body: encodeIdempotency(record), expiresAt: record.at + KEY_LIFE } };
}
