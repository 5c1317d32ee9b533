import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { ContractViolation } from './contract.ts';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from './double.ts';
import type { TwilioFault } from './double-faults.ts';
import { connect, outcome, type SdkService } from './sdk.ts';

const to = '+14155552671';

let double: TwilioDouble;
let service: SdkService;

async function open(options: TwilioDoubleOptions = {}): Promise<void> {
  await double?.close();
  double = await createTwilioDouble({ clock: createFakeClock(), ...options });
  service = connect(double);
}

beforeEach(() => open());
afterEach(() => double.close());

const create = () => service.verifications.create({ to, channel: 'sms' });
const check = () => service.verificationChecks.create({ to, code: double.codeFor(to) });

/** Whether the code was right and is used up: what a check leaves behind when its answer is lost. */
const isApproved = async () => (await double.verification(double.messages[0]!.sid))?.status === 'approved';

describe('twilio double: who asks', () => {
  it('refuses wrong credentials', async () => {
    service = connect(double, { authToken: 'f'.repeat(32) });
    expect(await outcome(create())).toEqual({ status: 401, code: 20003, message: 'Authenticate' });
    expect(double.messages).toEqual([]);
  });

  it('refuses a suspended account', async () => {
    await open({ account: 'suspended' });
    expect(await outcome(create())).toMatchObject({ status: 403, code: 20403 });
    expect(await outcome(service.fetch())).toMatchObject({ status: 403, code: 20403 });
  });

  it('knows no other service, and none of what is not offered', async () => {
    const other = `VA${'0'.repeat(32)}`;
    const strange = connect(double, { serviceSid: other });
    const message = `The requested resource /v2/Services/${other} was not found`;
    expect(await outcome(strange.fetch())).toEqual({ status: 404, code: 20404, message });
    expect(await outcome(strange.verifications.create({ to, channel: 'sms' }))).toMatchObject({ status: 404, code: 20404 });
    expect(await outcome(service.webhooks.list())).toMatchObject({ status: 404, code: 20404 });
  });

  it('has credentials of its own, of one alphabet', async () => {
    const { accountSid, authToken, serviceSid } = double;
    await open();
    expect(double.accountSid).not.toBe(accountSid);
    expect(double.authToken).not.toBe(authToken);
    expect([accountSid, authToken, serviceSid]).toEqual([
      expect.stringMatching(/^AC[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-zA-Z]{32}$/),
      expect.stringMatching(/^VA[0-9a-f]{32}$/),
    ]);
  });
});

describe('twilio double: what goes wrong', () => {
  it('does so once, in the order of the requests, and is itself again', async () => {
    double.next('pass', { error: 60410 }, { error: 20429 });
    expect(await outcome(create())).toBe('answered');
    expect(await outcome(create())).toMatchObject({ status: 403, code: 60410 });
    expect(await outcome(check())).toEqual({ status: 429, code: 20429, message: 'Too many requests' });
    expect(await isApproved()).toBe(false);
    expect(await outcome(check())).toBe('answered');
    expect(await isApproved()).toBe(true);
  });

  it('names the parameter that is invalid, with what was sent in it', async () => {
    double.next({ error: 60200 }, { error: 60200, parameter: 'Channel' }, { error: 60200, parameter: 'Locale' }, { error: 20500, message: 'Oops' });
    expect(await outcome(create())).toEqual({ status: 400, code: 60200, message: `Invalid parameter \`To\`: ${to}` });
    expect(await outcome(create())).toMatchObject({ message: 'Invalid parameter `Channel`: sms' });
    expect(await outcome(create())).toMatchObject({ message: 'Invalid parameter: Locale' });
    expect(await outcome(create())).toEqual({ status: 500, code: 20500, message: 'Oops' });
  });

  it('has no errors but documented ones', () => {
    expect(() => double.next({ error: 60999 })).toThrow(TypeError);
  });

  const failed = (status: number) => ({ status, code: undefined, message: `[HTTP ${status}] Failed to execute request` });

  it.each<[TwilioFault, unknown]>([
    [{ status: 500 }, { status: 500, code: 20500, message: 'Internal Server Error' }],
    [{ status: 503 }, { status: 503, code: 20503, message: 'Service Unavailable' }],
    [{ status: 502 }, failed(502)],
    [{ status: 503, body: 'no backend' }, failed(503)],
    [{ status: 500, body: '' }, failed(500)],
    ['html', failed(502)],
    ['html_ok', 'unreadable'],
    ['cut_before', 'no_answer'],
  ])('does nothing of what was asked: %o', async (fault, expected) => {
    await create();
    double.next(fault, fault);
    expect(await outcome(create())).toEqual(expected);
    expect(await outcome(check())).toEqual(expected);
    expect(double.messages).toHaveLength(1);
    expect(await isApproved()).toBe(false);
  });

  it.each<[TwilioFault, unknown]>([
    ['empty', 'unreadable'],
    ['malformed', 'unreadable'],
    ['cut_after', 'no_answer'],
    ['cut_mid_body', 'no_answer'],
    ['unknown_status', 'answered'],
    ['pass', 'answered'],
  ])('does what was asked, and then: %s', async (fault, expected) => {
    double.next(fault, fault);
    expect(await outcome(create())).toBe(expected);
    expect(double.messages).toHaveLength(1);
    expect(await outcome(check())).toBe(expected);
    expect(await isApproved()).toBe(true);
  });

  it.each<[TwilioFault, number]>([
    ['hang_before', 0],
    ['hang_after', 1],
  ])('leaves a request without an answer until someone ends it: %s', async (fault, messages) => {
    double.next(fault);
    const pending = outcome(create());
    await double.whenHung();
    expect(double.messages).toHaveLength(messages);
    expect(await outcome(create())).toBe('answered'); // the number is not busy with what hangs
    expect(double.messages).toHaveLength(messages + 1);
    await double.close();
    expect(await pending).toBe('no_answer');
  });

  it.each<[TwilioFault, boolean]>([
    ['hang_before', false],
    ['hang_after', true],
  ])('leaves a guess without an answer, judged or not: %s', async (fault, approved) => {
    await create();
    double.next(fault, fault);
    const pending = Promise.all([outcome(check()), outcome(service.fetch())]);
    await double.whenHung(2);
    expect(await isApproved()).toBe(approved);
    await double.close();
    expect(await pending).toEqual(['no_answer', 'no_answer']);
  });

  it('says a status that nobody documented', async () => {
    double.next('unknown_status', 'unknown_status');
    expect(await create()).toMatchObject({ status: 'under_consideration', valid: false });
    expect(await check()).toMatchObject({ status: 'under_consideration', valid: true });
  });

  it('breaks JSON where the number stands, so that what JSON.parse throws repeats it', async () => {
    double.next('malformed');
    await expect(create()).rejects.toThrow(/^Unexpected token '\+', .*"to":\+14155/);
  });

  it('records whatever arrived, with the form as it came', async () => {
    double.next('cut_before', { error: 20503 });
    await outcome(create());
    await outcome(service.verificationChecks.create({ to, code: '000000' }));
    const path = `/v2/Services/${double.serviceSid}`;
    expect(double.requests).toEqual([
      { method: 'POST', path: `${path}/Verifications`, form: { To: to, Channel: 'sms' } },
      { method: 'POST', path: `${path}/VerificationCheck`, form: { To: to, Code: '000000' } },
    ]);
  });
});

describe('twilio double: the contract', () => {
  it('counts the bodies it held against the document', async () => {
    const { sid } = await create();
    await service.verifications(sid).fetch();
    await service.verificationChecks.create({ to, code: double.codeFor(to).replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`) });
    await service.verifications(to).update({ status: 'canceled' });
    await outcome(check());
    await service.fetch();
    await service.fetch();
    expect(Object.fromEntries(double.validated)).toEqual({
      CreateVerification: 1,
      FetchVerification: 1,
      CreateVerificationCheck: 1,
      UpdateVerification: 1,
      FetchService: 2,
      error: 1,
    });
  });

  it('breaks the connection over a body Twilio would not send, and tells whoever closes it', async () => {
    const broken = await createTwilioDouble();
    broken.next({ alter: (body) => ({ ...body, valid: 'no' }) });
    expect(await outcome(connect(broken).verifications.create({ to, channel: 'sms' }))).toBe('no_answer');
    await expect(broken.close()).rejects.toThrow(new ContractViolation('CreateVerification: body/valid must be boolean,null'));
    await expect(broken.close()).rejects.toThrow(ContractViolation);
  });

  it('sends what an altered body says, if Twilio might', async () => {
    double.next({ alter: (body) => ({ ...body, lookup: null, channel: 'whatsapp' }) });
    expect(await create()).toMatchObject({ channel: 'whatsapp', lookup: null });
    await expect(double.close()).resolves.toBeUndefined();
  });
});
