import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';
import { CountersignError } from '../core/errors.ts';
import type { Decision, RecordBody, RecordKey, Store } from '../stores/store.ts';
import type { FakeClock } from './fake-clock.ts';

/** What a store may be unable to do; each by the name of its option. */
export type Capability = 'clock' | 'journal' | 'list' | 'sweep' | 'handles';

/** One promise and how it is tried. */
export interface StoreCase {
  /** Begins with the promise, in a sentence that needs no knowledge of the engine. */
  readonly title: string;
  readonly needs?: readonly Capability[];
  run(stage: Stage): Promise<void>;
}

/** Cases about one thing. */
export interface StoreCaseGroup {
  readonly title: string;
  readonly cases: readonly StoreCase[];
}

/** What a case runs on: fresh data and a clock of its own. */
export interface Stage {
  readonly clock: FakeClock;
  /** One more handle on the data, as one more process would have. It is closed when the case ends. */
  connect(): Promise<Store>;
  /** Closes every handle there is. */
  closeAll(): Promise<void>;
}

/** Two handles on the same data. */
export async function connectTwo({ connect }: Stage): Promise<readonly [Store, Store]> {
  return [await connect(), await connect()];
}

/** A key of the suite's own. */
export function toKey(id: string, partition: string = ''): RecordKey {
  return { kind: 'suite', partition, id };
}

/** A decision that writes, and answers with what it found. */
export function replaceBy(body: RecordBody, expiresAt?: number): (current: RecordBody | undefined) => Decision<RecordBody | undefined> {
  return (current) => ({ result: current, next: { body, expiresAt } });
}

/** A decision that only looks. */
export function lookAt(current: RecordBody | undefined): Decision<RecordBody | undefined> {
  return { result: current };
}

/** A decision that counts, and answers with the number it came to. */
export function countUp(current: RecordBody | undefined): Decision<number> {
  const count = Number(current ?? '0') + 1;
  return { result: count, next: { body: String(count), expiresAt: undefined } };
}

/** 0, 1, … `count - 1`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Calls all at once and waits for all, so that none goes on when a case has failed. The first rejection is thrown. */
export async function allAtOnce<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  const settled = await Promise.allSettled(range(count).map(call));
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/**
 * Fails where the two differ.
 *
 * @param complaint what broke, and the usual cause: it is all that the author of a store reads.
 */
export function expectEqual(found: unknown, expected: unknown, complaint: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  // Made by hand: `assert.deepStrictEqual` adds a diff to the message, and so do the runners.
  const message = `${complaint}\nfound ${show(found)}, expected ${show(expected)}`;
  throw new assert.AssertionError({ message, actual: found, expected, stackStartFn: expectEqual });
}

/** Fails where a condition does not hold. @param complaint as of {@link expectEqual}. */
export function expectThat(condition: boolean, complaint: string): void {
  assert.ok(condition, complaint);
}

/** Fails unless the call rejects with `store_unavailable`. */
export async function expectUnavailable(call: () => Promise<unknown>, complaint: string): Promise<void> {
  const outcome = await outcomeOf(call);
  const isRight = outcome.error instanceof CountersignError && outcome.error.code === 'store_unavailable';
  if (!isRight) assert.fail(`${complaint}\nfound ${outcome.isRejected ? show(outcome.error) : `the answer ${show(outcome.value)}`}`);
}

/** Waits for a call, whatever becomes of it. One that throws instead of rejecting fails. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<{ isRejected: boolean; value?: unknown; error?: unknown }> {
  let pending: Promise<unknown>;
  try {
    pending = call();
  } catch (error) {
    return assert.fail(`a store threw at its caller, who waits for a promise: make the method async.\nfound ${show(error)}`);
  }
  return pending.then(
    (value) => ({ isRejected: false, value }),
    (error: unknown) => ({ isRejected: true, error }),
  );
}

function show(value: unknown): string {
  const text =
    value instanceof Error
      ? `${value.name}: ${value.message}`
      : inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80, maxArrayLength: 12 });
  return text.length > 400 ? `${text.slice(0, 400)} …` : text;
}
