import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TWILIO_OPERATIONS } from '../../src/http/twilio/operations.ts';
import { TO } from '../http/world.ts';
import { readOperations } from '../twilio/contract.ts';
import { createWorld, type FormInput, type RawAnswer, sendBytes, type TwilioWorld, toBasic, toForm } from './world.ts';

const SID = (prefix: string) => `${prefix}${'0'.repeat(32)}`;

describe('a form', () => {
  it('names CodeLength where another one than that of the test code is asked for', async () => {
    const test = { numbers: ['+14155550100'], code: '246810', until: '2026-01-02T00:00:00Z', acknowledged: false };
    const world = await createWorld({}, { test });
    const { status, body } = await world.of('POST', '', { CodeLength: '8' });
    expect([status, body.code, body.message]).toEqual([400, 60200, 'Invalid parameter `CodeLength`']);
  });

  it.each<[string, FormInput, string]>([
    ['a repeated number', { To: [TO, '+14155552672'] }, 'To'],
    ['a repeated number that is the same', { To: [TO, TO] }, 'To'],
    ['a repeated channel', { Channel: ['sms', 'call'] }, 'Channel'],
    ['no number', { To: '' }, 'To'],
    ['a number without its plus', { To: TO.slice(1) }, 'To'],
    ['no channel', { Channel: '' }, 'Channel'],
    ['a channel that nobody knows', { Channel: 'pigeon' }, 'Channel'],
    ['a channel in capitals', { Channel: 'SMS' }, 'Channel'],
    ['the silent channel', { Channel: 'sna' }, 'Channel'],
    ['a choice of channel', { Channel: 'auto' }, 'Channel'],
    ['a channel that does not reach', { Channel: 'email' }, 'Channel'],
    ['tags that are no JSON', { Tags: '{"a":' }, 'Tags'],
    ['tags that say a name twice', { Tags: '{"a":"1","a":"2"}' }, 'Tags'],
    ['rate limits that are no JSON', { RateLimits: '{ip}' }, 'RateLimits'],
    ['rate limits that are a list', { RateLimits: '[]' }, 'RateLimits'],
    ['a rate limit that nobody made', { RateLimits: '{"end_user_ip":"192.0.2.1"}' }, 'RateLimits'],
    ['a configuration that is no JSON', { ChannelConfiguration: 'x' }, 'ChannelConfiguration'],
    ['substitutions that are no JSON', { TemplateCustomSubstitutions: '"x"' }, 'TemplateCustomSubstitutions'],
    ['a friendly name that is too long', { CustomFriendlyName: 'x'.repeat(31) }, 'CustomFriendlyName'],
    ['a risk check that nobody knows', { RiskCheck: 'maybe' }, 'RiskCheck'],
    ['an odd flag', { EnableSnaClientToken: 'yes' }, 'EnableSnaClientToken'],
    ['no address of a device', { DeviceIp: '192.0.2.256' }, 'DeviceIp'],
    ['an app hash', { AppHash: 'He42w354ol9' }, 'AppHash'],
  ])('with %s is a 60200 that names the parameter alone', async (_, form, name) => {
    const world = await createWorld();
    for (const value of Object.values(form).flat()) if (value.length > 3 && !/^(?:sms|call|email|auto)$/.test(value)) world.secrets.add(value);
    const { status, body } = await world.create(form);
    expect([status, body.code]).toEqual([400, 60200]);
    expect(body.message).toMatch(new RegExp(`^Invalid parameter \`${name}\`(?::|$)`));
    expect(world.rest.sender.calls).toBe(0);
  });

  it.each<[string, FormInput, string | undefined]>([
    ['neither of two', { Code: '123456' }, undefined],
    ['no code', { To: TO }, 'Code'],
    ['a short code', { To: TO, Code: '123' }, 'Code'],
    ['a long code', { To: TO, Code: '12345678901' }, 'Code'],
    ['a repeated code', { To: TO, Code: ['123456', '654321'] }, 'Code'],
    ['a repeated verification', { VerificationSid: [SID('VE'), SID('VE')], Code: '123456' }, 'VerificationSid'],
    ['a sid of another kind', { VerificationSid: SID('VA'), Code: '123456' }, 'VerificationSid'],
    ['no number', { To: 'nobody', Code: '123456' }, 'To'],
  ])('of a check with %s is a 400 that names it', async (_, form, name) => {
    const world = await createWorld();
    await world.create();
    const { status, body } = await world.check(form);
    expect([status, body.code]).toEqual([400, name === undefined ? 60221 : 60200]);
    if (name !== undefined) expect(body.message).toMatch(new RegExp(`^Invalid parameter \`${name}\``));
  });

  it.each<[string, FormInput, string]>([
    ['no name', {}, 'FriendlyName'],
    ['a long name', { FriendlyName: 'x'.repeat(33) }, 'FriendlyName'],
    ['a repeated name', { FriendlyName: ['a', 'b'] }, 'FriendlyName'],
    ['a name that hides something', { FriendlyName: 'a\u202eb' }, 'FriendlyName'],
    ...['3', '11', '6.0', '0x6', '-6', '1e1', 'six', ' 6', '99999999999999999999'].map((CodeLength): [string, FormInput, string] => [
      `a code length of ${CodeLength}`,
      { FriendlyName: 'x', CodeLength },
      'CodeLength',
    ]),
    ...['yes', '1', 'truee', 'null'].map((flag): [string, FormInput, string] => [
      `${flag} for a flag`,
      { FriendlyName: 'x', Psd2Enabled: flag },
      'Psd2Enabled',
    ]),
    ['a flag twice', { FriendlyName: 'x', CustomCodeEnabled: ['true', 'true'] }, 'CustomCodeEnabled'],
    ['a look-up', { FriendlyName: 'x', LookupEnabled: 'true' }, 'LookupEnabled'],
    ['no key to be pressed', { FriendlyName: 'x', DtmfInputRequired: 'false' }, 'DtmfInputRequired'],
    ['an issuer', { FriendlyName: 'x', 'Totp.Issuer': 'Shop' }, 'Totp.Issuer'],
    ['a sender', { FriendlyName: 'x', 'Whatsapp.From': 'Shop' }, 'Whatsapp.From'],
  ])('of a service with %s is a 60200 that names it', async (_, form, name) => {
    const world = await createWorld();
    const { status, body } = await world.ask('POST', '/v2/Services', { form });
    expect([status, body.code]).toEqual([400, 60200]);
    expect(body.message).toMatch(new RegExp(`^Invalid parameter \`${name.replaceAll('.', '\\.')}\``));
    if (form.FriendlyName !== undefined) expect((await world.of('POST', '', form)).body.message).toBe(body.message);
  });

  it.each(['true', 'True', 'TRUE', 'tRuE'])('has flags in any case: %s', async (flag) => {
    const world = await createWorld();
    const form = { FriendlyName: 'x', Psd2Enabled: flag, CustomCodeEnabled: flag, LookupEnabled: 'False', DtmfInputRequired: flag };
    expect((await world.ask('POST', '/v2/Services', { form })).body).toMatchObject({ psd2_enabled: true, custom_code_enabled: true });
  });

  it('is asked for no more than it needs: what nobody knows, and what is empty, is passed over', async () => {
    const world = await createWorld();
    const form = {
      Unknown: ['a', 'b'],
      constructor: 'x',
      __proto__x: 'y',
      Locale: '',
      Tags: '',
      CustomCode: '',
      SendDigits: 'wwww4',
      RiskCheck: 'disable',
    };
    expect((await world.create(form)).status).toBe(201);
  });

  it.each([
    ['a page size of nothing', '?PageSize=0', 'PageSize'],
    ['a page size beyond all', '?PageSize=1001', 'PageSize'],
    ['a page before the first', '?Page=-1', 'Page'],
    ['a page twice', '?Page=1&Page=2', 'Page'],
  ])('of a list with %s is a 60200', async (_, query, name) => {
    const world = await createWorld();
    const { status, body } = await world.ask('GET', `/v2/Services${query}`);
    expect([status, body.code]).toEqual([400, 60200]);
    expect(body.message).toContain(`\`${name}\``);
  });

  it('that is no form is refused, and nothing of it is repeated', async () => {
    const world = await createWorld();
    world.secrets.add('%zz');
    const post = (raw: string | Buffer, headers = {}) => world.of('POST', '/Verifications', undefined, { raw, headers });
    expect(await post('To=%zz&Channel=sms')).toMatchObject({ status: 400, body: { code: 60200, message: expect.stringContaining('`To`') } });
    expect(await post('To=%ff&Channel=sms')).toMatchObject({ status: 400, body: { code: 60200 } });
    expect(await post('%zz=1')).toMatchObject({ status: 400, body: { code: 20400 } });
    expect(await post(`%2B14155552671=%zz`)).toMatchObject({ status: 400, body: { code: 20400 } });
    expect(await post(Buffer.from([0x54, 0x6f, 0x3d, 0xff]))).toMatchObject({ status: 400, body: { code: 20400 } });
    expect(await post('x'.repeat(16_385))).toMatchObject({ status: 413, body: { code: 20413 } });
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'garbage', ''])
      expect(await post(toForm({ To: TO, Channel: 'sms' }), { 'content-type': type })).toMatchObject({ status: 415, body: { code: 20415 } });
    expect(await post('')).toMatchObject({ status: 400, body: { code: 60200, message: 'Invalid parameter `To`: is missing' } });
    expect(world.rest.sender.calls).toBe(0);
  });

  it('is not needed where nothing has to be said', async () => {
    const world = await createWorld();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const method of ['POST', 'GET', 'DELETE']) {
      const answer = await world.of(method, '', undefined, { headers });
      expect(answer.status).toBe(method === 'DELETE' ? 204 : 200);
    }
    const other = await world.makeService();
    expect((await world.ask('POST', `/v2/Services/${other}`)).status).toBe(200);
    expect((await world.ask('POST', `/v2/Services/${other}/VerificationCheck`)).body.message).toBe('Invalid parameter `Code`: is missing');
    expect((await world.ask('DELETE', `/v2/Services/${other}`)).status).toBe(204);
  });
});

describe('a path', () => {
  const offered = new Set(TWILIO_OPERATIONS.map(({ id }) => id));
  const others = readOperations().filter(({ operationId }) => !offered.has(operationId));

  it.each(others.map(({ operationId, method, path }) => [operationId, method, path]))(
    'of Twilio’s that is not offered says so: %s',
    async (_, method, path) => {
      const world = await createWorld();
      const url = path.replaceAll(/\{(\w+)\}/g, (__, name: string) =>
        name === 'ServiceSid' ? world.serviceSid : name === 'PhoneNumber' ? TO : 'abc',
      );
      const { status, body } = await world.ask(method, url, { form: { FriendlyName: 'x' } });
      expect([status, body.code]).toEqual([404, 20404]);
      expect(body.message).toBe(`Not offered here: the requested resource ${url.replace(TO, '{Sid}')} was not found`);
    },
  );

  it.each([
    '/v2',
    '/v2/',
    '/v2/Services/',
    '/v2/services',
    '/v2/Accounts',
    '/v2/Services//Verifications',
    `/v2/Services/${SID('VA')}/Verifications/`,
    `/v2/Services/${SID('VA')}/Verifications/a/b`,
    '/v2/Services/%00',
    '/v2/Services/VA1',
    `/v2/Services/${SID('VA')}`,
    `/v2/Services/${SID('va')}`,
  ])('that is nowhere is a 20404 that ends in "was not found": %s', async (path) => {
    const world = await createWorld();
    const { status, body } = await world.ask('GET', path);
    expect([status, body.code]).toEqual([404, 20404]);
    expect(body.message).toMatch(/^The requested resource \/v2.* was not found$/);
  });

  it.each([
    ['PUT', '', 'GET, HEAD, POST, DELETE'],
    ['PATCH', '', 'GET, HEAD, POST, DELETE'],
    ['GET', '/VerificationCheck', 'POST'],
    ['GET', '/Verifications', 'POST'],
    ['DELETE', `/Verifications/${SID('VE')}`, 'GET, HEAD, POST'],
    ['OPTIONS', '/Verifications', 'POST'],
  ])('takes its own verbs alone: %s', async (method, rest, allow) => {
    const world = await createWorld();
    const answer = await world.of(method, rest, undefined, { raw: '{', headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 405, body: { code: 20004, message: 'Method not allowed' } });
    expect(String(answer.headers.allow).split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  it('that is broken is answered in Twilio’s shape, and outside of /v2 in ours', async () => {
    const world = await createWorld();
    expect(await world.ask('GET', '/v2/Services/%zz')).toMatchObject({ status: 400, body: { code: 20400 } });
    expect(await world.ask('GET', `/v2/Services/${'x'.repeat(255)}`)).toMatchObject({ status: 414, body: { code: 20414 } });
    expect((await world.ask('HEAD', `/v2/Services/${'x'.repeat(255)}`)).text).toBe('');
    expect(await world.ask('GET', '/v1/%zz')).toMatchObject({ status: 400, body: { title: expect.any(String) } });
    expect(await world.ask('GET', '/v2x')).toMatchObject({ status: 404, body: { title: expect.any(String) } });
  });
});

describe('a client', () => {
  it('that accepts HTML, names another host and asks for HEAD gets what all get', async () => {
    const world = await createWorld();
    const headers = { accept: 'text/html', host: 'verify.twilio.com', 'x-forwarded-host': 'elsewhere.example' };
    const answer = await world.of('GET', '', undefined, { headers });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body.url).toBe(`${world.url}/v2/Services/${world.serviceSid}`);
    expect(JSON.stringify(answer.body)).not.toMatch(/elsewhere|verify\.twilio/);
    expect(await world.of('HEAD', '', undefined, { headers })).toMatchObject({ status: 200, text: '' });
    const refused = await world.ask('GET', '/v2/Services', { key: null, headers });
    expect(refused).toMatchObject({ status: 401, body: { code: 20003 }, headers: { 'www-authenticate': expect.stringContaining('Basic') } });
  });

  it('is known by AC or SK and the same 32 hex, with an alphanumeric secret, and by nothing else', async () => {
    const world = await createWorld();
    const { key, secret } = world.key;
    expect(`${key.id}${secret.reveal()}${world.parts.accountSid}`).toMatch(/^[A-Za-z0-9]+$/);
    const ask = async (authorization: string) => (await world.of('GET', '', undefined, { key: null, headers: { authorization } })).status;
    const hex = key.id.slice(2);
    expect(await ask(toBasic(`SK${hex}`, secret.reveal()))).toBe(200);
    expect(await ask(toBasic(`AC${hex}`, secret.reveal()))).toBe(200);
    for (const name of [world.parts.accountSid, `VA${hex}`, `ACSK${hex}`, `ac${hex}`, hex])
      expect(await ask(toBasic(name, secret.reveal()))).toBe(401);
    for (const word of ['', secret.reveal().toLowerCase(), 'a-b_c.d:e', `${secret.reveal()} `])
      expect(await ask(toBasic(`AC${hex}`, word))).toBe(401);
    for (const header of ['Basic', 'Basic !!!!', 'Digest x', '']) expect(await ask(header)).toBe(401);
  });

  it('whose bytes are no HTTP is answered in Twilio’s shape where it can be told that it is one of Twilio’s', async () => {
    const world = await createWorld();
    await world.listen();
    const broken = await sendBytes(world.url, 'GET /v2/Services HTTP/9.9\r\n\r\n');
    expect(broken).toMatchObject({ status: 400, body: { code: 20400, status: 400 } });
    const swollen = await sendBytes(world.url, `GET /v2/Services HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`);
    expect(swollen).toMatchObject({ status: 431, body: { code: 20431 } });
    const ours = await sendBytes(world.url, 'GET /v1/services HTTP/9.9\r\n\r\n');
    expect(ours).toMatchObject({ status: 400, body: { title: expect.any(String) } });
  });

  it.each([
    ['no length', []],
    ['a length of nothing', ['content-length: 0']],
  ])('that says it sends JSON and sends nothing sends nothing: %s', async (_, length) => {
    const world = await createWorld();
    await world.listen();
    const send = (method: string, path: string, type: string) =>
      sendBytes(
        world.url,
        [`${method} ${path} HTTP/1.1`, 'host: x', toAuthorization(world), `content-type: ${type}`, ...length, '', ''].join('\r\n'),
      );
    const service = `/v2/Services/${world.serviceSid}`;
    for (const type of ['application/json', 'application/json; charset=utf-8', 'text/plain'])
      expect(await send('POST', service, type)).toMatchObject({ status: 200, body: { sid: world.serviceSid } });
    expect(await send('POST', `${service}/Verifications`, 'application/json')).toMatchObject({ status: 400, body: { code: 60200 } });
    expect(await send('DELETE', service, 'application/json')).toMatchObject({ status: 204, body: undefined });
  });

  /** Sends a head, then, once the server has it, what breaks the request. */
  async function breakOff(world: TwilioWorld, path: string, headers: readonly string[], rest: string | null): Promise<RawAnswer> {
    const type = path.startsWith('/v2') ? 'application/x-www-form-urlencoded' : 'application/json';
    const head = [`POST ${path} HTTP/1.1`, 'host: x', toAuthorization(world), `content-type: ${type}`, ...headers].join('\r\n');
    const arrived = once(world.rest.app.server, 'request');
    return sendBytes(world.url, `${head}\r\n\r\n`, async (socket) => {
      await arrived;
      if (rest === null) socket.end();
      else socket.write(rest);
    });
  }

  const CHUNKED = ['transfer-encoding: chunked'];
  const LENGTH = ['content-length: 10'];

  it.each<[string, number, readonly string[], string | null]>([
    ['a body that stalls', 408, LENGTH, 'To='],
    ['a chunk without a size', 400, CHUNKED, 'zz\r\n'],
    ['a chunk that says too much of itself', 400, CHUNKED, `1;${'x'.repeat(20_000)}\r\n`],
    ['trailers that are too large', 431, CHUNKED, `0\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`],
    ['an end before that of the body', 400, LENGTH, null],
  ])('whose head was understood is answered in the shape of its door: %s', async (_, status, headers, rest) => {
    const world = await createWorld();
    await world.listen();
    // The longer of the two is that of the request.
    if (status === 408) Object.assign(world.rest.app.server, { headersTimeout: 1, requestTimeout: 1 });
    const theirs = await breakOff(world, `/v2/Services/${world.serviceSid}`, headers, rest);
    expect(theirs).toMatchObject({ status, body: { code: 20_000 + status, message: expect.any(String), status } });
    expect(theirs.body).not.toHaveProperty('title');
    const ours = await breakOff(world, '/v1/verifications', headers, rest);
    expect(ours).toMatchObject({ status, body: { code: 'invalid_request', title: expect.any(String) } });
  });

  it('that follows one of Twilio’s on a connection is not taken for one of them', async () => {
    const world = await createWorld();
    await world.listen();
    const { hostname, port } = new URL(world.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(`GET /v2/Services HTTP/1.1\r\nhost: x\r\n${toAuthorization(world)}\r\n\r\n`);
    expect(String((await once(socket, 'data'))[0])).toContain('HTTP/1.1 200');
    socket.write('GET /v1/services HTTP/9.9\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toContain('application/problem+json');
  });
});

function toAuthorization({ key }: TwilioWorld): string {
  return `authorization: ${toBasic(key.key.id, key.secret.reveal())}`;
}
