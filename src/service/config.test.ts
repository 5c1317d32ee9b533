import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { type OtpModelSettings, readConfig, readOtpModelConfig } from './config.ts';

const hex = (prefix: string) => prefix + '0123456789abcdef'.repeat(2);
const SECRET = 'a secret of at least 32 bytes, for tests only';
const TOKEN = 'f0e1d2c3b4a5968778695a4b3c2d1e0f';

const TWILIO = { TWILIO_ACCOUNT_SID: hex('AC'), TWILIO_AUTH_TOKEN: TOKEN, TWILIO_SERVICE_SID: hex('VA') };
const SEED = {
  ...TWILIO,
  FIRST_RESEND_DURATION: '120000',
  SECOND_RESEND_DURATION: '300000',
  THIRD_RESEND_DURATION: '900000',
  FOURTH_RESEND_DURATION: '86400000',
  COUNTERSIGN_SECRET: SECRET,
};
const OPTIONS = {
  twilioAccountSid: hex('AC'),
  twilioAuthToken: TOKEN,
  twilioServiceSid: hex('VA'),
  firstResendDuration: 120_000,
  secondResendDuration: 300_000,
  thirdResendDuration: 900_000,
  fourthResendDuration: 86_400_000,
  secret: SECRET,
};

const ALONE = { hasStore: false, hasClient: false };

/** The error that settings end in. */
function refusal(given: object, environment: Readonly<Record<string, string>> = {}, has = ALONE) {
  return errorOf(() => readOtpModelConfig(given as OtpModelSettings, has, environment));
}

describe('settings of OtpModel', () => {
  it.each([
    ['the environment', {}, SEED],
    ['options', OPTIONS, {}],
  ])('are read from %s', (_, given, environment) => {
    const { secret, authToken, ...config } = readOtpModelConfig(given, ALONE, environment);
    expect(config).toEqual({
      accountSid: hex('AC'),
      serviceSid: hex('VA'),
      baseUrl: undefined,
      codeLength: undefined,
      waits: [120_000, 300_000, 900_000, 86_400_000],
      database: 'countersign.db',
    });
    expect([secret.reveal(), authToken.reveal()]).toEqual([SECRET, TOKEN]);
  });

  it('are taken from an option before a variable, one by one', () => {
    const given = { twilioServiceSid: `VA${'9'.repeat(32)}`, firstResendDuration: 1, twilioCodeLength: 4, database: 'mine.db' };
    const environment = { ...SEED, TWILIO_CODE_LENGTH: '10', TWILIO_BASE_URL: 'http://127.0.0.1:4010', COUNTERSIGN_DATABASE: 'a file of theirs.db' };
    expect(readOtpModelConfig(given, ALONE, environment)).toMatchObject({
      accountSid: hex('AC'),
      serviceSid: `VA${'9'.repeat(32)}`,
      waits: [1, 300_000, 900_000, 86_400_000],
      codeLength: 4,
      baseUrl: 'http://127.0.0.1:4010',
      database: 'mine.db',
    });
    expect(readOtpModelConfig({}, ALONE, environment)).toMatchObject({ codeLength: 10, database: 'a file of theirs.db' });
  });

  it.each([
    ['nothing is set', {}, {}],
    ['all of it is empty', {}, Object.fromEntries(Object.keys(SEED).map((name) => [name, '']))],
  ])('are all named in one message where %s', (_, given, environment) => {
    const { message, code, field } = refusal(given, environment);
    expect(message).toBe(
      Object.keys(SEED)
        .map((name) => `${name} is missing`)
        .join('; '),
    );
    expect({ code, field }).toEqual({ code: 'configuration_invalid', field: 'TWILIO_ACCOUNT_SID' });
  });

  it.each(Object.keys(SEED))('name %s alone where it alone is missing', (name) => {
    const { [name as keyof typeof SEED]: _, ...rest } = SEED;
    expect(refusal({}, rest)).toMatchObject({ message: `${name} is missing`, field: name });
    expect(refusal({}, { ...rest, [name]: '' })).toMatchObject({ message: `${name} is missing`, field: name });
  });

  it.each(Object.keys(OPTIONS))('name the option %s where it is empty or null, and do not look at its variable', (name) => {
    for (const nothing of ['', null]) expect(refusal({ ...OPTIONS, [name]: nothing }, SEED).message).toBe(`${name} is missing`);
  });

  it.each(['120 000', '2m', '1e3', '0x10', '1.5', '-1', '+1', '0', '00', ' 1', '1 ', '1,5', 'NaN', 'Infinity', '٣', '1'.repeat(16), '2592000001'])(
    'refuse the duration %j in a variable',
    (value) => {
      const environment = { ...SEED, FOURTH_RESEND_DURATION: value };
      expect(refusal({}, environment).message).toBe('FOURTH_RESEND_DURATION must be a whole number of milliseconds, from 1 to 30 days');
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2_592_000_001, true, {}, [120_000], 7n])(
    'refuse the duration %s in an option',
    (value) => {
      const { message } = refusal({ ...OPTIONS, fourthResendDuration: value });
      expect(message).toBe('fourthResendDuration must be a whole number of milliseconds, from 1 to 30 days');
    },
  );

  it('refuse a duration that is shorter than the one before it, and take equal ones', () => {
    const shrinking = { ...SEED, SECOND_RESEND_DURATION: '119999', FOURTH_RESEND_DURATION: '899999' };
    expect(refusal({}, shrinking).message).toBe(
      'SECOND_RESEND_DURATION is shorter than the duration before it; FOURTH_RESEND_DURATION is shorter than the duration before it',
    );
    const [shortest, longest] = ['1', String(30 * 86_400_000)];
    const first = { FIRST_RESEND_DURATION: shortest, SECOND_RESEND_DURATION: shortest };
    const last = { THIRD_RESEND_DURATION: longest, FOURTH_RESEND_DURATION: longest };
    expect(readOtpModelConfig({}, ALONE, { ...SEED, ...first, ...last }).waits).toEqual([1, 1, 2_592_000_000, 2_592_000_000]);
  });

  it('name every fault in one message, options and variables, and repeat no value', () => {
    const given = { twilioAccountSid: `SK${'4'.repeat(32)}`, firstResendDuration: -41_555_526, secret: 'too short 4155552671' };
    const environment = {
      TWILIO_AUTH_TOKEN: 'to ken 4155552671',
      TWILIO_SERVICE_SID: 'VA4155552671',
      TWILIO_BASE_URL: 'https://a:4155552671@example.com/v2',
      TWILIO_CODE_LENGTH: '4155552671',
      SECOND_RESEND_DURATION: '41555526.71',
      THIRD_RESEND_DURATION: '',
      COUNTERSIGN_DATABASE: '',
    };
    const { message, field, ...rest } = refusal(given, environment);
    expect(message.split('; ')).toEqual([
      'twilioAccountSid must be AC and 32 hex digits',
      'TWILIO_AUTH_TOKEN must be a text without spaces',
      'TWILIO_SERVICE_SID must be VA and 32 hex digits',
      'TWILIO_BASE_URL must be an http or https URL without a path',
      'TWILIO_CODE_LENGTH must be a whole number from 4 to 10',
      'firstResendDuration must be a whole number of milliseconds, from 1 to 30 days',
      'SECOND_RESEND_DURATION must be a whole number of milliseconds, from 1 to 30 days',
      'THIRD_RESEND_DURATION is missing',
      'FOURTH_RESEND_DURATION is missing',
      'secret is shorter than 32 bytes',
      'COUNTERSIGN_DATABASE is empty: unset it, or name a file',
    ]);
    expect(field).toBe('twilioAccountSid');
    expect(message + inspect(rest)).not.toMatch(/41555526|to ken|example/);
  });

  it.each([
    ['twilioAccountSid', 'AC', 'must be AC and 32 hex digits'],
    ['twilioAccountSid', hex('VA'), 'must be AC and 32 hex digits'],
    ['twilioAccountSid', `${hex('AC')}\n`, 'must be AC and 32 hex digits'],
    ['twilioServiceSid', hex('AC'), 'must be VA and 32 hex digits'],
    ['twilioServiceSid', 7, 'must be VA and 32 hex digits'],
    ['twilioAuthToken', 'a b', 'must be a text without spaces'],
    ['twilioAuthToken', 'a\u00e9', 'must be a text without spaces'],
    ['twilioAuthToken', 7, 'must be a text without spaces'],
    ['twilioBaseUrl', '', 'is empty: unset it, or give a URL'],
    ['twilioBaseUrl', '127.0.0.1:4010', 'must be an http or https URL without a path'],
    ['twilioBaseUrl', 'ftp://example.com', 'must be an http or https URL without a path'],
    ['twilioBaseUrl', null, 'must be an http or https URL without a path'],
    ['twilioCodeLength', '', 'must be a whole number from 4 to 10'],
    ['twilioCodeLength', 3, 'must be a whole number from 4 to 10'],
    ['twilioCodeLength', 11, 'must be a whole number from 4 to 10'],
    ['twilioCodeLength', 4.5, 'must be a whole number from 4 to 10'],
    ['secret', 'x'.repeat(31), 'is shorter than 32 bytes'],
    ['secret', 7, 'must be a text'],
    ['database', 'a\0b', 'must be the path of a file'],
    ['database', 7, 'must be the path of a file'],
  ])('refuse %s where it is %j', (name, value, problem) => {
    expect(refusal({ ...OPTIONS, [name]: value })).toMatchObject({ code: 'configuration_invalid', field: name, message: `${name} ${problem}` });
  });

  it('need no file where a store is given, and no credentials where a client is', () => {
    const { database, ...rest } = { ...OPTIONS, database: '' };
    expect(refusal({ ...rest, database }).field).toBe('database');
    expect(() => readOtpModelConfig({ ...rest, database }, { ...ALONE, hasStore: true }, {})).not.toThrow();
    const { twilioAccountSid: _, twilioAuthToken: __, ...withoutCredentials } = OPTIONS;
    const withClient = { ...ALONE, hasClient: true };
    expect(() => readOtpModelConfig({ ...withoutCredentials, twilioBaseUrl: 'nowhere' }, withClient, {})).not.toThrow();
    expect(refusal({ ...withoutCredentials, twilioServiceSid: undefined }, {}, withClient).message).toBe('TWILIO_SERVICE_SID is missing');
  });

  it('do not print what they keep to themselves', () => {
    const config = readOtpModelConfig({}, ALONE, SEED);
    const printed = JSON.stringify(config) + inspect(config, { depth: null, showHidden: true }) + Object.values(config).map(String).join();
    expect(printed).not.toMatch(new RegExp(`${TOKEN}|${SECRET}`));
  });
});

describe('settings of the command line: Twilio', () => {
  it('are none where none is set, or codes are our own', () => {
    expect(readConfig({}).twilio).toBeUndefined();
    expect(readConfig({ TWILIO_BASE_URL: 'http://127.0.0.1:4010' }).twilio).toBeUndefined();
    expect(readConfig(TWILIO, 'self_issued').twilio).toBeUndefined();
    expect(readConfig({ TWILIO_ACCOUNT_SID: '' }, 'self_issued').twilio).toBeUndefined();
  });

  it.each([undefined, 'twilio_verify' as const])('are taken where they are there, with --provider %s', (provider) => {
    const { twilio } = readConfig({ ...TWILIO, TWILIO_BASE_URL: 'http://127.0.0.1:4010', TWILIO_CODE_LENGTH: '8' }, provider);
    expect(twilio).toMatchObject({ accountSid: hex('AC'), serviceSid: hex('VA'), baseUrl: 'http://127.0.0.1:4010', codeLength: 8 });
    expect(twilio?.authToken.reveal()).toBe(TOKEN);
    expect(JSON.stringify(twilio)).not.toContain(TOKEN);
  });

  it('are all named where Twilio was chosen and none is set', () => {
    const message = 'TWILIO_ACCOUNT_SID is missing; TWILIO_AUTH_TOKEN is missing; TWILIO_SERVICE_SID is missing';
    expect(errorOf(() => readConfig({}, 'twilio_verify'))).toMatchObject({ code: 'configuration_invalid', message });
  });

  it.each([
    [{ TWILIO_ACCOUNT_SID: hex('AC') }, 'TWILIO_AUTH_TOKEN is missing; TWILIO_SERVICE_SID is missing'],
    [{ TWILIO_AUTH_TOKEN: TOKEN, TWILIO_SERVICE_SID: hex('VA') }, 'TWILIO_ACCOUNT_SID is missing'],
    [{ TWILIO_ACCOUNT_SID: '', TWILIO_AUTH_TOKEN: '', TWILIO_SERVICE_SID: '' }, /^TWILIO_ACCOUNT_SID is missing; .*; TWILIO_SERVICE_SID is missing$/],
    [{ ...TWILIO, TWILIO_SERVICE_SID: hex('AC') }, 'TWILIO_SERVICE_SID must be VA and 32 hex digits'],
    [{ ...TWILIO, TWILIO_BASE_URL: 'localhost' }, 'TWILIO_BASE_URL must be an http or https URL without a path'],
    [{ ...TWILIO, TWILIO_BASE_URL: '' }, 'TWILIO_BASE_URL is empty: unset it, or give a URL'],
    [{ ...TWILIO, TWILIO_CODE_LENGTH: 'six' }, 'TWILIO_CODE_LENGTH must be a whole number from 4 to 10'],
  ])('are refused where some are missing or malformed: %j', (environment, message) => {
    expect(() => readConfig(environment)).toThrow(message);
  });
});
