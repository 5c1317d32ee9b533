// What the engine itself costs, where a store adds next to nothing; and how many writes a thousand guesses at one number come to.
import { createMemoryStore, type Store } from '../src/index.ts';
import { createCompareAndSet } from '../src/stores/compare-and-set.ts';
import { createSqliteStore } from '../src/stores/sqlite.ts';
import { openSqlite } from '../src/stores/sqlite-connection.ts';
import { loadSqliteDriver } from '../src/stores/sqlite-driver.ts';
import { type Count, countWrites } from './lib/counting-store.ts';
import { type Load, runLoad } from './lib/load.ts';
import { createMapDriver } from './lib/map-driver.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { checkGuess, createSubject, startNew, toGuess, toGuesses, toPhoneNumber } from './lib/subject.ts';
import { withTemporaryFolder } from './lib/temporary-folder.ts';

const ROUNDS = isQuick ? 5 : 31;
const OPERATIONS = isQuick ? 500 : 2_000;
/** Until V8 has compiled what runs often. */
const WARM_UP_ROUNDS = 5;
const IN_FLIGHT = 64;
const GUESSES_AT_ONCE = 1_000;

/** What a thousand guesses at one number came to. */
interface Crowd extends Count {
  readonly store: string;
  /** The same, asked of the database: the driver's calls, or the version of the row. */
  readonly writesSeenBelow: number | undefined;
}

const { start, check } = await measureEngine();
const crowds: Crowd[] = [];
await withTemporaryFolder(async (folder) => {
  crowds.push(await guessAtOnce('memory', createMemoryStore()));
  const driver = createMapDriver();
  crowds.push(await guessAtOnce('compare-and-set loop', { update: createCompareAndSet(driver).update } as Store, () => driver.asked.writes));
  const path = `${folder}/crowd.db`;
  const sqlite = createSqliteStore({ path });
  crowds.push(await guessAtOnce('SQLite', sqlite, () => sumVersions(path)));
  await sqlite.close();
});

writeReport({
  name: 'memory',
  method: `The memory store, one process. ${IN_FLIGHT} callers in a closed loop; ${ROUNDS} rounds of ${OPERATIONS} operations after ${WARM_UP_ROUNDS} to warm up, \`start\` and \`check\` in turn. \`check\`: each a verification of its own, in random order, half of the guesses right. \`start\`: each another number, no requester, a sender that does nothing. CPU is that of the process, garbage collection and compilation included; figures are medians (least–most) over the rounds. Then ${GUESSES_AT_ONCE} wrong guesses at one verification, made at once, on each store; writes are counted by a wrapper around \`update\` and, where there is something below that can be asked, there as well.`,
  rows: [
    ...toRows('check', check, 40),
    ...toRows('start', start),
    ...crowds.map(
      ({ store, writes, decisions, writesSeenBelow }): Row => ({
        what: `writes for ${GUESSES_AT_ONCE} guesses at once at one number, ${store}`,
        measured: `${writes} (${decisions} decisions${writesSeenBelow === undefined ? '' : `; below: ${writesSeenBelow}`})`,
        target: { text: '1 or 2', met: writes >= 1 && Math.max(writes, writesSeenBelow ?? 0) <= 2 },
      }),
    ),
  ],
  data: { start, check, crowds },
});

async function measureEngine(): Promise<{ start: Load[]; check: Load[] }> {
  const measured: { start: Load[]; check: Load[] } = { start: [], check: [] };
  // A store for a few rounds only: one that grew would measure how V8 moves old records about.
  let verifier = createSubject(createMemoryStore());
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    if (round % WARM_UP_ROUNDS === 0) verifier = createSubject(createMemoryStore());
    const ids: string[] = [];
    const started = await runLoad(OPERATIONS, IN_FLIGHT, async (index) =>
      ids.push(await startNew(verifier, toPhoneNumber(round * OPERATIONS + index))),
    );
    const guesses = toGuesses(shuffle(ids, round));
    const checked = await runLoad(OPERATIONS, IN_FLIGHT, (index) => checkGuess(verifier, guesses[index] as (typeof guesses)[number]));
    if (round < WARM_UP_ROUNDS) continue;
    measured.start.push(started);
    measured.check.push(checked);
  }
  return measured;
}

/** A thousand wrong guesses, made in one go: five are judged, whatever the store. */
async function guessAtOnce(name: string, counted: Store, countBelow?: () => number): Promise<Crowd> {
  const { store, take } = countWrites(counted);
  const verifier = createSubject(store);
  const { id, code } = toGuess(await startNew(verifier, toPhoneNumber(0)), false);
  take();
  const before = countBelow?.();
  const results = await Promise.all(Array.from({ length: GUESSES_AT_ONCE }, () => verifier.check({ id, code })));
  const answeredWrong = results.filter(({ status }) => status === 'pending').length;
  const answeredEnded = results.filter(({ status }) => status === 'max_attempts_reached').length;
  if (answeredWrong !== 4 || answeredEnded !== GUESSES_AT_ONCE - 4) throw new Error(`${answeredWrong} guesses were answered as wrong, not 4`);
  return { store: name, ...take(), writesSeenBelow: countBelow && countBelow() - (before ?? 0) };
}

/** Each write of a record adds one to its row's version. */
function sumVersions(path: string): number {
  const database = openSqlite(loadSqliteDriver(), path, 5_000);
  const { sum } = database.prepare(`SELECT sum(version) AS sum FROM records WHERE kind = 'destination'`).get() as { sum: number };
  database.close();
  return sum;
}

function toRows(name: string, loads: readonly Load[], most?: number): Row[] {
  const cpu = toSpread(loads.map(({ cpuMicros }) => cpuMicros));
  return [
    {
      what: `\`${name}\`, CPU µs per operation`,
      measured: formatSpread(cpu, 1),
      ...(most !== undefined && { target: { text: `≤ ${most}`, met: cpu.median <= most } }),
    },
    { what: `\`${name}\`, operations per second`, measured: formatSpread(toSpread(loads.map(({ opsPerSecond }) => opsPerSecond))) },
  ];
}
