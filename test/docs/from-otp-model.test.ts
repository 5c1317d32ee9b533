import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { createMemoryStore } from '../../src/index.ts';
import { OtpModel } from '../../src/otp-model.ts';
import { type OtpModelSettings, readOtpModelConfig } from '../../src/service/config.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble, type TwilioDouble } from '../twilio/double.ts';
import { connect } from '../twilio/sdk.ts';
import { readBlocks, readPage, toExample } from './blocks.ts';
import * as world from './world.ts';

const PAGE = readPage('docs/from-otp-model.md');
const to = '+14155552671';

/** Every variable that the class reads, as the page orders them. */
const SETTINGS = [
  ...['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_SERVICE_SID'],
  ...['FIRST_RESEND_DURATION', 'SECOND_RESEND_DURATION', 'THIRD_RESEND_DURATION', 'FOURTH_RESEND_DURATION'],
  ...['COUNTERSIGN_SECRET', 'COUNTERSIGN_DATABASE', 'TWILIO_CODE_LENGTH', 'TWILIO_BASE_URL'],
];

let clock: FakeClock;
let twilio: TwilioDouble;
let store: Store;
let settings: OtpModelSettings;
let otp: OtpModel;

beforeEach(async () => {
  clock = createFakeClock();
  twilio = await createTwilioDouble({ clock });
  store = createMemoryStore({ clock });
  settings = {
    secret: 'a secret of at least thirty-two bytes',
    twilioAccountSid: twilio.accountSid,
    twilioAuthToken: twilio.authToken,
    twilioServiceSid: twilio.serviceSid,
    twilioBaseUrl: twilio.baseUrl,
    firstResendDuration: 120_000,
    secondResendDuration: 300_000,
    thirdResendDuration: 900_000,
    fourthResendDuration: 86_400_000,
  };
  otp = new OtpModel(to, { ...settings, store });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await twilio.close();
});

describe('the page for who runs the Python class', () => {
  it('names every setting by its variable and its option', () => {
    const source = readPage('src/service/config.ts');
    const [, settings = ''] = /interface OtpModelSettings \{(.*?)\n\}/s.exec(source) ?? [];
    const options = [...settings.matchAll(/readonly (\w+)\?:/g)].map(([, name = '']) => name);
    expect(options.length).toBeGreaterThanOrEqual(10);
    const inBetween = /^(second|third)ResendDuration$/;
    const named = options.filter((option) => !inBetween.test(option));
    expect(named.filter((option) => !PAGE.includes(`\`${option}\``))).toEqual([]);
    // Those that stand beside an option: others are for the command line.
    const read = source.matchAll(/(?:pick\('\w+', |\[)'((?:TWILIO|FIRST|FOURTH|COUNTERSIGN)_[A-Z_]+)'/g);
    const variables = new Set([...read].map(([, variable = '']) => variable));
    expect(variables.size).toBeGreaterThanOrEqual(8);
    expect([...variables].filter((variable) => !SETTINGS.includes(variable))).toEqual([]);
    expect([...variables].filter((variable) => !PAGE.includes(`\`${variable}\``))).toEqual([]);
  });

  it('begins with lines that need nothing beside their imports but what the person types', () => {
    const [flow] = readBlocks('docs/from-otp-model.md').filter(({ info }) => info === 'ts run');
    const { source } = toExample(flow!, 'reports/docs-examples/0', Object.keys(world));
    expect(/import \{ (.*) \} from '[./]*test\/docs\/world\.ts';/.exec(source)?.[1]).toBe('askThePerson');
  });

  it('has a file of settings that is whole: each variable, and values that are taken', () => {
    const [file] = readBlocks('docs/from-otp-model.md').filter(({ code }) => code.includes('TWILIO_ACCOUNT_SID='));
    const lines = (file?.code ?? '').split('\n').map((line) => /^(# )?([A-Z_]+)=(\S+)/.exec(line));
    expect(lines.map((line) => line?.[2])).toEqual(SETTINGS);
    const secrets: Record<string, string> = { 'AC…': twilio.accountSid, 'VA…': twilio.serviceSid, '…': 'f'.repeat(48) };
    const needed = lines.flatMap((line) => (line?.[1] === undefined ? [[line![2]!, secrets[line![3]!] ?? line![3]!]] : []));
    const config = readOtpModelConfig({}, { hasStore: false, hasClient: false }, Object.fromEntries(needed));
    expect(config).toMatchObject({ waits: [120_000, 300_000, 900_000, 86_400_000], codeLength: undefined, baseUrl: undefined });
  });

  it("hands each of many callers at once Twilio's object of their own call", async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => `+120255501${String(index).padStart(2, '0')}`);
    const models = numbers.map((number) => new OtpModel(number, { ...settings, store }));
    const sent = await Promise.all(models.map((model) => model.verification()));
    expect(sent.map((one) => [one.to, one.sid, typeof one.fetch])).toEqual(
      numbers.map((number) => [number, twilio.messages.find((message) => message.to === number)?.sid, 'function']),
    );
    const checked = await Promise.all(models.map((model, index) => model.verificationCheck(twilio.codeFor(numbers[index]!))));
    expect(checked.map((one) => one.to)).toEqual(numbers);
  });

  it('names every method, and each column of a counter', async () => {
    const methods = Object.getOwnPropertyNames(OtpModel.prototype).filter((name) => name !== 'constructor');
    const written = methods.filter((name) => typeof Object.getOwnPropertyDescriptor(OtpModel.prototype, name)?.value === 'function');
    expect(written).toHaveLength(5);
    expect(written.filter((name) => !PAGE.includes(`\`${name}(`))).toEqual([]);
    const counter = await otp.checkCount('sign-up', 'user-1');
    expect(Object.keys(counter).filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('is right that a code which Python had sent is asked for again, repeated by Twilio, and good then', async () => {
    await connect(twilio).verifications.create({ to, channel: 'sms' });
    const code = twilio.codeFor(to);
    await expect(otp.verificationCheck(code)).rejects.toMatchObject({ name: 'Forbidden', code: 'not_found' });
    await otp.verification();
    expect(twilio.codeFor(to)).toBe(code);
    expect(await otp.verificationCheck(code)).toMatchObject({ status: 'approved' });
  });

  it('is right that Python can check a code which was sent from here', async () => {
    await otp.verification();
    const checked = await connect(twilio).verificationChecks.create({ to, code: twilio.codeFor(to) });
    expect(checked).toMatchObject({ status: 'approved', valid: true });
  });

  it('is right that a counter which begins again says 0, and that adding to it makes it 1', async () => {
    for (const wait of [120_000, 300_000, 900_000, 86_400_000]) {
      await otp.addCount(await otp.checkCount('sign-up', 'user-1'));
      clock.advance(wait);
    }
    const counter = await otp.checkCount('sign-up', 'user-1');
    expect(counter.count).toBe(0);
    await otp.addCount(counter);
    clock.advance(120_000);
    expect((await otp.checkCount('sign-up', 'user-1')).count).toBe(1);
  });

  it('is right that budgets hold when the counter is deleted', async () => {
    const counter = await otp.checkCount('sign-up', 'user-1');
    await otp.verification();
    await otp.addCount(counter);
    await otp.deleteCount(counter.id);
    clock.advance(29_999);
    await otp.checkCount('sign-up', 'user-1');
    await expect(otp.verification()).rejects.toMatchObject({ name: 'TooManyRequests', retryAt: new Date(clock.now() + 1) });
    clock.advance(1);
    expect(await otp.verification()).toMatchObject({ status: 'pending' });
  });

  it('is right that a stranger can disable a number: nobody has a budget of their own', async () => {
    expect(PAGE).toMatch(/a stranger[^.]*disable/);
    const answers = new Set<string>();
    for (let hour = 0; hour < 6 * 24 && !answers.has('destination_blocked'); hour++) {
      const stranger = new OtpModel(to, { ...settings, store });
      await stranger.verification().catch(({ code }) => answers.add(code));
      const wrong = twilio.codeFor(to).replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`);
      for (let guess = 0; guess < 5; guess++) await stranger.verificationCheck(wrong).catch(({ code }) => answers.add(code));
      clock.advance(3_600_000);
    }
    expect(answers).toContain('destination_blocked');
    await expect(otp.verification()).rejects.toMatchObject({ name: 'TooManyRequests', code: 'destination_blocked' });
  });

  it('is right that settings which Twilio refuses are Forbidden at a check, where a monitor of InternalServerError is silent', async () => {
    const codes = /Forbidden` with the code\s+`(\w+)`/.exec(PAGE.split('## The switch')[1] ?? '');
    expect(codes?.[1]).toBe('configuration_invalid');
    await otp.verification();
    for (const error of [20003, 20403, 60223]) {
      twilio.next({ error });
      const refused = { name: 'Forbidden', code: 'configuration_invalid' };
      await expect(otp.verificationCheck(twilio.codeFor(to))).rejects.toMatchObject(refused);
    }
    clock.advance(30_000);
    twilio.next({ error: 20003 });
    await expect(otp.verification()).rejects.toMatchObject({ name: 'InternalServerError', code: 'configuration_invalid' });
    twilio.next({ error: 60200, parameter: 'Code' });
    await expect(otp.verificationCheck(twilio.codeFor(to))).rejects.toMatchObject({ name: 'Forbidden', code: 'provider_rejected' });
    expect(await otp.verificationCheck(twilio.codeFor(to))).toMatchObject({ status: 'approved' });
  });

  it('is right that an operator can clear a number on its database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
    const database = join(folder, 'countersign.db');
    const onFile = new OtpModel(to, { ...settings, database });
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((_text, ...rest) => {
      const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
      done?.();
      return true;
    });
    try {
      await onFile.verification();
      await expect(onFile.verification()).rejects.toMatchObject({ name: 'TooManyRequests' });
      vi.stubEnv('COUNTERSIGN_SECRET', settings.secret ?? '');
      expect(await runProgram(['unblock', to, '--db', database])).toBe(0);
      stdout.mockRestore();
      expect(await onFile.verification()).toMatchObject({ status: 'pending' });
      expect(await onFile.verificationCheck(twilio.codeFor(to))).toMatchObject({ status: 'approved' });
    } finally {
      await OtpModel.closeFiles();
      rmSync(folder, { recursive: true });
    }
  });
});
