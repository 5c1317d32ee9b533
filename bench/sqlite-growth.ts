// Whether a file with a million live verifications is still as good as one with a thousand: how `check` slows down against a bare update, and what
// a step of sweeping costs there.
import { copyFileSync } from 'node:fs';
import { createSqliteStore } from '../src/stores/sqlite.ts';
import type { Store } from '../src/stores/store.ts';
import { fillFile } from './lib/fill-file.ts';
import { createJudgedBodies } from './lib/floor-rows.ts';
import { cpuSince, type Load, runLoad } from './lib/load.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatNumber, formatSpread, type Spread, toSpread } from './lib/spread.ts';
import { SqliteFloor, type StoredRow } from './lib/sqlite-floor.ts';
import { checkGuess, createSubject, toGuess } from './lib/subject.ts';
import { withTemporaryFolder } from './lib/temporary-folder.ts';

const SMALL = 1_000;
const LARGE = isQuick ? 20_000 : 1_000_000;
const ROUNDS = isQuick ? 3 : 7;
/** Per subject and round. On the small file the same thousand again and again, put back in between. */
const OPERATIONS = isQuick ? 1_000 : 4_000;
const IN_FLIGHT = 64;
/** Calls of `sweep` with each limit. */
const SWEEPS = isQuick ? 10 : 200;
/** What a step may remove at most, which is what stores/sqlite.ts removes in one transaction; and less, to see what that would save. */
const SWEEP_LIMITS = [200, 500];
const SWEEP_TARGET = 10;
const DAY = 86_400_000;

/** A record that has not been guessed at, and the verification in it. */
interface Sample {
  readonly id: string;
  readonly row: StoredRow;
}

/** `check` and the floor, on a file of one size. */
interface Round {
  readonly check: Load;
  readonly floor: Load;
}

/** One step of sweeping. */
interface Sweep {
  readonly limit: number;
  readonly removed: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

await withTemporaryFolder(async (folder) => {
  // The time stands still: filling takes minutes, and a verification lives for ten.
  const begun = Date.now();
  let now = begun;
  const clock = { now: () => now };
  const bodies = await createJudgedBodies(now);

  const open = async (name: string, count: number, samples: number) => {
    const path = `${folder}/${name}.db`;
    const sampled = await fillFile({ path, count, samples, now });
    copyFileSync(path, `${folder}/${name}-floor.db`);
    const store = createSqliteStore({ path, clock });
    return { store, verifier: createSubject(store), floor: new SqliteFloor(`${folder}/${name}-floor.db`), samples: sampled };
  };
  const small = await open('small', SMALL, SMALL);
  const large = await open('large', LARGE, (ROUNDS + 1) * OPERATIONS);
  console.log(`filled with ${formatNumber(LARGE)} in ${formatNumber((Date.now() - begun) / 1_000)} s`);

  const measure = async ({ verifier, floor }: typeof small, samples: readonly Sample[], version: number, isFloorFirst: boolean): Promise<Round> => {
    const guesses = samples.map(({ id }, index) => toGuess(id, index % 2 === 0));
    const runCheck = () => runLoad(samples.length, IN_FLIGHT, (index) => checkGuess(verifier, guesses[index] as (typeof guesses)[number]));
    const runFloor = () =>
      runLoad(samples.length, IN_FLIGHT, (index) => floor.update((samples[index] as Sample).row.key, bodies[index % 2] as string, version));
    if (!isFloorFirst) return { check: await runCheck(), floor: await runFloor() };
    const measured = await runFloor();
    return { floor: measured, check: await runCheck() };
  };

  const rounds: { readonly small: Round; readonly large: Round }[] = [];
  let version = 1;
  // Round 0 warms everything up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const parts: Round[] = [];
    for (let done = 0; done < OPERATIONS; done += SMALL) {
      parts.push(await measure(small, shuffle(small.samples, version), version, round % 2 === 1));
      await putBack(small.store, small.samples);
      version += 1;
    }
    const measuredLarge = await measure(large, large.samples.slice(round * OPERATIONS, (round + 1) * OPERATIONS), 1, round % 2 === 1);
    if (round > 0)
      rounds.push({
        small: { check: average(parts.map(({ check }) => check)), floor: average(parts.map(({ floor }) => floor)) },
        large: measuredLarge,
      });
  }

  now += 2 * DAY;
  const sweeps: Sweep[] = [];
  // One limit after the other, and not in turn: SQLite moves its log into the file every so many pages, and that would always meet the same one.
  for (const limit of SWEEP_LIMITS) {
    for (let step = 0; step < SWEEPS; step += 1) {
      const [cpu, wall] = [process.cpuUsage(), performance.now()];
      const removed = await large.store.sweep(limit);
      sweeps.push({ limit, removed, cpuMs: cpuSince(cpu) / 1_000, wallMs: performance.now() - wall });
    }
  }

  for (const { store, floor } of [small, large]) {
    floor.close();
    await store.close();
  }
  report(rounds, sweeps);
});

/** Makes of guessed verifications what they were before, by the connection that is measured, so that its cache stays warm. */
async function putBack(store: Store, samples: readonly Sample[]): Promise<void> {
  await Promise.all(
    samples.map(({ row: { key, body, expiresAt } }) =>
      store.update(key, () => ({ result: undefined, next: { body, expiresAt: expiresAt ?? undefined } })),
    ),
  );
}

function average(loads: readonly Load[]): Load {
  const mean = (of: (load: Load) => number) => loads.reduce((sum, load) => sum + of(load), 0) / loads.length;
  return { opsPerSecond: 1 / mean(({ opsPerSecond }) => 1 / opsPerSecond), cpuMicros: mean(({ cpuMicros }) => cpuMicros) };
}

function report(rounds: readonly { readonly small: Round; readonly large: Round }[], sweeps: readonly Sweep[]): void {
  const slowdown = (subject: keyof Round) => rounds.map(({ small, large }) => small[subject].opsPerSecond / large[subject].opsPerSecond);
  const cpuGrowth = (subject: keyof Round) => toSpread(rounds.map(({ small, large }) => large[subject].cpuMicros / small[subject].cpuMicros));
  const [checks, floors] = [slowdown('check'), slowdown('floor')];
  const relative = toSpread(checks.map((check, round) => check / (floors[round] as number)));
  const perSecond = (size: 'small' | 'large', subject: keyof Round): Spread => toSpread(rounds.map((round) => round[size][subject].opsPerSecond));
  const sizes = `${formatNumber(SMALL)} → ${formatNumber(LARGE)}`;
  writeReport({
    name: 'sqlite-growth',
    method: `Two files, with ${formatNumber(SMALL)} and with ${formatNumber(LARGE)} pending verifications, filled in bulk with what the engine makes of as many starts; a copy of each for the floor. ${IN_FLIGHT} callers in a closed loop; \`journal_mode = WAL\`, \`synchronous = FULL\`. ${ROUNDS} rounds of ${OPERATIONS} operations on each of the four in turn, in random order, half of the guesses right. Figures are medians (least–most) over the rounds; a slow-down is operations per second on the small file by those on the large one, within one round. Then two days pass, and \`sweep\` is called ${SWEEPS} times with each limit, one call after the other, on the large file; CPU is that of the whole process.`,
    rows: [
      {
        what: `slow-down of \`check\`, by that of the floor, ${sizes}`,
        measured: formatSpread(relative, 2),
        target: { text: '≤ 1.25', met: relative.median <= 1.25 },
      },
      { what: 'slow-down of `check`', measured: formatSpread(toSpread(checks), 2) },
      { what: 'slow-down of the floor', measured: formatSpread(toSpread(floors), 2) },
      { what: 'growth of CPU per operation, `check`', measured: formatSpread(cpuGrowth('check'), 2) },
      { what: 'growth of CPU per operation, floor', measured: formatSpread(cpuGrowth('floor'), 2) },
      { what: '`check` per second, small file', measured: formatSpread(perSecond('small', 'check')) },
      { what: 'floor per second, small file', measured: formatSpread(perSecond('small', 'floor')) },
      { what: '`check` per second, large file', measured: formatSpread(perSecond('large', 'check')) },
      { what: 'floor per second, large file', measured: formatSpread(perSecond('large', 'floor')) },
      {
        what: '`check` : floor, large file',
        measured: formatSpread(toSpread(rounds.map(({ large }) => large.check.opsPerSecond / large.floor.opsPerSecond)), 2),
      },
      ...SWEEP_LIMITS.flatMap((limit, index) =>
        toSweepRows(
          sweeps.filter((sweep) => sweep.limit === limit),
          index === 0,
        ),
      ),
    ],
    data: { rounds, sweeps },
  });
}

/** @param isJudged only the step as it is has a target; the others are there to choose from. */
function toSweepRows(sweeps: readonly Sweep[], isJudged: boolean): Row[] {
  const cpu = toSpread(sweeps.map(({ cpuMs }) => cpuMs));
  const removed = Math.max(...sweeps.map((sweep) => sweep.removed));
  const [limit] = SWEEP_LIMITS;
  const what = `step of sweeping, at most ${sweeps[0]?.limit} records`;
  const target = (value: number, most: number, unit: string) => (isJudged ? { target: { text: `≤ ${most} ${unit}`, met: value <= most } } : {});
  return [
    { what: `${what}: removed, at most`, measured: formatNumber(removed), ...target(removed, limit as number, 'records') },
    { what: `${what}: CPU ms, median`, measured: formatSpread(cpu, 1), ...target(cpu.median, SWEEP_TARGET, 'ms') },
    { what: `${what}: CPU ms, most`, measured: formatNumber(cpu.max, 1), ...target(cpu.max, SWEEP_TARGET, 'ms') },
    { what: `${what}: time, ms`, measured: formatSpread(toSpread(sweeps.map(({ wallMs }) => wallMs)), 1) },
  ];
}
