import { CountersignError } from '../core/errors.ts';
import type { CounterKey } from '../core/keys.ts';
import type { Decide } from '../stores/store.ts';
import { decodeCounter, encodeCounter } from './counter-codec.ts';
import { type CounterRecord, counterEndsAt, isSamePair } from './counter-record.ts';

/**
 * A rule of resend counters: from a record and the time to what to answer, and the record as it shall be, without which it stays.
 * The record is undefined where there is none, and where nothing in it matters any more.
 */
export type CounterRule<O> = (record: CounterRecord | undefined, now: number) => CounterResult<O>;

/** What a {@link CounterRule} comes to. `seen` is written as the time the rule was given. */
export interface CounterResult<O> {
  readonly outcome: O;
  readonly next?: Omit<CounterRecord, 'seen'>;
}

/**
 * Makes of a rule what a store runs. Time is the later of the store's clock and the latest time the record has seen: a clock that is set back frees
 * nothing early.
 *
 * @param key whose counter it is; undefined where the id alone is known, and then any will do.
 * @throws {CountersignError} from the store's `update`: `store_unavailable` for a damaged record, and where another pair has the same id.
 */
export function decideCounter<O>(key: CounterKey | undefined, rule: CounterRule<O>): Decide<O> {
  return (body, clock) => {
    const kept = body === undefined ? undefined : decodeCounter(body);
    const now = Math.max(clock, kept?.seen ?? clock);
    const record = kept !== undefined && now < counterEndsAt(kept) ? kept : undefined;
    if (record && key) assertSamePair(record, key);
    const { outcome, next } = rule(record, now);
    if (next === undefined) return { result: outcome };
    const written = { ...next, seen: now };
    return { result: outcome, next: { body: encodeCounter(written), expiresAt: counterEndsAt(written) } };
  };
}

/**
 * Ensure that nobody is answered by another's counter. Thrown, not a value: no caller has to know of it, and none can pass over it. It is the store that
 * cannot serve this pair, until the other counter is forgotten.
 */
function assertSamePair(record: CounterRecord, key: CounterKey): void {
  if (isSamePair(record, key)) return;
  throw new CountersignError('store_unavailable', 'the record of this resend counter belongs to another: two share one id');
}
