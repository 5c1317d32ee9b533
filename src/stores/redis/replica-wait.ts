/** How many replicas have to have a write before it is answered, and how long they are waited for, in milliseconds. */
export interface RedisWait {
  readonly replicas: number;
  readonly timeout: number;
}

/** A connection on which writes were made. */
interface Master {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A master whose replicas were not there in time is not waited for again so soon, in milliseconds: while it is, its connection does nothing else. */
const LEFT_ALONE = 5_000;

/**
 * Waits until replicas have what was written. `WAIT` blocks its connection and covers all that was written on it before, so one is under way at a
 * time, and all writes that were answered while it was share the next.
 */
export class ReplicaWait {
  readonly #wait: RedisWait;
  readonly #masters: () => readonly Master[];
  readonly #leftAloneUntil = new WeakMap<Master, number>();
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** @param masters those there are: which of them has a write is known to the client alone, and one that has none answers at once. */
  constructor(wait: RedisWait, masters: () => readonly Master[]) {
    this.#wait = wait;
    this.#masters = masters;
  }

  /** Resolves when replicas have all that was answered before this call, or did not have it in time. */
  settle(): Promise<void> {
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  async #afterCurrent(): Promise<void> {
    await this.#current;
    this.#next = undefined;
    this.#current = this.#waitForAll();
    await this.#current;
  }

  async #waitForAll(): Promise<void> {
    const now = performance.now();
    const masters = this.#masters().filter((master) => (this.#leftAloneUntil.get(master) ?? 0) <= now);
    await Promise.all(masters.map((master) => this.#waitFor(master)));
  }

  async #waitFor(master: Master): Promise<void> {
    const { replicas, timeout } = this.#wait;
    try {
      const reached = await master.call('wait', String(replicas), String(timeout));
      if (Number(reached) < replicas) this.#leftAloneUntil.set(master, performance.now() + LEFT_ALONE);
    } catch {
      // What was written is answered all the same. Who has lost the connection will say so to whoever uses it next.
    }
  }
}
