import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatWithOptions } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { OtpModel } from '../../src/otp-model.ts';
import { type Example, expectedOutput, ROOT, readBlocks, toExample } from './blocks.ts';
import * as world from './world.ts';

/** Inside the repository, so that packages are found; ignored by git; of this process alone. */
const FOLDER = `reports/docs-examples/${process.pid}`;

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
].sort();

const EXAMPLES: readonly Example[] = PAGES.flatMap(readBlocks)
  // What runs in a browser is compiled and run in test/browser.
  .filter(({ info }) => info.split(' ')[0] === 'ts' && info !== 'ts browser')
  .map((block) => toExample(block, FOLDER, Object.keys(world)));
const RUN = EXAMPLES.filter(({ info }) => info === 'ts run');

beforeAll(() => {
  mkdirSync(`${ROOT}${FOLDER}`, { recursive: true });
  for (const { file, source } of EXAMPLES) writeFileSync(`${ROOT}${FOLDER}/${file}`, source);
  // As the house compiles, except that an example need not declare the types of what it makes.
  const compilerOptions = { rootDir: '../../..', declaration: false, isolatedDeclarations: false };
  writeFileSync(`${ROOT}${FOLDER}/tsconfig.json`, JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: ['*.ts'] }));
});

afterAll(() => rmSync(`${ROOT}${FOLDER}`, { recursive: true }));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('examples on pages', () => {
  it('knows every mark that a block may have', () => {
    const marks = new Set(PAGES.flatMap(readBlocks).map(({ info }) => info));
    const known = ['ts', 'ts run', 'ts browser', 'html', 'sh', 'text', 'json', 'python', 'go', 'java', 'php', 'ruby', 'csharp', 'diff', ''];
    expect([...marks].filter((mark) => !known.includes(mark))).toEqual([]);
  });

  it('compile as the house does', () => {
    expect(compile()).toBe('');
  });

  for (const example of RUN) {
    it(`run and print what they say: ${example.page}:${example.line}`, async () => {
      const { printed } = await run(example);
      expect(printed).toEqual(expectedOutput(example));
    });
  }

  it('show something where they run', () => {
    const silent = RUN.filter((example) => expectedOutput(example).length === 0 && !example.code.includes("// { status: 'approved', proof }"));
    expect(silent.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });
});

describe('the front door in README', () => {
  it('verifies a phone number', async () => {
    const [frontDoor] = RUN.filter(({ page }) => page === 'README.md');
    expect(frontDoor?.code).toContain("from 'countersign';");
    const { started, checked, verifier } = (await run(frontDoor as Example)).exports as Record<string, any>;
    expect(started.status).toBe('pending');
    expect(checked).toMatchObject({ status: 'approved', proof: { verificationId: started.id, purpose: 'default' } });
    expect(checked.proof.destination.reveal()).toBe('+14155552671');
    expect(await verifier.check({ id: started.id, code: '000000' })).toEqual({ status: 'already_approved' });
  });
});

describe('the commands in README', () => {
  it('do what stands beside them, in their order', async () => {
    const block = readBlocks('README.md').find(({ info, code }) => info === 'sh' && code.includes('countersign start'));
    const lines = (block?.code.split('\n') ?? []).map((line) => line.split('#').map((part) => part.trim()));
    const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
    vi.stubEnv('COUNTERSIGN_DATABASE', join(folder, 'countersign.db'));
    vi.stubEnv('COUNTERSIGN_SECRET', 'a secret of at least thirty-two bytes');
    const known = { id: '', code: '' };
    try {
      for (const [command = '', says = ''] of lines) {
        const { exit, out } = await runCommand(command.replace('<id>', known.id).replace('<code>', known.code));
        known.id ||= /VE[0-9a-f]{32}/.exec(out)?.[0] ?? '';
        known.code ||= /code is (\d+)/.exec(out)?.[1] ?? '';
        expect(`${command}: ${exit}`).toBe(`${command}: ${says.startsWith('refused') ? 1 : 0}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(lines).toHaveLength(6);
  });

  it('are known wherever a page names one', async () => {
    const named = PAGES.flatMap((page) => [
      ...readBlocks(page)
        .map(({ code }) => code)
        .join('\n')
        .matchAll(/npx countersign ([a-z]+(?: [a-z]+(?=\s))*)([^\n#]*)/g),
    ]);
    expect(named.length).toBeGreaterThan(6);
    for (const [, command = '', rest = ''] of named) {
      const { out } = await runCommand(`npx countersign ${command} --help`);
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) expect(`${command} ${out}`).toContain(`${option} `);
      expect(out).toContain(`Usage: countersign ${command}`);
    }
  });
});

function compile(): string {
  try {
    execFileSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '-p', FOLDER, '--pretty', 'false'], { cwd: ROOT, encoding: 'utf8' });
    return '';
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    return stdout || message;
  }
}

async function run(example: Example): Promise<{ printed: string[]; exports: unknown }> {
  world.resetWorld();
  vi.stubEnv('COUNTERSIGN_SECRET', world.secret);
  return example.code.includes('twilio') || example.code.includes('otp-model') ? runWithTwilio(example) : runAlone(example);
}

/** With the settings that the pages say an application has, all of them in its environment. */
async function runWithTwilio(example: Example): Promise<{ printed: string[]; exports: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
  await world.startTwilio();
  const settings = {
    TWILIO_ACCOUNT_SID: world.accountSid,
    TWILIO_AUTH_TOKEN: world.authToken,
    TWILIO_SERVICE_SID: world.serviceSid,
    TWILIO_BASE_URL: world.baseUrl,
    FIRST_RESEND_DURATION: '120000',
    SECOND_RESEND_DURATION: '300000',
    THIRD_RESEND_DURATION: '900000',
    FOURTH_RESEND_DURATION: '86400000',
    COUNTERSIGN_DATABASE: join(folder, 'countersign.db'),
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  try {
    return await runAlone(example);
  } finally {
    await OtpModel.closeFiles();
    rmSync(folder, { recursive: true });
    await world.twilio.close();
  }
}

async function runAlone({ file }: Example): Promise<{ printed: string[]; exports: unknown }> {
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values) => {
    printed.push(formatWithOptions({ breakLength: Number.POSITIVE_INFINITY, compact: 10 }, ...values));
  });
  const exports: unknown = await import(`${ROOT}${FOLDER}/${file}`);
  log.mockRestore();
  return { printed, exports };
}

async function runCommand(command: string): Promise<{ exit: number; out: string }> {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text, ...rest) => {
      written.push(String(text));
      const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
      done?.();
      return true;
    }),
  );
  const exit = await runProgram(command.replace('npx countersign ', '').split(/\s+/));
  for (const spy of spies) spy.mockRestore();
  return { exit, out: written.join('') };
}
