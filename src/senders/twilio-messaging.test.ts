import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, type GatewayDouble, startGatewayDouble } from '../../test/senders/http-gateway-double.ts';
import { CODE, NUMBER, printed, sms } from '../../test/senders/messages.ts';
import { createTwilioMessagingSender, type TwilioMessagingOptions } from './twilio-messaging.ts';

const ACCOUNT = `AC${'0a'.repeat(16)}`;
const SERVICE = `MG${'1b'.repeat(16)}`;
const SID = `SM${'2c'.repeat(16)}`;
const TOKEN = 'aVerySecretToken';
const { signal } = new AbortController();

let twilio: GatewayDouble;
beforeEach(async () => {
  twilio = await startGatewayDouble();
});
afterEach(() => twilio.close());

function send(more: object = { from: '+14155550100' }) {
  const options = { accountSid: ACCOUNT, authToken: TOKEN, baseUrl: twilio.origin, ...more } as TwilioMessagingOptions;
  return createTwilioMessagingSender(options).send(sms(), { signal });
}

/** As Twilio's reference shows a message that was created, and an error. */
const created = { sid: SID, account_sid: ACCOUNT, to: NUMBER, body: CODE, status: 'queued', error_code: null, error_message: null };
const failure = (status: number, code: number) =>
  answer(status, { code, message: `The 'To' number ${NUMBER} is wrong`, more_info: `https://www.twilio.com/docs/errors/${code}`, status });

/** For the log. */
const ANSWER = { name: 'HttpAnswer', status: expect.any(Number) };

describe('Twilio Messaging', () => {
  it.each([
    [{ from: '+14155550100' }, { From: '+14155550100' }],
    [{ from: 'Example Inc' }, { From: 'Example Inc' }],
    [{ messagingServiceSid: SERVICE }, { MessagingServiceSid: SERVICE }],
  ])('is asked as its reference says: %j', async (origin, field) => {
    twilio.behave = answer(201, created);
    expect(await send(origin)).toEqual({ status: 'sent', reference: SID });
    const [{ method, url, headers, body } = { method: '', url: '', headers: {}, body: '' }] = twilio.received;
    expect([method, url]).toEqual(['POST', `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`]);
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ To: NUMBER, Body: sms().text.reveal(), ...field });
  });

  it.each<[string, number, number, unknown]>([
    ['an invalid number', 400, 21211, { status: 'refused', permanent: true, cause: ANSWER }],
    ['a short code', 400, 21265, { status: 'refused', permanent: true, cause: ANSWER }],
    ['a country that is off', 403, 21408, { status: 'refused', permanent: true, cause: ANSWER }],
    ['somebody who opted out', 400, 21610, { status: 'refused', permanent: true, cause: ANSWER }],
    ['no route', 400, 21612, { status: 'refused', permanent: true, cause: ANSWER }],
    ['no mobile number', 400, 21614, { status: 'refused', permanent: true, cause: ANSWER }],
    ['a landline', 400, 21635, { status: 'refused', permanent: true, cause: ANSWER }],
    ['too many requests', 429, 20429, { status: 'refused', permanent: false, cause: ANSWER }],
    ['a full queue', 429, 21611, { status: 'refused', permanent: false, cause: ANSWER }],
    ['a wrong sender', 400, 21659, { status: 'refused', permanent: false, cause: ANSWER }],
    ['an unknown account', 404, 20404, { status: 'refused', permanent: false, cause: ANSWER }],
    ['a failure', 500, 20500, { status: 'unknown' }],
    ['a failure that names a landline', 503, 21635, { status: 'unknown' }],
  ])('says what became of a message: %s', async (_, status, code, expected) => {
    twilio.behave = failure(status, code);
    expect(await send()).toEqual(expected);
  });

  it('tells an operator that the credentials are wrong', async () => {
    twilio.behave = failure(401, 20003);
    expect(await send()).toMatchObject({ status: 'refused', permanent: false, error: { code: 'configuration_invalid' } });
  });

  it.each([
    [404, '<html>not found</html>'],
    [408, ''],
    [400, '{}'],
    [200, created],
  ])('does not take for Twilio what may be a proxy: %i', async (status, body) => {
    twilio.behave = answer(status, body);
    expect(await send()).toEqual({ status: 'unknown' });
  });

  it.each<[object, string]>([
    [{}, '`from` or `messagingServiceSid` must be given, and not both'],
    [{ from: 'a', messagingServiceSid: SERVICE }, '`from` or `messagingServiceSid` must be given, and not both'],
    [{ messagingServiceSid: 'MG1' }, '`messagingServiceSid` must be MG and 32 hex digits'],
    [{ from: ' a' }, '`from` must be a number'],
    [{ from: 'a\r\nb' }, '`from` must be a number'],
    [{ from: 'a', accountSid: `${ACCOUNT}/../x` }, '`accountSid` must be AC and 32 hex digits'],
    [{ from: 'a', authToken: '' }, '`authToken` must be a text without spaces'],
    [{ from: 'a', baseUrl: 'http://api.example.com' }, '`baseUrl` must be an https origin'],
    [{ from: 'a', baseUrl: 'https://api.example.com/v2' }, '`baseUrl` must be an https origin'],
    [{ from: 'a', timeout: 1.5 }, '`timeout` must be'],
    [
      { from: '', accountSid: 1, authToken: 2 },
      '`accountSid` must be AC and 32 hex digits; `authToken` must be a text without spaces; `from` must be',
    ],
  ])('refuses %j', async (more, message) => {
    await expect(async () => send(more)).rejects.toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining(message) });
  });

  it('I9 shows neither number, code nor token', async () => {
    for (const behave of [failure(401, 20003), failure(400, 21211), answer(201, { ...created, sid: NUMBER })]) {
      twilio.behave = behave;
      const text = printed(await send());
      for (const secret of [NUMBER.slice(1), CODE, TOKEN]) expect(text).not.toContain(secret);
    }
    expect(printed(createTwilioMessagingSender({ accountSid: ACCOUNT, authToken: TOKEN, from: 'a' }))).not.toContain(TOKEN);
  });
});
