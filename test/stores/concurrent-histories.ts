import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { assertLinearizable, type History, recordHistory } from './linearizability.ts';
import { callers } from './rule-acts.ts';

/** A failure names it. What calls were made comes back with it; what came first among them is for the store to say. */
const SEED = Number(process.env.COUNTERSIGN_SEED ?? 20_260_115);
/** For each clock of each store. */
export const HISTORIES = 60;
/** As many processes would have. */
export const HANDLES = 3;

/** What every few histories come to. */
const COMMON = ['send', 'refused resend_too_soon', 'refused in_progress', 'wrong', 'approved', 'ended approved', 'canceled', 'ended expired'];

/** Plays histories on handles, each on a record of its own; resolves with what they were. */
export async function playAll(handles: readonly Store[], judge: (history: History) => void = assertLinearizable): Promise<History[]> {
  const played: History[] = [];
  const property = fc.asyncProperty(callers, async (made) => {
    const history = await recordHistory(made, handles, { kind: 'destination', partition: '', id: randomUUID() });
    played.push(history);
    judge(history);
  });
  // Not shrunk: what failed may go well the next time.
  await fc.assert(property, { seed: SEED, numRuns: HISTORIES, endOnFailure: true });
  return played;
}

/** Ensure that what was played could have gone wrong: calls that overlapped, and that came to many an end. */
export function expectStake(played: readonly History[]): void {
  const overlapping = played.filter(({ operations }) => operations.some((a) => operations.some((b) => a.asked < b.asked && b.asked < a.answered)));
  expect(overlapping.length).toBeGreaterThan(HISTORIES / 2);
  const answers = new Set(played.flatMap(({ operations }) => operations.map(({ answer }) => toKind(answer))));
  expect([...answers]).toEqual(expect.arrayContaining(COMMON));
  expect(new Set(played.map(({ final }) => final)).size).toBeGreaterThan(HISTORIES / 2);
}

/** What a rule made of a call, in a word or two. */
function toKind(answer: unknown): string {
  const { kind, state, reason } = ((answer as { outcome?: unknown } | undefined)?.outcome ?? {}) as Record<string, string | undefined>;
  return [kind, state, reason].filter((part) => part !== undefined).join(' ');
}

/** Tries a store; `open` gives one more handle on the same data. */
export function itIsLinearizable(open: (clock: Clock | undefined) => Store, handles: number = HANDLES): void {
  it.each([
    ['a clock that stands still', createFakeClock()],
    ['its own clock, and what it remembers', undefined],
  ])('by %s: calls at the same time are answered as if one after the other', async (_, clock) => {
    const stores = Array.from({ length: handles }, () => open(clock));
    try {
      expectStake(await playAll(stores));
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });
}
