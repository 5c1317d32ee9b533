import type { CounterKey } from '../core/keys.ts';
import type { Decide } from '../stores/store.ts';
import { type CounterRecord, type CounterRung, counterFreeAt, isLive } from './counter-record.ts';
import { decideCounter } from './decide-counter.ts';

/**
 * Counters of resends that a caller drives itself, message by message: check the count, send, add to it. The wait after each message is longer than
 * the one before; when the last is over the counter begins again at its foot.
 *
 * `waits` are durations in milliseconds, 1 to 20 of them, that never shrink. They are not looked at here: whoever makes a command has checked them.
 * They are not kept either, so that a counter goes on under the waits of today.
 */

/** A counter as its rules tell it, in milliseconds of the store's clock. The two ids that it is for are the caller's to add. */
export interface ResendCounter extends CounterRung {
  /** A whole number from 1 to 2⁵³ − 1. */
  readonly id: number;
}

/** Asks for leave to send one message. */
export interface CheckCountCommand {
  readonly key: CounterKey;
  /** Names the claim, should there be one: random, 16 bytes or more, so that nobody else holds it. */
  readonly claimId: string;
  readonly waits: readonly number[];
}

/** `free`: the caller alone may send, for 15 s. `retryAt` is when the next caller will be let through, if nothing else happens. */
export type CheckCountOutcome =
  | { readonly status: 'free'; readonly counter: ResendCounter }
  | { readonly status: 'too_soon' | 'claimed'; readonly retryAt: number };

/** Says that a message went out under a counter. */
export interface AddCountCommand {
  readonly key: CounterKey;
  /** The claim under which it was sent. */
  readonly claimId: string;
  /** Of the counter as it was checked. */
  readonly count: number;
  /** Of the counter as it was checked. */
  readonly expires: number;
  readonly waits: readonly number[];
}

/** `stale`: it was not the counter's turn. `retryAt` is from when on a check would let a caller through; without it one would be now. */
export type AddCountOutcome = { readonly status: 'added'; readonly counter: ResendCounter } | { readonly status: 'stale'; readonly retryAt?: number };

/** False for an unknown counter, and for one that was deleted before. */
export interface DeleteCountOutcome {
  readonly deleted: boolean;
}

/**
 * Finds or makes the counter of a pair, and claims it where its wait is over: of any number of callers at once one is let through. A counter whose last
 * wait is over begins again with the claim, at 0. Asking again under a claim that is still live gives the same answer and prolongs nothing.
 *
 * @throws {CountersignError} from the store's `update`: `store_unavailable` for a damaged record, and for one that another pair has.
 */
export function decideCheckCount({ key, claimId, waits }: CheckCountCommand): Decide<CheckCountOutcome> {
  return decideCounter<CheckCountOutcome>(key, (record, now) => {
    const rung = record?.rung ?? { count: 0, expires: now, createdAt: now };
    if (record && now < rung.expires) return { outcome: { status: 'too_soon', retryAt: counterFreeAt(record) } };
    if (record && isLive(record.claim, now)) {
      const isOwn = record.claim.id === claimId && record.rung !== undefined;
      return { outcome: isOwn ? { status: 'free', counter: toCounter(key, rung) } : { status: 'claimed', retryAt: counterFreeAt(record) } };
    }
    const begun = rung.count >= waits.length ? { ...rung, count: 0 } : rung;
    return { outcome: { status: 'free', counter: toCounter(key, begun) }, next: { ...toPair(key), claim: { id: claimId, at: now }, rung: begun } };
  });
}

/**
 * Turns a claim into the next rung: its wait begins now. The counter has to be the one that was checked, and its claim live, so a counter is good for one
 * rung, however often it is added to.
 *
 * @throws {CountersignError} as {@link decideCheckCount}.
 */
export function decideAddCount({ key, claimId, count, expires, waits }: AddCountCommand): Decide<AddCountOutcome> {
  return decideCounter<AddCountOutcome>(key, (record, now) => {
    const rung = record?.rung;
    const isTurn = rung?.count === count && rung.expires === expires && holdsClaim(record, claimId, now);
    if (!isTurn) return { outcome: toStale(record, now) };
    const climbed = { count: count + 1, expires: now + waitAfter(count, waits), createdAt: rung.createdAt };
    return { outcome: { status: 'added', counter: toCounter(key, climbed) }, next: { ...toPair(key), claim: undefined, rung: climbed } };
  });
}

/**
 * Deletes a counter: the next check makes one at the foot, without a wait. It is what a caller does once a person has proven the number.
 *
 * A short record stays: the time that was seen, and a claim that is still live. Without it a deletion between two checks would let both through, one
 * message each.
 *
 * @throws {CountersignError} from the store's `update`: `store_unavailable` for a damaged record.
 */
export function decideDeleteCount(): Decide<DeleteCountOutcome> {
  return decideCounter<DeleteCountOutcome>(undefined, (record) => {
    if (record?.rung === undefined) return { outcome: { deleted: false } };
    return { outcome: { deleted: true }, next: { ...toPair(record), claim: record.claim, rung: undefined } };
  });
}

function holdsClaim(record: CounterRecord | undefined, claimId: string, now: number): boolean {
  const claim = record?.claim;
  return isLive(claim, now) && claim.id === claimId;
}

function toStale(record: CounterRecord | undefined, now: number): AddCountOutcome {
  const retryAt = record === undefined ? now : counterFreeAt(record);
  return retryAt > now ? { status: 'stale', retryAt } : { status: 'stale' };
}

/** Where the waits have become fewer since the check, the longest there is. */
function waitAfter(count: number, waits: readonly number[]): number {
  return waits[count] ?? waits.at(-1) ?? 0;
}

function toCounter({ id }: CounterKey, { count, expires, createdAt }: CounterRung): ResendCounter {
  return { id, count, expires, createdAt };
}

function toPair({ uniqueId, userId }: Omit<CounterKey, 'id'>): Omit<CounterKey, 'id'> {
  return { uniqueId, userId };
}
