import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DemoStage, runDemo } from '../../src/cli/run-demo.ts';
import { createMemoryStore, createOutboxSender, createSelfIssuedProvider, createVerifier } from '../../src/index.ts';
import { createFolder, PHONE, parseJson, runCli, SECRET } from './run-cli.ts';

function createStage(): DemoStage {
  const outbox = createOutboxSender();
  const verifier = createVerifier({ secret: SECRET, store: createMemoryStore(), provider: createSelfIssuedProvider({ senders: [outbox] }) });
  return { verifier, outbox };
}

describe('demo', () => {
  it('verifies a number from start to end, tells the story and leaves nothing behind', async () => {
    const cwd = createFolder();
    const temporary = mkdtempSync(join(cwd, 'tmp-'));
    // What a user has set is for other databases.
    const run = await runCli(['demo'], { cwd, env: { TMPDIR: temporary, COUNTERSIGN_SECRET: 'short', COUNTERSIGN_DATABASE: 'a.db' } });
    expect(run).toMatchObject({ exit: 0, stderr: '' });
    const code = /Your verification code is (\d{6})\./.exec(run.stdout)?.[1];
    expect(run.stdout).toMatch(/1\. start: .*\n {3}This message would have gone out:\n/);
    expect(run.stdout).toMatch(/2\. resend: .*\n {3}resend_too_soon: again at .* \(in (2 min|1 min \d\d s)\)\n/);
    expect(run.stdout).toMatch(/3\. check: .*\n {3}\d{6} → wrong_code, 4 attempts left\n/);
    expect(run.stdout).toMatch(new RegExp(`4\\. check: .*\n {3}${code} → approved: \\+1\\*{8}43 is proven`));
    expect(run.stdout).toMatch(new RegExp(`5\\. check: .*\n {3}${code} → already_approved\n`));
    expect(run.stdout).toMatch(/\nEvery step did what it said\. /);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(cwd)).toHaveLength(1);
  });

  it('with --json answers one line with each step', async () => {
    const run = await runCli(['demo', '--json'], { cwd: createFolder() });
    expect(run).toMatchObject({ exit: 0, stderr: '' });
    expect(parseJson(run)).toMatchObject({
      passed: true,
      steps: [
        { call: 'start', passed: true, result: { status: 'pending', to: '+1********43' }, message: expect.stringMatching(/code is \d{6}\./) },
        { call: 'resend', passed: true, result: { status: 'refused', reason: 'resend_too_soon', retryAt: expect.any(String) } },
        { call: 'check', passed: true, result: { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 } },
        { call: 'check', passed: true, result: { status: 'approved', proof: { destination: '+1********43' } } },
        { call: 'check', passed: true, result: { status: 'already_approved' } },
      ],
    });
  });

  it('fails with 3 where no file can be made', async () => {
    const run = await runCli(['demo'], { cwd: createFolder(), env: { TMPDIR: '/nowhere' } });
    expect(run.exit).toBe(3);
    expect(run.stderr).toMatch(/^error: .*temporary folder.* \(configuration_invalid\)\n$/);
  });
});

/** Each breaks one step; the number is that of the step which has to notice. */
const FAULTS: readonly (readonly [name: string, step: number, break_: (stage: DemoStage) => DemoStage])[] = [
  ['starts nothing', 1, withStart(async () => ({ status: 'refused', reason: 'destination_blocked' }))],
  ['sends no message', 1, ({ verifier }) => ({ verifier, outbox: { messages: [] } })],
  ['throws', 1, withStart(() => Promise.reject(new Error(PHONE)))],
  ['sends a second message at once', 2, withResend(async () => ({ status: 'canceled' }))],
  ['refuses a resend without a time', 2, withResend(async () => ({ status: 'refused', reason: 'resend_too_soon' }))],
  ['refuses a resend until a time that is past', 2, withResend(async () => ({ status: 'refused', reason: 'resend_too_soon', retryAt: new Date(0) }))],
  ['refuses a resend for another reason', 2, withResend(async () => ({ status: 'refused', reason: 'rate_limited', retryAt: new Date(9e12) }))],
  ['judges no wrong code', 3, withCheck(1, async () => ({ status: 'expired' }))],
  ['counts wrongly', 3, withCheck(1, async () => ({ status: 'pending', reason: 'wrong_code', attemptsLeft: 5 }))],
  ['does not approve the right code', 4, withCheck(2, async () => ({ status: 'pending', reason: 'wrong_code', attemptsLeft: 3 }))],
  ['approves twice', 5, withCheck(3, async () => ({ status: 'pending', reason: 'wrong_code', attemptsLeft: 3 }))],
];

describe('the steps of the demo', () => {
  it('pass on the real engine', async () => {
    const { passed, steps } = await runDemo(createStage(), () => undefined);
    expect([passed, steps.map((step) => step.passed)]).toEqual([true, [true, true, true, true, true]]);
  });

  it.each(FAULTS)('notice a library that %s, at step %d, and stop there', async (_, step, break_) => {
    const told: string[] = [];
    const { passed, steps } = await runDemo(break_(createStage()), (line) => told.push(line));
    expect(passed).toBe(false);
    expect(steps.map((taken) => taken.passed)).toEqual([...Array(step - 1).fill(true), false]);
    expect(told.at(-1)).toMatch(/^ {3}It did something else: \{/);
    expect(JSON.stringify(steps.at(-1)?.result)).not.toContain('2025550143');
  });
});

type Calls = DemoStage['verifier'];
type Fault = (stage: DemoStage) => DemoStage;

function withStart(start: Calls['start']): Fault {
  return ({ verifier, outbox }) => ({ outbox, verifier: { ...bind(verifier), start } });
}

function withResend(resend: Calls['resend']): Fault {
  return ({ verifier, outbox }) => ({ outbox, verifier: { ...bind(verifier), resend } });
}

/** Breaks one of the three checks. */
function withCheck(turn: number, broken: Calls['check']): Fault {
  return ({ verifier, outbox }) => {
    let turns = 0;
    const check: Calls['check'] = (input) => {
      turns += 1;
      return turns === turn ? broken(input) : verifier.check(input);
    };
    return { outbox, verifier: { ...bind(verifier), check } };
  };
}

function bind(verifier: Calls): Calls {
  return { start: (input) => verifier.start(input), resend: (input) => verifier.resend(input), check: (input) => verifier.check(input) };
}
