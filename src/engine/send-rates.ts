import { type KeyRing, shortHash } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { createSendBucketId, createSendLimitId, type RandomBytes } from '../core/tenant-ids.ts';
import type { Store } from '../stores/store.ts';
import type { Act } from './act.ts';
import { ask } from './ask.ts';
import { createFreshCache } from './fresh-cache.ts';
import { decideCountSend, toSendCountKey, viewSendCount } from './send-count.ts';
import {
  decideCreateSendBucket,
  decideCreateSendLimit,
  decideDeleteSendBucket,
  decideDeleteSendLimit,
  decideUpdateSendBucket,
  decideUpdateSendLimit,
  type SendLimitFault,
  type SendLimitOutcome,
} from './send-limit-acts.ts';
import { decodeSendLimits, type SendBucket, type SendBucketFields, type SendLimit, toSendLimitsKey } from './send-limit-record.ts';

/** Everything that send rates are made of. */
export interface SendRatesOptions {
  readonly store: Store;
  readonly keys: Pick<KeyRing, 'rate'>;
  /** A clock that never goes back, in milliseconds from anywhere: by it what was read is forgotten. */
  readonly monotonic: () => number;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes;
}

/** Whether a start may go on. */
export type SendRateVerdict =
  /** `fullUntil`: before then no further one with these values may; undefined where one may. */
  | { readonly status: 'counted'; readonly fullUntil: Date | undefined }
  | { readonly status: 'refused'; readonly retryAt: Date }
  /** A name is none of the service's; nothing was counted. */
  | { readonly status: 'unknown_name' };

/**
 * Limits of a service's own on starts: so many in a window, by a value that the start brings for a limit's name. Acts on them are operators' and in the
 * journal; neither a name nor a value is. A value is kept as a keyed hash, for as long as its window.
 *
 * Each rejects with `store_unavailable` where the store cannot answer.
 */
export interface SendRates {
  /** In the order of their ids. */
  list(service: string): Promise<readonly SendLimit[]>;
  create(service: string, limit: Pick<SendLimit, 'uniqueName' | 'description'>, act?: Act): Promise<SendLimit | SendLimitFault>;
  update(service: string, id: string, limit: Pick<SendLimit, 'description'>, act?: Act): Promise<SendLimit | undefined>;
  remove(service: string, id: string, act?: Act): Promise<boolean>;
  createBucket(service: string, limit: string, bucket: SendBucketFields, act?: Act): Promise<SendLimitOutcome<SendBucket>>;
  updateBucket(service: string, limit: string, id: string, bucket: Partial<SendBucketFields>, act?: Act): Promise<SendLimitOutcome<SendBucket>>;
  removeBucket(service: string, limit: string, id: string, act?: Act): Promise<boolean>;
  /**
   * Counts a start in every bucket of every limit that it names, one after the other, until one is full. What an operator changed elsewhere holds here after
   * 2 s at the latest.
   *
   * Of so many at once with the same values exactly those pass that the fullest bucket has room for: each bucket is asked by those alone that passed the one before.
   */
  count(service: string, values: ReadonlyMap<string, string>): Promise<SendRateVerdict>;
}

/** How long limits that were read may be used. */
const MAX_AGE = 2_000;

/** Services whose limits are remembered; each takes a few kB. */
const CACHE_SIZE = 1_000;

interface Counter {
  readonly bucket: SendBucket;
  readonly value: string;
}

/** Makes send rates on a store; any number of processes may share it. */
export function createSendRates({ store, keys, monotonic, random = createRandomPool() }: SendRatesOptions): SendRates {
  const cache = createFreshCache<readonly SendLimit[]>({ maxAge: MAX_AGE, size: CACHE_SIZE, monotonic });

  const read = async (service: string) => decodeSendLimits((await ask(store.read(toSendLimitsKey(service)))).body);
  /** The limits, if all names are among them. One that is not known is looked for anew: it may be of this moment. */
  const recallWith = async (service: string, names: readonly string[]) => {
    const holdsAll = (limits: readonly SendLimit[] | undefined) => names.every((name) => limits?.some(({ uniqueName }) => uniqueName === name));
    const known = cache.get(service)?.value;
    const limits = holdsAll(known) ? known : await cache.load(service, () => read(service));
    return holdsAll(limits) ? limits : undefined;
  };

  /** Nothing of before a change is remembered behind it. */
  const change = async <T>(service: string, decide: Parameters<typeof store.update<T>>[1]): Promise<T> => {
    try {
      return await ask(store.update(toSendLimitsKey(service), decide));
    } finally {
      cache.forget(service);
    }
  };

  // The interval is part of the name: a bucket with another one begins anew, and its records are kept for as long as they count.
  const keyOf = ({ bucket: { id, intervalSeconds }, value }: Counter) =>
    toSendCountKey(shortHash(keys.rate, JSON.stringify(['send', id, intervalSeconds, value])));

  const countAll = async (counters: readonly Counter[]): Promise<SendRateVerdict> => {
    const ends: number[] = [];
    for (const [position, counter] of counters.entries()) {
      const { isCounted, fullUntil } = await ask(store.update(keyOf(counter), decideCountSend(counter.bucket)));
      if (fullUntil !== undefined) ends.push(fullUntil);
      if (isCounted) continue;
      // Ensure that the wait is long enough for all of them: those behind are looked at, and not counted in.
      const behind = await Promise.all(
        counters.slice(position + 1).map(async (other) => viewSendCount(await ask(store.read(keyOf(other))), other.bucket)),
      );
      return { status: 'refused', retryAt: new Date(Math.max(...ends, ...behind.filter((end) => end !== undefined))) };
    }
    return { status: 'counted', fullUntil: ends.length === 0 ? undefined : new Date(Math.max(...ends)) };
  };

  return {
    async list(service) {
      const limits = await read(service);
      return [...limits].sort(byId).map((limit) => ({ ...limit, buckets: [...limit.buckets].sort(byId) }));
    },
    create: (service, limit, act) => change(service, decideCreateSendLimit(limit, { ...act, service, id: createSendLimitId(random) })),
    update: (service, id, limit, act) => change(service, decideUpdateSendLimit(limit, { ...act, service, id })),
    remove: (service, id, act) => change(service, decideDeleteSendLimit({ ...act, service, id })),
    createBucket: (service, limit, bucket, act) =>
      change(service, decideCreateSendBucket(bucket, { ...act, service, limit, id: createSendBucketId(random) })),
    updateBucket: (service, limit, id, bucket, act) => change(service, decideUpdateSendBucket(bucket, { ...act, service, limit, id })),
    async removeBucket(service, limit, id, act) {
      return (await change(service, decideDeleteSendBucket({ ...act, service, limit, id }))) === true;
    },
    async count(service, values) {
      if (values.size === 0) return { status: 'counted', fullUntil: undefined };
      const limits = await recallWith(service, [...values.keys()]);
      if (limits === undefined) return { status: 'unknown_name' };
      // In the order of the limits, whatever that of the values: all that name the same ask the same bucket first, and so no more are turned away than have to be.
      const counters = limits.flatMap(({ uniqueName, buckets }) => {
        const value = values.get(uniqueName);
        return value === undefined ? [] : buckets.map((bucket) => ({ bucket, value }));
      });
      return countAll(counters);
    },
  };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
