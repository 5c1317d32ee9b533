import { createCollectingStore } from './collecting-store.ts';
import { shuffle } from './shuffle.ts';
import { SqliteFloor, type StoredRow } from './sqlite-floor.ts';
import { createSubject, startNew, toPhoneNumber } from './subject.ts';

/** What to fill a file with. */
export interface FillOptions {
  readonly path: string;
  /** Started verifications, each for another number. */
  readonly count: number;
  /** How many of them are handed back, from all over the file. */
  readonly samples: number;
  readonly now: number;
}

/** Rows that are made and put in at once. */
const CHUNK = 20_000;

/** Makes a file as it is after so many starts: by the engine, and put in with a transaction for many. Hands back some, in random order. */
export async function fillFile({ path, count, samples, now }: FillOptions): Promise<{ id: string; row: StoredRow }[]> {
  const file = new SqliteFloor(path, { cacheMebibytes: 256 });
  const collecting = createCollectingStore(now);
  const verifier = createSubject(collecting.store);
  const sampled: { id: string; row: StoredRow }[] = [];
  const every = Math.floor(count / samples);
  for (let from = 0; from < count; from += CHUNK) {
    const to = Math.min(from + CHUNK, count);
    const ids: string[] = [];
    for (let index = from; index < to; index += 1) ids.push(await startNew(verifier, toPhoneNumber(index)));
    const rows = collecting.take();
    file.fill(rows);
    // What is gathered first may be the fingerprint of the keys, which belongs into the file but to no verification.
    const destinations = rows.filter(({ key }) => key.kind === 'destination');
    for (const [index, row] of destinations.entries()) {
      if ((from + index) % every === 0 && sampled.length < samples) sampled.push({ id: ids[index] as string, row });
    }
  }
  file.close();
  return shuffle(sampled, count);
}
