import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';

/** The server that tests share. Each has a prefix of its own in it, and leaves nothing behind. */
export const SHARED_URL: string = process.env.COUNTERSIGN_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Says loudly that tests are skipped. On CI nothing may be: there it fails. */
function missing(what: string): false {
  if (process.env.CI === 'true') throw new Error(`${what}: on CI no store may be left out`);
  console.warn(`\n*** SKIPPED: Redis tests. ${what}. ***\n`);
  return false;
}

/** Whether the shared server answers. */
export async function hasSharedRedis(): Promise<boolean> {
  const client = new Redis(SHARED_URL, { lazyConnect: true, retryStrategy: null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return missing(`no Redis answers at ${new URL(SHARED_URL).host} (COUNTERSIGN_TEST_REDIS_URL)`);
  } finally {
    client.disconnect();
  }
}

/** Whether servers can be started here. */
export function hasRedisServer(): boolean {
  const works = ['redis-server', 'redis-cli'].every((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
  return works || missing('redis-server and redis-cli are not installed');
}

/** A prefix that nobody else has. */
export function newPrefix(): string {
  return `countersign-test-${randomUUID()}:`;
}

/** Removes every key under a prefix. */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  let cursor = '0';
  do {
    const [next, names] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000);
    if (names.length > 0) await client.unlink(...names);
    cursor = next;
  } while (cursor !== '0');
  client.disconnect();
}

/** A `redis-server` of a test's own, on loopback, with its data in a temporary folder. */
export class RedisProcess {
  readonly port: number;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'countersign-redis-'));
  readonly url: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #control: Redis | undefined;

  constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#args = args;
  }

  /** Starts it, or starts it again on what it has left; resolves when it takes connections. */
  async start(): Promise<void> {
    const common = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    const child = spawn('redis-server', [...common, ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    let log = '';
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        log += `${line}\n`;
        if (/Ready to accept connections/.test(line)) resolve();
      });
      child.once('close', () => reject(new Error(`redis-server ended:\n${log}`)));
    });
  }

  /** A connection of the test's own. */
  get control(): Redis {
    this.#control ??= new Redis({ port: this.port, host: '127.0.0.1', password: this.#password() }).on('error', () => undefined);
    return this.#control;
  }

  /** Ends it wherever it is, or stops and continues it. */
  async signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await closed;
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    this.#control?.disconnect();
    await this.signal('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #password(): string | undefined {
    return this.#args[this.#args.indexOf('--requirepass') + 1 || -1];
  }
}

/** Starts a server that keeps an append-only file, flushed before it answers. */
export async function startRedis(...args: string[]): Promise<RedisProcess> {
  const server = new RedisProcess(await freePort(), ['--appendonly', 'yes', '--appendfsync', 'always', ...args]);
  await server.start();
  return server;
}

/** A cluster of three masters with a replica each. */
export interface RedisClusterProcesses {
  readonly nodes: readonly RedisProcess[];
  readonly urls: readonly string[];
  /** Runs `redis-cli --cluster …` on it. */
  manage(...args: string[]): Promise<void>;
  /** The nodes that are masters now, each with its id in the cluster and the node that replicates it. */
  masters(): Promise<{ readonly node: RedisProcess; readonly id: string; readonly replica: RedisProcess | undefined }[]>;
  /** Resolves when every node that lives says that all is well, and every replica is up to date. */
  isWell(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts a cluster whose masters are missed after a second. */
export async function startRedisCluster(): Promise<RedisClusterProcesses> {
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-replica-validity-factor',
    '0',
    '--repl-diskless-sync-delay',
    '0',
  ];
  const nodes: RedisProcess[] = [];
  for (let count = 0; count < 6; count += 1) nodes.push(await startRedis(...settings));
  const manage = async (...args: string[]) => {
    const child = spawn('redis-cli', ['--cluster', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (status !== 0) throw new Error(`redis-cli --cluster ${args.join(' ')} failed:\n${output}`);
  };
  const masters = async () => {
    // Each is asked about itself: what nodes say of each other is a moment old.
    const said = await Promise.all(
      nodes.map(async (node) => ({
        node,
        id: String(await node.control.cluster('MYID')),
        master: /^master_port:(\d+)/m.exec(await node.control.info('replication'))?.[1],
      })),
    );
    return said
      .filter(({ master }) => master === undefined)
      .map(({ node, id }) => ({ node, id, replica: said.find(({ master }) => master === String(node.port))?.node }));
  };
  const isWell = async () => {
    for (const node of nodes) {
      for (;;) {
        const [info, replication] = await Promise.all([node.control.cluster('INFO'), node.control.info('replication')]);
        if (/cluster_state:ok/.test(String(info)) && !/master_link_status:down/.test(replication)) break;
        await pause(20);
      }
    }
  };
  await manage('create', ...nodes.map(({ port }) => `127.0.0.1:${port}`), '--cluster-replicas', '1', '--cluster-yes');
  await isWell();
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    manage,
    masters,
    isWell,
    async remove() {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
}

/** Lets another process go on. Only to ask it again: nothing in a test goes by how long this takes. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A port that is free, and whose neighbour for a cluster's bus is. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 35_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
