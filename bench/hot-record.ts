// One record that everybody wants: whether four processes that take 2,000 permits a second each from it are all served, how long they wait, and what it
// costs the store; with leases; and one number guessed at by four processes at once.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Order, openStore, runWorker, type Target, type Told } from './lib/hot-worker.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { SHARED } from './lib/shared-data.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { createSubject, startNew, toGuess, toPhoneNumber } from './lib/subject.ts';

const PROCESSES = 4;
const ROUNDS = isQuick ? 1 : 3;
const MS = isQuick ? 500 : 5_000;
const IN_FLIGHT = 32;
/** Of what is due, by the last answer: what comes after the time the calls were made in is what had piled up. */
const HOLDS = 0.97;

const LOADS = [
  { what: '4 × 2,000 updates a second', perSecond: 2_000, lease: 1 },
  { what: '4 × 2,000 permits a second, leased by the 100', perSecond: 2_000, lease: 100 },
  { what: '4 × 200 updates a second', perSecond: 200, lease: 1 },
] as const;

/** What all processes together came to in one round. */
interface Outcome {
  readonly answersPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly writesPerAnswer: number;
  readonly conflictsPerAnswer: number;
}

if (process.argv[2] === undefined) await run();
else runWorker(JSON.parse(process.argv[2]) as Target);

async function run(): Promise<void> {
  const rows: Row[] = [];
  const data: Record<string, Record<string, readonly Outcome[]>> = {};
  const products: string[] = [];
  for (const withData of SHARED) {
    await withData(async (target, product) => {
      products.push(product);
      const measured = await measureAll(target);
      data[target.name] = measured;
      for (const [what, outcomes] of Object.entries(measured)) rows.push(...toRows(`${target.name}, ${what}`, outcomes));
    });
  }
  writeReport({
    name: 'hot-record',
    method: `${products.join(', ')} on this machine, over loopback, each by itself with ${PROCESSES} processes on one record, which share its cores with it; ${ROUNDS} rounds of ${MS / 1_000} s after one that warms up. Figures are medians (least–most) over the rounds. Permits are taken in an open loop: calls are made when they are due, however many are under way, and their time runs from then on, the timer's millisecond included; a lease is 100 permits in one update, each good for 50 ms. Served: answers per second until the last, of 8,000 (800) due. Guesses: ${PROCESSES} × ${IN_FLIGHT} callers in a closed loop, each of whom guesses wrong again when it is answered; five are judged and the rest refused. A write is a batch of calls that was written, a conflict one that had to be decided again. What the record counts at the end of a round is what was answered.`,
    rows,
    data,
  });
}

async function measureAll(target: Target): Promise<Record<string, readonly Outcome[]>> {
  const store = openStore(target);
  const workers = await Promise.all(Array.from({ length: PROCESSES }, () => hire(target)));
  const measured: Record<string, Outcome[]> = {};
  // Round 0 warms everything up and is not counted.
  const note = (round: number, what: string, told: readonly Told[]) => {
    if (round > 0) measured[what] = [...(measured[what] ?? []), toOutcome(told)];
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { what, perSecond, lease } of LOADS) {
      const key = { kind: 'rate', partition: '', id: `${what} ${round}` };
      const told = await orderAll(workers, { do: 'take', key, perSecond, lease, ms: MS });
      const { body } = await store.read(key);
      const counted = (JSON.parse(body ?? '{}') as { taken?: number }).taken ?? 0;
      const taken = told.reduce((sum, { answers }) => sum + answers, 0);
      if (lease > 1 ? counted < taken : counted !== taken) throw new Error(`${taken} permits were handed out, and the record counts ${counted}`);
      note(round, what, told);
    }
    const id = await startNew(createSubject(store), toPhoneNumber(round));
    const told = await orderAll(workers, { do: 'guess', id, code: toGuess(id, false).code, inFlight: IN_FLIGHT, ms: MS });
    note(round, 'one number guessed at by 4 processes', told);
  }
  for (const worker of workers) {
    const ended = once(worker, 'close');
    worker.send('close');
    await ended;
  }
  await store.close();
  return measured;
}

async function hire(target: Target): Promise<ChildProcess> {
  const worker = fork(process.argv[1] as string, [JSON.stringify(target)], { serialization: 'advanced' });
  await once(worker, 'message');
  return worker;
}

function orderAll(workers: readonly ChildProcess[], order: Order): Promise<Told[]> {
  return Promise.all(
    workers.map(async (worker) => {
      const told = once(worker, 'message');
      worker.send(order);
      return (await told)[0] as Told;
    }),
  );
}

function toOutcome(told: readonly Told[]): Outcome {
  const answers = told.reduce((sum, each) => sum + each.answers, 0);
  const sumOf = (field: 'writes' | 'conflicts') => told.reduce((sum, each) => sum + each[field], 0);
  const times = Float64Array.from(told.flatMap((each) => [...each.times])).sort();
  const at = (part: number) => times[Math.floor(part * (times.length - 1))] ?? Number.NaN;
  return {
    answersPerSecond: answers / (Math.max(...told.map(({ ms }) => ms)) / 1_000),
    ...{ p50: at(0.5), p99: at(0.99), max: at(1) },
    writesPerAnswer: sumOf('writes') / answers,
    conflictsPerAnswer: sumOf('conflicts') / answers,
  };
}

function toRows(what: string, outcomes: readonly Outcome[]): Row[] {
  const spread = (of: keyof Outcome) => toSpread(outcomes.map((outcome) => outcome[of]));
  const served = spread('answersPerSecond');
  const due = PROCESSES * (LOADS.find((load) => what.endsWith(load.what))?.perSecond ?? 0);
  const target = due > 0 ? { target: { text: `holds: ≥ ${HOLDS} of ${due}`, met: served.min >= HOLDS * due } } : {};
  const inMs = (of: keyof Outcome) => formatSpread(spread(of), 1);
  return [
    { what: `${what}: answers per second`, measured: formatSpread(served), ...target },
    { what: `${what}: p50; p99; longest, ms`, measured: `${inMs('p50')}; ${inMs('p99')}; ${inMs('max')}` },
    {
      what: `${what}: writes; conflicts per answer`,
      measured: `${formatSpread(spread('writesPerAnswer'), 4)}; ${formatSpread(spread('conflictsPerAnswer'), 4)}`,
    },
  ];
}
