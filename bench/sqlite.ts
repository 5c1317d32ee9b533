// How much of what SQLite can do is left for whoever uses it through the engine: `check` and `start` against one bare update per operation.
import { createSqliteStore } from '../src/stores/sqlite.ts';
import { createJudgedBodies, createStartedRows } from './lib/floor-rows.ts';
import { runLoad } from './lib/load.ts';
import { halve, type Pair, pair, toRows } from './lib/pairs.ts';
import { isQuick, writeReport } from './lib/report.ts';
import { shuffle } from './lib/shuffle.ts';
import { SqliteFloor, type StoredRow } from './lib/sqlite-floor.ts';
import { checkGuess, createSubject, startNew, toGuesses, toPhoneNumber } from './lib/subject.ts';
import { withTemporaryFolder } from './lib/temporary-folder.ts';

const PAIRS = isQuick ? 3 : 7;
const OPERATIONS = isQuick ? 1_000 : 8_000;
const IN_FLIGHT = 64;

await withTemporaryFolder(async (folder) => {
  const store = createSqliteStore({ path: `${folder}/subject.db` });
  const floor = new SqliteFloor(`${folder}/floor.db`);
  const verifier = createSubject(store);
  const bodies = await createJudgedBodies(Date.now());

  const runFloor = (rows: readonly StoredRow[]) =>
    runLoad(rows.length, IN_FLIGHT, (index) => floor.update((rows[index] as StoredRow).key, bodies[index % 2] as string));

  const start: Pair[] = [];
  const check: Pair[] = [];
  // Round 0 warms everything up and is not counted. Odd rounds measure the floor first, even ones last.
  for (let round = 0; round <= PAIRS; round += 1) {
    const first = round * OPERATIONS;
    const { rows } = await createStartedRows(2 * first, 2 * OPERATIONS, Date.now());
    floor.fill(rows);
    const [forStart, forCheck] = halve(shuffle(rows, round));
    const ids: string[] = [];
    const started = await pair(
      round % 2 === 1,
      () => runLoad(OPERATIONS, IN_FLIGHT, async (index) => ids.push(await startNew(verifier, toPhoneNumber(first + index)))),
      () => runFloor(forStart),
    );
    const guesses = toGuesses(shuffle(ids, round));
    const checked = await pair(
      round % 2 === 1,
      () => runLoad(OPERATIONS, IN_FLIGHT, (index) => checkGuess(verifier, guesses[index] as (typeof guesses)[number])),
      () => runFloor(forCheck),
    );
    if (round === 0) continue;
    start.push(started);
    check.push(checked);
  }
  floor.close();
  await store.close();

  writeReport({
    name: 'sqlite',
    method: `${IN_FLIGHT} callers in a closed loop, each with one call in flight; \`journal_mode = WAL\`, \`synchronous = FULL\`. One process, one run: ${PAIRS} pairs of subject and floor, in turn first and last, ${OPERATIONS} operations each. Figures are medians (least–most); a ratio is that of operations per second within one pair. The floor is one guarded \`UPDATE … RETURNING\` by key per operation, in the same table, on rows of the same width, one transaction per tick of at most 64. \`check\`: each a verification of its own, started before, in random order, half of the guesses right. \`start\`: each another number, no requester, and a sender that does nothing; it is two updates, before and after the message.`,
    rows: [...toRows('check', check, 0.6), ...toRows('start', start, 0.3)],
    data: { check, start },
  });
});
