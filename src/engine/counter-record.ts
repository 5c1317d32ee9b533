import { MAX_WAIT, SECOND } from '../core/duration.ts';
import type { CounterKey } from '../core/keys.ts';
import { MIN_RECORD_AGE, type RecordKey } from '../stores/store.ts';

/** What is kept of one resend counter: of the ids that it is for nothing but keyed hashes. Times are milliseconds of the store's clock. */
export interface CounterRecord {
  /** The latest time it has seen. */
  readonly seen: number;
  /** Keyed hash of the unique id. */
  readonly uniqueId: string;
  /** Keyed hash of the user id. */
  readonly userId: string;
  /** Who was let through last. It outlives a deletion, and it may have lapsed. */
  readonly claim: CounterClaim | undefined;
  /** Where it stands; undefined once it has been deleted. */
  readonly rung: CounterRung | undefined;
}

/** Leave to send one message, until a rung is climbed with it or {@link CLAIM_LIFE} has passed. */
export interface CounterClaim {
  /** Random, made by whoever claims. */
  readonly id: string;
  readonly at: number;
}

/** A rung of the ladder of waits, and the wait that began on it. */
export interface CounterRung {
  /** How many rungs have been climbed; 0 at the foot. */
  readonly count: number;
  /** When the wait is over. */
  readonly expires: number;
  readonly createdAt: number;
}

/** How long one caller alone has leave to send: 15 s, longer than a message takes to be handed over, and short for whoever waits behind one that crashed. */
export const CLAIM_LIFE: number = 15 * SECOND;

/**
 * How long a counter is kept after its wait is over: 30 days, the longest wait that a ladder may have. By then even the last rung would have begun again,
 * so no shorter time is right for every ladder, and no longer one is needed.
 */
export const COUNTER_RETENTION: number = MAX_WAIT;

/** Where the counter with this id lies in a store. */
export function toCounterRecordKey(id: number): RecordKey {
  return { kind: 'counter', partition: '', id: String(id) };
}

/** Whether two records or keys are of one pair. They need not be where they share an id: that has 53 bits, and these have 128 each. */
export function isSamePair(one: Omit<CounterKey, 'id'>, other: Omit<CounterKey, 'id'>): boolean {
  return one.uniqueId === other.uniqueId && one.userId === other.userId;
}

/** Whether somebody else must wait for the claim. */
export function isLive(claim: CounterClaim | undefined, now: number): claim is CounterClaim {
  return claim !== undefined && now < claim.at + CLAIM_LIFE;
}

/** From when on a counter lets one caller through, if nothing else happens: the later of its wait's and its claim's end. */
export function counterFreeAt({ rung, claim }: CounterRecord): number {
  return Math.max(rung?.expires ?? 0, claim === undefined ? 0 : claim.at + CLAIM_LIFE);
}

/** From when on nothing in a record matters: deciding on it then is deciding on nothing. A deleted one is kept as long as a store has to, longer than a claim. */
export function counterEndsAt({ seen, rung }: CounterRecord): number {
  return rung === undefined ? seen + MIN_RECORD_AGE : Math.max(seen, rung.expires) + COUNTER_RETENTION;
}
