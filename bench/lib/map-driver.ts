import { keyText } from '../../src/stores/batch.ts';
import type { VersionedDriver, VersionedSnapshot } from '../../src/stores/versioned-driver.ts';

/** A driver whose database is a map, and which counts what it is asked. */
export interface MapDriver extends VersionedDriver {
  readonly asked: { reads: number; writes: number };
}

/** It answers in a later turn of the event loop, as one over a wire does, so that calls pile up behind a read or a write as they would there. */
export function createMapDriver(): MapDriver {
  const records = new Map<string, { readonly version: string; readonly body: string }>();
  const asked = { reads: 0, writes: 0 };
  return {
    name: 'map',
    asked,
    async read(key): Promise<VersionedSnapshot> {
      asked.reads += 1;
      await nextTurn();
      const record = records.get(keyText(key));
      return record ? { ...record, now: Date.now() } : { now: Date.now() };
    },
    async write({ key, expected, version, body }) {
      asked.writes += 1;
      await nextTurn();
      const applied = records.get(keyText(key))?.version === expected;
      if (applied) records.set(keyText(key), { version, body });
      return { applied, now: Date.now() };
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
