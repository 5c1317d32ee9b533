import { isSendBucketId, isSendLimitId } from '../core/tenant-ids.ts';
import type { RecordBody, RecordKey } from '../stores/store.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const SEND_LIMITS_SCHEMA = 1;

/** A limit of a service's own on starts, by whatever value a start brings for its name: an address of its caller's, an account. */
export interface SendLimit {
  /** `RK` + 32 lower-case hex. */
  readonly id: string;
  /** What starts call it; one of its kind within the service. */
  readonly uniqueName: string;
  readonly description: string | undefined;
  /** Milliseconds of the store's clock. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Without any it limits nothing. */
  readonly buckets: readonly SendBucket[];
}

/** How many starts with one value there may be in a window. */
export interface SendBucket extends SendBucketFields {
  /** `BL` + 32 lower-case hex. */
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The part of a bucket that an operator gives. */
export interface SendBucketFields {
  readonly max: number;
  /** In whole seconds, from the first start on; one of its kind within the limit. */
  readonly intervalSeconds: number;
}

const { open, number, text, list, damaged } = createUnpacker('these send limits');

/** Which record the limits of a service have: one for all, so that a name is taken once and none is too many. */
export function toSendLimitsKey(service: string): RecordKey {
  return { kind: 'send_limits', partition: '', id: service };
}

/** The text that a store keeps: lists by position. */
export function encodeSendLimits(limits: readonly SendLimit[]): RecordBody {
  return JSON.stringify([SEND_LIMITS_SCHEMA, ...limits.map(packLimit)]);
}

/** @throws {CountersignError} `store_unavailable` where the text is no such record of ours, or one of a newer version. */
export function decodeSendLimits(body: RecordBody | undefined): readonly SendLimit[] {
  return body === undefined ? [] : open(body, SEND_LIMITS_SCHEMA).map(unpackLimit);
}

function packLimit({ id, uniqueName, description, createdAt, updatedAt, buckets }: SendLimit): unknown {
  const packed = buckets.map((bucket) => [bucket.id, bucket.max, bucket.intervalSeconds, bucket.createdAt, bucket.updatedAt]);
  return [id, uniqueName, description ?? 0, createdAt, updatedAt, packed];
}

function unpackLimit(packed: unknown): SendLimit {
  const [id, uniqueName, description, createdAt, updatedAt, buckets] = list(packed, 6);
  if (!isSendLimitId(id) || !Array.isArray(buckets)) throw damaged();
  return {
    id,
    uniqueName: text(uniqueName),
    description: description === 0 ? undefined : text(description),
    createdAt: number(createdAt),
    updatedAt: number(updatedAt),
    buckets: buckets.map(unpackBucket),
  };
}

function unpackBucket(packed: unknown): SendBucket {
  const [id, max, intervalSeconds, createdAt, updatedAt] = list(packed, 5);
  if (!isSendBucketId(id)) throw damaged();
  return { id, max: number(max, 1), intervalSeconds: number(intervalSeconds, 1), createdAt: number(createdAt), updatedAt: number(updatedAt) };
}
