import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import {
  createFolder,
  ID,
  OTHER_PHONE,
  type Past,
  PHONE,
  parseJson,
  parseStarted,
  type Run,
  runCli,
  runHere,
  SECRET,
  toWrongCode,
  writePast,
} from './run-cli.ts';

const MINUTE = 60_000;
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const CLOCK = String.raw`\d\d:\d\d:\d\d`;
const INVENTED = `VE${'0'.repeat(32)}`;

const delivery = { id: expect.stringMatching(/^VL[0-9a-f]{32}$/), channel: 'sms', status: 'sent', at: ISO };
const pending = {
  id: expect.stringMatching(ID),
  to: '+1********43',
  channel: 'sms',
  codeLength: 6,
  expiresAt: ISO,
  resendAt: ISO,
  deliveries: [delivery],
};

describe('start', () => {
  it('prints the message, the id, the times and the command to type next', async () => {
    const run = await runCli(['start', PHONE], { cwd: createFolder() });
    const { id, code } = parseStarted(run);
    expect(run.exit).toBe(0);
    expect(run.stdout).toContain(`nothing was sent: sms to +1********43 -----\nYour verification code is ${code}.`);
    expect(run.stdout).toMatch(
      new RegExp(`expires {2}${CLOCK} \\(in (10 min|9 min \\d\\d s)\\)\n {2}resend {3}from ${CLOCK} \\(in (2 min|1 min \\d\\d s)\\)`),
    );
    expect(run.stdout).toContain(`Next: npx countersign check ${id} <code>\n`);
  });

  it('with --json answers one line, exactly as the library does, and puts the message on standard error', async () => {
    const run = await runCli(['start', PHONE, '--json'], { cwd: createFolder() });
    expect(run.exit).toBe(0);
    expect(parseJson(run)).toEqual({ status: 'pending', ...pending });
    expect(run.stderr).toMatch(/Your verification code is \d{6}\./);
    expect(run.stdout).not.toMatch(/verification code/);
  });

  it('names options in the command to type next, but not the requester', async () => {
    const cwd = createFolder();
    const options = ['--db', "it's.db", '--purpose', 'login', '--requester', 'device-7'];
    const started = await runCli(['start', 'someone@example.com', ...options], { cwd });
    const { id, code } = parseStarted(started);
    expect(started.stdout).toContain('Subject: Your verification code\n');
    expect(started.stdout).toContain(String.raw`check ${id} <code> --purpose login --requester <the same> --db 'it'\''s.db'`);
    expect(await runCli(['check', id, code], { cwd })).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Not found/) });
    expect(await runCli(['check', id, code, '--db', "it's.db"], { cwd })).toMatchObject({ exit: 1 });
    const approved = await runCli(['check', id, code, ...options, '--json'], { cwd });
    const proof = { service: 'default', purpose: 'login', channel: 'email', destination: 's***@example.com', requester: 'device-7', approvedAt: ISO };
    expect([approved.exit, parseJson(approved)]).toEqual([0, { status: 'approved', proof: { verificationId: id, ...proof } }]);
  });

  it('refuses a second one, says from when on it would not, and names the code that still counts to the same requester', async () => {
    const cwd = createFolder();
    const { id } = parseStarted(await runHere(['start', PHONE, '--requester', 'a'], { cwd }));
    const [same, stranger, json] = await Promise.all([
      runCli(['start', PHONE, '--requester', 'a'], { cwd }),
      runCli(['start', PHONE], { cwd }),
      runCli(['start', PHONE, '--json'], { cwd }),
    ]);
    const told = `^Refused \\(resend_too_soon\\)\\. Too soon after the last message; try again at ${CLOCK} \\(in `;
    expect(same.stdout).toMatch(new RegExp(`${told}(2 min|1 min \\d\\d s)\\)\\.\nThe code that was sent still counts: npx countersign check ${id} `));
    expect(stranger.stdout).toMatch(new RegExp(`${told}\\d\\d s\\)\\.\n$`));
    expect(parseJson(json)).toEqual({ status: 'refused', reason: 'resend_too_soon', retryAt: ISO });
    expect([same, stranger, json].map(({ exit, stderr }) => [exit, stderr])).toEqual(Array(3).fill([1, '']));
  });

  it('takes a channel', async () => {
    const cwd = createFolder();
    const call = await runCli(['start', PHONE, '--channel', 'call', '--json'], { cwd });
    expect(parseJson(call)).toMatchObject({ channel: 'call' });
    expect(call.stderr).toContain('nothing was sent: call to');
    const email = await runCli(['start', PHONE, '--channel', 'email', '--json'], { cwd });
    expect([email.exit, parseJson(email)]).toMatchObject([2, { error: { code: 'invalid_request', field: 'channel' } }]);
  });
});

describe('check', () => {
  it('counts down, approves the right code once, and knows it afterwards', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const wrong = await runCli(['check', id, toWrongCode(code)], { cwd });
    expect(wrong).toEqual({ exit: 1, stdout: `Wrong code. 4 attempts left.\nNext: npx countersign check ${id} <code>\n`, stderr: '' });
    const wrongJson = await runCli(['check', id, toWrongCode(code), '--json'], { cwd });
    expect([wrongJson.exit, parseJson(wrongJson)]).toEqual([1, { status: 'pending', reason: 'wrong_code', attemptsLeft: 3 }]);
    const right = await runCli(['check', id, code], { cwd });
    expect(right).toEqual({ exit: 0, stdout: 'Approved: +1********43 is proven for the purpose "default".\n', stderr: '' });
    const again = await runCli(['check', id, code], { cwd });
    expect(again).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Already approved/) });
    const againJson = await runCli(['check', id, code, '--json'], { cwd });
    expect([againJson.exit, parseJson(againJson)]).toEqual([1, { status: 'already_approved' }]);
  });

  it('answers the same attempt the same', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const check = ['check', id, code, '--attempt-id', 'attempt-0001', '--json'];
    const first = await runCli(check, { cwd });
    const second = await runCli(check, { cwd });
    expect([second.exit, parseJson(second)]).toEqual([0, parseJson(first)]);
  });

  it('I1 approves for one of eight processes', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const runs = await Promise.all(Array.from({ length: 8 }, () => runCli(['check', id, code, '--json'], { cwd })));
    expect(runs.map(({ exit }) => exit).sort()).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
    const statuses = runs.map((run) => (parseJson(run) as { status: string }).status);
    expect(statuses.sort()).toEqual([...Array(7).fill('already_approved'), 'approved']);
  });

  it('ends after five wrong codes', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    for (let left = 4; left > 0; left -= 1) {
      const { stdout } = await runHere(['check', id, toWrongCode(code)], { cwd });
      expect(stdout).toContain(`Wrong code. ${left} ${left === 1 ? 'attempt' : 'attempts'} left.`);
    }
    const last = await runCli(['check', id, toWrongCode(code)], { cwd });
    expect(last).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Too many wrong codes: this verification is over\. Next: /) });
    const right = await runCli(['check', id, code, '--json'], { cwd });
    expect([right.exit, parseJson(right)]).toEqual([1, { status: 'max_attempts_reached' }]);
  });

  it.each([
    ['full-width digits', (code: string) => toScript(code, '０')],
    ['Arabic digits', (code: string) => toScript(code, '٠')],
    ['a space', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['a dash before it', (code: string) => `-${code}`],
  ])('takes a code with %s', async (_, spell) => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    expect((await runCli(['check', id, spell(code)], { cwd })).exit).toBe(0);
  });

  it('does not count a code of another length', async () => {
    const cwd = createFolder();
    const { id } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const run = await runCli(['check', id, '9876543'], { cwd });
    expect(run).toEqual({ exit: 2, stdout: '', stderr: 'error: `code` must have 6 digits; the guess was not counted (invalid_code)\n' });
    expect(parseJson(await runCli(['show', id, '--json'], { cwd }))).toMatchObject({ attemptsLeft: 5 });
  });
});

describe('resend', () => {
  it('refuses at once, and sends the same code when the wait is over', async () => {
    const cwd = createFolder();
    const place = { cwd, env: { COUNTERSIGN_SECRET: SECRET } };
    const db = join(cwd, 'countersign.db');
    const { id, code } = await writePast(db, 3 * MINUTE, startOnce);
    const sent = await runCli(['resend', id], place);
    expect(sent.exit).toBe(0);
    expect(parseStarted(sent)).toEqual({ id, code });
    const refused = await runCli(['resend', id], place);
    expect(refused).toMatchObject({
      exit: 1,
      stdout: expect.stringMatching(/^Refused \(resend_too_soon\).* \(in (5 min|4 min \d\d s)\)\.\nThe code that was sent/),
    });
    const json = await runCli(['resend', id, '--channel', 'call', '--json'], place);
    const verification = { ...pending, id, deliveries: [delivery, delivery] };
    expect([json.exit, parseJson(json)]).toEqual([1, { status: 'refused', reason: 'resend_too_soon', retryAt: ISO, verification }]);
  });

  it('with --json answers one line, and takes another channel', async () => {
    const cwd = createFolder();
    const { id } = await writePast(join(cwd, 'countersign.db'), 3 * MINUTE, startOnce);
    const run = await runCli(['resend', id, '--channel', 'call', '--json'], { cwd, env: { COUNTERSIGN_SECRET: SECRET } });
    const deliveries = [delivery, { ...delivery, channel: 'call' }];
    expect([run.exit, parseJson(run)]).toEqual([0, { status: 'pending', ...pending, id, channel: 'call', deliveries }]);
  });

  it('says how a verification has ended', async () => {
    const cwd = createFolder();
    const { id } = parseStarted(await runHere(['start', PHONE], { cwd }));
    await runHere(['cancel', id], { cwd });
    expect(await runCli(['resend', id], { cwd })).toMatchObject({
      exit: 1,
      stdout: expect.stringMatching(/^Canceled\. Next: npx countersign start/),
    });
    const json = await runCli(['resend', id, '--json'], { cwd });
    expect([json.exit, parseJson(json)]).toEqual([1, { status: 'canceled' }]);
  });
});

describe('cancel', () => {
  it('ends a verification, and says so again', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    expect(await runCli(['cancel', id], { cwd })).toEqual({ exit: 0, stdout: 'Canceled. Next: npx countersign start <to>\n', stderr: '' });
    const again = await runCli(['cancel', id, '--json'], { cwd });
    expect([again.exit, parseJson(again)]).toEqual([0, { status: 'canceled' }]);
    expect(await runCli(['check', id, code], { cwd })).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Canceled/) });
  });

  it('does not claim to have canceled what was approved before', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    await runHere(['check', id, code], { cwd });
    expect(await runCli(['cancel', id], { cwd })).toEqual({ exit: 1, stdout: 'Not canceled, it had ended before. Approved.\n', stderr: '' });
    const json = await runCli(['cancel', id, '--json'], { cwd });
    expect([json.exit, parseJson(json)]).toEqual([1, { status: 'approved' }]);
  });
});

describe('show', () => {
  it('tells what is known and changes nothing', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runHere(['start', PHONE], { cwd }));
    await runHere(['check', id, toWrongCode(code)], { cwd });
    const human = await runCli(['show', id], { cwd });
    expect(human).toMatchObject({ exit: 0, stderr: '' });
    expect(human.stdout).toMatch(/^pending: a code of 6 digits, by sms, for \+1\*{8}43\n/);
    expect(human.stdout).toMatch(/\n {2}checks {3}4 attempts left\n {2}message {2}sent by sms, /);
    const json = await runCli(['show', id, '--json'], { cwd });
    expect([json.exit, parseJson(json)]).toEqual([0, { status: 'pending', ...pending, id, createdAt: ISO, attemptsLeft: 4 }]);
    await runHere(['check', id, code], { cwd });
    expect((await runCli(['show', id], { cwd })).stdout).toMatch(/^approved: (?!.*checks)/s);
  });
});

describe('an id that names nothing', () => {
  it.each([
    ['invented', INVENTED],
    ['malformed', 'VE12'],
    ['a number', PHONE],
    ['10 kB long', 'V'.repeat(10_000)],
  ])('is not found when it is %s, and is not repeated', async (_, id) => {
    const cwd = createFolder();
    const commands = [
      ['check', id, '123456'],
      ['resend', id],
      ['cancel', id],
      ['show', id],
    ];
    const humans: Run[] = [];
    const jsons: Run[] = [];
    for (const args of commands) {
      humans.push(await runHere(args, { cwd }));
      jsons.push(await runHere([...args, '--json'], { cwd }));
    }
    expect(humans.map(({ exit }) => exit)).toEqual([1, 1, 1, 1]);
    expect(jsons.map((run) => [run.exit, parseJson(run)])).toEqual(Array(4).fill([1, { status: 'not_found' }]));
    for (const { stdout, stderr } of humans) {
      expect(stdout).toMatch(/^Not found/);
      expect(stdout + stderr).not.toContain(id);
    }
  });
});

describe('what a verification or a destination can have come to', () => {
  it('tells an expired one', async () => {
    const cwd = createFolder();
    const place = { cwd, env: { COUNTERSIGN_SECRET: SECRET } };
    const { id, code } = await writePast(join(cwd, 'countersign.db'), 10 * MINUTE, startOnce);
    expect(await runCli(['check', id, code], place)).toEqual({ exit: 1, stdout: 'Expired. Next: npx countersign start <to>\n', stderr: '' });
    expect(parseJson(await runCli(['cancel', id, '--json'], place))).toEqual({ status: 'expired' });
    expect(parseJson(await runCli(['show', id, '--json'], place))).toMatchObject({ status: 'expired', attemptsLeft: 0 });
  });

  it('tells when guesses go on after too many wrong ones, whatever the verification', async () => {
    const cwd = createFolder();
    const place = { cwd, env: { COUNTERSIGN_SECRET: SECRET } };
    const { id, code } = await writePast(join(cwd, 'countersign.db'), 50 * MINUTE, async (past) => {
      for (let turn = 0; turn < 2; turn += 1) {
        await guessWrong(past, 5);
        past.pass(20 * MINUTE);
      }
      past.pass(5 * MINUTE);
      return startOnce(past);
    });
    const human = await runCli(['check', id, code], place);
    expect(human).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Too many wrong codes for this destination; .* \(in \d+ min.*\)\.\n$/) });
    const json = await runCli(['check', id, code, '--json'], place);
    expect([json.exit, parseJson(json)]).toEqual([1, { status: 'budget_exhausted', retryAt: ISO }]);
  });

  it('tells when messages go on after the budget is used up', async () => {
    const cwd = createFolder();
    await writePast(join(cwd, 'countersign.db'), 45 * MINUTE, async (past) => {
      for (const wait of [3, 6, 16, 16, 0]) {
        await startOnce(past);
        past.pass(wait * MINUTE);
      }
    });
    const run = await runCli(['start', PHONE], { cwd, env: { COUNTERSIGN_SECRET: SECRET } });
    expect(run).toMatchObject({
      exit: 1,
      stdout: expect.stringMatching(/^Refused \(budget_exhausted\)\. No more messages .* at \d\d:\d\d:\d\d \(in 1\d min/),
    });
  });

  it('tells a disabled destination, and unblock enables it again', async () => {
    const cwd = createFolder();
    const place = { cwd, env: { COUNTERSIGN_SECRET: SECRET } };
    await writePast(join(cwd, 'countersign.db'), 30 * 24 * 60 * MINUTE, async (past) => {
      for (let turn = 0; turn < 20; turn += 1) {
        await guessWrong(past, 5);
        past.pass(24 * 60 * MINUTE);
      }
    });
    const blocked = await runCli(['start', PHONE], place);
    expect(blocked).toMatchObject({
      exit: 1,
      stdout: expect.stringMatching(/^Refused \(destination_blocked\)\. .*npx countersign unblock --help"\.\n$/),
    });
    expect(parseJson(await runCli(['start', PHONE, '--json'], place))).toEqual({ status: 'refused', reason: 'destination_blocked' });
    const unblocked = await runCli(['unblock', PHONE, '--json'], place);
    expect([unblocked.exit, parseJson(unblocked)]).toEqual([0, { status: 'unblocked', wasBlocked: true }]);
    expect((await runCli(['start', PHONE], place)).exit).toBe(0);
  });
});

describe('expire-all', () => {
  it('ends what was begun before it, and says what it does not do', async () => {
    const cwd = createFolder();
    const { id, code } = parseStarted(await runCli(['start', PHONE], { cwd }));
    const run = await runCli(['expire-all'], { cwd });
    expect([run.exit, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(/^Every verification begun before .* has expired\.\n.*budgets are as the backup had them\.\n$/);
    const checked = await runCli(['check', id, code, '--json'], { cwd });
    expect([checked.exit, parseJson(checked)]).toEqual([1, { status: 'expired' }]);
    const json = await runCli(['expire-all', '--json'], { cwd });
    expect(parseJson(json)).toEqual({ status: 'expired', before: ISO });
  });

  it('is refused on a database in which nothing was ever begun', async () => {
    const run = await runCli(['expire-all'], { cwd: createFolder(), env: { COUNTERSIGN_SECRET: SECRET } });
    expect([run.exit, run.stdout]).toEqual([3, '']);
    expect(run.stderr).toContain('this store has never been used: there is nothing in it to expire (configuration_invalid)');
  });
});

describe('unblock and erase', () => {
  it('say what they did, with the destination masked', async () => {
    const cwd = createFolder();
    const { id } = parseStarted(await runHere(['start', PHONE], { cwd }));
    const unblocked = await runCli(['unblock', PHONE], { cwd });
    expect(unblocked).toEqual({ exit: 0, stdout: '+1********43 was not disabled; its budgets and waits begin anew.\n', stderr: '' });
    const erased = await runCli(['erase', PHONE], { cwd });
    expect(erased).toEqual({ exit: 0, stdout: 'Erased 1 verification of +1********43. What was used of its budgets stays.\n', stderr: '' });
    expect(await runCli(['show', id], { cwd })).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Not found/) });
    const json = await runCli(['erase', OTHER_PHONE, '--json'], { cwd });
    expect([json.exit, parseJson(json)]).toEqual([0, { status: 'erased', verifications: 0 }]);
    await runCli(['expire-all'], { cwd });
    // Who acted is in the journal: somebody at a terminal, whom no key names.
    const store = createSqliteStore({ path: join(cwd, 'countersign.db') });
    const { entries } = await store.entries({ limit: 100 }, undefined);
    await store.close();
    const acts = entries.filter(({ type }) => ['unblock', 'erase', 'expire_all'].includes(type));
    expect(acts.map(({ type, data }) => `${type} ${data}`)).toEqual([
      'unblock {"by":"cli"}',
      'erase {"by":"cli"}',
      'erase {"by":"cli"}',
      'expire_all {"by":"cli"}',
    ]);
  });
});

async function startOnce({ verifier, outbox }: Past): Promise<{ id: string; code: string }> {
  const started = await verifier.start({ to: PHONE });
  if (started.status !== 'pending') throw new Error(`expected pending, got ${started.reason}`);
  return { id: started.id, code: outbox.last(PHONE).code };
}

async function guessWrong(past: Past, times: number): Promise<void> {
  const { id, code } = await startOnce(past);
  for (let guess = 0; guess < times; guess += 1) await past.verifier.check({ id, code: toWrongCode(code) });
}

/** The same digits in another script. */
function toScript(code: string, zero: string): string {
  return code.replace(/\d/g, (digit) => String.fromCodePoint((zero.codePointAt(0) ?? 0) + Number(digit)));
}
