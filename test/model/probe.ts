import type { Limits } from '../../src/engine/limits.ts';
import type { Verifier } from '../../src/engine/verifier.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { RecordKey, Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createFaultyStore } from './faulty-store.ts';
import { openVerifier, ScriptedProvider } from './world.ts';

/** Makes a call on a copy of a record at another time, as if nothing else had happened in between. */
export class Probe {
  readonly #limits: Limits;
  readonly #clock: FakeClock = createFakeClock();
  readonly #provider: ScriptedProvider = new ScriptedProvider(this.#clock);
  /** By service and keys. */
  readonly #verifiers = new Map<string, Verifier>();
  readonly #store: Store;
  #copy: Store = createMemoryStore({ clock: this.#clock });

  /** @param wrap breaks the copy as the store is broken. */
  constructor(limits: Limits, wrap: (store: Store) => Store = (store) => store) {
    this.#limits = limits;
    this.#store = wrap(createFaultyStore({ target: () => this.#copy }));
  }

  async at<T>(
    time: number,
    { key, body }: { key: RecordKey; body: string | undefined },
    service: string,
    keys: readonly string[],
    act: (verifier: Verifier) => Promise<T>,
  ): Promise<T> {
    this.#clock.set(time);
    this.#copy = createMemoryStore({ clock: this.#clock });
    if (body !== undefined) await this.#copy.update(key, () => ({ result: undefined, next: { body, expiresAt: undefined } }));
    const name = [service, ...keys].join();
    const verifier = this.#verifiers.get(name) ?? openVerifier(this.#store, this.#provider, service, keys, this.#limits);
    this.#verifiers.set(name, verifier);
    return act(verifier);
  }
}
