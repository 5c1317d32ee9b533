import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import type { Command } from './commands.ts';
import { type Played, Player, type Setting, type StoreHandle } from './player.ts';
import { createVersionedWorld } from './scheduled-store.ts';

/** Plays a history to its end, and returns what it came to. Throws at the first command that went otherwise than it may, and names it. */
export async function playHistory(commands: readonly Command[], setting: Setting): Promise<Played[]> {
  const player = new Player(setting);
  const played: Played[] = [];
  try {
    for (const [index, command] of commands.entries()) {
      const call = await player.play(command).catch((error: Error) => {
        throw Object.assign(error, { message: `command ${index} (${JSON.stringify(command)}): ${error.message}` });
      });
      if (call !== undefined) played.push(call);
    }
    return [...played, ...(await player.end())];
  } finally {
    await player.close();
  }
}

/** A memory store, which a restart of its users leaves as it is. */
export function onMemory(wrap: (store: Store) => Store = (store) => store): (clock: FakeClock) => StoreHandle {
  return (clock) => {
    const store = wrap(createMemoryStore({ clock }));
    return { store: () => store, restart: async () => {}, close: () => store.close() };
  };
}

/** A SQLite file of its own, closed and opened again at each restart. */
export function onSqlite(clock: FakeClock): StoreHandle {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-model-'));
  const open = () => createSqliteStore({ path: join(folder, 'store.db'), clock });
  let store = open();
  return {
    store: () => store,
    async restart() {
      await store.close();
      store = open();
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The compare-and-set loop over a database in memory. It remembers no writes of its own: that memory cannot follow a clock that is set back. */
export function onCompareAndSet(clock: FakeClock): StoreHandle {
  const world = createVersionedWorld(clock, async () => {}, { cacheSize: 0 });
  let process = 0;
  let store = world.open(process);
  const restart = async () => {
    process += 1;
    store = world.open(process);
  };
  return { store: () => store, restart, close: async () => {} };
}

/** Counts what happened, so that a test can tell that it has seen it all. */
export function tally(counts: Map<string, number>, played: readonly Played[]): void {
  for (const { answer, events } of played) {
    const { status, reason, thrown, wasBlocked, crashed } = answer;
    const kind = [thrown === undefined ? status : `thrown ${thrown}`, reason, wasBlocked === true ? 'was blocked' : undefined, crashed && 'crashed'];
    const kinds = [kind.filter((part) => part !== undefined).join(' '), ...events.map((event) => event.replace(/:\d+/, ''))];
    for (const name of kinds) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}
