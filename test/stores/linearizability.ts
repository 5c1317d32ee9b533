import { isDeepStrictEqual } from 'node:util';
import type { Decide, RecordBody, RecordKey, Store } from '../../src/stores/store.ts';

/** What a caller asks of one record: a decision, or with `look` what `read` gives. */
export interface Act {
  readonly label: string;
  readonly decide: Decide<unknown>;
  readonly looks?: boolean;
}

/** One caller: it makes its next call when its last is answered, a few turns of the event loop later. */
export interface Caller {
  /** Which of the handles it calls. */
  readonly handle: number;
  readonly acts: readonly (Act & { readonly turns: number })[];
}

/** A call as it went. */
export interface Operation {
  readonly label: string;
  readonly decide: Decide<unknown>;
  /** Places in the order of everything that happened in this process. */
  readonly asked: number;
  readonly answered: number;
  /** The store's clock, as `decide` was last told. */
  readonly now: number;
  readonly answer: unknown;
}

/** All calls that were ever made for one record. */
export interface History {
  readonly operations: readonly Operation[];
  /** The record after the last of them. */
  readonly final: RecordBody | undefined;
}

/** Has callers call at the same time, and writes down what they asked and were answered, and when. Any rejection rejects. */
export async function recordHistory(callers: readonly Caller[], handles: readonly Store[], key: RecordKey): Promise<History> {
  let events = 0;
  const operations: Operation[] = [];
  const call = async ({ label, decide, looks = false }: Act, store: Store): Promise<Operation> => {
    const asked = events++;
    if (looks) {
      const { body, now } = await store.read(key);
      return { label, decide: (current) => ({ result: current }), asked, now, answer: body, answered: events++ };
    }
    let last = Number.NaN;
    const answer = await store.update(key, (current, now) => {
      last = now;
      return decide(current, now);
    });
    return { label, decide, asked, now: last, answer, answered: events++ };
  };
  await Promise.all(
    callers.map(async ({ handle, acts }) => {
      for (const { turns, ...act } of acts) {
        for (let turn = 0; turn < turns; turn += 1) await nextTurn();
        operations.push(await call(act, handles[handle % handles.length] as Store));
      }
    }),
  );
  return { operations, final: (await (handles[0] as Store).read(key)).body };
}

/**
 * Looks for an order in which the calls, made one after the other on an absent record, would have been answered the same and left the same record: one
 * in which no call comes before another that was answered before it was asked. Undefined where there is none: then the store is none that decides
 * "as if one after the other".
 *
 * The search is Wing and Gong's (Testing and verifying concurrent objects, 1993); a set of calls that was once found to lead nowhere from a record is not
 * tried again. It takes `2 ** operations` steps at worst: for a dozen.
 */
export function findOrder({ operations, final }: History): readonly Operation[] | undefined {
  const all = 2 ** operations.length - 1;
  const futile = new Set<string>();
  const order: Operation[] = [];
  const extend = (done: number, body: RecordBody | undefined): boolean => {
    if (done === all) return body === final;
    const name = `${done} ${body ?? '-'}`;
    if (futile.has(name)) return false;
    const left = operations.filter((_, index) => (done & (1 << index)) === 0);
    const firstAnswer = Math.min(...left.map(({ answered }) => answered));
    for (const operation of left) {
      if (operation.asked > firstAnswer) continue;
      const { result, next } = operation.decide(body, operation.now);
      if (!isDeepStrictEqual(result, operation.answer)) continue;
      order.push(operation);
      if (extend(done | (1 << operations.indexOf(operation)), next ? next.body : body)) return true;
      order.pop();
    }
    futile.add(name);
    return false;
  };
  return extend(0, undefined) ? order : undefined;
}

/** Ensure there is such an order. */
export function assertLinearizable(history: History): void {
  if (findOrder(history) !== undefined) return;
  const calls = history.operations.toSorted((a, b) => a.asked - b.asked);
  const lines = calls.map(({ label, asked, answered, answer }) => `  ${asked}–${answered} ${label}: ${JSON.stringify(answer)}`);
  throw new NotLinearizable(
    `no order of these calls, one after the other, has these answers and this end:\n${lines.join('\n')}\n  end: ${history.final}`,
  );
}

/** What {@link assertLinearizable} throws. */
export class NotLinearizable extends Error {
  override readonly name = 'NotLinearizable';
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
