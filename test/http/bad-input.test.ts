import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { type Ask, basic, makeTenant, RestWorld, TO } from './world.ts';

/** What a client does that it should not: never a 5xx, never a stack trace, never an echo. */
describe('bad input', () => {
  let world: RestWorld;
  let key: NewApiKey;

  beforeEach(async () => {
    world = new RestWorld();
    ({ key } = await makeTenant(world, { customCodes: true }));
  });

  afterEach(async () => {
    expect(world.failures).toEqual([]);
    await world.app.close();
  });

  const post = (ask: Ask) => world.ask('POST', '/v1/verifications', { key, ...ask });

  it('names unknown fields', async () => {
    const answer = await post({ body: { to: TO, requestor: 'r', toString: 1, constructor: {} } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    for (const name of ['requestor', 'toString', 'constructor']) expect(answer.body.detail).toContain(`\`${name}\``);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])('refuses the one unknown field %s, which every object has', async (name) => {
    expect(await post({ body: { to: TO, [name]: 'x' } })).toMatchObject({ status: 400, body: { code: 'invalid_request', field: name } });
  });

  it.each(['code2', 'x1.y2-z3', 'a'.repeat(64), 'to_123'])('names an unknown field with digits: %s', async (name) => {
    expect(await post({ body: { to: TO, [name]: 'x' } })).toMatchObject({ status: 400, body: { field: name } });
  });

  it('does not repeat a name that may be a value', async () => {
    const answer = await post({ body: { to: TO, '+14155550000': 1, 'a\r\nb': 1, a1234567: 1, 'b-1234': 1, [`c${'d'.repeat(64)}`]: 1 } });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/4155550000|\\r|1234|ddd/);
  });

  it.each([
    ['to', 5],
    ['to', null],
    ['to', ['+14155552671']],
    ['to', ''],
    ['channel', 'fax'],
    ['purpose', 'with space'],
    ['requester', null],
    ['requester', ''],
    ['requester', 'x'.repeat(257)],
    ['requester', 'nul\0'],
    ['requester', '\ud800'],
    ['code', 123456],
    ['code', '12'],
    ['nonce', ''],
    ['nonce', 'x'.repeat(129)],
    ['providerOptions', []],
    ['service', 7],
  ])('refuses %s = %j, naming the field', async (field, value) => {
    const answer = await post({ body: { to: TO, [field]: value } });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(field);
    expect(world.sender.calls).toBe(0);
  });

  it.each([
    ['no JSON', '{"to":'],
    ['nothing at all', ''],
    ['only a space', ' '],
    ['a byte order mark', '\ufeff{"to":"+14155552671"}'],
    ['another thing behind it', '{"to":"+14155552671"}{}'],
    ['a name twice', `{"to":"${TO}","to":"+14155552672"}`],
    ['a name twice, once escaped', `{"to":"${TO}","t\\u006f":"+14155552672"}`],
    ['a name twice, deep down', `{"to":"${TO}","providerOptions":{"a":[{"b":1,"b":2}]}}`],
    ['a prototype', `{"to":"${TO}","__proto__":{"admin":true}}`],
    ['a prototype, escaped', `{"to":"${TO}","\\u005f_proto__":{"admin":true}}`],
    ['an abyss', '['.repeat(8_000)],
    ['an abyss with a ground', `{"to":"${TO}","providerOptions":${'{"a":'.repeat(13)}1${'}'.repeat(13)}}`],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['a number beyond all', '{"to":1e999}'],
  ])('refuses a body that is %s', async (_, raw) => {
    const answer = await post({ raw });
    expect(answer).toMatchObject({ status: 400, body: { code: expect.stringMatching(/^invalid_/) } });
  });

  it('refuses bytes that are no UTF-8', async () => {
    const raw = Buffer.concat([Buffer.from('{"to":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(await post({ raw })).toMatchObject({ status: 400, body: { detail: 'the body is not UTF-8' } });
  });

  it('takes 16 kB and not a byte more', async () => {
    const [before, after] = [`{"to":"${TO}","requester":"`, '"}'];
    const bodyOf = (size: number) => before + 'x'.repeat(size - before.length - after.length) + after;
    expect((await post({ raw: bodyOf(16_384) })).status).toBe(400);
    expect(await post({ raw: bodyOf(16_385) })).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', 'garbage', ''])(
    'refuses a body of the type %j with 415',
    async (type) => {
      const answer = await post({ raw: `{"to":"${TO}"}`, headers: { 'content-type': type } });
      expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    },
  );

  it('takes application/json with a charset', async () => {
    expect((await post({ body: { to: TO }, headers: { 'content-type': 'application/json; charset=utf-8' } })).status).toBe(201);
  });

  it('refuses a body where none is taken', async () => {
    const answer = await world.ask('DELETE', '/v1/services/x', { key: await world.makeKey(null), body: { force: true } });
    expect(answer).toMatchObject({ status: 400, body: { field: 'body' } });
  });

  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/verifications/',
    '/v2/verifications',
    '/V1/verifications',
    '/v1//verifications',
    '/v1/./verifications/x/y',
    '/v1/verifications/%2e%2e%2fservices/check/x',
    '/v1/verifications/a/b/check',
    '/v1/sessions/',
    '/v1/sessions/exchange/x',
    '/.env',
    '/.well-known/',
    '/__proto__',
    '/v1/%00',
  ])('answers 404 for %s', async (url) => {
    expect(await world.ask('GET', url, { key })).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it.each(['/%', '/v1/%zz', '/v1/verifications/%c3%28'])('answers 400 for an address that does not decode: %s', async (url) => {
    expect(await world.ask('GET', url, { key })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('answers an id of any length', async () => {
    expect((await world.ask('GET', `/v1/verifications/${'x'.repeat(100)}`, { key })).status).toBe(400);
    expect((await world.ask('GET', `/v1/verifications/${'x'.repeat(255)}`, { key })).status).toBe(414);
    expect(await world.ask('HEAD', `/v1/verifications/${'x'.repeat(255)}`, { key })).toMatchObject({ status: 414, text: '' });
    expect((await world.ask('GET', '/v1/verifications/..%2f..%2fservices', { key })).status).toBe(404);
  });

  it('does not read a body that goes nowhere', async () => {
    for (const [method, status] of [
      ['POST', 404],
      ['PUT', 405],
    ] as const) {
      const url = status === 404 ? '/v1/nothing' : '/v1/verifications';
      expect((await world.ask(method, url, { raw: '{' })).status).toBe(status);
      expect((await world.ask(method, url, { raw: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(status);
      expect((await world.ask(method, url, { raw: 'x'.repeat(20_000) })).status).toBe(status);
    }
  });

  it.each([
    ['PUT', '/v1/verifications', 'POST'],
    ['GET', '/v1/verifications', 'POST'],
    ['DELETE', '/v1/services', 'POST, GET, HEAD'],
    ['POST', '/v1/services/x', 'GET, HEAD, PATCH, DELETE'],
    ['OPTIONS', '/v1/checks', 'POST'],
    ['GET', '/v1/sessions', 'POST'],
    ['GET', '/v1/sessions/exchange', 'POST'],
    ['TRACE', '/livez', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('answers 405 for %s %s', async (method, url, allow) => {
    const answer = await world.ask(method, url);
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(answer.headers.allow).toBe(allow);
  });

  it('answers 401 for every key that is none: one text where none is given, and one where one is that lets nobody in', async () => {
    const { id } = key.key;
    const secret = key.secret.reveal();
    const revoked = await world.makeKey(null);
    await world.tenants.revokeKey(revoked.key.id);
    const service = await world.makeService();
    const orphan = await world.makeKey(service.id);
    await world.tenants.deleteService(service.id);
    const tell = async (header: string | undefined) => {
      const answer = await post({ key: undefined, body: { to: TO }, headers: header === undefined ? {} : { authorization: header } });
      expect(answer.headers['www-authenticate']).toContain('Basic');
      const { instance: _, ...problem } = answer.body;
      return JSON.stringify([answer.status, problem]);
    };
    const none = [
      ...[undefined, '', 'Basic', 'Basic ', 'Basic !!!!', `Basic ${Buffer.from('nocolon').toString('base64')}`, `Bearer ${secret}`],
      ...[`Digest ${id}:${secret}`, `Basic ${'A'.repeat(4_000)}`],
    ];
    const unknown = [
      ...[basic(id, ''), basic(id, 'a'.repeat(32)), basic(id, `${secret}x`), basic(id.toLowerCase(), secret), `Bearer ${id}.`],
      basic('SK00000000000000000000000000000000', secret),
      ...[revoked, orphan].map((other) => basic(other.key.id, other.secret.reveal())),
    ];
    expect(new Set(await Promise.all(none.map(tell)))).toEqual(new Set([expect.stringMatching(/^\[401,.*"detail":"give an API key: /)]));
    const detail = 'this API key is not known here, or its secret is wrong';
    expect(new Set(await Promise.all(unknown.map(tell)))).toEqual(new Set([expect.stringMatching(`^\\[401,.*"detail":"${detail}"`)]));
    expect((await post({ key: undefined, body: { to: TO }, headers: { authorization: `bearer ${id}.${secret}` } })).status).toBe(201);
  });

  it('refuses before it reads a body: without a key nobody is told what is wrong with theirs', async () => {
    expect((await post({ key: undefined, raw: '{' })).status).toBe(401);
    expect((await post({ key: undefined, raw: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(401);
  });

  it.each(['', ' ', 'with space', 'x'.repeat(256), 'ümlaut'])('refuses the idempotency key %j', async (header) => {
    const answer = await post({ body: { to: TO }, headers: { 'idempotency-key': header } });
    expect(answer).toMatchObject({ status: 400, body: { field: 'Idempotency-Key' } });
  });

  it('takes no request id from a client, and none of its headers comes back', async () => {
    const answer = await post({ body: { to: 'x' }, headers: { 'x-request-id': '4155552671', 'x-evil': 'a%0d%0aset-cookie: b' } });
    expect(JSON.stringify([answer.headers, answer.body])).not.toMatch(/4155552671|set-cookie/);
    expect(answer.body.instance).toBe(`urn:uuid:${answer.headers['x-request-id']}`);
  });

  describe('over a socket', () => {
    let port: number;

    beforeEach(async () => {
      await world.app.listen({ port: 0, host: '127.0.0.1' });
      ({ port } = world.app.server.address() as AddressInfo);
    });

    /** All that comes back for some bytes. */
    const exchange = (bytes: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        let text = '';
        socket.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        socket.on('close', () => resolve(text)).on('error', reject);
      });

    it('answers what is no HTTP, and headers that are huge, with a problem', async () => {
      expect(await exchange('NOT HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/);
      expect(await exchange(`GET /livez HTTP/1.1\r\nhost: x\r\nx-a: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 431 [\s\S]*application\/problem/,
      );
      expect(await exchange('GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
      expect(await exchange('FOO /livez HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    });

    it('answers a request without a host with a problem, but for HTTP/1.0', async () => {
      expect(await exchange('GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*`Host` is missing/);
      expect(await exchange('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    });

    it('passes over an expectation that it does not know', async () => {
      expect(await exchange('GET /livez HTTP/1.1\r\nhost: x\r\nexpect: nonsense\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    });

    it.each(['/livez', '/nothing', '/v1/services'])('ends the connection behind its answer where a body never came: %s', async (path) => {
      const text = await exchange(`GET ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n`);
      expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(text).toMatch(/^connection: close\r$/im);
    });

    it('takes a path as it is written', async () => {
      const head = (path: string) =>
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${basic(key.key.id, key.secret.reveal())}\r\n\r\n`;
      for (const path of [
        '/v1/verifications/../services',
        '/v1/./services',
        '//v1/services',
        '/livez/..;/v1/services',
        'http://evil.example/v1/services/',
      ]) {
        expect(await exchange(head(path))).toMatch(/^HTTP\/1\.1 404 /);
      }
    });

    it('ends a body that does not come', async () => {
      expect(world.app.server.requestTimeout).toBe(10_000);
      expect(world.app.server.headersTimeout).toBe(5_000);
      world.app.server.requestTimeout = 100;
      const head = `POST /v1/verifications HTTP/1.1\r\nhost: x\r\nauthorization: ${basic(key.key.id, key.secret.reveal())}\r\n`;
      expect(await exchange(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`)).toMatch(
        /^HTTP\/1\.1 408 [\s\S]*"code":"invalid_request"/,
      );
    });

    it('answers a body that is longer than it said with 413 before all of it is there', async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { authorization: basic(key.key.id, key.secret.reveal()), 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
        const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/v1/verifications', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on('error', reject);
        sent.write('x'.repeat(20_000));
      });
      expect(status).toBe(413);
    });
  });
});
