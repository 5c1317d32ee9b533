import { CountersignError } from '../core/errors.ts';
import type { Decide, JournalEntry, NextRecord, RecordBody, RecordKey } from './store.ts';

/** One call of `update`, waiting for its turn on a record. */
export interface PendingCall {
  decide(current: RecordBody | undefined, now: number): { next: NextRecord | undefined; entries: readonly JournalEntry[]; deliver: () => void };
  reject(error: unknown): void;
}

/** What a batch made of a record: what is to be written, and how to tell the callers once it is. */
export interface BatchDecision {
  /** The record after the last call that wrote; undefined when none did. */
  readonly next: NextRecord | undefined;
  readonly entries: readonly JournalEntry[];
  /** Settles every call with what was decided for it, a throw in its `decide` included. To be called after the commit. */
  deliver(): void;
}

/** Wraps a `decide` and the promise of its caller, so that calls of different result types can stand in one queue. */
export function toPendingCall<T>(decide: Decide<T>, resolve: (result: T) => void, reject: (error: unknown) => void): PendingCall {
  return {
    decide(current, now) {
      const { result, next, entries = [] } = decide(current, now);
      return { next, entries, deliver: () => resolve(result) };
    },
    reject,
  };
}

/**
 * Decides calls on one record one after the other, each on what the one before left, so that a thousand guesses at one number cost one read and
 * one write. A call whose `decide` throws is left out: the next continues on the record before it.
 */
export function decideBatch(calls: readonly PendingCall[], current: RecordBody | undefined, now: number): BatchDecision {
  let next: NextRecord | undefined;
  const entries: JournalEntry[] = [];
  const deliveries: (() => void)[] = [];
  for (const call of calls) {
    try {
      const decided = call.decide(next ? next.body : current, now);
      if (decided.next) next = decided.next;
      entries.push(...decided.entries);
      deliveries.push(decided.deliver);
    } catch (error) {
      deliveries.push(() => call.reject(error));
    }
  }
  return {
    next,
    entries,
    deliver: () => {
      for (const deliver of deliveries) deliver();
    },
  };
}

/** A record's key as one string, for maps. Kinds and partitions hold no NUL. */
export function keyText({ kind, partition, id }: RecordKey): string {
  return `${kind}\0${partition}\0${id}`;
}

/** What a closed store answers. */
export function closedError(store: string): CountersignError {
  return new CountersignError('store_unavailable', `the ${store} store is closed`);
}
