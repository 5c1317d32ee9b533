// How long it takes from the launch of `countersign dev` and `countersign serve` to the first answer.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { formatSpread, toSpread } from './lib/spread.ts';

const ROUNDS = isQuick ? 3 : 9;
const MOST = 1_000;

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('there is no dist/cli/main.js: run "npm run build" first');

const folder = mkdtempSync(join(tmpdir(), 'countersign-launch-'));
const settings = {
  COUNTERSIGN_SECRET: 'a secret of a bench, of thirty-two bytes or more',
  COUNTERSIGN_DATABASE: join(folder, 'launch.db'),
  COUNTERSIGN_ALLOWED_COUNTRIES: 'US',
  COUNTERSIGN_SMTP_URL: 'smtps://mail.example.com',
  COUNTERSIGN_SMTP_FROM: 'bench@example.com',
  COUNTERSIGN_METRICS_PORT: '0',
};

const COMMANDS = ['dev', 'serve'] as const;
type Command = (typeof COMMANDS)[number];
const PORTS: Readonly<Record<Command, string>> = { dev: '18431', serve: '18432' };

/** One launch, in milliseconds. */
interface Launch {
  /** Until `/livez` was answered. */
  readonly wall: number;
  /** What the process had used of the processor by then. */
  readonly cpu: number;
}

const rounds: Record<Command | 'bare', Launch>[] = [];
// Round 0 brings the files into memory and makes the database, and is not counted.
for (let round = 0; round <= ROUNDS; round += 1) {
  const launches = { bare: timeBare(), dev: await launch('dev'), serve: await launch('serve') };
  if (round > 0) rounds.push(launches);
}
rmSync(folder, { recursive: true, force: true });

const rowsOf = (name: Command): Row[] => {
  const spread = toSpread(rounds.map((launches) => launches[name].wall));
  return [
    { what: `${name}: until it answers, ms`, measured: formatSpread(spread, 0), target: { text: `≤ ${MOST}`, met: spread.median <= MOST } },
    { what: `${name}: of the processor, ms`, measured: formatSpread(toSpread(rounds.map((launches) => launches[name].cpu)), 0) },
  ];
};

writeReport({
  name: 'launch',
  method: `The built command line as a process of its own, on a SQLite file; time is from its launch until \`/livez\` has answered 200, asked anew 2 ms after each refusal to connect. ${ROUNDS} rounds; figures are medians (least–most).`,
  rows: [...COMMANDS.flatMap(rowsOf), { what: 'bare Node, ms', measured: formatSpread(toSpread(rounds.map(({ bare }) => bare.wall)), 0) }],
  data: { rounds },
});

async function launch(command: Command): Promise<Launch> {
  const args = command === 'dev' ? ['dev', '--port', PORTS.dev] : ['serve'];
  const env = command === 'dev' ? { TMPDIR: folder } : { ...settings, COUNTERSIGN_PORT: PORTS.serve };
  const begun = performance.now();
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  while (!(await answers(PORTS[command]))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const wall = performance.now() - begun;
  const cpu = readCpu(child.pid ?? 0);
  child.kill('SIGTERM');
  await ended;
  return { wall, cpu };
}

async function answers(port: string): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/livez`)).ok;
  } catch {
    return false;
  }
}

/** Of a process that goes on, from `ps`: user and system time, to the hundredth of a second. */
function readCpu(pid: number): number {
  const { stdout } = spawnSync('/bin/sh', ['-c', `awk '{ print $14 + $15 }' /proc/${pid}/stat`], { encoding: 'utf8' });
  return Number(stdout) * 10;
}

function timeBare(): Launch {
  const begun = performance.now();
  spawnSync(process.execPath, ['--eval', '']);
  return { wall: performance.now() - begun, cpu: 0 };
}
