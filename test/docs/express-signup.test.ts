import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../examples/express-signup/express-signup.ts';
import { createMemoryStore } from '../../src/index.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble, type TwilioDouble } from '../twilio/double.ts';

const phoneNumber = '+14155552671';
const ada = { phoneNumber, uniqueId: 'sign-up', userId: 'ada' };

let clock: FakeClock;
let double: TwilioDouble;
let server: Server;
let settings: Record<string, unknown>;

beforeEach(async () => {
  // `Retry-After` is counted from the server's own clock.
  clock = createFakeClock(Date.now());
  double = await createTwilioDouble({ clock });
  const { accountSid: twilioAccountSid, authToken: twilioAuthToken, serviceSid: twilioServiceSid, baseUrl: twilioBaseUrl } = double;
  const durations = { firstResendDuration: 120_000, secondResendDuration: 300_000, thirdResendDuration: 900_000, fourthResendDuration: 86_400_000 };
  const twilio = { twilioAccountSid, twilioAuthToken, twilioServiceSid, twilioBaseUrl };
  settings = { ...twilio, ...durations, secret: 'a secret of at least thirty-two bytes', store: createMemoryStore({ clock }) };
  server = createServer(createApp(settings)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await double.close();
});

describe('a sign-up over HTTP', () => {
  it('sends a code, says when the next may follow, approves it once, and lets the person begin again', async () => {
    const sent = await post('/otp/send', ada);
    expect(sent).toMatchObject({ status: 200, body: { status: 'pending', counterId: expect.any(Number), resendAt: expect.any(String) } });
    expect(new Date(sent.body.resendAt).getTime()).toBe(clock.now() + 120_000);

    const again = await post('/otp/send', ada);
    expect(again).toMatchObject({ status: 429, body: { error: 'resend_too_soon' } });
    expect(again.retryAfter).toBeGreaterThan(60);
    expect(again.retryAfter).toBeLessThanOrEqual(121);
    expect(double.messages).toHaveLength(1);

    const { counterId } = sent.body;
    const code = double.codeFor(phoneNumber);
    expect(await post('/otp/check', { phoneNumber, counterId, code: toOther(code) })).toMatchObject({ status: 403, body: { error: 'wrong_code' } });
    expect(await post('/otp/check', { phoneNumber, counterId, code })).toMatchObject({ status: 200, body: { status: 'approved' } });
    expect(await post('/otp/check', { phoneNumber, counterId, code })).toMatchObject({ status: 403, body: { error: 'already_approved' } });

    clock.advance(30_000);
    expect(await post('/otp/send', ada)).toMatchObject({ status: 200 });
  });

  it('counts a message that may have left, and takes its code', async () => {
    double.next('cut_after');
    expect(await post('/otp/send', ada)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(await post('/otp/send', ada)).toMatchObject({ status: 429, body: { error: 'resend_too_soon' } });
    expect(await post('/otp/check', { phoneNumber, code: double.codeFor(phoneNumber) })).toMatchObject({ status: 200 });
    expect(double.messages).toHaveLength(1);
  });

  it('lets one of two at once through', async () => {
    const statuses = (await Promise.all([post('/otp/send', ada), post('/otp/send', ada)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 429]);
    expect(double.messages).toHaveLength(1);
  });

  it('approves although the counter is gone', async () => {
    await post('/otp/send', ada);
    expect(await post('/otp/check', { phoneNumber, code: double.codeFor(phoneNumber) })).toMatchObject({ status: 200 });
  });

  it('answers what it is not given as what it is, and tells nobody why it failed', async () => {
    expect(await post('/otp/send', { ...ada, phoneNumber: '123' })).toMatchObject({ status: 400, body: { error: 'invalid_destination' } });
    expect(await post('/otp/send', {})).toMatchObject({ status: 400 });
    expect(await post('/otp/send', { phoneNumber })).toMatchObject({ status: 403, body: { error: 'invalid_request' } });
    expect(await post('/otp/check', { phoneNumber })).toMatchObject({ status: 403 });
    double.next({ error: 20003 });
    const failed = await post('/otp/send', ada);
    expect(failed).toEqual({ status: 500, body: { error: 'configuration_invalid' }, retryAfter: Number.NaN });
  });

  it.each([
    ['a body that is no JSON', '{"phoneNumber": "+14155552671"', {}, 400],
    ['a body that is too large', JSON.stringify({ phoneNumber: '+14155552671', more: 'x'.repeat(200_000) }), {}, 413],
    ['an encoding that nobody knows', '{"phoneNumber": "+14155552671"}', { 'content-encoding': 'x-41555' }, 415],
  ])('answers %s with a word of its own, and prints nothing', async (_name, body, headers, status) => {
    const printed = (['error', 'log', 'warn'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
    expect(await answerOf('/otp/send', body, headers)).toEqual({
      status,
      type: 'application/json; charset=utf-8',
      text: '{"error":"invalid_request"}',
    });
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  it('answers a setting that is wrong with one word, and prints nothing', async () => {
    const printed = (['error', 'log', 'warn'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
    settings.twilioServiceSid = 'VA41555526';
    expect(await answerOf('/otp/send', JSON.stringify(ada))).toEqual({
      status: 500,
      type: 'application/json; charset=utf-8',
      text: '{"error":"internal"}',
    });
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
});

async function answerOf(
  path: string,
  body: string,
  more: Record<string, string> = {},
): Promise<{ status: number; type: string | null; text: string }> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', ...more };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

async function post(path: string, body: object): Promise<{ status: number; retryAfter: number; body: Record<string, any> }> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { status: response.status, retryAfter, body: (await response.json()) as Record<string, any> };
}

/** Surely not that code. */
function toOther(code: string): string {
  return code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);
}
