import type { Decide, Decision } from '../stores/store.ts';
import { type Act, toActEntry } from './act.ts';
import { decodeSendLimits, encodeSendLimits, type SendBucket, type SendBucketFields, type SendLimit } from './send-limit-record.ts';

/**
 * What operators do to the limits of a service, as rules on the one record that holds them all: of two acts at once both apply, and a name is taken once.
 * Each is journalled with the write, by the ids and without a name.
 */

/** What a service may have: some to tell its callers apart by, and no record that grows without end. */
const MAX_SEND_LIMITS = 20;

/** Buckets of one limit at most. Each costs a start that names it one write. */
const MAX_SEND_BUCKETS = 5;

/** Why an act was not done. */
export type SendLimitFault = 'too_many' | 'taken';

/** What became of an act: undefined where what it is about is not there. */
export type SendLimitOutcome<T> = T | SendLimitFault | undefined;

/** A command on the limits of one service. */
export interface SendLimitAct extends Act {
  readonly service: string;
  /** Of what is made, changed or deleted. */
  readonly id: string;
}

/** The same on a bucket. */
export interface SendBucketAct extends SendLimitAct {
  readonly limit: string;
}

/** Makes a limit without buckets. */
export function decideCreateSendLimit(
  { uniqueName, description }: Pick<SendLimit, 'uniqueName' | 'description'>,
  act: SendLimitAct,
): Decide<SendLimit | SendLimitFault> {
  return (body, now) => {
    const limits = decodeSendLimits(body);
    if (limits.some((other) => other.uniqueName === uniqueName)) return { result: 'taken' };
    if (limits.length >= MAX_SEND_LIMITS) return { result: 'too_many' };
    const made: SendLimit = { id: act.id, uniqueName, description, createdAt: now, updatedAt: now, buckets: [] };
    return write([...limits, made], made, toActEntry('send_limit_created', act.service, now, { by: act.by, id: act.id }));
  };
}

/** Says something else of a limit. */
export function decideUpdateSendLimit({ description }: Pick<SendLimit, 'description'>, act: SendLimitAct): Decide<SendLimit | undefined> {
  return (body, now) => {
    const limits = decodeSendLimits(body);
    const limit = limits.find(({ id }) => id === act.id);
    if (limit === undefined) return { result: undefined };
    const changed = { ...limit, description, updatedAt: now };
    return write(replace(limits, changed), changed, toActEntry('send_limit_updated', act.service, now, { by: act.by, id: act.id }));
  };
}

/** Deletes a limit with its buckets: what they had counted is of no use to any other. */
export function decideDeleteSendLimit(act: SendLimitAct): Decide<boolean> {
  return (body, now) => {
    const limits = decodeSendLimits(body);
    const left = limits.filter(({ id }) => id !== act.id);
    if (left.length === limits.length) return { result: false };
    return write(left, true, toActEntry('send_limit_deleted', act.service, now, { by: act.by, id: act.id }));
  };
}

/** Makes a bucket. */
export function decideCreateSendBucket(fields: SendBucketFields, act: SendBucketAct): Decide<SendLimitOutcome<SendBucket>> {
  return onBuckets(act, 'send_bucket_created', (buckets, now) => {
    if (buckets.some((other) => other.intervalSeconds === fields.intervalSeconds)) return 'taken';
    if (buckets.length >= MAX_SEND_BUCKETS) return 'too_many';
    const made = { id: act.id, ...fields, createdAt: now, updatedAt: now };
    return { buckets: [...buckets, made], result: made };
  });
}

/** Changes a bucket; what is not given stays. With another interval it counts anew. */
export function decideUpdateSendBucket(fields: Partial<SendBucketFields>, act: SendBucketAct): Decide<SendLimitOutcome<SendBucket>> {
  return onBuckets(act, 'send_bucket_updated', (buckets, now) => {
    const bucket = buckets.find(({ id }) => id === act.id);
    if (bucket === undefined) return undefined;
    const changed = { ...bucket, ...fields, updatedAt: now };
    if (buckets.some(({ id, intervalSeconds }) => id !== act.id && intervalSeconds === changed.intervalSeconds)) return 'taken';
    return { buckets: replace(buckets, changed), result: changed };
  });
}

/** Deletes a bucket. */
export function decideDeleteSendBucket(act: SendBucketAct): Decide<SendLimitOutcome<true>> {
  return onBuckets(act, 'send_bucket_deleted', (buckets) => {
    const left = buckets.filter(({ id }) => id !== act.id);
    return left.length === buckets.length ? undefined : { buckets: left, result: true };
  });
}

type BucketChange<T> = { readonly buckets: readonly SendBucket[]; readonly result: T };

/** @param change says what becomes of the buckets, or why nothing does. */
function onBuckets<T>(
  { service, limit: limitId, id, by }: SendBucketAct,
  type: string,
  change: (buckets: readonly SendBucket[], now: number) => BucketChange<T> | SendLimitFault | undefined,
): Decide<SendLimitOutcome<T>> {
  return (body, now) => {
    const limits = decodeSendLimits(body);
    const limit = limits.find((each) => each.id === limitId);
    const changed = limit && change(limit.buckets, now);
    if (limit === undefined || changed === undefined || typeof changed === 'string') return { result: changed as SendLimitFault | undefined };
    const { buckets, result } = changed;
    return write(replace(limits, { ...limit, buckets }), result, toActEntry(type, service, now, { by, limit: limitId, id }));
  };
}

function replace<T extends { readonly id: string }>(all: readonly T[], changed: T): readonly T[] {
  return all.map((each) => (each.id === changed.id ? changed : each));
}

/** Where the last limit went the record may go as well. */
function write<T>(limits: readonly SendLimit[], result: T, entry: ReturnType<typeof toActEntry>): Decision<T> {
  return { result, next: { body: encodeSendLimits(limits), expiresAt: limits.length === 0 ? entry.at : undefined }, entries: [entry] };
}
