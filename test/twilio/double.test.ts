import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from './double.ts';
import { connect, outcome, type SdkService } from './sdk.ts';

const [to, another] = ['+14155552671', '+14155552672'];
const TTL = 10 * 60_000;

let clock: FakeClock;
let double: TwilioDouble;
let service: SdkService;

async function open(options: TwilioDoubleOptions = {}): Promise<void> {
  await double?.close();
  clock = createFakeClock();
  double = await createTwilioDouble({ clock, ...options });
  service = connect(double);
}

beforeEach(() => open());
afterEach(() => double.close());

type CreateOptions = Parameters<SdkService['verifications']['create']>[0];

function create(options: Partial<CreateOptions> = {}) {
  return service.verifications.create({ to, channel: 'sms', ...options });
}

function check(code = double.codeFor(to), target: { to?: string; verificationSid?: string } = { to }) {
  return service.verificationChecks.create({ ...target, code });
}

/** A guess of the right length that is wrong. */
function wrongCode(): string {
  return double.codeFor(to).replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`);
}

async function spendGuesses(): Promise<void> {
  for (let guess = 1; guess <= 5; guess++) expect(await check(wrongCode())).toMatchObject({ status: 'pending', valid: false });
}

const limited = (code: number, message: string) => ({ status: 429, code, message });
const sendsSpent = limited(60203, 'Max send attempts reached');
const guessesSpent = limited(60202, 'Max check attempts reached');
const gone = (path: string) => ({
  status: 404,
  code: 20404,
  message: `The requested resource /v2/Services/${double.serviceSid}/${path} was not found`,
});
const checkGone = () => gone('VerificationCheck');
const invalid = (parameter: string, value: string) => ({ status: 400, code: 60200, message: `Invalid parameter \`${parameter}\`: ${value}` });

describe('twilio double: sending', () => {
  it('sends a code and says what it did', async () => {
    const { statusCode, body } = await service.verifications.createWithHttpInfo({ to, channel: 'sms' });
    expect(statusCode).toBe(201);
    const { sid } = body;
    expect(body.toJSON()).toMatchObject({
      sid,
      to,
      channel: 'sms',
      status: 'pending',
      valid: false,
      lookup: { carrier: null },
      amount: null,
      sna: null,
    });
    expect(body).toMatchObject({ accountSid: double.accountSid, serviceSid: double.serviceSid });
    expect(body.dateCreated).toEqual(new Date(Math.floor(clock.now() / 1000) * 1000));
    expect(double.codeFor(to)).toMatch(/^\d{6}$/);
    expect(double.messages).toEqual([{ to, channel: 'sms', code: double.codeFor(to), at: clock.now(), sid, params: { To: to, Channel: 'sms' } }]);
    expect(double.requests).toEqual([{ method: 'POST', path: `/v2/Services/${double.serviceSid}/Verifications`, form: { To: to, Channel: 'sms' } }]);
  });

  it('repeats sid and code while the verification lives, on whatever channel, and does not prolong it', async () => {
    const first = await create();
    const code = double.codeFor(to);
    clock.advance(TTL - 1);
    const second = await create({ channel: 'call' });
    expect(second).toMatchObject({ sid: first.sid, channel: 'call', status: 'pending' });
    expect(second.sendCodeAttempts.map(({ channel }) => channel)).toEqual(['sms', 'call']);
    expect(double.messages.map((message) => message.code)).toEqual([code, code]);
    clock.advance(1);
    expect(double.verification(first.sid)).toMatchObject({ status: 'expired' });
    expect(await outcome(check(code))).toEqual(checkGone());
    expect((await create()).sid).not.toBe(first.sid);
  });

  it('refuses the sixth message of a verification, until it has expired', async () => {
    for (let send = 1; send <= 5; send++) expect((await create()).sendCodeAttempts).toHaveLength(send);
    expect(await outcome(create())).toEqual(sendsSpent);
    expect(double.messages).toHaveLength(5);
    expect(await outcome(create({ to: another }))).toBe('answered');
    clock.advance(TTL);
    expect((await create()).sendCodeAttempts).toHaveLength(1);
  });

  it.each(['approved', 'canceled'] as const)('gives the messages back when the verification is %s', async (status) => {
    for (let send = 1; send <= 5; send++) await create();
    await service.verifications(to).update({ status });
    expect((await create()).sendCodeAttempts).toHaveLength(1);
  });

  it('refuses the second of two creates that meet', async () => {
    let meeting: unknown;
    double.next({
      during: async () => {
        meeting = [await outcome(create()), await outcome(create({ to: another }))];
      },
    });
    expect(await outcome(create())).toBe('answered');
    expect(meeting).toEqual([limited(60212, 'Too many concurrent requests for phone number'), 'answered']);
    expect(double.messages.map((message) => message.to)).toEqual([another, to]);
    expect(await outcome(create())).toBe('answered');
  });

  it('lets creates of one tick meet', async () => {
    for (let round = 0; round < 20; round++) {
      const number = `+141555526${round + 10}`;
      const both = await Promise.all([outcome(create({ to: number })), outcome(create({ to: number }))]);
      expect(both.filter((one) => one === 'answered')).toHaveLength(1);
      expect(double.messages.filter((message) => message.to === number)).toHaveLength(1);
    }
  });

  it.each<[string, Partial<CreateOptions>]>([
    ['a friendly name', { customFriendlyName: 'Shop' }],
    ['a locale', { locale: 'pt-BR' }],
    ['rate limits', { rateLimits: { per_user: 'u1' } }],
    ['tags', { tags: JSON.stringify({ team: 'login' }) }],
    ['an address', { deviceIp: '2001:db8::1' }],
    ['a risk check', { riskCheck: 'disable' }],
    ['an app hash', { appHash: 'He42w354ol9' }],
    ['a template', { templateSid: `HJ${'a'.repeat(32)}`, templateCustomSubstitutions: '{"a":"b"}' }],
    ['an email template', { to: 'anna@example.com', channel: 'email', channelConfiguration: { from_name: 'Shop' } }],
    ['auto', { channel: 'auto' }],
    ['digits to dial', { channel: 'call', sendDigits: 'ww12' }],
    ['WhatsApp', { channel: 'whatsapp' }],
  ])('takes %s', async (_, options) => {
    const { channel } = await create(options);
    expect(channel).toBe(options.channel === 'auto' ? 'sms' : (options.channel ?? 'sms'));
    expect(double.messages).toHaveLength(1);
  });

  it.each<[string, string, Partial<CreateOptions>]>([
    ['To', '123', { to: '123' }],
    ['To', 'anna@example.com', { to: 'anna@example.com' }],
    ['To', to, { channel: 'email' }],
    ['Channel', 'pigeon', { channel: 'pigeon' }],
    ['CustomFriendlyName', 'x'.repeat(31), { customFriendlyName: 'x'.repeat(31) }],
    ['CustomCode', '123', { customCode: '123' }],
    ['Locale', 'english please', { locale: 'english please' }],
    ['RateLimits', '[]', { rateLimits: '[]' }],
    ['Tags', '{"a":1}', { tags: '{"a":1}' }],
    ['Tags', 'none', { tags: 'none' }],
    ['DeviceIp', 'localhost', { deviceIp: 'localhost' }],
    ['RiskCheck', 'maybe', { riskCheck: 'maybe' as 'enable' }],
    ['TemplateSid', 'HJ1', { templateSid: 'HJ1' }],
  ])('refuses a wrong %s, and repeats it: %s', async (parameter, value, options) => {
    expect(await outcome(create(options))).toEqual(invalid(parameter, value));
    expect(double.messages).toEqual([]);
  });

  it('has errors of their own for some of them', async () => {
    expect(await outcome(create({ channel: 'sna' }))).toMatchObject({ status: 400, code: 60223 });
    expect(await outcome(create({ channel: 'call', appHash: 'He42w354ol9' }))).toMatchObject({ status: 400, code: 60602 });
    expect(await outcome(create({ customMessage: 'Hello' }))).toMatchObject({ code: 60243 });
  });

  it('uses a custom code only where the service takes them, and keeps the first', async () => {
    await create({ customCode: 'abcd' });
    expect(double.codeFor(to)).toMatch(/^\d{6}$/);
    await open({ customCodes: true });
    await create({ customCode: 'abcd' });
    await create({ customCode: 'efgh' });
    expect(double.messages.map((message) => message.code)).toEqual(['abcd', 'abcd']);
    expect(await check('abcd')).toMatchObject({ status: 'approved' });
  });

  it.each([4, 10])('makes codes of %i digits', async (codeLength) => {
    await open({ codeLength });
    await create();
    expect(double.codeFor(to)).toHaveLength(codeLength);
    expect(await service.fetch()).toMatchObject({ codeLength, customCodeEnabled: false, dtmfInputRequired: true });
  });

  it.each([3, 11, 4.5])('has no service with codes of %d digits', async (codeLength) => {
    await expect(createTwilioDouble({ codeLength })).rejects.toThrow(TypeError);
  });
});

describe('twilio double: judging', () => {
  it('approves the right code once', async () => {
    const { sid } = await create();
    const { statusCode, body } = await service.verificationChecks.createWithHttpInfo({ to, code: double.codeFor(to) });
    expect(statusCode).toBe(200);
    expect(body).toMatchObject({ sid, to, channel: 'sms', status: 'approved', valid: true, snaAttemptsErrorCodes: null });
    expect(await outcome(check())).toEqual(checkGone());
    expect(await outcome(check(double.codeFor(to), { verificationSid: sid }))).toEqual(checkGone());
    expect(await outcome(service.verifications(sid).fetch())).toEqual(gone(`Verifications/${sid}`));
  });

  it('answers five wrong codes with pending, and the sixth question with 60202, be it right', async () => {
    const { sid } = await create();
    await spendGuesses();
    expect(await outcome(check())).toEqual(guessesSpent);
    expect(await service.verifications(sid).fetch()).toMatchObject({ status: 'max_attempts_reached', valid: false });
    expect(await outcome(check())).toEqual(guessesSpent);
  });

  it('sends the code again after the fifth wrong one, though no guess is left for it', async () => {
    const { sid } = await create();
    await spendGuesses();
    expect(await create()).toMatchObject({ sid, status: 'pending' });
    expect(await outcome(check())).toEqual(guessesSpent);
  });

  it('makes a number wait for expiry when its guesses are spent', async () => {
    const { sid } = await create();
    await spendGuesses();
    await outcome(check());
    expect(await outcome(create())).toEqual(sendsSpent);
    expect(await outcome(service.verifications(sid).update({ status: 'canceled' }))).toEqual(gone(`Verifications/${sid}`));
    clock.advance(TTL - 1);
    expect(await outcome(create())).toEqual(sendsSpent);
    clock.advance(1);
    expect(await outcome(check())).toEqual(checkGone());
    expect(await outcome(service.verifications(sid).fetch())).toEqual(gone(`Verifications/${sid}`));
    expect((await create()).sid).not.toBe(sid);
  });

  it('knows a verification by its sid, by its number, and by both if they agree', async () => {
    const { sid } = await create();
    await create({ to: another });
    expect(await outcome(check(double.codeFor(to), { to: another, verificationSid: sid }))).toEqual(checkGone());
    expect(await check(wrongCode(), { verificationSid: sid })).toMatchObject({ sid, status: 'pending' });
    expect(await check(double.codeFor(to), { to, verificationSid: sid })).toMatchObject({ sid, status: 'approved' });
  });

  it('knows nothing of a number that was sent nothing', async () => {
    expect(await outcome(check('123456'))).toEqual(checkGone());
    expect(await outcome(check('123456', { verificationSid: `VE${'0'.repeat(32)}` }))).toEqual(checkGone());
  });

  it('refuses a check without code or without target', async () => {
    await create();
    expect(await outcome(service.verificationChecks.create({ to }))).toEqual({ status: 400, code: 60200, message: 'Invalid parameter: Code' });
    expect(await outcome(check('123'))).toEqual(invalid('Code', '123'));
    expect(await outcome(check('12345678901'))).toEqual(invalid('Code', '12345678901'));
    expect(await outcome(check('123456', {}))).toMatchObject({ status: 400, code: 60221 });
    expect(await outcome(check('123456', { to: '4155552671' }))).toEqual(invalid('To', '4155552671'));
    expect(double.verification(double.messages[0]!.sid)).toMatchObject({ wrong: 0 });
  });

  it('counts a right code for another amount as wrong', async () => {
    await create({ amount: '€39.99', payee: 'Shop' });
    const code = double.codeFor(to);
    expect(await service.verificationChecks.create({ to, code, amount: '€3999.00', payee: 'Shop' })).toMatchObject({ status: 'pending' });
    expect(await service.verificationChecks.create({ to, code, amount: '€39.99', payee: 'Shop' })).toMatchObject({
      status: 'approved',
      payee: 'Shop',
    });
  });
});

describe('twilio double: fetching and ending', () => {
  it('fetches by sid and by number, plus and all', async () => {
    const { sid } = await create();
    expect(await service.verifications(sid).fetch()).toMatchObject({ sid, to, status: 'pending' });
    expect(await service.verifications(to).fetch()).toMatchObject({ sid });
    expect(await service.verifications(encodeURIComponent(to)).fetch()).toMatchObject({ sid });
    expect(double.requests.at(-2)?.path).toBe(`/v2/Services/${double.serviceSid}/Verifications/${to}`);
    expect(await outcome(service.verifications(another).fetch())).toEqual(gone(`Verifications/${another}`));
  });

  it('cancels: it can still be fetched, not checked, and the next has another sid and code', async () => {
    await open({ codeLength: 10 });
    const { sid } = await create();
    const code = double.codeFor(to);
    expect(await service.verifications(sid).update({ status: 'canceled' })).toMatchObject({ sid, status: 'canceled', valid: false });
    expect(await service.verifications(sid).fetch()).toMatchObject({ status: 'canceled' });
    expect(await outcome(check(code))).toEqual(checkGone());
    expect(await outcome(check(code, { verificationSid: sid }))).toEqual(checkGone());
    expect((await create()).sid).not.toBe(sid);
    expect(double.codeFor(to)).not.toBe(code);
  });

  it('approves by hand, by number', async () => {
    const { sid } = await create();
    expect(await service.verifications(to).update({ status: 'approved' })).toMatchObject({ sid, status: 'approved', valid: true });
    expect(await outcome(service.verifications(sid).update({ status: 'canceled' }))).toEqual(gone(`Verifications/${sid}`));
    expect(await outcome(service.verifications(to).update({ status: 'canceled' }))).toEqual(gone(`Verifications/${to}`));
  });

  it('refuses to end what has expired, and any other state', async () => {
    const { sid } = await create();
    expect(await outcome(service.verifications(sid).update({ status: 'pending' as 'canceled' }))).toEqual(invalid('Status', 'pending'));
    clock.advance(TTL);
    expect(await outcome(service.verifications(sid).update({ status: 'canceled' }))).toEqual(gone(`Verifications/${sid}`));
  });
});
