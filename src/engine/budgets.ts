import { DAY, HOUR, MINUTE } from '../core/duration.ts';
import type { Limits } from './limits.ts';
import { type DestinationRecord, EMPTY_POOL, type Pool, type ReturnedSend } from './record.ts';

/** How far back a pool's logs matter: the longest window, and the minute up to which its end is rounded. */
export const LOG_WINDOW: number = DAY + MINUTE;

/** How long a pool remembers, at most, that a send was given back. */
export const RETURNED_WINDOW: number = DAY;

/** The budgets that count for a requester: its own where it is known here, else the ones everybody shares. */
export function findPool(record: DestinationRecord, requester: string | undefined): { readonly pool: Pool; readonly known: boolean } {
  const known = requester === undefined ? undefined : record.known.find((other) => other.requester === requester);
  return known ? { pool: known.pool, known: true } : { pool: record.shared, known: false };
}

/** The record with those budgets replaced. */
export function putPool(record: DestinationRecord, requester: string | undefined, pool: Pool): DestinationRecord {
  if (!findPool(record, requester).known) return { ...record, shared: pool };
  return { ...record, known: record.known.map((other) => (other.requester === requester ? { ...other, pool } : other)) };
}

/** From when on the spacing between two sends allows another. */
export function nextSpacedSendAt({ sends }: Pool, limits: Limits): number {
  const last = sends.at(-1);
  return last === undefined ? 0 : last + limits.sendSpacing;
}

/** From when on the send budgets allow another. */
export function nextBudgetedSendAt({ sends }: Pool, known: boolean, limits: Limits): number {
  const perDay = known ? limits.knownSendsPerDay : limits.sendsPerDay;
  return Math.max(slidingWindowEndsAt(sends, HOUR, limits.sendsPerHour), slidingWindowEndsAt(sends, DAY, perDay));
}

/** From when on the guess budgets allow another wrong guess. */
export function nextGuessAt({ wrong }: Pool, limits: Limits): number {
  return Math.max(slidingWindowEndsAt(wrong, HOUR, limits.wrongPerHour), slidingWindowEndsAt(wrong, DAY, limits.wrongPerDay));
}

/** The pool after one more send. */
export function recordSend(pool: Pool, now: number): Pool {
  return { ...pool, sends: [...pool.sends, now] };
}

/** The pool without one send that surely was not sent, and with the memory of having given that back; as it is where that send is not in it any more. */
export function takeBackSend(pool: Pool, at: number, returned: ReturnedSend): Pool {
  const position = pool.sends.lastIndexOf(at);
  return position < 0 ? pool : { ...pool, sends: pool.sends.toSpliced(position, 1), returned };
}

/** The pool after a send of a requester that keeps its slot: whoever was given back the last may be given back the next. */
export function keepSend(pool: Pool, requester: string | undefined): Pool {
  return pool.returned !== undefined && pool.returned.by === requester ? { ...pool, returned: undefined } : pool;
}

/** The pool after one more guess that is wrong, or counts so until a provider has said otherwise. */
export function chargeGuess(pool: Pool, now: number): Pool {
  return { ...pool, wrong: [...pool.wrong, now], run: pool.run + 1, runAt: now };
}

/** Disables a pool whose last guess was wrong and ends the longest run there may be. */
export function disableUsedUp(pool: Pool, limits: Limits): Pool {
  return isUsedUp(pool, limits) && !pool.disabled ? { ...pool, disabled: true } : pool;
}

/** Whether nobody may guess here any more. Ensure that no more than `limits.wrongInARow` are ever judged in a row (NIST SP 800-63B-4 §3.2.2). */
export function isUsedUp({ disabled, run }: Pool, limits: Limits): boolean {
  return disabled || run >= limits.wrongInARow;
}

/**
 * The record without the charge of a guess that was not wrong, or not judged. It is looked for in the requester's own budgets first, and then in those
 * everybody shares: a requester may have become known since it was charged.
 */
export function refundGuess(record: DestinationRecord, requester: string | undefined, at: number, limits: Limits): DestinationRecord {
  const { pool, known } = findPool(record, requester);
  if (pool.wrong.includes(at)) return putPool(record, requester, takeBackGuess(pool, at, limits));
  return known ? { ...record, shared: takeBackGuess(record.shared, at, limits) } : record;
}

function takeBackGuess(pool: Pool, at: number, limits: Limits): Pool {
  const position = pool.wrong.lastIndexOf(at);
  if (position < 0) return pool;
  const wrong = pool.wrong.toSpliced(position, 1);
  // A run that has ended since, and another that has begun, do not hold it.
  if (pool.wrong.length - position > pool.run) return { ...pool, wrong };
  const run = pool.run - 1;
  return { ...pool, wrong, run, runAt: run === 0 ? 0 : pool.runAt, disabled: pool.disabled && run >= limits.wrongInARow };
}

/** Two pools as one, the stricter of both in everything: nothing that was used comes back by merging. */
export function mergePools(a: Pool, b: Pool): Pool {
  const merge = (left: readonly number[], right: readonly number[]) => [...left, ...right].sort((x, y) => x - y);
  return {
    sends: merge(a.sends, b.sends),
    wrong: merge(a.wrong, b.wrong),
    run: Math.max(a.run, b.run),
    runAt: Math.max(a.runAt, b.runAt),
    disabled: a.disabled || b.disabled,
    returned: (a.returned?.at ?? 0) < (b.returned?.at ?? 0) ? b.returned : a.returned,
  };
}

/** Whether nothing in a pool is remembered. */
export function isEmptyPool({ sends, wrong, run, disabled, returned }: Pool): boolean {
  return sends.length === 0 && wrong.length === 0 && run === 0 && !disabled && returned === undefined;
}

/** A pool without what no longer matters at `now`. */
export function agePool(pool: Pool, now: number, runRetention: number): Pool {
  const isRecent = (at: number) => now < at + LOG_WINDOW;
  const isRunOver = pool.run > 0 && now >= pool.runAt + runRetention;
  const isReturnOver = pool.returned !== undefined && now >= pool.returned.at + RETURNED_WINDOW;
  // Most pools are as they were: a copy of each, at every call, is work for the garbage collector.
  if (pool.sends.every(isRecent) && pool.wrong.every(isRecent) && !isRunOver && !isReturnOver) return pool;
  const aged = {
    ...pool,
    ...(pool.sends.every(isRecent) ? {} : { sends: pool.sends.filter(isRecent) }),
    ...(pool.wrong.every(isRecent) ? {} : { wrong: pool.wrong.filter(isRecent) }),
    ...(isRunOver ? { run: 0, runAt: 0 } : {}),
    ...(isReturnOver ? { returned: undefined } : {}),
  };
  return isEmptyPool(aged) ? EMPTY_POOL : aged;
}

/**
 * A sliding log: of `limit` events in every window of `length`, the next is allowed when the oldest of the last `limit` has left it. Rounded up to the minute, in
 * the rule and so in what is answered: the budget is shared, and an exact time would say when somebody else was here.
 */
function slidingWindowEndsAt(log: readonly number[], length: number, limit: number): number {
  const oldest = log[log.length - limit];
  return oldest === undefined ? 0 : Math.ceil((oldest + length) / MINUTE) * MINUTE;
}
