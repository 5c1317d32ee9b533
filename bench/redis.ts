// How much of what Redis can do is left for whoever uses it through the engine: `check` and `start` against one script per operation that compares and sets.
import { randomUUID } from 'node:crypto';
import { createRedisStore } from '../src/stores/redis.ts';
import { createJudgedBodies, createStartedRows } from './lib/floor-rows.ts';
import { type Load, runLoad } from './lib/load.ts';
import { RedisFloor } from './lib/redis-floor.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { checkGuess, createSubject, startNew, toGuesses, toPhoneNumber } from './lib/subject.ts';

const PAIRS = isQuick ? 3 : 7;
const OPERATIONS = isQuick ? 1_000 : 6_000;
const IN_FLIGHT = 32;
const URL = process.env.COUNTERSIGN_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';
/** Versions as long as those of records that were started, and written once more. */
const [STARTED, JUDGED] = ['2.AAAAAAAA 1.AAAAAAAA', '3.AAAAAAAA 2.AAAAAAAA 1.AAAAAAAA'];

/** A load, the scripts it took, and how long its operations took in milliseconds. */
interface Measured extends Load {
  readonly scripts: number;
  readonly p50: number;
  readonly p99: number;
}

/** A subject and the floor, measured one right after the other. */
interface Pair {
  readonly subject: Measured;
  readonly floor: Measured;
}

const prefix = `countersign-bench-${randomUUID()}:`;
const acknowledge = ['eviction', 'no_append_only_file'] as const;
const floor = new RedisFloor(URL, `${prefix}floor:`);
const open = () => createRedisStore({ url: URL, prefix, acknowledge });
const [here, elsewhere] = [open(), open()];
const [verifier, other] = [createSubject(here), createSubject(elsewhere)];
const bodies = await createJudgedBodies(Date.now());
const { version } = await floor.describe();

async function measure(operation: (index: number) => Promise<unknown>): Promise<Measured> {
  const times: number[] = [];
  const before = await floor.scriptsRun();
  const load = await runLoad(OPERATIONS, IN_FLIGHT, async (index) => {
    const began = performance.now();
    await operation(index);
    times.push(performance.now() - began);
  });
  const scripts = ((await floor.scriptsRun()) - before) / OPERATIONS;
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * (times.length - 1))] ?? Number.NaN;
  return { ...load, scripts, p50: at(0.5), p99: at(0.99) };
}

/** In odd rounds the floor comes first. */
async function pair(round: number, first: number, runSubject: () => Promise<Measured>): Promise<Pair> {
  const { rows } = await createStartedRows(first, OPERATIONS, Date.now());
  await floor.fill(new Map(rows.map(({ key, body }) => [key.id, `${STARTED}\n${body}`])));
  const ids = shuffle(
    rows.map(({ key }) => key.id),
    round,
  );
  const runFloor = () => measure((index) => floor.replace(ids[index] as string, STARTED, `${JUDGED}\n${bodies[index % 2]}`));
  if (round % 2 === 0) return { subject: await runSubject(), floor: await runFloor() };
  const measured = await runFloor();
  return { floor: measured, subject: await runSubject() };
}

const results = { cold: [] as Pair[], warm: [] as Pair[], start: [] as Pair[] };
let numbers = 0;

/** Starts so many verifications, timed by the caller or not; their ids. */
async function startAll(): Promise<{ measured: Measured; ids: string[] }> {
  const ids: string[] = [];
  const first = numbers;
  numbers += OPERATIONS;
  const measured = await measure(async (index) => ids.push(await startNew(verifier, toPhoneNumber(first + index))));
  return { measured, ids };
}

function checkAll(by: typeof verifier, ids: readonly string[], round: number): Promise<Measured> {
  const guesses = toGuesses(shuffle(ids, round));
  return measure((index) => checkGuess(by, guesses[index] as (typeof guesses)[number]));
}

// Round 0 warms everything up and is not counted.
for (let round = 0; round <= PAIRS; round += 1) {
  let ids: string[] = [];
  const start = await pair(round, numbers, async () => {
    const started = await startAll();
    ({ ids } = started);
    return started.measured;
  });
  const cold = await pair(round, numbers, () => checkAll(other, ids, round));
  // Started right before, so that this process still has the records; the starts are not in the figure.
  const warm = await pair(round, numbers, async () => checkAll(verifier, (await startAll()).ids, round));
  if (round === 0) continue;
  results.start.push(start);
  results.cold.push(cold);
  results.warm.push(warm);
}
await floor.remove(prefix);
await Promise.all([here.close(), elsewhere.close()]);
floor.close();

function toRows(name: string, pairs: readonly Pair[], least: number): Row[] {
  const ratio = toSpread(pairs.map(({ subject, floor }) => subject.opsPerSecond / floor.opsPerSecond));
  const of = (side: keyof Pair, field: keyof Measured, digits: number) =>
    formatSpread(toSpread(pairs.map((measured) => measured[side][field])), digits);
  return [
    { what: `${name} : floor`, measured: formatSpread(ratio, 2), target: { text: `≥ ${least}`, met: ratio.median >= least } },
    { what: `${name}, operations per second`, measured: of('subject', 'opsPerSecond', 0) },
    { what: 'its floor, operations per second', measured: of('floor', 'opsPerSecond', 0) },
    { what: `${name}, client CPU µs per operation`, measured: of('subject', 'cpuMicros', 1) },
    { what: 'its floor, client CPU µs per operation', measured: of('floor', 'cpuMicros', 1) },
    { what: `${name}, round trips`, measured: of('subject', 'scripts', 2) },
    { what: `${name}, p50 in ms`, measured: of('subject', 'p50', 2) },
    { what: `${name}, p99 in ms`, measured: of('subject', 'p99', 2) },
  ];
}

writeReport({
  name: 'redis',
  method: `Redis ${version} on the same machine, ioredis. ${IN_FLIGHT} callers in a closed loop, each with one call in flight, in one process; ${PAIRS} pairs of subject and floor, in turn first and last, ${OPERATIONS} operations each. Figures are medians (least–most); a ratio is that of operations per second within one pair. The floor is one script per operation that compares and sets one key of the same size. \`check\` cold: started by another process; just started: by this one, within 4 s. Each is a verification of its own, in random order, half of the guesses right. \`start\`: each another number, no requester, and a sender that does nothing; it is two updates, before and after the message.`,
  rows: [
    ...toRows('`check` cold', results.cold, 0.2),
    ...toRows('`check` just started', results.warm, 0.3),
    ...toRows('`start`', results.start, 0.12),
  ],
  data: results,
});
