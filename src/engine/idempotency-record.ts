import type { RecordBody, RecordKey } from '../stores/store.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const IDEMPOTENCY_SCHEMA = 1;

/** What is kept of one idempotency key: neither it nor the request it came with can be read from it. */
export interface IdempotencyRecord {
  /** When it was written last, in milliseconds of the store's clock; and the latest time it has seen. */
  readonly at: number;
  /** Keyed hash of the request. */
  readonly body: string;
  readonly state: IdempotencyState;
}

/** How far a key has come. A key that is `free` is still its request's. */
export type IdempotencyState =
  | { readonly kind: 'free' }
  /** `run` is random, made by whoever claims. */
  | { readonly kind: 'running'; readonly run: string }
  | { readonly kind: 'kept'; readonly sealed: string };

const { open, number, text, list, damaged } = createUnpacker('this idempotency key');

/** Where the record with this id lies in a store. @param id the key's hash, with whose and where it is. */
export function toIdempotencyRecordKey(id: string): RecordKey {
  return { kind: 'idempotency', partition: '', id };
}

/** The text that a store keeps: a list by position. */
export function encodeIdempotency({ at, body, state }: IdempotencyRecord): RecordBody {
  return JSON.stringify([IDEMPOTENCY_SCHEMA, at, body, packState(state)]);
}

/**
 * The record in a text.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no such record of ours, or one of a newer version.
 */
export function decodeIdempotency(body: RecordBody): IdempotencyRecord {
  const [at, hash, state] = list(open(body, IDEMPOTENCY_SCHEMA), 3);
  // Ensure that no hash is short: what compares equal must be a whole one.
  if (!/^[\w-]{43}$/.test(text(hash))) throw damaged();
  return { at: number(at, 0), body: hash as string, state: unpackState(state) };
}

function packState(state: IdempotencyState): unknown {
  if (state.kind === 'free') return 0;
  return state.kind === 'running' ? ['r', state.run] : ['k', state.sealed];
}

function unpackState(packed: unknown): IdempotencyState {
  if (packed === 0) return { kind: 'free' };
  const [kind, value] = list(packed, 2);
  if (kind === 'r') return { kind: 'running', run: text(value) };
  if (kind === 'k') return { kind: 'kept', sealed: text(value) };
  throw damaged();
}
