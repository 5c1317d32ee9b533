import { type ChildProcess, type ForkOptions, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import { useTemporaryFiles } from './sqlite-files.ts';
import { increment, keyOf } from './store-behaviour.ts';

const SCRIPT = fileURLToPath(new URL('sqlite-child.js', import.meta.url));
const BUILT = new URL('../../dist/stores/sqlite.js', import.meta.url);
const newPath = useTemporaryFiles();

beforeAll(() => {
  if (!existsSync(BUILT)) throw new Error('dist/ is not built: run "npm test", which builds it first');
});

/** A process of the test, and what it sends. */
interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  /** The next message; fails when the process ends without one. */
  next<T>(): Promise<T>;
}

function start(task: string, path: string, argument = '', options: ForkOptions = {}): Child {
  return watch(fork(SCRIPT, [task, path, argument], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...options }));
}

function watch(child: ChildProcess): Child {
  const messages: unknown[] = [];
  let wake = () => {};
  let hasEnded = false;
  // "close" comes after the last message, where "exit" may come before it.
  const ended = once(child, 'close').then(([code]) => {
    hasEnded = true;
    wake();
    return code as number | null;
  });
  child.on('message', (message) => {
    messages.push(message);
    wake();
  });
  return {
    process: child,
    ended,
    async next<T>() {
      while (messages.length === 0) {
        if (hasEnded) throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as T;
    },
  };
}

/** Starts a task in several processes, lets them go at once, and resolves with what each sent. */
async function race<T>(count: number, task: string, path: string, argument = ''): Promise<T[]> {
  const children = Array.from({ length: count }, () => start(task, path, argument));
  for (const child of children) expect(await child.next()).toBe('ready');
  for (const child of children) child.process.send('go');
  const sent = await Promise.all(children.map((child) => child.next<T>()));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(Array(count).fill(0));
  return sent;
}

/** What some CI forbids: user namespaces. A full disk has a second test that needs none. */
const MAY_BE_FORBIDDEN = ['unshare'];

/** The name of a program the test needs. Where it does not work the test is skipped, and says so; on CI it must work. */
function needs(context: TestContext, program: string, args: readonly string[], why: string): string {
  if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return program;
  if (process.env.CI === 'true' && !MAY_BE_FORBIDDEN.includes(program)) throw new Error(`${program} is needed on CI: ${why}`);
  console.warn(`SKIPPED "${context.task.name}": ${program} does not work here, ${why}`);
  return context.skip();
}

describe('four processes on one SQLite file', () => {
  it('count 4 × 500 calls on one record exactly, and answer each count once', async () => {
    const path = newPath();
    const counts = (await race<number[]>(4, 'increment', path, '500')).flat();
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, index) => index + 1));
    const store = createSqliteStore({ path });
    expect((await store.read(keyOf('shared'))).body).toBe('2000');
    await store.close();
  });

  it('make each of 200 fresh records exactly once', async () => {
    const made = (await race<number[]>(4, 'insert', newPath(), '200')).flat();
    expect(made.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  it('open a file that is not there at the same moment, five times', async () => {
    for (let round = 0; round < 5; round += 1) {
      const counts = await race<number>(4, 'open', newPath());
      expect(counts.sort()).toEqual([1, 2, 3, 4]);
    }
  });
});

describe('a SQLite file locked by another process', () => {
  it('is waited for with the event loop free', async () => {
    const path = newPath();
    const store = createSqliteStore({ path, busyTimeout: 30_000 });
    const child = start('hold', path);
    expect(await child.next()).toBe('held');
    let isSettled = false;
    const counted = store.update(keyOf('a'), increment).finally(() => {
      isSettled = true;
    });
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(isSettled).toBe(false);
    child.process.send('release');
    expect(await counted).toBe(1);
    expect(await child.ended).toBe(0);
    await store.close();
  });

  it('is given up after busyTimeout, and serves again when it is free', async () => {
    const path = newPath();
    const store = createSqliteStore({ path, busyTimeout: 20 });
    const child = start('hold', path);
    expect(await child.next()).toBe('held');
    await expect(store.update(keyOf('a'), increment)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('locked'),
    });
    child.process.send('release');
    expect(await child.ended).toBe(0);
    expect(await store.update(keyOf('a'), increment)).toBe(1);
    await store.close();
  });
});

describe('a SQLite file that may not be written', () => {
  it.each([
    ['the file', 0o444, 0o777],
    ['its folder', 0o666, 0o555],
  ])('is refused when %s is read-only', async (_, fileMode, folderMode) => {
    const path = newPath();
    await createSqliteStore({ path }).close();
    // One of the two drivers leaves them, empty: with them there nothing has to be made in the folder.
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    chmodSync(path, fileMode);
    chmodSync(dirname(path), folderMode);
    const child = start('open_as_nobody', path);
    const outcome = await child.next<{ code: string; message: string }>();
    chmodSync(dirname(path), 0o777);
    expect(outcome).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(/write/) });
    await child.ended;
  });

  it('is refused when there is none and none may be made', async () => {
    const path = newPath();
    chmodSync(dirname(path), 0o555);
    const child = start('open_as_nobody', path);
    expect(await child.next()).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(/folder/) });
    chmodSync(dirname(path), 0o777);
    await child.ended;
  });
});

interface Filled {
  readonly errors: readonly { code: string; cause: string }[];
  readonly answered: readonly number[];
  readonly stored: readonly number[];
}

describe('a SQLite file with no room left', () => {
  async function fillAndGoOn(child: Child, makeRoom: () => void): Promise<readonly { code: string; cause: string }[]> {
    const full = await child.next<Filled>();
    expect(full.errors.length).toBeGreaterThan(0);
    expect(new Set(full.errors.map(({ code }) => code))).toEqual(new Set(['store_unavailable']));
    expect(Math.min(...full.answered)).toBeGreaterThan(0);
    expect(full.stored).toEqual(full.answered);
    makeRoom();
    child.process.send('room');
    const later = await child.next<Filled>();
    expect(later.errors).toEqual([]);
    expect(later.answered).toEqual(full.answered.map((count) => count + 10));
    expect(later.stored).toEqual(later.answered);
    expect(await child.ended).toBe(0);
    return full.errors;
  }

  it('loses nothing at a limit on the size of files, and goes on when it is lifted', async (context) => {
    const prlimit = needs(context, 'prlimit', ['--fsize', 'true'], 'it limits how large a file may grow');
    const path = newPath();
    // Standard input is no file, so that the limit strikes the database alone. 1 MiB, of which the log takes the first part.
    const args = [`--fsize=${2 ** 20}:unlimited`, process.execPath, SCRIPT, 'fill', path];
    const child = watch(spawn(prlimit, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    const lift = () => expect(spawnSync(prlimit, ['--pid', String(child.process.pid), '--fsize=unlimited']).status).toBe(0);
    const errors = await fillAndGoOn(child, lift);
    expect(new Set(errors.map(({ cause }) => cause))).toEqual(new Set(['SQLITE_IOERR']));
    const store = createSqliteStore({ path });
    expect((await store.read(keyOf('counter 0'))).body).toMatch(/^\d+ x/);
    await store.close();
  });

  it('loses nothing on a full disk, and goes on when there is room', async (context) => {
    const unshare = needs(context, 'unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt'], 'it mounts a small disk');
    const folder = join(dirname(newPath()), 'disk');
    mkdirSync(folder);
    const script = `mount -t tmpfs -o size=2m none "$0" && exec "$@"`;
    const args = ['-Urm', 'sh', '-c', script, folder, process.execPath, SCRIPT, 'fill', join(folder, 'test.db'), 'ballast'];
    const child = watch(spawn(unshare, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    const errors = await fillAndGoOn(child, () => {});
    expect(new Set(errors.map(({ cause }) => cause))).toEqual(new Set(['SQLITE_FULL']));
  });
});

describe('what the SQLite store answered', () => {
  it('was flushed to the disk before', async (context) => {
    const strace = needs(context, 'strace', ['-V'], 'it shows what reaches the disk');
    const path = newPath();
    const trace = join(dirname(path), 'trace');
    const calls = 'trace=write,pwrite64,fsync,fdatasync';
    const child = spawn(strace, ['-f', '-y', '-s', '16', '-e', calls, '-o', trace, process.execPath, SCRIPT, 'groups', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(output).toBe(`${'answered\n'.repeat(10)}pinging\npinged\n`);

    // For each line to the standard output: what had last happened to the log.
    const log = `${path}-wal>`;
    const before: string[] = [];
    let last = 'nothing';
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/\bwrite\(1</.test(line)) {
        before.push(last);
        last = 'nothing';
      } else if (line.includes(log)) {
        last = /\bf(data)?sync\(/.test(line) ? 'flushed' : 'written';
      }
    }
    expect(before).toEqual([...Array(10).fill('flushed'), 'nothing', 'flushed']);
  });

  it('is there after kill -9, in 20 rounds', async () => {
    const path = newPath();
    for (let round = 0; round < 20; round += 1) {
      const child = start('load', path, '', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      let output = '';
      child.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        if (output.length > 200 + round * 173) child.process.kill('SIGKILL');
      });
      await child.ended;
      expect(child.process.signalCode).toBe('SIGKILL');

      const answered = [0, 0, 0, 0];
      for (const [, record, count] of output.matchAll(/^(\d) (\d+)$/gm))
        answered[Number(record)] = Math.max(answered[Number(record)]!, Number(count));
      expect(Math.min(...answered)).toBeGreaterThan(0);
      const store = createSqliteStore({ path });
      for (const [record, count] of answered.entries()) {
        const stored = Number((await store.read(keyOf(`counter ${record}`))).body);
        expect(stored).toBeGreaterThanOrEqual(count);
        // Four calls on each record are under way at a time.
        expect(stored).toBeLessThanOrEqual(count + 4);
      }
      await store.close();
    }
  });
});
