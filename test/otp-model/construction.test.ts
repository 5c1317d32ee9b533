import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { Forbidden, InternalServerError, type OtpCounter, OtpModel, type OtpModelOptions, TooManyRequests } from '../../src/otp-model.ts';
import type { TwilioClient } from '../../src/providers/twilio-verify.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { errorOf } from '../builders.ts';
import { openSeed, PHONE, SECRET, thrownBy, WAITS } from './seed.ts';

const SERVICE = `VA${'0'.repeat(32)}`;
const [FIRST, SECOND, THIRD, FOURTH] = WAITS.map(String) as [string, string, string, string];
const ENVIRONMENT = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'f'.repeat(32),
  TWILIO_SERVICE_SID: SERVICE,
  FIRST_RESEND_DURATION: FIRST,
  SECOND_RESEND_DURATION: SECOND,
  THIRD_RESEND_DURATION: THIRD,
  FOURTH_RESEND_DURATION: FOURTH,
  COUNTERSIGN_SECRET: SECRET,
};

afterEach(() => vi.unstubAllEnvs());

function stubEnvironment(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries({ TWILIO_BASE_URL: undefined, TWILIO_CODE_LENGTH: undefined, ...environment })) vi.stubEnv(name, value);
}

describe('a new OtpModel', () => {
  it('takes its settings from the environment, and sends by them', async () => {
    const { double, store, code } = await openSeed();
    const { accountSid, authToken, serviceSid, baseUrl } = double;
    const twilio = { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_SERVICE_SID: serviceSid, TWILIO_BASE_URL: baseUrl };
    stubEnvironment({ ...ENVIRONMENT, ...twilio });
    expect(await new OtpModel(PHONE, { store }).verification()).toMatchObject({ status: 'pending' });
    expect(await new OtpModel(PHONE, { store }).verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it('takes an option before its variable, whatever that says', async () => {
    const { create } = await openSeed();
    stubEnvironment(Object.fromEntries(Object.keys(ENVIRONMENT).map((name) => [name, 'rubbish'])));
    expect(await create().verification()).toMatchObject({ status: 'pending' });
  });

  it('names every setting that is missing in one error', () => {
    stubEnvironment(Object.fromEntries(Object.keys(ENVIRONMENT).map((name) => [name, undefined])));
    const { code, message } = errorOf(() => new OtpModel(PHONE));
    expect(code).toBe('configuration_invalid');
    expect(message).toBe(
      Object.keys(ENVIRONMENT)
        .map((name) => `${name} is missing`)
        .join('; '),
    );
  });

  it('names what is malformed in one error, and repeats none of it', () => {
    stubEnvironment({
      ...ENVIRONMENT,
      TWILIO_BASE_URL: 'https://4155552671@example.com',
      FOURTH_RESEND_DURATION: '4155552671',
      TWILIO_AUTH_TOKEN: ' ',
    });
    const { message } = errorOf(() => new OtpModel(PHONE, { store: createMemoryStore(), secret: '4155552671' }));
    expect(message.match(/\w+(?= (must|is shorter))/g)).toEqual(['TWILIO_AUTH_TOKEN', 'TWILIO_BASE_URL', 'FOURTH_RESEND_DURATION', 'secret']);
    expect(message).not.toMatch(/4155552671|example/);
  });

  it.each<[string, unknown]>([
    ['an address', 'ada@example.com'],
    ['empty', ''],
    ['blank', '  '],
    ['without a plus', '4155552671'],
    ['a number that nobody has', '+14155550'],
    ['two numbers', '+14155552671,+14155552672'],
    ['missing', undefined],
    ['a number of JavaScript', 14_155_552_671],
    ['huge', '+1'.repeat(50_000)],
  ])('refuses a phone number that is %s, and does not repeat it', async (_, phoneNumber) => {
    const { settings, store } = await openSeed();
    const error = errorOf(() => new OtpModel(phoneNumber as string, { ...settings, store }));
    expect(error).toMatchObject({ code: 'invalid_destination', field: 'phoneNumber' });
    expect(error.message).toMatch(/`phoneNumber`/);
    expect(error.message).not.toMatch(/415555|ada|example|`to`/);
  });

  it.each<[string, object]>([
    ['a store without `update`', { store: {} }],
    ['a store that is null', { store: null }],
    ['a client that is none', { twilioClient: {} }],
  ])('refuses %s', async (_, given) => {
    const { create } = await openSeed();
    expect(errorOf(() => create(given as OtpModelOptions))).toMatchObject({ code: 'configuration_invalid' });
  });

  it('sends through a client that was given, and wants no credentials', async () => {
    const { default: twilio } = await import('twilio');
    const { double, settings, store, code } = await openSeed();
    const client = twilio(double.accountSid, double.authToken, { region: '', edge: '' });
    client.verify.baseUrl = double.baseUrl;
    const { twilioAccountSid: _, twilioAuthToken: __, twilioBaseUrl: ___, ...rest } = settings;
    stubEnvironment({ TWILIO_ACCOUNT_SID: undefined, TWILIO_AUTH_TOKEN: undefined });
    const otp = new OtpModel(PHONE, { ...rest, store, twilioClient: client });
    expect(await otp.verification()).toMatchObject({ status: 'pending', to: PHONE });
    expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it.each([4, 7, 10])('takes codes of %s digits without being told', async (codeLength) => {
    const { create, code } = await openSeed({ codeLength });
    await create().verification();
    expect(await create().verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it('where it is told how long codes are asks about no other, and counts nothing', async () => {
    const { create, code, double } = await openSeed({ codeLength: 4 });
    const otp = create({ twilioCodeLength: 4 });
    await otp.verification();
    for (let guess = 0; guess < 6; guess++) await expect(otp.verificationCheck('123456')).rejects.toMatchObject({ code: 'invalid_code' });
    expect(double.requests).toHaveLength(1);
    expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it('throws configuration_invalid and invalid_destination only, whatever it is given', () => {
    const options = fc.record(
      {
        ...Object.fromEntries(
          ['twilioAccountSid', 'twilioAuthToken', 'twilioBaseUrl', 'twilioCodeLength', 'secret', 'database'].map((name) => [name, fc.anything()]),
        ),
        firstResendDuration: fc.oneof(fc.anything(), fc.constant(1)),
        twilioServiceSid: fc.oneof(fc.anything(), fc.constant(SERVICE)),
        twilioClient: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const given = fc.oneof(fc.anything(), options);
    const phoneNumbers = fc.oneof(fc.anything(), fc.constant(PHONE));
    stubEnvironment(ENVIRONMENT);
    fc.assert(
      fc.property(phoneNumbers, given, fc.anything(), (phoneNumber, rest, store) => {
        const what = { ...(Object(rest) as object), store: store ?? null };
        const error = thrown(() => new OtpModel(phoneNumber as string, what as OtpModelOptions));
        expect(error).toBeInstanceOf(CountersignError);
        expect(['configuration_invalid', 'invalid_destination']).toContain((error as CountersignError).code);
      }),
    );
    expect(thrown(() => new OtpModel('x', null as unknown as OtpModelOptions))).toMatchObject({ code: 'invalid_destination' });
  });
});

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('the five methods', () => {
  const isOne = (error: unknown) => [TooManyRequests, Forbidden, InternalServerError].some((kind) => error instanceof kind);
  const { settings } = { settings: { ...toOptions(), store: createMemoryStore() } };

  it('throw the seed’s three exceptions only, whatever they are given', async () => {
    const client = createClient(() => Promise.reject(new Error('nobody is asked')));
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (one, other) => {
        const otp = new OtpModel(PHONE, { ...settings, twilioClient: client });
        const calls = [
          otp.verificationCheck(one as string),
          otp.checkCount(one as string, other as string),
          otp.addCount(one as OtpCounter),
          otp.addCount({ id: 1, uniqueId: 'a', userId: 'b', count: one, expires: other } as OtpCounter),
          otp.deleteCount(one as number),
        ];
        for (const settled of await Promise.allSettled(calls)) expect(settled.status === 'fulfilled' || isOne(settled.reason)).toBe(true);
      }),
    );
  });

  it('throw the seed’s three exceptions only, whatever Twilio answers or the SDK throws', async () => {
    const verification = fc.record(
      {
        sid: fc.oneof(fc.anything(), fc.constant(`VE${'0'.repeat(32)}`)),
        to: fc.oneof(fc.anything(), fc.constant(PHONE)),
        status: fc.oneof(fc.anything(), fc.constantFrom('pending', 'approved', 'canceled', 'expired')),
        valid: fc.oneof(fc.anything(), fc.boolean()),
        code: fc.oneof(fc.anything(), fc.constantFrom(20404, 60202, 60203, 60212, 20003, 60200)),
        message: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const answers = fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.anything(), verification)), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(answers, async ([first, second]) => {
        const left = [first, second];
        const client = createClient(async () => {
          const [isAnswer, value] = left.shift() ?? [true, {}];
          if (isAnswer) return value;
          throw value;
        });
        const otp = new OtpModel(PHONE, { ...settings, store: createMemoryStore(), twilioClient: client });
        for (const call of [() => otp.verification(), () => otp.verificationCheck('123456')]) {
          const [settled] = await Promise.allSettled([call()]);
          if (settled.status === 'rejected') expect(isOne(settled.reason)).toBe(true);
          else expect(settled.value).toMatchObject({ status: expect.stringMatching(/^(pending|approved)$/) });
        }
      }),
    );
  });

  it('throw the seed’s three exceptions only, whatever the store throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (value) => {
        const fail = () => Promise.reject(value);
        const store = { ...createMemoryStore(), update: fail, read: fail };
        const otp = new OtpModel(PHONE, { ...settings, store, twilioClient: createClient(async () => ({})) });
        for (const call of [otp.verification(), otp.verificationCheck('123456'), otp.checkCount('a', 'b'), otp.deleteCount(1)]) {
          expect(isOne(await thrownBy(call))).toBe(true);
        }
      }),
    );
  });
});

function toOptions(): OtpModelOptions {
  const [firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration] = WAITS;
  return { twilioServiceSid: SERVICE, secret: SECRET, firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration };
}

/** A client of another make, as an application may hand one in. */
function createClient(answer: () => Promise<unknown>): TwilioClient {
  const verifications = Object.assign(() => ({ update: answer }), { create: answer });
  return { verify: { v2: { services: () => ({ verifications, verificationChecks: { create: answer } }) } } };
}
