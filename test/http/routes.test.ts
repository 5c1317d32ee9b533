import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type Got, makeTenant, RestWorld, type RestWorldOptions, TO, wrongCode } from './world.ts';

const NOBODY = 'VE00000000000000000000000000000000';

async function open(options: RestWorldOptions = {}, fields = {}) {
  const world = new RestWorld(options);
  return { world, ...(await makeTenant(world, fields)) };
}

type Open = Awaited<ReturnType<typeof open>>;

async function start({ world, key }: Open, body: object = {}): Promise<Got> {
  return world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: 'r', ...body } });
}

async function check({ world, key }: Open, id: string, code: string): Promise<Got> {
  return world.ask('POST', `/v1/verifications/${id}/check`, { key, body: { code, requester: 'r' } });
}

function answering(result: Awaited<ReturnType<Provider['send']>>): Provider {
  return { name: 'scripted', channels: ['sms'], send: async () => result };
}

describe('POST /v1/verifications', () => {
  it('takes a code of the caller’s own where the service does, and nowhere else', async () => {
    const own = { code: '4711' };
    const closed = await open();
    expect(await start(closed, own)).toMatchObject({ status: 403, body: { code: 'forbidden', field: 'code' } });
    expect(closed.world.sender.messages).toEqual([]);
    const begun = await start(closed);
    const resent = await closed.world.ask('POST', `/v1/verifications/${begun.body.id}/resend`, { key: closed.key, body: { requester: 'r', ...own } });
    expect(resent.status).toBe(403);
    const here = await open({}, { customCodes: true });
    const started = await start(here, own);
    expect((await check(here, started.body.id, own.code)).body.status).toBe('approved');
  });

  it('refuses a second start before the first rung has passed, with 429, retryAt and the verification that is alive', async () => {
    const here = await open();
    const first = await start(here);
    const second = await start(here);
    expect(second).toMatchObject({ status: 429, body: { code: 'refused', reason: 'resend_too_soon', retryAt: '2026-01-01T00:02:00.000Z' } });
    expect(second.body.verification.id).toBe(first.body.id);
    expect(second.headers['retry-after']).toBe('120');
    here.world.clock += 120_000;
    expect((await start(here)).status).toBe(201);
  });

  it.each([
    ['a number that is none', { to: '+1415' }, 400, { code: 'invalid_destination', field: 'to' }],
    ['a channel that does not reach it', { channel: 'email' }, 400, { code: 'invalid_request', field: 'channel' }],
    ['a code of letters', { code: 'abcdef' }, 400, { code: 'invalid_code', field: 'code' }],
    ['a purpose that is not the service’s', { purpose: 'other' }, 400, { code: 'invalid_request', field: 'purpose' }],
    ['options that no provider takes', { providerOptions: { locale: 'de' } }, 400, { code: 'invalid_request', field: 'providerOptions' }],
    ['a country that is not allowed', { to: '+4915112345678' }, 403, { code: 'refused', reason: 'guard_denied', rule: 'allowed_countries' }],
    ['a nonce that is cut in half', { nonce: '\ud800' }, 400, { code: 'invalid_request', field: 'nonce' }],
  ])('refuses %s', async (_, body, status, problem) => {
    const here = await open({}, { purposes: ['default'], allowedCountries: ['US'], customCodes: true });
    expect(await start(here, body)).toMatchObject({ status, body: problem });
    expect(here.world.sender.calls).toBe(0);
  });

  it.each([
    ['says no for good', { status: 'refused', permanent: true }, 422, { code: 'provider_rejected' }],
    ['cannot be reached', { status: 'refused', permanent: false }, 503, { code: 'provider_unavailable' }],
    [
      'has a limit of its own',
      { status: 'refused', permanent: false, limit: { reason: 'rate_limited', retryAfter: 60_000 } },
      429,
      { reason: 'rate_limited' },
    ],
    [
      'has a limit that only an operator ends',
      { status: 'refused', permanent: false, limit: { reason: 'guard_denied', retryAfter: undefined } },
      403,
      { reason: 'guard_denied' },
    ],
  ] as const)('tells of a provider that %s', async (_, result, status, problem) => {
    const here = await open({ provider: answering(result) });
    expect(await start(here)).toMatchObject({ status, body: problem });
  });

  it('is 201 where nobody can tell whether the message left', async () => {
    const here = await open({ provider: answering({ status: 'unknown' }) });
    expect(await start(here)).toMatchObject({ status: 201, body: { deliveries: [{ status: 'unknown' }] } });
  });
});

describe('POST /v1/verifications/{id}/check', () => {
  it('approves once, then says that it was', async () => {
    const here = await open();
    const { body } = await start(here);
    expect(await check(here, body.id, here.world.code())).toMatchObject({ status: 200, body: { status: 'approved' } });
    expect(await check(here, body.id, here.world.code())).toMatchObject({ status: 200, body: { status: 'already_approved' } });
  });

  it('gives the same token for the same attempt within a minute', async () => {
    const here = await open();
    const { body } = await start(here, { nonce: 'n' });
    const attempt = { code: here.world.code(), requester: 'r', attemptId: 'press-of-a-button' };
    const url = `/v1/verifications/${body.id}/check`;
    const first = await here.world.ask('POST', url, { key: here.key, body: attempt });
    const again = await here.world.ask('POST', url, { key: here.key, body: attempt });
    expect(again.body).toEqual(first.body);
  });

  it('counts wrong guesses down to the end, and takes no right one after it', async () => {
    const here = await open();
    const { body } = await start(here);
    const answers = [];
    for (let guess = 0; guess < 6; guess += 1) answers.push((await check(here, body.id, wrongCode(here.world.code()))).body);
    expect(answers.map(({ status, attemptsLeft }) => attemptsLeft ?? status)).toEqual([4, 3, 2, 1, 'max_attempts_reached', 'max_attempts_reached']);
    expect((await check(here, body.id, here.world.code())).body).toEqual({ status: 'max_attempts_reached' });
  });

  it('says expired at the end of its life', async () => {
    const here = await open();
    const { body } = await start(here);
    here.world.clock = Date.parse(body.expiresAt);
    expect((await check(here, body.id, here.world.code())).body).toEqual({ status: 'expired' });
  });

  it('answers 429 where the budget of wrong guesses is used up, and 200 where the destination is disabled', async () => {
    const here = await open({}, { budgets: { wrongPerHour: 1 } });
    const { body } = await start(here);
    await check(here, body.id, wrongCode(here.world.code()));
    const refused = await check(here, body.id, here.world.code());
    expect(refused).toMatchObject({ status: 429, body: { code: 'refused', reason: 'budget_exhausted', docs: 'docs/outcomes/budget_exhausted.md' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000);
  });

  it('does not compare a code of another length', async () => {
    const here = await open();
    const { body } = await start(here);
    expect(await check(here, body.id, '1234')).toMatchObject({ status: 400, body: { code: 'invalid_code', field: 'code' } });
    expect((await check(here, body.id, wrongCode(here.world.code()))).body.attemptsLeft).toBe(4);
  });

  it('finds nothing under an id that nobody has, and nothing for another requester or purpose', async () => {
    const here = await open();
    const { body } = await start(here);
    const code = here.world.code();
    const others = [
      here.world.ask('POST', `/v1/verifications/${body.id}/check`, { key: here.key, body: { code } }),
      here.world.ask('POST', `/v1/verifications/${body.id}/check`, { key: here.key, body: { code, requester: 'r', purpose: 'other' } }),
      check(here, NOBODY, code),
      check(here, 'x', code),
    ];
    const texts = (await Promise.all(others)).map(({ status, body: { instance: _, ...problem } }) => JSON.stringify([status, problem]));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('[404,');
  });
});

describe('resend, cancel and show', () => {
  it('resends the same code when the rung has passed, and refuses before', async () => {
    const here = await open();
    const { body } = await start(here);
    const resend = () => here.world.ask('POST', `/v1/verifications/${body.id}/resend`, { key: here.key, body: { requester: 'r' } });
    const code = here.world.code();
    expect(await resend()).toMatchObject({ status: 429, body: { reason: 'resend_too_soon' } });
    here.world.clock += 120_000;
    const again = await resend();
    expect(again).toMatchObject({ status: 200, body: { id: body.id, expiresAt: body.expiresAt } });
    expect(again.body.deliveries).toHaveLength(2);
    expect(here.world.code()).toBe(code);
    here.world.clock = Date.parse(body.expiresAt);
    expect(await resend()).toMatchObject({ status: 200, body: { status: 'expired' } });
  });

  it('cancels once and for all', async () => {
    const here = await open();
    const { body } = await start(here);
    const url = `/v1/verifications/${body.id}`;
    const cancel = () => here.world.ask('POST', `${url}/cancel`, { key: here.key, body: { requester: 'r' } });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect((await check(here, body.id, here.world.code())).body).toEqual({ status: 'canceled' });
    expect(await here.world.ask('POST', `/v1/verifications/${NOBODY}/cancel`, { key: here.key })).toMatchObject({ status: 404 });
    expect(await here.world.ask('POST', `/v1/verifications/${NOBODY}/resend`, { key: here.key })).toMatchObject({ status: 404 });
  });

  it('shows a verification without changing it', async () => {
    const here = await open();
    const { body } = await start(here);
    const show = (id: string) => here.world.ask('GET', `/v1/verifications/${id}?requester=r`, { key: here.key });
    expect(await show(body.id)).toMatchObject({ status: 200, body: { status: 'pending', attemptsLeft: 5, to: '+1********71' } });
    expect(await show(NOBODY)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const head = await here.world.ask('HEAD', `/v1/verifications/${body.id}?requester=r`, { key: here.key });
    expect(head).toMatchObject({ status: 200, text: '' });
  });
});

describe('POST /v1/checks', () => {
  it('is for services that allow it', async () => {
    const here = await open();
    const answer = await here.world.ask('POST', '/v1/checks', { key: here.key, body: { to: TO, code: '123456', requester: 'r' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  it('judges by destination and requester', async () => {
    const here = await open({}, { checkByDestination: true });
    await start(here);
    const ask = (body: object) => here.world.ask('POST', '/v1/checks', { key: here.key, body: { to: TO, code: here.world.code(), ...body } });
    expect(await ask({})).toMatchObject({ status: 400, body: { field: 'requester' } });
    expect(await ask({ requester: 'other' })).toMatchObject({ status: 404 });
    expect(await ask({ requester: 'r' })).toMatchObject({ status: 200, body: { status: 'approved' } });
  });
});

describe('GET /v1/deliveries', () => {
  it('lists messages by service, by time and by exact destination, page by page', async () => {
    const here = await open();
    const get = (query: string, key = here.key) => here.world.ask('GET', `/v1/deliveries?${query}`, { key });
    for (const to of [TO, '+14155552672', '+14155552673']) {
      const { body } = await start(here, { to });
      await check(here, body.id, wrongCode(here.world.code(to)));
      here.world.clock += 1_000;
    }
    expect((await get('')).body.items.map(({ to }: { to: string }) => to)).toEqual(['+1********71', '+1********72', '+1********73']);
    expect((await get('from=2026-01-01T00:00:01Z&until=2026-01-01T00:00:02Z')).body.items).toMatchObject([{ to: '+1********72', status: 'sent' }]);
    expect((await get('to=%2B14155552673')).body.items).toHaveLength(1);
    expect((await get('to=%2B14155552673', here.root)).body.items).toMatchObject([{ service: here.service.id }]);
    const pages = [];
    for (let cursor = ''; cursor !== undefined; ) {
      const { body } = await get(`limit=2${cursor && `&cursor=${cursor}`}`);
      pages.push(...body.items);
      cursor = body.cursor;
    }
    expect(pages).toHaveLength(3);
  });

  it.each([
    'from=yesterday',
    'from=2026-02-30T00:00:00Z',
    'limit=1e1',
    'limit=0x10',
    'limit=%2010',
    'until=2026-13-01T00:00:00Z',
    'cursor=*',
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1&limit=2',
    'to=x',
    'what=1',
  ])('refuses ?%s', async (query) => {
    const here = await open();
    expect((await here.world.ask('GET', `/v1/deliveries?${query}`, { key: here.key })).status).toBe(400);
  });

  it('takes a service or a destination of a key for all', async () => {
    const here = await open();
    expect(await here.world.ask('GET', '/v1/deliveries', { key: here.root })).toMatchObject({ status: 400, body: { field: 'service' } });
    expect((await here.world.ask('GET', `/v1/deliveries?service=${here.service.id}`, { key: here.root })).status).toBe(200);
    expect((await here.world.ask('GET', '/v1/deliveries?service=VAx', { key: here.root })).status).toBe(404);
  });
});

describe('services', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const { world, root } = await open();
    const made = await world.ask('POST', '/v1/services', { key: root, body: { name: 'Second', codeLength: 8 } });
    expect(made).toMatchObject({ status: 201, body: { name: 'Second', codeLength: 8, lifeSeconds: 600 } });
    const url = `/v1/services/${made.body.id}`;
    expect((await world.ask('GET', url, { key: root })).body).toEqual(made.body);
    const first = await world.ask('GET', '/v1/services?limit=1', { key: root });
    expect(first.body.items).toHaveLength(1);
    const rest = await world.ask('GET', `/v1/services?after=${first.body.next}`, { key: root });
    expect(rest.body).toMatchObject({ items: [{}] });
    expect(rest.body.next).toBeUndefined();
    expect((await world.ask('PATCH', url, { key: root, body: { budgets: { sendsPerDay: 3 } } })).body.budgets).toEqual({ sendsPerDay: 3 });
    expect(await world.ask('DELETE', url, { key: root })).toMatchObject({ status: 204, text: '' });
    for (const method of ['GET', 'DELETE']) expect((await world.ask(method, url, { key: root })).status).toBe(404);
    expect((await world.ask('PATCH', url, { key: root, body: {} })).status).toBe(404);
  });

  it('names every field at fault', async () => {
    const { world, root } = await open();
    const answer = await world.ask('POST', '/v1/services', { key: root, body: { codeLength: 3, lifeSeconds: '600', nmae: 'x' } });
    expect(answer.status).toBe(400);
    for (const field of ['name', 'codeLength', 'lifeSeconds', 'nmae']) expect(answer.body.detail).toContain(`\`${field}\``);
    const beyond = await world.ask('POST', '/v1/services', { key: root, body: { name: 'x', budgets: { sendsPerDay: 100 } } });
    expect(beyond.body.detail).toContain('budgets.sendsPerDay');
    const page = { brand: 'x', accent: 'blue', frameAncestors: 7 };
    expect((await world.ask('POST', '/v1/services', { key: root, body: { name: 'x', page, allowedCountries: ['de'] } })).body.detail).toBe(
      '`allowedCountries.0` must be two capital letters, such as `DE`; `page.returnUrls` is missing; ' +
        '`page.frameAncestors` must be array; `page.accent` must be a colour as `#rrggbb`',
    );
    expect((await world.ask('GET', '/v1/services?after=x', { key: root })).body.field).toBe('after');
  });

  it('have numbers that may be somebody’s as test numbers only by a key for all services', async () => {
    const { world, key, root, service } = await open();
    const url = `/v1/services/${service.id}`;
    const test = { numbers: [TO], code: '246810', until: '2026-01-02T00:00:00Z', acknowledged: true };
    const refused = await world.ask('PATCH', url, { key, body: { test } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await world.ask('PATCH', url, { key, body: { test: { ...test, acknowledged: false } } })).status).toBe(400);
    expect((await world.ask('PATCH', url, { key, body: { test: { ...test, numbers: ['+14155550100'], acknowledged: false } } })).status).toBe(200);
    expect((await world.ask('PATCH', url, { key: root, body: { test } })).body.test).toMatchObject({ acknowledged: true });
    expect((await world.ask('PATCH', url, { key, body: { test: null } })).body.test).toBeNull();
  });
});

describe('API keys', () => {
  it('are created with a secret that is shown once, listed without it, rotated and revoked', async () => {
    const { world, root, service } = await open();
    const body = { name: 'Web', service: service.id, scopes: ['start'] };
    const made = await world.ask('POST', '/v1/api-keys', { key: root, body });
    expect(made).toMatchObject({ status: 201, body: { key: body } });
    const authorize = (secret: string) => ({ authorization: `Bearer ${made.body.key.id}.${secret}` });
    const tryIt = (secret: string) => world.ask('GET', '/v1/api-keys', { headers: authorize(secret) });
    expect((await tryIt(made.body.secret)).status).toBe(403);
    const list = await world.ask('GET', `/v1/api-keys?service=${service.id}`, { key: root });
    expect(list.body.items).toHaveLength(2);
    expect(list.text).not.toContain(made.body.secret);
    const rotated = await world.ask('POST', `/v1/api-keys/${made.body.key.id}/rotate`, { key: root });
    expect(rotated.body.secret).not.toBe(made.body.secret);
    expect((await tryIt(rotated.body.secret)).status).toBe(403);
    const revoked = await world.ask('POST', `/v1/api-keys/${made.body.key.id}/revoke`, { key: root });
    expect(revoked.body.revokedAt).toBe('2026-01-01T00:00:00.000Z');
    expect((await tryIt(rotated.body.secret)).status).toBe(401);
    expect((await world.ask('POST', `/v1/api-keys/${made.body.key.id}/rotate`, { key: root })).status).toBe(404);
    expect((await world.ask('POST', '/v1/api-keys/SKx/revoke', { key: root })).status).toBe(404);
  });

  it('are of services that are there', async () => {
    const { world, root } = await open();
    const body = { name: 'Web', service: 'VA00000000000000000000000000000000', scopes: ['start'] };
    expect(await world.ask('POST', '/v1/api-keys', { key: root, body })).toMatchObject({ status: 400, body: { field: 'service' } });
  });
});

describe('destinations', () => {
  it('are unblocked and erased over all services', async () => {
    const here = await open();
    await start(here);
    const { world, root: key } = here;
    expect((await world.ask('POST', '/v1/destinations/unblock', { key, body: { to: TO } })).body).toEqual({ status: 'unblocked', wasBlocked: false });
    expect((await world.ask('DELETE', '/v1/destinations', { key, body: { to: TO } })).body).toEqual({ status: 'erased', verifications: 1 });
    expect((await world.ask('DELETE', '/v1/destinations', { key, body: { to: 'x' } })).body.code).toBe('invalid_destination');
  });

  it('that are disabled say so to a start and to a check', async () => {
    const here = await open({ deployment: { limits: { ...DEFAULT_LIMITS, wrongInARow: 1 }, allowedCountries: null, channels: ['sms'] } });
    const { body } = await start(here);
    await check(here, body.id, wrongCode(here.world.code()));
    expect(await check(here, body.id, here.world.code())).toMatchObject({ status: 200, body: { status: 'destination_blocked' } });
    here.world.clock += 3_600_000;
    expect(await start(here)).toMatchObject({ status: 403, body: { reason: 'destination_blocked' } });
    expect((await here.world.ask('POST', '/v1/destinations/unblock', { key: here.root, body: { to: TO } })).body.wasBlocked).toBe(true);
    expect((await start(here)).status).toBe(201);
  });
});

describe('the journal of operators’ acts', () => {
  it('names the API key that acted, by its id and never its secret', async () => {
    const { world, service, root: key } = await open();
    const before = (await world.store.entries({ limit: 100 }, undefined)).entries.length;
    const ask = async (method: string, path: string, body?: object) => (await world.ask(method, path, { key, body })).body;
    const test = { numbers: ['+12025550143'], code: '123456', until: '2026-01-31T00:00:00.000Z' };
    const made = await ask('POST', '/v1/services', { name: 'Made' });
    await ask('PATCH', `/v1/services/${made.id}`, { test });
    await ask('DELETE', `/v1/services/${made.id}`);
    const created = await ask('POST', '/v1/api-keys', { name: 'made', service: service.id, scopes: ['start'] });
    const rotated = await ask('POST', `/v1/api-keys/${created.key.id}/rotate`, {});
    await ask('POST', `/v1/api-keys/${created.key.id}/revoke`, {});
    await ask('POST', '/v1/destinations/unblock', { to: TO });
    await ask('DELETE', '/v1/destinations', { to: TO });
    const acts = (await world.store.entries({ limit: 100 }, undefined)).entries
      .slice(before)
      .map(({ type, data }) => ({ type, data: JSON.parse(data) }));
    expect(acts.map(({ type }) => type)).toEqual([
      ...['service_created', 'service_updated', 'service_deleted', 'api_key_created', 'api_key_rotated', 'api_key_revoked', 'unblock', 'erase'],
    ]);
    expect(acts.map(({ data }) => data.by)).toEqual(Array(acts.length).fill(key.key.id));
    expect(acts[1]?.data).toMatchObject({ fields: ['test'], testNumbers: 1, testUntil: test.until });
    for (const secret of [key.secret.reveal(), created.secret, rotated.secret, test.code, test.numbers[0]]) {
      expect(JSON.stringify(acts)).not.toContain(secret);
    }
  });
});

describe('what anybody may ask', () => {
  it('is answered without a key', async () => {
    const { world } = await open();
    for (const path of ['/livez', '/readyz']) expect((await world.ask('GET', path)).body).toEqual({ status: 'ok' });
    const jwks = await world.ask('GET', '/.well-known/jwks.json');
    expect(jwks.body).toEqual(world.proofs.jwks());
    expect(jwks.text).not.toContain('"d"');
    expect((await world.ask('GET', '/openapi.json')).body.openapi).toBe('3.1.0');
    expect((await world.ask('GET', '/problems/invalid_code')).body).toMatchObject({ docs: 'docs/errors/invalid_code.md' });
    expect((await world.ask('GET', '/problems/toString')).status).toBe(404);
  });

  it('comes with headers that keep it out of caches and frames', async () => {
    const { headers } = await (await open()).world.ask('GET', '/livez');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['content-security-policy']).toContain("default-src 'self'");
  });
});

describe('a failing world', () => {
  it('is a 503 with Retry-After: I14 nothing is approved and nothing sent', async () => {
    const here = await open();
    const { body } = await start(here);
    await here.world.store.close();
    here.world.clock += 3_000;
    for (const answer of [await start(here), await check(here, body.id, here.world.code()), await here.world.ask('GET', '/readyz')]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(here.world.sender.calls).toBe(1);
    expect((await here.world.ask('GET', '/livez')).status).toBe(200);
  });

  it('tells operators what is wrong with the store, and nobody who has no key', async () => {
    const words = 'PostgreSQL cannot be reached: start it, or correct host and port in the url';
    const broken = () => Promise.reject(new CountersignError('store_unavailable', words));
    const here = await open({ parts: { ping: broken, limiter: { take: broken } } });
    for (const path of ['/readyz', '/v1/services']) {
      const answer = await here.world.ask('GET', path);
      expect(answer).toMatchObject({ status: 503, body: { detail: 'the store cannot be used now; the log has more under this instance' } });
    }
    expect(here.world.failures).toMatchObject([{ message: words }, { message: words }]);
  });

  it('tells nothing of a fault of ours, but to whoever observes', async () => {
    const fault = new Error(`select * from users where number = '${TO}'`);
    const here = await open({ parts: { deliveries: { list: () => Promise.reject(fault) } } });
    const answer = await here.world.ask('GET', '/v1/deliveries', { key: here.key });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(answer.text).not.toMatch(/select|4155552671|at .*\.ts/);
    expect(here.world.failures).toEqual([fault]);
  });

  it('is not made by an observer', async () => {
    const observe = { answered: () => expect.fail('observer'), failed: () => expect.fail('observer') };
    const world = new RestWorld({ parts: { observe } });
    expect((await world.ask('GET', '/livez')).status).toBe(200);
  });
});

describe('the door', () => {
  it('refuses with 429 by address before it looks at a key, and then by key', async () => {
    const asked: unknown[] = [];
    const refusing = (scope: string) => ({
      take: async (of: string, id: string) => {
        asked.push([of, id]);
        return of === scope ? { allowed: false as const, retryAt: new Date(Date.UTC(2026, 0, 1, 0, 0, 7)) } : { allowed: true as const };
      },
    });
    const byAddress = await open({ parts: { limiter: refusing('address'), trustedHops: 1 } });
    const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7' };
    const answer = await byAddress.world.ask('GET', '/v1/deliveries', { headers });
    expect(answer).toMatchObject({ status: 429, body: { reason: 'rate_limited', retryAt: '2026-01-01T00:00:07.000Z' } });
    expect(answer.headers['retry-after']).toBe('7');
    expect(asked).toEqual([['address', '203.0.113.7']]);
    const byKey = await open({ parts: { limiter: refusing('key') } });
    expect((await byKey.world.ask('GET', '/v1/deliveries', { key: byKey.key })).status).toBe(429);
    expect(asked.slice(1)).toEqual([
      ['address', '127.0.0.1'],
      ['key', byKey.key.key.id],
    ]);
    expect((await byKey.world.ask('GET', '/livez')).status).toBe(200);
  });

  it('lets each address and each key have its burst, whatever a client writes into its headers', async () => {
    const rates = { key: { perMinute: 60, burst: 3 }, address: { perMinute: 60, burst: 5 } };
    const { world, key, root } = await open({ parts: { rates } });
    const ask = (given: typeof key | undefined, forwarded: string) =>
      world.ask('GET', '/v1/api-keys', { key: given, headers: { 'x-forwarded-for': forwarded } });
    const statuses = [];
    for (const [time, given] of [key, key, key, key, root, root].entries()) statuses.push((await ask(given, `9.9.9.${time}`)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 200, 429]);
    world.clock += 1_000;
    expect((await ask(root, '9.9.9.9')).status).toBe(200);
    expect((await world.ask('GET', '/v1/api-keys', { key: root, remoteAddress: '2001:db8::1' })).status).toBe(200);
  });

  it('tells an observer what was answered, and nothing of what was said', async () => {
    const here = await open();
    await start(here, { to: '+1415' });
    expect(here.world.answered).toMatchObject([
      { operation: 'startVerification', method: 'POST', status: 400, keyId: here.key.key.id, code: 'invalid_destination', reason: undefined },
    ]);
    await start(here);
    expect(here.world.events.map(({ name }) => name)).toEqual(['started', 'delivered']);
  });
});
