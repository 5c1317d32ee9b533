import type { Store } from '../src/stores/store.ts';
import { STAGES, TenantsWorld } from './tenants-world.ts';

/** Two handles on one store, which two processes have, and the clocks that a test moves. */
export interface Doors {
  readonly world: TenantsWorld;
  readonly here: Store;
  readonly there: Store;
}

/** Runs a test in memory and in a SQLite file, each fresh, and closes them. */
export const DOORS: readonly (readonly [string, (newPath: () => string, run: (doors: Doors) => Promise<void>) => Promise<void>])[] = STAGES.map(
  ([name, open]) => [
    name,
    async (newPath, run) => {
      const world = new TenantsWorld();
      const [here, there] = open(world, newPath);
      try {
        await run({ world, here, there });
      } finally {
        await Promise.all([here.close(), there.close()]);
      }
    },
  ],
);

/** Everything a store holds of one kind, as text. */
export async function recordsOf(store: Store, kind: string): Promise<readonly string[]> {
  const listed = await store.list(kind, '', undefined, 1_000);
  return listed.map(({ id, body }) => `${id} ${body}`);
}

/** Something to wait for that a test opens. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
