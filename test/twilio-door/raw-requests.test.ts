import { describe, expect, it } from 'vitest';
import { TO, wrongCode } from '../http/world.ts';
import { createWorld, sendBytes, type TwilioWorld, toBasic } from './world.ts';

/** How one client puts a request into bytes. */
interface Client {
  readonly headers: readonly string[];
  /** Headers of a request without a body. */
  readonly bodiless: readonly string[];
  /** As it writes a phone number in a path. */
  inPath(number: string): string;
  /** As it writes a form. */
  encode(form: Readonly<Record<string, string>>): string;
}

const FORM = 'Content-Type: application/x-www-form-urlencoded';

/** A space is a plus, as in a form; all else is percent-encoded. */
const asForm = (form: Readonly<Record<string, string>>) => new URLSearchParams(form).toString();

/** As `asForm`, with spaces and tildes as in a URL. */
const asUrl = (form: Readonly<Record<string, string>>) =>
  Object.entries(form)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');

const CLIENTS: Readonly<Record<string, Client>> = {
  python: {
    headers: [
      'Host: verify.twilio.com',
      'User-Agent: twilio-python/9.11.0 (Linux x86_64) Python/3.13.5',
      'Accept-Encoding: gzip, deflate',
      'Accept: application/json',
      'Connection: keep-alive',
      'X-Twilio-Client: python-9.11.0',
      'Accept-Charset: utf-8',
    ],
    bodiless: [FORM, 'Content-Length: 0'],
    inPath: (number) => number,
    encode: asForm,
  },
  go: {
    headers: ['Host: verify.twilio.com', 'User-Agent: twilio-go/1.30.9 (linux amd64) go/go1.24.4', 'Accept-Encoding: gzip'],
    bodiless: [FORM],
    inPath: (number) => number,
    encode: asForm,
  },
  php: {
    headers: [
      'Host: verify.twilio.com',
      'User-Agent: twilio-php/8.12.0 (Linux x86_64) PHP/8.4.11',
      'Accept-Charset: utf-8',
      'Accept: application/json',
    ],
    bodiless: [FORM],
    inPath: (number) => number.replace('+', '%2B'),
    encode: asUrl,
  },
  ruby: {
    headers: [
      'Host: verify.twilio.com',
      'User-Agent: twilio-ruby/7.11.1 (linux x86_64) Ruby/3.3.8',
      'Accept-Charset: utf-8',
      'Accept: application/json',
      'Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3',
    ],
    bodiless: [FORM],
    inPath: (number) => number,
    encode: asForm,
  },
  curl: {
    headers: ['Host: 127.0.0.1', 'User-Agent: curl/8.14.1', 'Accept: */*'],
    bodiless: [],
    inPath: (number) => number,
    encode: asUrl,
  },
};

async function replay(client: Client, world: TwilioWorld, [method, path, form]: readonly [string, string, Readonly<Record<string, string>>?]) {
  const body = form === undefined ? '' : client.encode(form);
  const about = form === undefined ? client.bodiless : [FORM, `Content-Length: ${Buffer.byteLength(body)}`];
  const credentials = `Authorization: ${toBasic(world.key.key.id.replace('SK', 'AC'), world.key.secret.reveal())}`;
  const head = [`${method} ${path} HTTP/1.1`, ...client.headers, credentials, ...about].join('\r\n');
  return sendBytes(world.url, `${head}\r\n\r\n${body}`);
}

describe('the bytes of a client', () => {
  it.each(Object.entries(CLIENTS))('are understood: %s', async (_, client) => {
    const world = await createWorld();
    await world.listen();
    const service = `/v2/Services/${world.serviceSid}`;
    const send = (...request: readonly [string, string, Readonly<Record<string, string>>?]) => replay(client, world, request);

    const created = await send('POST', `${service}/Verifications`, { To: TO, Channel: 'sms', Tags: '{ "shop": "a b", "till" : "é" }' });
    expect(created).toMatchObject({ status: 201, body: { to: TO, status: 'pending' } });
    const byNumber = `${service}/Verifications/${client.inPath(TO)}`;
    expect(await send('GET', byNumber)).toMatchObject({ status: 200, body: created.body });
    expect(await send('POST', `${service}/VerificationCheck`, { To: TO, Code: wrongCode(world.code()) })).toMatchObject({
      status: 200,
      body: { status: 'pending', valid: false },
    });
    expect(await send('POST', `${service}/VerificationCheck`, { VerificationSid: created.body.sid, Code: world.code() })).toMatchObject({
      status: 200,
      body: { status: 'approved', valid: true },
    });
    expect(await send('GET', byNumber)).toMatchObject({ status: 404, body: { code: 20404, status: 404 } });
    world.pass(60_000);
    expect((await send('POST', `${service}/Verifications`, { To: TO, Channel: 'sms' })).status).toBe(201);
    expect(await send('POST', byNumber, { Status: 'canceled' })).toMatchObject({ status: 200, body: { status: 'canceled' } });

    const listed = await send('GET', '/v2/Services?PageSize=1');
    expect(listed).toMatchObject({ status: 200, body: { services: [{ sid: world.serviceSid }], meta: { next_page_url: null, page_size: 1 } } });
    expect((await send('POST', '/v2/Services', { FriendlyName: 'My shop', Psd2Enabled: 'true' })).body).toMatchObject({
      friendly_name: 'My shop',
      psd2_enabled: true,
    });
    const gone = await send('DELETE', service);
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    expect((await send('GET', service)).head).toContain('content-type: application/json');
  });
});
