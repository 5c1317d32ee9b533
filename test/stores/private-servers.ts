import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { MYSQL, POSTGRES, type TestServer } from './sql-servers.ts';

/** A server of the test's own, which may be killed. */
export interface PrivateServer {
  /** A database that is there from the beginning. */
  readonly url: string;
  /** Where its files lie: tables, logs, the log of what is to be written. */
  readonly folder: string;
  /** Resolves when it answers. */
  start(...options: readonly string[]): Promise<void>;
  /** SIGKILL to every process of it. Resolves when they are gone. */
  kill(): Promise<void>;
  /** Lets it end in order. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

interface Recipe {
  /** Whom it runs as where this is root. */
  readonly user: string;
  readonly programs: readonly string[];
  /** Ends it in order, without waiting for its clients to leave. */
  readonly stopSignal: NodeJS.Signals;
  initialize(folder: string, owner: { uid?: number; gid?: number }): void;
  command(folder: string, port: number): readonly string[];
  url(port: number): string;
}

const bindir = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const postgresBinary = (name: string) => (bindir === '' ? name : join(bindir, name));

const RECIPES: Readonly<Record<TestServer['name'], Recipe>> = {
  postgres: {
    user: 'postgres',
    programs: [postgresBinary('postgres'), postgresBinary('initdb')],
    stopSignal: 'SIGINT',
    initialize(folder, owner) {
      execFileSync(postgresBinary('initdb'), ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C'], {
        ...owner,
        stdio: 'ignore',
      });
    },
    command: (folder, port) => [
      postgresBinary('postgres'),
      ...['-D', join(folder, 'data'), '-p', String(port)],
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_statement=all', 'log_min_duration_statement=0'].flatMap((set) => [
        '-c',
        set,
      ]),
    ],
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  },
  mysql: {
    user: 'mysql',
    programs: ['mariadbd', 'mariadb-install-db'],
    stopSignal: 'SIGTERM',
    initialize(folder, owner) {
      const args = ['--no-defaults', `--datadir=${join(folder, 'data')}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
      execFileSync('mariadb-install-db', args, { ...owner, stdio: 'ignore' });
    },
    command: (folder, port) => [
      'mariadbd',
      '--no-defaults',
      ...[`--datadir=${join(folder, 'data')}`, `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`],
      ...[
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--innodb-buffer-pool-size=32M',
        '--innodb-log-file-size=4M',
        '--log-bin=binlog',
        '--sync-binlog=1',
      ],
      ...['--general-log=1', `--general-log-file=${join(folder, 'general.log')}`],
    ],
    url: (port) => `mysql://root@127.0.0.1:${port}/mysql`,
  },
};

/** Describes tests that need a server of their own. Where its programs are not installed they are skipped, and say so; on CI that is a failure. */
export function describeWithPrivate(server: TestServer, title: string, body: () => void): void {
  const missing = RECIPES[server.name].programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const message = `${missing.join(' and ')} cannot be run: tests were SKIPPED`;
  // mariadb-install-db is a script without --version.
  if (missing.every((program) => program === 'mariadb-install-db') && spawnSync('which', missing).status === 0) describe(title, body);
  else if (process.env.CI === 'true') throw new Error(`${message}. On CI that is a failure.`);
  else {
    console.warn(`\n*** ${message}\n`);
    describe.skip(`${title}: ${message}`, body);
  }
}

/**
 * Makes a server in a folder of its own, on a port of its own. It is not started yet.
 *
 * @param within where its folder is made.
 */
export async function createPrivateServer({ name }: TestServer, within: string = tmpdir()): Promise<PrivateServer> {
  const recipe = RECIPES[name];
  const server = { postgres: POSTGRES, mysql: MYSQL }[name];
  const folder = mkdtempSync(join(within, `countersign-${name}-`));
  const owner = toOwner(recipe.user);
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid ?? 0);
  recipe.initialize(folder, owner);
  const port = await findPort();
  const url = recipe.url(port);
  let child: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals) => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const pids = signal === 'SIGKILL' ? [child.pid, ...childrenOf(child.pid)] : [child.pid];
    for (const pid of pids) sendSignal(pid, signal);
    await ended;
    // What they share in memory is let go by the last of them.
    while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
  };

  return {
    url,
    folder,
    async start(...options) {
      const log = openSync(join(folder, 'server.log'), 'a');
      const [program = '', ...args] = recipe.command(folder, port);
      child = spawn(program, [...args, ...options], { ...owner, stdio: ['ignore', log, log] });
      closeSync(log);
      for (;;) {
        if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: see ${folder}/server.log`);
        const answers = await server.run(url, 'SELECT 1').then(
          () => true,
          () => false,
        );
        if (answers) return;
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end(recipe.stopSignal),
    async remove() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes PostgreSQL begin as a standby that follows nobody. */
export function makeStandby({ folder }: PrivateServer): void {
  writeFileSync(join(folder, 'data/standby.signal'), '');
}

/** Whom a server runs as where this is root: most refuse to. */
export function toOwner(user: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Below the range from which systems deal out ports by themselves. */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const socket = connect(port, '127.0.0.1');
    const isTaken = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (!isTaken) return port;
  }
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').map(Number).filter(Boolean);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Not so one that has ended and waits for somebody to take note of it. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
