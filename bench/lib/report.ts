import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { describeMachine, type Machine } from './machine.ts';

/** One line of a bench's table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What it is to be, and whether it is; without it the line only informs. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** What one bench found out. */
export interface Report {
  /** The bench's name: that of its file, and of what is written. */
  readonly name: string;
  /** How it was measured, in a few sentences. */
  readonly method: string;
  readonly rows: readonly Row[];
  /** Every single measurement. */
  readonly data: unknown;
}

/** Whether this is a run to see that a bench works: small numbers, and nothing goes into `bench/results`. */
export const isQuick: boolean = process.env.BENCH_QUICK === '1';

const [loadBefore = 0] = loadavg();

/** Of one core: the bench that ran before this one leaves as much. */
const MOST_LOAD = 1.5;

/** Prints the table, and writes it with the machine it was measured on: to `bench/results`, or to `reports/bench` after a quick run. */
export function writeReport({ name, method, rows, data }: Report): void {
  const machine = describeMachine(loadBefore);
  const table = toTable(rows);
  if (isQuick) console.log('A quick run: it works, but its figures mean nothing.');
  if (loadBefore > MOST_LOAD)
    console.log(`The machine was busy before this began (load average ${loadBefore.toFixed(2)}): what was measured is its other work too.`);
  console.log(table);
  const folder = isQuick ? 'reports/bench' : 'bench/results';
  mkdirSync(folder, { recursive: true });
  const heading = `# ${name}\n\n\`npm run bench -- ${name}\`, ${new Date().toISOString().slice(0, 10)}\n`;
  writeFileSync(`${folder}/${name}.md`, `${heading}\n${formatMachine(machine)}\n\n${method}\n\n${table}\n`);
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify({ name, machine, rows, data }, toShortNumber, 1)}\n`);
}

function toTable(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, measured, target }) => `| ${what} | ${measured} | ${target ? `${target.text}: ${target.met ? 'met' : '**missed**'}` : ''} |`,
  );
  return ['| what | measured | target |', '|---|---|---|', ...lines].join('\n');
}

function formatMachine({ cpu, cores, memory, node, driver, sqlite, load }: Machine): string {
  return `Machine: ${cores} × ${cpu}, ${memory}, Node ${node}, SQLite ${sqlite} (${driver}); load average before the run ${load}.`;
}

/** Six digits tell more than the clock knows. */
function toShortNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
