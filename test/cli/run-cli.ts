import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { guardWarnings } from '../../src/cli/output.ts';
import { runProgram } from '../../src/cli/program.ts';
import { createOutboxSender, createSelfIssuedProvider, createVerifier, type OutboxSender, type Verifier } from '../../src/index.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';

// As the command line does, for what runs here.
guardWarnings();

/** What is run is what is published: `npm test` builds first. */
export const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Numbers 555-0100 to 555-0199 are kept for fiction. */
export const PHONE = '+12025550143';
export const OTHER_PHONE = '+12025550144';
export const SECRET = 'a secret of at least 32 bytes, for tests only';
export const ID: RegExp = /VE[0-9a-f]{32}/;

/** Every variable that the command line reads. */
const SETTINGS = [
  'COUNTERSIGN_SECRET',
  'COUNTERSIGN_DATABASE',
  'TWILIO_ACCOUNT_SID',
  'TWILIO_AUTH_TOKEN',
  'TWILIO_SERVICE_SID',
  'TWILIO_BASE_URL',
  'TWILIO_CODE_LENGTH',
];

/** How a process ended and all it said. */
export interface Run {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a process runs. */
export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The script of the command line, where it is another installation's. */
  readonly main?: string;
}

/** A folder of the test's own, gone with it. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the built command line as its own process, with nothing of this process's environment that it could read. */
export function runCli(args: readonly string[], { cwd, env = {}, main = MAIN }: Place): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, env: { TZ: 'UTC', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject).on('close', (exit) => resolve({ exit, stdout, stderr }));
  });
}

/** The same within this process, for preparing and for long tables: a process takes a tenth of a second, and this a hundredth of that. */
export async function runHere(args: readonly string[], { cwd, env = {} }: Place): Promise<Run> {
  const before = process.cwd();
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk, ...rest: unknown[]) => {
      said[name] += String(chunk);
      const written = rest.find((argument) => typeof argument === 'function');
      written?.();
      return true;
    }),
  );
  for (const name of SETTINGS) vi.stubEnv(name, env[name]);
  try {
    process.chdir(cwd);
    return { exit: await runProgram(args), ...said };
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}

/** The one JSON document that standard output is to be. */
export function parseJson({ stdout }: Run): unknown {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`expected one line, got ${JSON.stringify(stdout)}`);
  return JSON.parse(stdout);
}

/** The id and the code that a start without `--json` printed. */
export function parseStarted({ stdout }: Run): { readonly id: string; readonly code: string } {
  const id = ID.exec(stdout)?.[0];
  const code = /code is (\d+)/.exec(stdout)?.[1];
  if (id === undefined || code === undefined) throw new Error(`expected an id and a code, got ${JSON.stringify(stdout)}`);
  return { id, code };
}

/** A wrong code of the same length. */
export function toWrongCode(code: string): string {
  return `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
}

/** What happened to a database before. */
export interface Past {
  readonly verifier: Verifier;
  readonly outbox: OutboxSender;
  /** Lets time pass, in milliseconds. */
  pass(duration: number): void;
}

/** Fills a database under {@link SECRET} with what began `ago` milliseconds ago: the command line itself cannot travel. */
export async function writePast<T>(path: string, ago: number, work: (past: Past) => Promise<T>): Promise<T> {
  let now = Date.now() - ago;
  const store = createSqliteStore({ path, clock: { now: () => now } });
  try {
    const outbox = createOutboxSender();
    const verifier = createVerifier({ secret: SECRET, store, provider: createSelfIssuedProvider({ senders: [outbox] }) });
    const pass = (duration: number) => {
      now += duration;
    };
    return await work({ verifier, outbox, pass });
  } finally {
    await store.close();
  }
}
