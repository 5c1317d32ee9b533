import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from '../twilio/double.ts';
import { createFolder, ID, PHONE, type Place, parseJson, parseStarted, type Run, runCli, runHere, SECRET, toWrongCode } from './run-cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Twilio, and a folder whose command line sends through it. */
async function openWorld(
  options: TwilioDoubleOptions = {},
): Promise<{ double: TwilioDouble; place: Place & { readonly env: Record<string, string> } }> {
  const double = await createTwilioDouble(options);
  onTestFinished(() => double.close());
  const env = {
    COUNTERSIGN_SECRET: SECRET,
    TWILIO_ACCOUNT_SID: double.accountSid,
    TWILIO_AUTH_TOKEN: double.authToken,
    TWILIO_SERVICE_SID: double.serviceSid,
    TWILIO_BASE_URL: double.baseUrl,
  };
  return { double, place: { cwd: createFolder(), env } };
}

const idOf = ({ stdout }: Run) => ID.exec(stdout)?.[0] ?? '';

describe('with the settings of Twilio Verify', () => {
  it('start has Twilio send the code, and prints none of it', async () => {
    const { double, place } = await openWorld();
    const run = await runCli(['start', PHONE], place);
    expect(run).toMatchObject({ exit: 0, stderr: 'Made countersign.db, a new database.\n' });
    expect(double.messages).toMatchObject([{ to: PHONE, channel: 'sms' }]);
    expect(run.stdout).toMatch(/^Pending: a code of 6 digits, by sms, for \+1\*{8}43\.\n/);
    expect(run.stdout + run.stderr).not.toContain(double.codeFor(PHONE));
    expect(run.stdout).not.toMatch(/code is|nothing was sent/);
  });

  it('check has Twilio judge it, wrong and right, once', async () => {
    const { double, place } = await openWorld();
    const id = idOf(await runCli(['start', PHONE], place));
    const code = double.codeFor(PHONE);
    const wrong = await runCli(['check', id, toWrongCode(code), '--json'], place);
    expect([wrong.exit, parseJson(wrong)]).toEqual([1, { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 }]);
    const right = await runCli(['check', id, code, '--json'], place);
    expect([right.exit, parseJson(right)]).toMatchObject([0, { status: 'approved' }]);
    expect((await double.verification(double.messages[0]?.sid ?? ''))?.status).toBe('approved');
    expect((await runCli(['check', id, code], place)).exit).toBe(1);
    expect(wrong.stdout + right.stdout).not.toContain(PHONE);
  });

  it('resend, show and cancel go through Twilio as well', async () => {
    const { double, place } = await openWorld();
    const clock = Date.now();
    const id = idOf(await runCli(['start', PHONE], place));
    const soon = await runCli(['resend', id, '--json'], place);
    expect([soon.exit, parseJson(soon)]).toMatchObject([1, { status: 'refused', reason: 'resend_too_soon' }]);
    const shown = await runCli(['show', id, '--json'], place);
    expect(parseJson(shown)).toMatchObject({ status: 'pending', channel: 'sms', attemptsLeft: 5, deliveries: [{ status: 'sent' }] });
    const canceled = await runCli(['cancel', id, '--json'], place);
    expect([canceled.exit, parseJson(canceled)]).toEqual([0, { status: 'canceled' }]);
    expect((await double.verification(double.messages[0]?.sid ?? ''))?.status).toBe('canceled');
    expect(double.messages[0]?.at).toBeGreaterThanOrEqual(clock);
    for (const { stdout, stderr } of [soon, shown, canceled]) expect(stdout + stderr).not.toContain(double.codeFor(PHONE));
  });

  it('a code is as long as TWILIO_CODE_LENGTH says', async () => {
    const { double, place } = await openWorld({ codeLength: 8 });
    const longer = { ...place, env: { ...place.env, TWILIO_CODE_LENGTH: '8' } };
    const started = await runCli(['start', PHONE], longer);
    expect(started.stdout).toMatch(/^Pending: a code of 8 digits/);
    expect((await runCli(['check', idOf(started), double.codeFor(PHONE)], longer)).exit).toBe(0);
  });

  it('what Twilio refuses is said in one line, without the number, the token or the code', async () => {
    const { double, place } = await openWorld();
    const env = { ...place.env, TWILIO_AUTH_TOKEN: 'f'.repeat(32) };
    const run = await runCli(['start', PHONE], { ...place, env });
    expect(run).toMatchObject({ exit: 3, stdout: '' });
    expect(run.stderr).toMatch(/\nerror: Twilio refuses the credentials: .* \(configuration_invalid\)\n$/);
    double.next('cut_before', { error: 60410 });
    const lost = await runCli(['start', '+12025550144', '--json'], place);
    expect(parseJson(lost)).toMatchObject({ status: 'pending', deliveries: [{ status: 'unknown' }] });
    const denied = await runCli(['start', '+12025550145', '--json'], place);
    expect([denied.exit, parseJson(denied)]).toMatchObject([1, { status: 'refused', reason: 'guard_denied', rule: 'twilio_fraud_guard' }]);
    const said = [run, lost, denied].map(({ stdout, stderr }) => stdout + stderr).join();
    expect(said).not.toMatch(new RegExp(`202555014|${double.authToken}|f{32}|^ +at `, 'm'));
  });

  it('--provider self_issued prints codes of our own, asks Twilio nothing, and cannot judge what Twilio sent', async () => {
    const { double, place } = await openWorld();
    const printed = await runCli(['start', PHONE, '--provider', 'self_issued'], place);
    const { id, code } = parseStarted(printed);
    expect(printed.stdout).toContain(`Next: npx countersign check ${id} <code> --provider self_issued\n`);
    expect(await runCli(['check', id, code, '--provider', 'self_issued'], place)).toMatchObject({ exit: 0 });
    expect(double.requests).toEqual([]);
    const sent = idOf(await runCli(['start', '+12025550144'], place));
    const elsewhere = await runCli(['check', sent, '123456', '--provider', 'self_issued'], place);
    expect(elsewhere).toMatchObject({ exit: 3, stderr: expect.stringMatching(/begun with the provider twilio_verify/) });
  });
});

describe('without the settings of Twilio Verify, or some of them', () => {
  const ACCOUNT = `AC${'0'.repeat(32)}`;
  const NAMES = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_SERVICE_SID'];

  it.each<[string, readonly string[], Readonly<Record<string, string>>, readonly string[]]>([
    ['all three, where it was chosen', ['--provider', 'twilio_verify'], {}, NAMES],
    ['all three, where they are empty', [], Object.fromEntries(NAMES.map((name) => [name, ''])), NAMES],
    ['those that are missing', [], { TWILIO_ACCOUNT_SID: ACCOUNT }, NAMES.slice(1)],
    ['those that are missing, where it was chosen', ['--provider', 'twilio_verify'], { TWILIO_AUTH_TOKEN: 'x' }, [NAMES[0] ?? '', NAMES[2] ?? '']],
  ])('one error names %s, and no file is made', async (_, options, env, missing) => {
    const cwd = createFolder();
    for (const args of [
      ['start', PHONE],
      ['check', `VE${'0'.repeat(32)}`, '123456'],
    ]) {
      const run = await runCli([...args, ...options], { cwd, env: { COUNTERSIGN_SECRET: SECRET, ...env } });
      const message = missing.map((name) => `${name} is missing`).join('; ');
      expect(run).toEqual({ exit: 3, stdout: '', stderr: `error: ${message} (configuration_invalid)\n` });
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('an address of Twilio that is none is named, and no file is made', async () => {
    const { place } = await openWorld();
    const run = await runCli(['start', PHONE], { ...place, env: { ...place.env, TWILIO_BASE_URL: '127.0.0.1' } });
    const stderr = 'error: TWILIO_BASE_URL must be an http or https URL without a path (configuration_invalid)\n';
    expect(run).toEqual({ exit: 3, stdout: '', stderr });
    expect(readdirSync(place.cwd)).toEqual([]);
  });

  it('codes of our own are printed where nothing is set', async () => {
    expect(parseStarted(await runCli(['start', PHONE], { cwd: createFolder() }))).toMatchObject({ id: expect.stringMatching(ID) });
  });

  it('a provider that there is none of is misuse, and the message names those that there are', async () => {
    const run = await runHere(['start', PHONE, '--provider', 'pigeon'], { cwd: createFolder() });
    expect(run).toMatchObject({ exit: 2, stdout: '' });
    expect(run.stderr).toBe('error: --provider must be one of self_issued, twilio_verify; see "npx countersign --help" (invalid_request)\n');
  });

  it('the package twilio is asked for in one line where it is not installed', async () => {
    const { double, place } = await openWorld();
    const run = await runCli(['start', PHONE], { ...place, main: installWithoutTwilio() });
    expect(run).toMatchObject({ exit: 3, stdout: '' });
    expect(run.stderr.split('\n').slice(1)).toEqual([
      'error: the Twilio Verify provider needs the package twilio: install it with "npm install twilio" (configuration_invalid)',
      '',
    ]);
    expect(double.requests).toEqual([]);
  });
});

/** The command line as it is where only what it depends on is installed. */
function installWithoutTwilio(): string {
  const home = join(createFolder(), 'countersign');
  cpSync(join(ROOT, 'dist'), join(home, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'));
  mkdirSync(join(home, 'node_modules', '@photostructure'), { recursive: true });
  for (const name of ['commander', 'libphonenumber-js', 'csv-parse', '@photostructure/sqlite']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name), 'dir');
  }
  return join(home, 'dist', 'cli', 'main.js');
}
