import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MAIN, runCli } from '../cli/run-cli.ts';
import { answer, type GatewayDouble, startGatewayDouble } from '../senders/http-gateway-double.ts';

/** A secret without a comma, so that it can stand in a list. */
export const SECRET = 'a secret of thirty-two bytes or more';

/** A process of the built command line that goes on until it is told to end. */
export interface Running {
  readonly child: ChildProcess;
  /** All it has said so far. */
  said(): { readonly stdout: string; readonly stderr: string };
  /** Resolves when what it said on standard output matches; rejects when it ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Tells it to end, and resolves with its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves with its exit code when it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts the built command line, with nothing of this process's environment. */
export function startCli(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { TZ: 'UTC', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  const looking = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
      for (const look of looking) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    ended,
    said: () => ({ ...said }),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.stdout);
          if (found === null) return;
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
        void ended.then((exit) => reject(new Error(`ended with ${exit} before it said ${pattern}: ${said.stdout}${said.stderr}`)));
      }),
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

/** A deployment that is fit for production, with a gateway on loopback in the place of a carrier. */
export interface Deployment {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly gateway: GatewayDouble;
  /** `SK…:secret`, of one service. */
  readonly apiKey: string;
  readonly service: string;
  /** The code of the newest message. */
  lastCode(): string;
}

/** Sets up a deployment on a SQLite file in `cwd`. */
export async function deploy(cwd: string, more: Readonly<Record<string, string>> = {}): Promise<Deployment> {
  const gateway = await startGatewayDouble();
  onTestFinished(() => gateway.close());
  gateway.behave = answer(200, { id: 'message-1' });
  const config = join(cwd, 'countersign.json');
  const body = { json: { to: '{to}', text: '{text}' } };
  const httpGateways = [{ name: 'double', channels: ['sms'], url: `${gateway.origin}/messages`, body, accepted: { status: 200 }, reference: '/id' }];
  writeFileSync(config, JSON.stringify({ allowedCountries: ['US'], httpGateways }));
  const env = {
    ...{ COUNTERSIGN_SECRET: SECRET, COUNTERSIGN_CONFIG: config, COUNTERSIGN_PORT: '0', COUNTERSIGN_METRICS_PORT: '0' },
    ...{ COUNTERSIGN_RATES_KEY_PER_MINUTE: '600000', COUNTERSIGN_RATES_KEY_BURST: '100000' },
    ...{ COUNTERSIGN_RATES_ADDRESS_PER_MINUTE: '600000', COUNTERSIGN_RATES_ADDRESS_BURST: '100000' },
    ...more,
  };
  const service = await operate<{ readonly id: string }>(['services', 'create', '--name', 'test'], { cwd, env });
  const keyArgs = ['keys', 'create', '--name', 'test', '--service', service.id, '--scopes', 'start,check,read,admin'];
  const key = await operate<{ readonly id: string; readonly secret: string }>(keyArgs, { cwd, env });
  const lastCode = () => /\d{6}/.exec(JSON.parse(gateway.received.at(-1)?.body ?? '{}').text)?.[0] ?? '';
  return { cwd, env, gateway, apiKey: `${key.id}:${key.secret}`, service: service.id, lastCode };
}

async function operate<T>(args: readonly string[], place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }): Promise<T> {
  const { exit, stdout, stderr } = await runCli([...args, '--json'], place);
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A process of `serve`, and where it is reached. */
export interface Serving extends Running {
  readonly url: string;
  readonly metricsUrl: string;
}

export async function serve({ cwd, env }: Pick<Deployment, 'cwd' | 'env'>): Promise<Serving> {
  const running = startCli(['serve'], { cwd, env });
  const [line] = await running.until(/^.*"msg":"listening".*$/m);
  const { url, metricsUrl } = JSON.parse(line) as { url: string; metricsUrl: string };
  return { ...running, url, metricsUrl };
}

/** What was answered to one request. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: any;
}

/** One request, over a connection of its own unless `agent` says otherwise. */
export function ask(url: string, apiKey: string, body?: unknown, agent?: import('node:http').Agent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Basic ${Buffer.from(apiKey).toString('base64')}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const asking = request(url, { method: body === undefined ? 'GET' : 'POST', headers, ...(agent ? { agent } : { agent: false }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    asking.on('error', reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A number kept for fiction: 100 of each area code. */
export function toNumber(index: number): string {
  return `+1202${String(5550100 + (index % 100))}`.replace('202', String(AREA_CODES[Math.floor(index / 100)]));
}

const AREA_CODES = [202, 212, 213, 303, 305];
