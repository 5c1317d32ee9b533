import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, type GatewayDouble, startGatewayDouble } from '../../test/senders/http-gateway-double.ts';
import { ADDRESS, CODE, DELIVERY_ID, email, NUMBER, printed, sms } from '../../test/senders/messages.ts';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { createHttpGatewaySender, type HttpGatewayOptions } from './http-gateway.ts';

const TOKEN = 'tok_{9fK}"7';
const { signal } = new AbortController();
const UNKNOWN = { status: 'unknown' };
/** For the log: names, codes and statuses alone. */
const cause = expect.objectContaining({ name: expect.stringMatching(/^[A-Za-z]+$/) });
const REFUSED = { status: 'refused', permanent: false, cause };
const REFUSED_FOR_GOOD = { status: 'refused', permanent: true, cause };
const NOT_TRIED = { status: 'refused', permanent: true };

let gateway: GatewayDouble;
beforeEach(async () => {
  gateway = await startGatewayDouble();
});
afterEach(async () => {
  vi.useRealTimers();
  await gateway.close();
});

function options(more: Partial<HttpGatewayOptions> = {}): HttpGatewayOptions {
  return {
    name: 'example',
    channels: ['sms'],
    url: `${gateway.origin}/messages`,
    headers: { authorization: 'Bearer {token}', 'idempotency-key': '{deliveryId}' },
    values: { token: TOKEN, from: 'Exämple "A" & B' },
    body: { json: { to: ['{to}'], from: '{from}', content: { text: '{text}', price: 0, flash: false, extra: null } } },
    accepted: { status: '2xx', at: '/status', values: ['queued', 0] },
    refused: [
      { status: [400, '410-415'], at: '/error/code', values: [21, 'landline'], permanent: true },
      { status: 401, permanent: false, problem: 'the gateway refuses the token' },
      { status: 429, permanent: false },
    ],
    reference: '/id',
    ...more,
  };
}

const send = (more?: Partial<HttpGatewayOptions>, message = sms()) => createHttpGatewaySender(options(more)).send(message, { signal });

describe('the request of an HTTP gateway', () => {
  it('fills JSON, and a quote stays a quote', async () => {
    gateway.behave = answer(201, { status: 'queued', id: 'm-1' });
    expect(await send()).toEqual({ status: 'sent', reference: 'm-1' });
    const [{ method, url, headers, body } = { method: '', url: '', headers: {}, body: '' }] = gateway.received;
    expect([method, url]).toEqual(['POST', '/messages']);
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'idempotency-key': DELIVERY_ID,
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'countersign',
    });
    expect(JSON.parse(body)).toEqual({
      to: [NUMBER],
      from: 'Exämple "A" & B',
      content: { text: sms().text.reveal(), price: 0, flash: false, extra: null },
    });
  });

  it('fills a form, and a plus stays a plus', async () => {
    await send({ body: { form: { To: '{to}', Body: '{text}', From: '{from}', Ref: 'a={deliveryId}&b' } } });
    const [{ headers, body } = { headers: {}, body: '' }] = gateway.received;
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(body).toContain('To=%2B14155552671&');
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: NUMBER,
      Body: sms().text.reveal(),
      From: 'Exämple "A" & B',
      Ref: `a=${DELIVERY_ID}&b`,
    });
  });

  it('fills path and query, and a value stays within its place', async () => {
    const { body: _, ...without } = options({ method: 'GET', url: `${gateway.origin}/send/{from}/x?to={to}&text={text}&code={code}&n={toDigits}` });
    await createHttpGatewaySender(without).send(sms(), { signal });
    const url = new URL(gateway.received[0]?.url ?? '', gateway.origin);
    expect(decodeURIComponent(url.pathname)).toBe('/send/Exämple "A" & B/x');
    expect(Object.fromEntries(url.searchParams)).toEqual({ to: NUMBER, text: sms().text.reveal(), code: CODE, n: NUMBER.slice(1) });
    expect(gateway.received[0]).toMatchObject({ method: 'GET', body: '' });
  });

  it('lets a header of yours take the place of its own, whatever its case', async () => {
    await send({ headers: { 'Content-Type': 'application/vnd.example+json', ACCEPT: '*/*' } });
    expect(gateway.received[0]?.headers).toMatchObject({ 'content-type': 'application/vnd.example+json', accept: '*/*' });
  });

  it('gives a sender of emails the subject', async () => {
    await send({ channels: ['email'], body: { json: { to: '{to}', subject: '{subject}', text: '{text}', via: '{channel}' } } }, email());
    expect(JSON.parse(gateway.received[0]?.body ?? '')).toEqual({
      to: ADDRESS,
      subject: 'Your Example code',
      text: email().text.reveal(),
      via: 'email',
    });
  });

  it('arrives as it was meant, whatever the texts hold', async () => {
    gateway.behave = answer(201, { status: 'queued' });
    const text = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(text, text, fc.boolean(), async (words, from, asForm) => {
        const template = { to: '{to}', text: '{text}', from: '{from}' };
        const message = sms({ text: new Secret(words) });
        await send({ values: { from, token: 'a' }, body: asForm ? { form: template } : { json: template } }, message);
        const { body = '' } = gateway.received.at(-1) ?? {};
        const arrived = asForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
        expect(arrived).toEqual({ to: NUMBER, text: words, from });
      }),
      { numRuns: 60 },
    );
  });

  it.each(['a\r\nX-Injected: 1', 'a\nb', 'a\0', 'ü'])('sends nothing where %j would stand in a header', async (value) => {
    expect(await send({ headers: { 'x-from': '{from}' }, values: { token: 'a', from: value } })).toEqual(NOT_TRIED);
    expect(await send({}, sms({ deliveryId: value }))).toEqual(NOT_TRIED);
    expect(gateway.received).toEqual([]);
  });

  it('sends nothing where a text cannot be encoded', async () => {
    expect(await send({ url: `${gateway.origin}/?text={text}` }, sms({ text: new Secret('\ud83d') }))).toEqual(NOT_TRIED);
    expect(gateway.received).toEqual([]);
  });

  it('does not follow later changes of what it was given', async () => {
    const given = options() as any;
    const sender = createHttpGatewaySender(given);
    given.body.json.to = 'elsewhere';
    given.values.token = 'other';
    given.accepted.values.push('rejected');
    given.channels.push('call');
    gateway.behave = answer(200, { status: 'rejected' });
    expect(await sender.send(sms(), { signal })).toEqual(UNKNOWN);
    expect(JSON.parse(gateway.received[0]?.body ?? '').to).toEqual([NUMBER]);
    expect(gateway.received[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(sender.channels).toEqual(['sms']);
  });
});

describe('the answer of an HTTP gateway', () => {
  it.each<[string, number, unknown, unknown]>([
    ['accepted', 200, { status: 'queued', id: 'm-1' }, { status: 'sent', reference: 'm-1' }],
    ['accepted, a number for an id', 202, { status: '0', id: 77 }, { status: 'sent', reference: '77' }],
    ['accepted, no id', 200, { status: 0 }, { status: 'sent' }],
    ['accepted, an id with the number in it', 200, { status: 0, id: `x-${NUMBER.slice(1)}` }, { status: 'sent' }],
    ['accepted, an id with the code in it', 200, { status: 0, id: `x${CODE}` }, { status: 'sent' }],
    ['accepted, an object for an id', 200, { status: 0, id: {} }, { status: 'sent' }],
    ['a good status and a bad word', 200, { status: 'rejected' }, UNKNOWN],
    ['a good word and a bad status', 500, { status: 'queued' }, UNKNOWN],
    ['refused for good', 400, { error: { code: '21' } }, REFUSED_FOR_GOOD],
    ['refused for good, by a range', 415, { error: { code: 'landline' } }, REFUSED_FOR_GOOD],
    ['one past the range', 416, { error: { code: 'landline' } }, UNKNOWN],
    ['a code that nobody listed', 400, { error: { code: 22 } }, UNKNOWN],
    ['refused for now', 429, {}, REFUSED],
    ['failing', 503, {}, UNKNOWN],
    ['HTML', 200, '<html>queued</html>', UNKNOWN],
    ['broken JSON', 200, '{"status":"queued"', UNKNOWN],
    ['nothing', 200, '', UNKNOWN],
    ['null', 200, null, UNKNOWN],
    ['an array', 200, ['queued'], UNKNOWN],
    ['an object for a word', 200, { status: { toString: 'queued' } }, UNKNOWN],
  ])('%s', async (_, status, body, expected) => {
    gateway.behave = answer(status, body);
    expect(await send()).toEqual(expected);
    expect(gateway.received).toHaveLength(1);
  });

  it('tells an operator what a refusal of the settings means', async () => {
    gateway.behave = answer(401, { message: `no such token ${TOKEN}` });
    const result = await send();
    expect(result).toMatchObject({ ...REFUSED, error: { code: 'configuration_invalid', message: 'the gateway refuses the token' } });
  });

  it.each<[string, unknown, unknown]>([
    ['all of them', [{ s: '0' }, { s: 0 }], { status: 'sent', reference: 'a/b' }],
    ['some of them', [{ s: 0 }, { s: 9 }], UNKNOWN],
    ['all of them refused', [{ s: 9 }, { s: 9 }], REFUSED_FOR_GOOD],
    ['none there', [], UNKNOWN],
    ['one without', [{ s: 0 }, {}], UNKNOWN],
    ['no list', { '*': { s: 0 } }, { status: 'sent', reference: 'a/b' }],
  ])('asks every element where a pointer says so: %s', async (_, messages, expected) => {
    gateway.behave = answer(200, { messages, 'x/y~z': 'a/b' });
    const at = '/messages/*/s';
    const accepted = { status: 200, at, values: [0] };
    expect(await send({ accepted, refused: [{ at, values: [9], permanent: true }], reference: '/x~1y~0z' })).toEqual(expected);
  });

  it('does not take what every object has for an answer', async () => {
    gateway.behave = answer(200, {});
    expect(await send({ accepted: { at: '/constructor' }, refused: [], reference: '/__proto__' })).toEqual(UNKNOWN);
  });

  it('follows no redirect', async () => {
    gateway.behave = (response) => response.writeHead(307, { location: `${gateway.origin}/elsewhere` }).end();
    expect(await send()).toEqual(UNKNOWN);
    expect(gateway.received).toHaveLength(1);
  });

  it('reads 64 kB and no more', async () => {
    const pad = (size: number) => JSON.stringify({ status: 'queued', pad: 'x'.repeat(size - 28) });
    gateway.behave = answer(200, pad(64 * 1024));
    expect(await send({ reference: '/status' })).toEqual({ status: 'sent', reference: 'queued' });
    gateway.behave = answer(200, pad(64 * 1024 + 1));
    expect(await send()).toEqual(UNKNOWN);
  });

  it('hangs up on an answer without an end', async () => {
    gateway.behave = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect(await send()).toEqual(UNKNOWN);
    await gateway.closed();
  });

  it('knows an answer by its status alone where that is what counts, whatever becomes of the body', async () => {
    gateway.behave = (response) => {
      response.writeHead(201, { 'content-length': '100' });
      response.write('{"id":', () => response.destroy());
    };
    expect(await send({ accepted: { status: 201 } })).toEqual({ status: 'sent' });
    gateway.behave = (response) => response.writeHead(201).flushHeaders();
    const { reference: _, ...without } = options({ accepted: { status: 201 }, refused: [] });
    expect(await createHttpGatewaySender(without).send(sms(), { signal })).toEqual({ status: 'sent' });
  });
});

describe('a gateway that does not answer', () => {
  it('is refused where nobody listens: nothing has left', async () => {
    const { origin } = gateway;
    await gateway.close();
    expect(await send({ url: `${origin}/messages` })).toEqual(REFUSED);
    expect(await send({ url: 'https://does-not-exist.invalid/' })).toEqual(REFUSED);
  });

  it('is unknown where it hangs up after the request', async () => {
    gateway.behave = (response) => response.destroy();
    expect(await send()).toEqual(UNKNOWN);
  });

  it('is unknown where it hangs up before it has read the request', async () => {
    const rude = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const { port } = rude.address() as { port: number };
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toEqual(UNKNOWN);
    rude.close();
  });

  it('is unknown where it hangs up in the middle of the answer', async () => {
    gateway.behave = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"status":"queued"', () => response.destroy());
    };
    expect(await send()).toEqual(UNKNOWN);
  });

  it('is unknown where what it speaks is not HTTP', async () => {
    gateway.behave = (response) => {
      response.socket?.end('SSH-2.0-example\r\n');
    };
    expect(await send()).toEqual(UNKNOWN);
  });

  it('is unknown when the caller gives up, and is hung up on', async () => {
    gateway.behave = () => {};
    const controller = new AbortController();
    const sending = createHttpGatewaySender(options()).send(sms(), { signal: controller.signal });
    await gateway.next();
    controller.abort();
    expect(await sending).toEqual(UNKNOWN);
    await gateway.closed();
  });

  it.each([
    [undefined, 10_000],
    [3_000, 3_000],
  ])('is unknown when its time is over: %j', async (timeout, milliseconds) => {
    gateway.behave = () => {};
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const settled = vi.fn();
    const sending = send(timeout === undefined ? {} : { timeout }).finally(settled);
    await gateway.next();
    vi.advanceTimersByTime(milliseconds - 1);
    await new Promise(setImmediate);
    expect(settled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(await sending).toEqual(UNKNOWN);
  });

  it('is not asked at all once the caller has given up', async () => {
    expect(await createHttpGatewaySender(options()).send(sms(), { signal: AbortSignal.abort() })).toEqual(REFUSED);
    expect(gateway.received).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    gateway.behave = answer(201, { status: 'queued' });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = vi.getTimerCount();
    await send();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(before);
  });
});

/** The message of what construction throws. */
function refusal(more: object): string {
  try {
    createHttpGatewaySender({ ...options(), ...more } as HttpGatewayOptions);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    expect(error.code).toBe('configuration_invalid');
    return error.message;
  }
  return '';
}

describe('settings of an HTTP gateway', () => {
  it.each<[string, object, string]>([
    ['no name', { name: '' }, '`name` must be 1 to 40 printable characters without a space'],
    ['a name with a line break', { name: 'a\r\nb' }, '`name` must'],
    ['no channel', { channels: [] }, '`channels` must be a list of sms, call, whatsapp, email'],
    ['another method', { method: 'DELETE' }, '`method` must be POST, PUT or GET'],
    ['a body in a GET', { method: 'GET' }, '`body` has no place in a GET'],
    ['no URL', { url: undefined }, '`url` must be an absolute https URL'],
    ['a relative URL', { url: '/a' }, '`url` must be an absolute https URL'],
    ['http on a network', { url: 'http://gateway.example.com/' }, '`url` must begin with https'],
    ['http that looks like loopback', { url: 'http://127.0.0.1.example.com/' }, '`url` must begin with https'],
    ['a placeholder in the host', { url: 'https://{to}.example.com/' }, '`url` must be an absolute https URL'],
    ['credentials in the URL', { url: 'https://me:secret@example.com/' }, '`url` may hold no user and password'],
    ['a fragment', { url: 'https://example.com/#a' }, '`url` may hold no fragment'],
    ['a line break in the URL', { url: 'https://example.com/\r\n' }, '`url` m'],
    [
      'a placeholder that does not exist',
      { url: 'https://example.com/{nobody}' },
      '`url` has a placeholder that is not one of {to}, {toDigits}, {text}',
    ],
    ['a brace alone', { headers: { a: 'x{' } }, '`headers.a` has a brace'],
    ['an empty placeholder', { headers: { a: '{}' } }, '`headers.a` has a brace'],
    ['the text in a header', { headers: { a: '{text}' } }, '`headers.a` has a placeholder that is not one of {to}, {toDigits}, {channel}'],
    ['the code in a header', { headers: { a: '{code}' } }, '`headers.a` has a placeholder'],
    ['a line break in a header', { headers: { a: 'b\r\nc: d' } }, '`headers.a` must be printable ASCII on one line'],
    ['a line break in a header name', { headers: { 'a\r\nb': 'c' } }, '`headers` must have names that HTTP allows'],
    ['a header twice', { headers: { a: 'b', A: 'c' } }, '`headers.a` is there twice'],
    ['a header of HTTP itself', { headers: { 'Content-Length': '5' } }, '`headers.Content-Length` is written by HTTP itself'],
    ['headers that are none', { headers: ['a'] }, '`headers` must be an object of texts'],
    ['a header that is no text', { headers: { a: 5 } }, '`headers.a` must be a text'],
    ['both bodies', { body: { json: {}, form: {} } }, '`body` must be { json } or { form }'],
    ['a form that is none', { body: { form: 'to={to}' } }, '`body.form` must be an object of texts'],
    ['a number in a form', { body: { form: { to: '{to}', text: '{text}', n: 5 } } }, '`body.form.n` must be a text'],
    ['a function in JSON', { body: { json: { to: '{to}', text: '{text}', f: () => 1 } } }, '`body.json.f` must be JSON'],
    ['a placeholder in a key', { body: { json: { '{to}': '{to}', text: '{text}' } } }, '`body.json` has a placeholder in a key'],
    ['no destination', { body: { json: { text: '{text}' } } }, '`body` names no destination'],
    ['no code', { body: { json: { to: '{to}' } } }, '`body` carries no code'],
    ['the subject of an SMS', { body: { json: ['{to}', '{text}', '{subject}'] } }, '`body.json[2]` has a placeholder'],
    ['digits of an address', { channels: ['email'], body: { json: ['{toDigits}', '{text}'] } }, '`body.json[0]` has a placeholder'],
    ['a constant by a built-in name', { values: { token: 'a', from: 'b', to: 'c' } }, '`values.to` is the name of a built-in placeholder'],
    ['a constant that is no text', { values: { token: 5, from: 'b' } }, '`values.token` must be a text'],
    ['a constant without a usable name', { values: { token: 'a', from: 'b', 'a b': 'c' } }, '`values` must have names of letters and digits'],
    ['constants that are none', { values: 'a' }, '`values` must be an object of texts'],
    ['nothing accepted', { accepted: [] }, '`accepted` must say what an accepted message is answered with'],
    ['accepted is no pattern', { accepted: 200 }, '`accepted[0]` must be an object'],
    ['a pattern of everything', { accepted: {} }, '`accepted[0]` must have `status` or `at`'],
    ['a status that is none', { accepted: { status: 99 } }, '`accepted[0].status` must be a status'],
    ['a range upside down', { accepted: { status: ['299-200'] } }, '`accepted[0].status` must be a status'],
    ['no status in a list', { accepted: { status: [] } }, '`accepted[0].status` must be a status'],
    ['a pointer that is none', { accepted: { at: 'status' } }, '`accepted[0].at` must be a JSON pointer'],
    ['a pointer with a wild tilde', { accepted: { at: '/a~2' } }, '`accepted[0].at` must be a JSON pointer'],
    ['values without a place', { accepted: { status: 200, values: ['a'] } }, '`accepted[0].values` must be a list'],
    ['an object among values', { accepted: { at: '/a', values: [{}] } }, '`accepted[0].values` must be a list'],
    ['a word that is no option of a pattern', { accepted: { status: 200, permanent: true } }, '`accepted[0].permanent` is not an option'],
    ['refused is no list', { refused: { status: 400, permanent: true } }, '`refused` must be a list'],
    ['not said whether for good', { refused: [{ status: 400 }] }, '`refused[0].permanent` must be true or false'],
    ['a problem that is no text', { refused: [{ status: 400, permanent: true, problem: 5 }] }, '`refused[0].problem` must be a text'],
    ['a reference to many', { reference: '/messages/*/id' }, '`reference` must be a JSON pointer to one value'],
    ['no timeout', { timeout: 0 }, '`timeout` must be a whole number of milliseconds, at most 50000'],
    ['a timeout that is too long', { timeout: 50_001 }, '`timeout` must'],
    ['a flag that is none', { allowUnencrypted: 'yes' }, '`allowUnencrypted` must be true or false'],
    ['a word that is no option', { acepted: { status: 200 } }, '`acepted` is not an option'],
  ])('%s', (_, more, message) => {
    expect(refusal(more)).toContain(message);
  });

  it('that are too deep are refused, and not followed', () => {
    let json: unknown = ['{to}', '{text}'];
    for (let depth = 0; depth < 10_000; depth += 1) json = [json];
    expect(refusal({ body: { json } })).toContain('`body.json` must be at most 20 levels deep');
  });

  it('are named all at once', () => {
    const message = refusal({ name: '', method: 'X', timeout: -1 });
    expect(message).toBe(
      '`name` must be 1 to 40 printable characters without a space; `method` must be POST, PUT or GET; `timeout` must be a whole number of milliseconds, at most 50000',
    );
  });

  it.each(['http://localhost/', 'http://[::1]:8080/', 'http://127.9.9.9/', 'http://app.localhost/', 'https://gateway.example.com'])(
    'take %s',
    (url) => {
      expect(refusal({ url })).toBe('');
    },
  );

  it('take http on a network where that is acknowledged', () => {
    expect(refusal({ url: 'http://gateway.internal.example/', allowUnencrypted: true })).toBe('');
  });
});

describe('I9 an HTTP gateway', () => {
  const SECRETS = [NUMBER.slice(1), CODE, TOKEN, 'pass-9fK'];

  function expectSilence(value: unknown) {
    const text = printed(value);
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  }

  it('shows neither number, code nor token in what it answers', async () => {
    const behaviours = [
      answer(201, { status: 'queued', id: `${NUMBER} ${CODE}` }),
      answer(401, { message: `${TOKEN} ${NUMBER}` }),
      answer(500, `${NUMBER} ${CODE}`),
      answer(302, '', { location: `/${CODE}` }),
      (response: { destroy(): void }) => response.destroy(),
    ];
    for (const behave of behaviours) {
      gateway.behave = behave;
      expectSilence(await send({ url: `${gateway.origin}/{to}?text={text}&key=pass-9fK` }));
    }
    await gateway.close();
    expectSilence(await send());
  });

  it('shows no token where it is printed itself, or refuses its settings', () => {
    expectSilence(createHttpGatewaySender(options({ url: `${gateway.origin}/pass-9fK` })));
    const faults = { url: `ftp://pass-9fK/${TOKEN}`, headers: { a: `pass-9fK{` }, values: { token: TOKEN, to: TOKEN }, body: { json: TOKEN } };
    const attempt = () => createHttpGatewaySender(options(faults as object));
    expect(attempt).toThrow(CountersignError);
    try {
      attempt();
    } catch (error) {
      expectSilence(error);
    }
  });
});
