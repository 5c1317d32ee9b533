// What `import 'countersign'` adds to the start of a process, and which part of it is whose.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { formatSpread, toSpread } from './lib/spread.ts';

const ROUNDS = isQuick ? 5 : 15;
const MOST = 80;

const entry = new URL('../../dist/index.js', import.meta.url);
if (!existsSync(entry)) throw new Error('there is no dist/index.js: run "npm run build" first');

/** What a process imports; each holds the one before it, so that a difference is what the step added. */
const PROGRAMS = {
  'bare Node': '',
  'node:crypto and node:util': `await import('node:crypto'); await import('node:util');`,
  'and libphonenumber-js/max': `await import('node:crypto'); await import('node:util'); await import('libphonenumber-js/max');`,
  'the front door': `await import(${JSON.stringify(entry.href)});`,
} as const;

type Program = keyof typeof PROGRAMS;
const names = Object.keys(PROGRAMS) as Program[];

/** One process, in milliseconds. */
interface Run {
  readonly wall: number;
  /** What it used of the processor until it was about to end. */
  readonly cpu: number;
}

const rounds: Record<Program, Run>[] = [];
// Round 0 brings the files into memory and is not counted. The order turns, so that none always comes after the same.
for (let round = 0; round <= ROUNDS; round += 1) {
  const runs = {} as Record<Program, Run>;
  for (const index of names.keys()) {
    const name = names[(index + round) % names.length] as Program;
    runs[name] = timeProcess(PROGRAMS[name]);
  }
  if (round > 0) rounds.push(runs);
}

const compare = (what: string, larger: Program, smaller: Program): Row[] =>
  (['wall', 'cpu'] as const).map((clock) => {
    const spread = toSpread(rounds.map((runs) => runs[larger][clock] - runs[smaller][clock]));
    const isJudged = clock === 'wall' && larger === 'the front door' && smaller === 'bare Node';
    return {
      what: `${what}, ms of ${clock === 'wall' ? 'time' : 'CPU'}`,
      measured: formatSpread(spread, 1),
      ...(isJudged && { target: { text: `≤ ${MOST}`, met: spread.median <= MOST } }),
    };
  });

writeReport({
  name: 'front-door',
  method: `Child processes: \`node --input-type=module --eval …\` with the built \`dist/index.js\` and without; time is from start to end, CPU what the process used until it was about to end. ${ROUNDS} rounds, each with one process of every kind in an order that turns; a difference is taken within its round. Figures are medians (least–most). The parts are differences too: what libphonenumber-js adds to the built-in modules it is loaded after, and what the whole adds to that.`,
  rows: [
    ...compare('the front door over bare Node', 'the front door', 'bare Node'),
    ...compare('of it node:crypto and node:util', 'node:crypto and node:util', 'bare Node'),
    ...compare('of it libphonenumber-js/max, with its metadata', 'and libphonenumber-js/max', 'node:crypto and node:util'),
    ...compare('of it our own modules', 'the front door', 'and libphonenumber-js/max'),
    { what: 'bare Node, ms of time', measured: formatSpread(toSpread(rounds.map((runs) => runs['bare Node'].wall)), 1) },
  ],
  data: { rounds },
});

function timeProcess(program: string): Run {
  const say = 'const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000));';
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', `${program} ${say}`], { encoding: 'utf8' });
  const wall = performance.now() - begun;
  if (status !== 0) throw new Error(`a process failed: ${stderr}`);
  return { wall, cpu: Number(stdout) };
}
