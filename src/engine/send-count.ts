import { SECOND } from '../core/duration.ts';
import { type Decide, MAX_WRITE_AGE, type RecordBody, type RecordKey, type Snapshot } from '../stores/store.ts';
import { createUnpacker } from './packed.ts';
import type { SendBucketFields } from './send-limit-record.ts';

/**
 * How a bucket counts starts with one value: in windows that begin with the first start in them and are over after the interval. So there are at most `max`
 * in each window; two windows side by side may hold them close together, as the clients of this rule know it.
 */

/** The version this code writes, and the newest it reads. */
const SEND_COUNT_SCHEMA = 1;

/** What came of a start that was counted, or was not. */
export interface SendCount {
  readonly isCounted: boolean;
  /** Until when a further one is refused; undefined where there is room. Milliseconds of the store's clock. */
  readonly fullUntil: number | undefined;
}

interface Window {
  /** When its first start was. */
  readonly from: number;
  readonly count: number;
}

const { open, number, list } = createUnpacker('this send limit');

/** Where the window with this id lies. @param id keyed hash of the bucket and the value. */
export function toSendCountKey(id: string): RecordKey {
  return { kind: 'send_count', partition: '', id };
}

/** Counts one start, where there is room for it. A refusal writes nothing, unless the clock was set back. */
export function decideCountSend(bucket: SendBucketFields): Decide<SendCount> {
  return (body, now) => {
    const { window, wasSetBack } = currentWindow(body, now, bucket);
    const isCounted = window.count < bucket.max;
    const next = isCounted ? { ...window, count: window.count + 1 } : window;
    const result = { isCounted, fullUntil: fullUntil(next, bucket) };
    if (!isCounted && !wasSetBack) return { result };
    return { result, next: { body: encodeWindow(next), expiresAt: endOf(next, bucket) } };
  };
}

/** Until when a bucket is full, to be told and never decided by. */
export function viewSendCount({ body, now }: Snapshot, bucket: SendBucketFields): number | undefined {
  return fullUntil(currentWindow(body, now, bucket).window, bucket);
}

/** Ensure that a clock that was set back locks nobody out until it has caught up, and frees nothing: the window is as full as it was, and begins now. */
function currentWindow(
  body: RecordBody | undefined,
  now: number,
  bucket: SendBucketFields,
): { readonly window: Window; readonly wasSetBack: boolean } {
  const kept = body === undefined ? undefined : decodeWindow(body);
  if (kept === undefined || now >= endOf(kept, bucket)) return { window: { from: now, count: 0 }, wasSetBack: false };
  const wasSetBack = kept.from - now > MAX_WRITE_AGE;
  return { window: wasSetBack ? { ...kept, from: now } : kept, wasSetBack };
}

function fullUntil(window: Window, bucket: SendBucketFields): number | undefined {
  return window.count < bucket.max ? undefined : endOf(window, bucket);
}

function endOf({ from }: Window, { intervalSeconds }: SendBucketFields): number {
  return from + intervalSeconds * SECOND;
}

function encodeWindow({ from, count }: Window): RecordBody {
  return JSON.stringify([SEND_COUNT_SCHEMA, from, count]);
}

/** @throws {CountersignError} `store_unavailable` where the text is no such record of ours, or one of a newer version. */
function decodeWindow(body: RecordBody): Window {
  const [from, count] = list(open(body, SEND_COUNT_SCHEMA), 2);
  return { from: number(from), count: number(count, 1) };
}
