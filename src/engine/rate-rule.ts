import { MINUTE } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { type Decide, MAX_WRITE_AGE } from '../stores/store.ts';
import { decodeRate, encodeRate } from './rate-record.ts';

/**
 * The generic cell rate algorithm (ITU-T I.371, Annex A: virtual scheduling) as a rule on a record. The record holds one time: when all permits are there
 * again. A permit puts it one interval later, and none is given that would put it further ahead than a burst. So in every window of t milliseconds there are
 * at most burst + t / interval permits.
 *
 * A *lease* are permits that a process takes ahead, to hand out without asking. They are charged as if they were used at the end of the lease, its latest
 * moment, so that the bound holds for when they are used and not only for when they were taken.
 */

/** How often something may happen. */
export interface RateLimit {
  /** Permits that come back in a minute: a whole number, 1–600,000. Rounded down so that the interval is a whole number of microseconds: by 1% at most. */
  readonly perMinute: number;
  /** Permits that may be used at once: a whole number, 1–100,000. */
  readonly burst: number;
}

/** A limit as the rule takes it. Times in microseconds: whole numbers, in which nothing is lost by adding. */
export interface Pace {
  /** In which one permit comes back. */
  readonly interval: number;
  /** In which a whole burst comes back. */
  readonly tolerance: number;
  /** Permits in one lease at most; 0 where no two come back within one. */
  readonly lease: number;
}

/** How many permits are wanted. */
export interface WantedPermits {
  /** For calls that are waiting for one each. */
  readonly now: number;
  /** To be used within {@link LEASE_LIFE}. */
  readonly ahead: number;
}

/** Permits that were taken. */
export interface TakenPermits {
  /** For the calls that are waiting, the first ones first. */
  readonly granted: number;
  /** Ahead; 0 unless all that wait were granted theirs. */
  readonly leased: number;
  /** How long until the next one, in milliseconds; 0 where there is one. */
  readonly wait: number;
  /** When that is, in milliseconds of the store's clock. */
  readonly retryAt: number;
}

/** How long a permit that was taken ahead is good, in milliseconds. */
export const LEASE_LIFE = 50;

/** Permits in one lease at most. */
const MAX_LEASE = 100;

const MICROSECONDS = 1_000;

/** @throws {CountersignError} `configuration_invalid`, naming the field. */
export function toPace({ perMinute, burst }: RateLimit): Pace {
  assertWithin(perMinute, 'perMinute', 600_000);
  assertWithin(burst, 'burst', 100_000);
  const interval = Math.ceil((MINUTE * MICROSECONDS) / perMinute);
  const lease = Math.min(MAX_LEASE, Math.floor((LEASE_LIFE * MICROSECONDS) / interval));
  return { interval, tolerance: burst * interval, lease };
}

/** Takes as many permits as there are. Where there is none nothing is written, unless the clock was set back. */
export function decideTakePermits({ now: waiting, ahead }: WantedPermits, { interval, tolerance }: Pace): Decide<TakenPermits> {
  return (body, clock) => {
    const now = clock * MICROSECONDS;
    const kept = body === undefined ? now : decodeRate(body);
    const wasSetBack = kept - now > tolerance + MAX_WRITE_AGE * MICROSECONDS;
    // Ensure that a clock that is set back locks nobody out until it has caught up, and frees nothing: the permits are used up, and come back from now on.
    const from = Math.max(now, wasSetBack ? now + tolerance : kept);
    const room = (start: number) => Math.max(0, Math.floor((now + tolerance - start) / interval));
    const granted = Math.min(waiting, room(from));
    const left = from + granted * interval;
    const leaseFrom = Math.max(left, now + LEASE_LIFE * MICROSECONDS);
    const leased = granted < waiting ? 0 : Math.min(ahead, room(leaseFrom));
    const fullAt = leased > 0 ? leaseFrom + leased * interval : left;
    const retryAt = Math.max(clock, Math.ceil((fullAt + interval - tolerance) / MICROSECONDS));
    const result = { granted, leased, wait: retryAt - clock, retryAt };
    if (granted === 0 && leased === 0 && !wasSetBack) return { result };
    return { result, next: { body: encodeRate(fullAt), expiresAt: Math.ceil(fullAt / MICROSECONDS) } };
  };
}

function assertWithin(value: number, field: keyof RateLimit, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw new CountersignError('configuration_invalid', `\`${field}\` must be a whole number from 1 to ${max}`, { field });
}
