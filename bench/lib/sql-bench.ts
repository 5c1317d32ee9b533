import type { Store } from '../../src/stores/store.ts';
import { createJudgedBodies, createStartedRows } from './floor-rows.ts';
import { type Load, runLoad } from './load.ts';
import { halve, type Pair, pair, toRows } from './pairs.ts';
import { isQuick, type Row, writeReport } from './report.ts';
import { shuffle } from './shuffle.ts';
import type { StoredRow } from './sqlite-floor.ts';
import { checkGuess, createSubject, startNew, toGuesses, toPhoneNumber } from './subject.ts';

const PAIRS = isQuick ? 2 : 7;
const OPERATIONS = isQuick ? 600 : 6_000;
const IN_FLIGHT = 64;

/** A SQL server that is measured: stores on a database of its own, and the least that any limiter on it has to do. */
export interface SqlBench {
  readonly name: string;
  /** Product and version, as the server says it. */
  readonly server: string;
  /** What the floor does, in a sentence. */
  readonly floor: string;
  /** The least that each ratio is to be. */
  readonly targets: { readonly cold: number; readonly warm: number; readonly start: number };
  createStore(): Store;
  /** Puts rows in, of version `1.aaaaaaaa`; not timed. */
  fill(rows: readonly StoredRow[]): Promise<void>;
  /** One guarded update of one row, by itself. */
  update(row: StoredRow, body: string): Promise<void>;
  /** Further lines, measured on a table that holds so many verifications, each started and nothing else. */
  measureTable(count: number): Promise<readonly Row[]>;
  /** Empties the tables. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** The version of the rows that the floor updates. */
export const FLOOR_VERSION = '1.aaaaaaaa';

/** Measures a server and writes the report. */
export async function runSqlBench(bench: SqlBench): Promise<void> {
  const bodies = await createJudgedBodies(Date.now());
  const runFloor = (rows: readonly StoredRow[]): Promise<Load> =>
    runLoad(rows.length, IN_FLIGHT, (index) => bench.update(rows[index] as StoredRow, bodies[index % 2] as string));
  const results: Record<'start' | 'cold' | 'warm', Pair[]> = { start: [], cold: [], warm: [] };

  // Each store is opened once: what is measured is not how it connects.
  const [starting, checking] = [bench.createStore(), bench.createStore()];
  const [here, elsewhere] = [createSubject(starting), createSubject(checking)];
  // Round 0 warms everything up and is not counted. Odd rounds measure the floor first, even ones last.
  for (let round = 0; round <= PAIRS; round += 1) {
    const isFloorFirst = round % 2 === 1;
    const first = round * 2 * OPERATIONS;
    const { rows } = await createStartedRows(1_500_000 + round * 3 * OPERATIONS, 3 * OPERATIONS, Date.now());
    await bench.fill(rows);
    const [forStart, others] = [rows.slice(0, OPERATIONS), shuffle(rows.slice(OPERATIONS), round)];
    const [forCold, forWarm] = halve(others);
    const startAll = (from: number, ids: string[]) =>
      runLoad(OPERATIONS, IN_FLIGHT, async (index) => ids.push(await startNew(here, toPhoneNumber(from + index))));
    const ids: string[] = [];
    const start = await pair(
      isFloorFirst,
      () => startAll(first, ids),
      () => runFloor(forStart),
    );
    const guesses = toGuesses(shuffle(ids, round));
    const cold = await pair(
      isFloorFirst,
      () => runLoad(OPERATIONS, IN_FLIGHT, (index) => checkGuess(elsewhere, guesses[index] as (typeof guesses)[number])),
      () => runFloor(forCold),
    );
    const warm = await pair(
      isFloorFirst,
      async () => {
        const fresh: string[] = [];
        await startAll(first + OPERATIONS, fresh);
        const now = toGuesses(shuffle(fresh, round));
        return runLoad(OPERATIONS, IN_FLIGHT, (index) => checkGuess(here, now[index] as (typeof now)[number]));
      },
      () => runFloor(forWarm),
    );
    if (round === 0) continue;
    results.start.push(start);
    results.cold.push(cold);
    results.warm.push(warm);
  }
  await Promise.all([starting.close(), checking.close()]);

  await bench.empty();
  const table = await measureTable(bench);
  await bench.close();
  const { targets } = bench;
  writeReport({
    name: bench.name,
    method: `${bench.server} on this machine, over loopback; ${IN_FLIGHT} callers in a closed loop, each with one call in flight, ten connections. One process, one run: ${PAIRS} pairs of subject and floor, in turn first and last, ${OPERATIONS} operations each. Figures are medians (least–most); a ratio is that of operations per second within one pair. The floor is ${bench.floor}, on rows of the same width, a call at a time. \`check\`: each a verification of its own, started before, in random order, half of the guesses right; cold: by another store than started it (a read and a write), warm: by the one that has just started it (a write). \`start\`: each another number, no requester, and a sender that does nothing; it is a read and two writes. CPU is the client's; the server runs on the same cores.`,
    rows: [
      ...toRows('check, cold', results.cold, targets.cold),
      ...toRows('check, warm', results.warm, targets.warm),
      ...toRows('start', results.start, targets.start),
      ...table,
    ],
    data: results,
  });
}

async function measureTable(bench: SqlBench): Promise<readonly Row[]> {
  const count = isQuick ? 500 : 20_000;
  const store = bench.createStore();
  const verifier = createSubject(store);
  await runLoad(count, IN_FLIGHT, (index) => startNew(verifier, toPhoneNumber(index)));
  await store.close();
  return bench.measureTable(count);
}
