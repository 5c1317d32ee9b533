import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCli } from '../service/world.ts';
import { createFolder, runCli } from './run-cli.ts';

const run = promisify(execFile);

/** Runs a line as it is printed, in a shell. */
async function runLine(line: string): Promise<Record<string, unknown>> {
  const { stdout } = await run('/bin/sh', ['-c', line]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('countersign dev', () => {
  it('prints two curl lines that end in approved, and leaves nothing behind', async () => {
    const cwd = createFolder();
    const dev = startCli(['dev', '--port', '0'], { cwd, env: { TMPDIR: createFolder(), PATH: process.env.PATH ?? '' } });
    const [, url] = await dev.until(/^URL {6}(http:\/\/127\.0\.0\.1:\d+)$/m);
    const [, apiKey = ''] = await dev.until(/^API key {2}(SK[0-9a-f]{32}:\w{32})$/m);
    const [, service] = await dev.until(/^Service {2}(VA[0-9a-f]{32})$/m);
    const shown = await runLine(`curl -s -u ${apiKey} ${url}/v1/services/${service}`);
    expect(shown).toMatchObject({ id: service, page: { returnUrls: [`${url}/inbox/returned`] } });
    const [startLine] = await dev.until(/^curl .*$/m);
    expect(startLine).toContain(url);
    expect(await runLine(startLine)).toMatchObject({ status: 'pending', to: '+1********43' });
    const [, checkLine = ''] = await dev.until(/Your verification code is \d{6}[\s\S]*Check it:\n\n(curl .*)\n/);
    expect(await runLine(checkLine)).toMatchObject({ status: 'approved', token: expect.any(String) });
    expect(await runLine(checkLine)).toMatchObject({ status: 'already_approved' });
    expect(await dev.end('SIGINT')).toBe(0);
    expect(dev.said().stderr).toBe('');
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('leaves no temporary folder behind (%s)', async (signal) => {
    const folder = createFolder();
    const dev = startCli(['dev', '--port', '0'], { cwd: folder, env: { TMPDIR: folder } });
    await dev.until(/^curl /m);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^countersign-dev-/)]);
    expect(await dev.end(signal)).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ['NODE_ENV is production', [], { NODE_ENV: 'production' }, /NODE_ENV=production/],
    ['NODE_ENV is Production', [], { NODE_ENV: 'Production' }, /NODE_ENV=production/],
    ['it would listen on all addresses', ['--host', '0.0.0.0'], {}, /this machine alone/],
    ['it would listen on an address of a network', ['--host', '10.1.2.3'], {}, /this machine alone/],
    ['it would listen on all addresses of IPv6', ['--host', '::'], {}, /this machine alone/],
  ])('refuses when %s', async (_, args, env, message) => {
    const { exit, stdout, stderr } = await runCli(['dev', ...args], { cwd: createFolder(), env });
    expect([exit, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
  });

  it('says that another has the port that was asked for, and with none asked for that it is on another', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => taken.listen(0, '127.0.0.1', () => resolve((taken.address() as AddressInfo).port)));
    onTestFinished(() => void taken.close());
    const { exit, stderr } = await runCli(['dev', '--port', String(port)], { cwd: createFolder() });
    expect([exit, stderr]).toEqual([
      3,
      expect.stringContaining(`error: port ${port} of 127.0.0.1 is in use by another process: choose another with --port (configuration_invalid)\n`),
    ]);
    const custom = createServer();
    // Where something else of this machine has it already, so much the better.
    await new Promise<void>((resolve) => custom.once('error', () => resolve()).listen(8080, '127.0.0.1', resolve));
    onTestFinished(() => void custom.close());
    const dev = startCli(['dev'], { cwd: createFolder(), env: { TMPDIR: createFolder() } });
    await dev.until(/^Port 8080 is in use by another process: this is on another, and --port chooses one\.$/m);
    await dev.until(/^URL {6}http:\/\/127\.0\.0\.1:(?!8080$)\d+$/m);
    expect(await dev.end('SIGINT')).toBe(0);
  });

  it('says what is wrong with a port', async () => {
    expect(await runCli(['dev', '--port', '70000'], { cwd: createFolder() })).toMatchObject({ exit: 2, stdout: '' });
  });
});
