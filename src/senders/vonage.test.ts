import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, type GatewayDouble, startGatewayDouble } from '../../test/senders/http-gateway-double.ts';
import { CODE, DELIVERY_ID, NUMBER, printed, sms } from '../../test/senders/messages.ts';
import { Secret } from '../core/secret.ts';
import { createVonageSender, type VonageOptions } from './vonage.ts';

const SECRET = 'aVery:SecretSecret';
const ID = 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab';
const { signal } = new AbortController();

let vonage: GatewayDouble;
beforeEach(async () => {
  vonage = await startGatewayDouble();
});
afterEach(() => vonage.close());

function send(more: object = {}, message = sms()) {
  const options = { apiKey: 'abcd1234', apiSecret: SECRET, from: 'Example', baseUrl: vonage.origin, ...more } as VonageOptions;
  return createVonageSender(options).send(message, { signal });
}

/** As Vonage's reference shows an answer: one object for each message that the text takes. */
function statuses(...all: readonly (string | number)[]) {
  const messages = all.map((status) =>
    Number(status) === 0
      ? { to: NUMBER.slice(1), 'message-id': ID, status, 'remaining-balance': '3.14', 'message-price': '0.03', network: '12345' }
      : { status, 'error-text': `${NUMBER} ${SECRET}` },
  );
  return answer(200, { 'message-count': String(all.length), messages });
}

/** For the log. */
const ANSWER = { name: 'HttpAnswer', status: 200 };

describe('Vonage', () => {
  it('is asked as its reference says', async () => {
    vonage.behave = statuses('0');
    expect(await send()).toEqual({ status: 'sent', reference: ID });
    const [{ method, url, headers, body } = { method: '', url: '', headers: {}, body: '' }] = vonage.received;
    expect([method, url]).toEqual(['POST', '/sms/json']);
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`abcd1234:${SECRET}`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      from: 'Example',
      to: NUMBER.slice(1),
      text: sms().text.reveal(),
      type: 'text',
      'client-ref': DELIVERY_ID,
    });
  });

  it.each([
    ['Ihr Code für Beispiel: 1 €', 'text'],
    ['Код 1', 'unicode'],
    ['code 1 ✓', 'unicode'],
  ])('is told how to write %j', async (text, type) => {
    await send({}, sms({ text: new Secret(text) }));
    expect(new URLSearchParams(vonage.received[0]?.body).get('type')).toBe(type);
  });

  it.each<[string, unknown]>([
    ['0', { status: 'sent', reference: ID }],
    ...['3', '6', '7', '12', '22', '29', '33'].map((status): [string, unknown] => [status, { status: 'refused', permanent: true, cause: ANSWER }]),
    ...['1', '2', '8', '9', '10', '11'].map((status): [string, unknown] => [status, { status: 'refused', permanent: false, cause: ANSWER }]),
    ['5', { status: 'unknown' }],
    ['99', { status: 'unknown' }],
  ])('says what became of a message: status %s', async (status, expected) => {
    vonage.behave = statuses(status);
    expect(await send()).toEqual(expected);
  });

  it.each(['4', '14', '32', '15'])('tells an operator what is wrong with the settings: status %s', async (status) => {
    vonage.behave = statuses(status);
    expect(await send()).toMatchObject({ status: 'refused', permanent: false, error: { code: 'configuration_invalid' } });
  });

  it.each<[string, readonly string[], string]>([
    ['accepted', ['0', '0'], 'sent'],
    ['accepted in part', ['0', '1'], 'unknown'],
    ['refused in part', ['7', '0'], 'unknown'],
    ['refused', ['1', '9'], 'refused'],
    ['refused for different reasons', ['7', '1'], 'unknown'],
    ['not told', [], 'unknown'],
  ])('is believed about a long text only where all of it was %s', async (_, all, status) => {
    vonage.behave = statuses(...all);
    expect(await send()).toMatchObject({ status });
  });

  it('is not believed with another HTTP status', async () => {
    for (const status of [401, 429, 500, 302]) {
      vonage.behave = answer(status, { messages: [{ status: '0' }] });
      expect(await send()).toEqual({ status: 'unknown' });
    }
  });

  it.each<[object, string]>([
    [{ apiKey: 'a:b' }, '`apiKey` must be a text without spaces and colons'],
    [{ apiSecret: 'a\r\nb' }, '`apiSecret` must be a text without spaces'],
    [{ from: '' }, '`from` must be a number or a name'],
    [{ from: 'a\nb' }, '`from` must be a number or a name'],
    [{ baseUrl: 'ftp://rest.example.com' }, '`baseUrl` must be an https origin'],
    [{ timeout: 60_000 }, '`timeout` must be'],
    [{ apiKey: '', from: '' }, '`apiKey` must be a text without spaces and colons; `from` must be'],
  ])('refuses %j', async (more, message) => {
    await expect(async () => send(more)).rejects.toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining(message) });
  });

  it('I9 shows neither number, code nor secret', async () => {
    for (const status of ['0', '4', '7', '5']) {
      vonage.behave = statuses(status);
      const text = printed(await send());
      for (const secret of [NUMBER.slice(1), CODE, SECRET]) expect(text).not.toContain(secret);
    }
    expect(printed(createVonageSender({ apiKey: 'abcd1234', apiSecret: SECRET, from: 'a' }))).not.toContain(SECRET);
  });
});
