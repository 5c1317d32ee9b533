import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFolder, MAIN, PHONE, parseStarted, runCli } from './run-cli.ts';

describe('output that nobody takes', () => {
  it('ends quietly when the reader goes away', async () => {
    const cwd = createFolder();
    const child = spawn(process.execPath, [MAIN, 'start', PHONE], { cwd, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const exit = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toMatch(/^(Made .*\n){2}$/);
    expect(exit).toBe(0);
  });

  it.runIf(existsSync('/dev/full'))('says so and ends with 3 when an answer cannot be written', async () => {
    const cwd = createFolder();
    const { id } = parseStarted(await runCli(['start', PHONE], { cwd }));
    const { exit, stderr } = await new Promise<{ exit: unknown; stderr: string }>((resolve) => {
      execFile('/bin/sh', ['-c', '"$0" "$1" show "$2" > /dev/full', process.execPath, MAIN, id], { cwd, env: {} }, (error, _, stderr) =>
        resolve({ exit: error?.code ?? 0, stderr }),
      );
    });
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: 'error: the answer could not be written\n' });
  });

  it('writes a long answer to a pipe whole before it ends', async () => {
    const run = await runCli(['demo', '--json'], { cwd: createFolder() });
    expect(run.stdout.endsWith('}\n')).toBe(true);
  });
});
