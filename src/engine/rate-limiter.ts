import { CountersignError } from '../core/errors.ts';
import { type KeyRing, shortHash } from '../core/keys.ts';
import type { Store } from '../stores/store.ts';
import { toAddressBlock } from './address-block.ts';
import { createRateMeter, type RateMeter, type RateVerdict } from './rate-meter.ts';
import { toRateRecordKey } from './rate-record.ts';
import { type RateLimit, toPace } from './rate-rule.ts';

/** Everything that a rate limiter is made of. */
export interface RateLimiterOptions {
  readonly store: Store;
  readonly keys: KeyRing;
  /** A clock that never goes back, in milliseconds from anywhere, such as `performance.now()`: by it leases lapse. */
  readonly monotonic: () => number;
  /**
   * For how many keys and addresses leases and refusals are remembered, about 500 bytes each; those that were not used for the longest time are forgotten
   * first, and the store is asked again.
   * @defaultValue 10,000
   */
  readonly remembered?: number;
}

/** What is limited: requests of an API key, from a client address, or within a page session. */
export type RateScope = 'key' | 'address' | 'session';

/**
 * Limits of requests by API key and by client address, over all processes on one store: in no window are there more than the burst and what comes back in it,
 * by the times at which permits were taken from the store or handed out here. A key that is in much use takes permits ahead in leases, and those that it has
 * no use for lapse: so under load there may be fewer permits, by one lease for each process, never more.
 */
export interface RateLimiter {
  /**
   * Takes one permit. Calls at once share one write; a refusal is remembered until it is over, and takes neither read nor write.
   *
   * @param id the id of an API key or a session; or an IP address, of which IPv6 counts by /64 and wrapped IPv4 as IPv4.
   * @throws {CountersignError} `store_unavailable`; `invalid_request` for what is no address; `configuration_invalid` for a limit that is none.
   */
  take(scope: RateScope, id: string, limit: RateLimit): Promise<RateVerdict>;
}

/** Makes a rate limiter on a store; any number of processes may share it. */
export function createRateLimiter({ store, keys, monotonic, remembered = 10_000 }: RateLimiterOptions): RateLimiter {
  // A map keeps the order of insertion: the first are those that were not used for the longest time.
  const meters = new Map<string, RateMeter>();

  const make = (scope: RateScope, who: string, limit: RateLimit): RateMeter => {
    const name = JSON.stringify([scope, who, limit.perMinute, limit.burst]);
    return createRateMeter({ store, record: toRateRecordKey(shortHash(keys.rate, name)), pace: toPace(limit), monotonic });
  };

  return {
    async take(scope, id, limit) {
      const who = scope === 'address' ? parseAddress(id) : id;
      // The limit is part of the name: another begins anew, and no record is ever read by two. It is hashed only where it leaves this process.
      const name = `${scope} ${limit.perMinute} ${limit.burst} ${who}`;
      const meter = meters.get(name) ?? make(scope, who, limit);
      meters.delete(name);
      meters.set(name, meter);
      for (const oldest of meters.keys()) {
        if (meters.size <= remembered) break;
        meters.delete(oldest);
      }
      return meter.take();
    },
  };
}

function parseAddress(address: string): string {
  const block = toAddressBlock(address);
  if (block !== undefined) return block;
  throw new CountersignError('invalid_request', 'the client address is not an IP address', { field: 'address' });
}
