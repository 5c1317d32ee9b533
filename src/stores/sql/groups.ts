import { SqlFailure } from './failure.ts';

/** What {@link SqlGroups} needs to know of the calls it gathers. */
export interface GroupOptions<Item, Result> {
  /** Two calls with the same key are never in one group: a statement would change a row once, and answer for both. */
  keyOf(item: Item): string;
  /** How many characters a call adds to the statement. */
  sizeOf(item: Item): number;
  /** Makes the calls of one group, sorted by key, and resolves with what became of each, in their order; rejects for all of them. */
  run(items: readonly Item[]): Promise<readonly GroupResult<Result>[]>;
}

/** What became of one call of a group. */
export type GroupResult<Result> = { readonly value: Result } | { readonly error: unknown };

interface Waiting<Item, Result> {
  readonly key: string;
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Rows in one statement: by then the round trip is shared by so many that more gain nothing, and each holds locks for the others. */
const MAX_ROWS = 64;

/** Characters in one statement, of the longest bodies a handful: far below what a server accepts in a packet. */
const MAX_SIZE = 1_048_576;

/** Groups under way at a time. What comes meanwhile gathers for the next, so that a busy server is sent fewer and larger statements. */
const MAX_UNDER_WAY = 4;

/**
 * Sends the calls of one tick as one statement: a tick is a turn of the event loop, in which many replies may have come and many calls been made.
 * A call that is alone in its tick goes by itself. Groups are sorted by key, so that two that lock the same rows lock them in one order.
 */
export class SqlGroups<Item, Result> {
  readonly #options: GroupOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #underWay = 0;
  #isScheduled = false;

  constructor(options: GroupOptions<Item, Result>) {
    this.#options = options;
  }

  /** Makes a call in the next group. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key: this.#options.keyOf(item), item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay >= MAX_UNDER_WAY) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (this.#waiting.length > 0 && this.#underWay < MAX_UNDER_WAY) void this.#send(this.#take());
    });
  }

  /** The next calls in the order they came, without those whose key is among them already. */
  #take(): Waiting<Item, Result>[] {
    const taken = new Map<string, Waiting<Item, Result>>();
    const left: Waiting<Item, Result>[] = [];
    let size = 0;
    for (const waiting of this.#waiting) {
      const itemSize = this.#options.sizeOf(waiting.item);
      const fits = taken.size === 0 || (taken.size < MAX_ROWS && size + itemSize <= MAX_SIZE);
      if (!fits || taken.has(waiting.key)) {
        left.push(waiting);
        continue;
      }
      taken.set(waiting.key, waiting);
      size += itemSize;
    }
    this.#waiting = left;
    return [...taken.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async #send(group: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const results = await this.#options.run(group.map(({ item }) => item));
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index];
        if (result && 'value' in result) resolve(result.value);
        else reject(result?.error);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}

/**
 * Runs a group, and where one call of it may be at fault each by itself: nothing was written then, and the others are not to pay for it. What fails
 * for all rejects.
 */
export async function isolateFaults<Item, Result>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly GroupResult<Result>[]> {
  try {
    return (await run(items)).map((value) => ({ value }));
  } catch (error) {
    if (!(error instanceof SqlFailure && error.isLocal)) throw error;
    if (items.length === 1) return [{ error }];
  }
  const results: GroupResult<Result>[] = [];
  for (const item of items) results.push(...(await isolateFaults([item], run).catch((error: unknown) => [{ error }])));
  return results;
}
