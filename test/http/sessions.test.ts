import { beforeEach, describe, expect, it } from 'vitest';
import type { ServiceSettings } from '../../src/engine/service-settings.ts';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { toKeptApproval } from '../../src/http/rest/check-answers.ts';
import { bind, PAGE } from '../tenants-world.ts';
import { makeTenant, PUBLIC_URL, RestWorld, TO } from './world.ts';

const RETURN_URLS = ['https://shop.example.com/verified', 'https://shop.example.com/a?b=c', 'com.example.app:/verified'];
const FIELDS = { page: { ...PAGE, returnUrls: RETURN_URLS }, purposes: ['default', 'signup'], channels: ['sms', 'email'] as const };
const NO_SUCH_RESULT = { status: 404, body: { code: 'not_found', detail: 'there is no such result: each is exchanged once, within 60 s' } };

let world: RestWorld;
let service: ServiceSettings;
let key: NewApiKey;
let root: NewApiKey;

beforeEach(async () => {
  world = new RestWorld();
  ({ service, key, root } = await makeTenant(world, FIELDS));
});

const once = (name: string | undefined) => (name === undefined ? {} : { 'idempotency-key': name });
const open = (body: object = {}, name?: string, of = key) => world.ask('POST', '/v1/sessions', { key: of, body, headers: once(name) });
const exchange = (result: unknown, name?: string, of = key) =>
  world.ask('POST', '/v1/sessions/exchange', { key: of, body: { result }, headers: once(name) });
const recordsOf = (kind: string) => world.store.list(kind, '', undefined, 1_000);

/** What a page does: a person begins, types the code that was sent, and is sent back with a result. */
async function visit(): Promise<string> {
  const { body } = await open({ to: TO, requester: 'account-42', purpose: 'signup', nonce: 'of a reader' });
  const { pageSessions } = world.parts;
  const visitor = { id: body.id as string, browser: 'b'.repeat(22) };
  expect(await pageSessions.claim(visitor, { hasLink: true })).toBe('claimed');
  const { to = '', purpose, requester, nonce } = (await pageSessions.find(visitor.id))?.request ?? {};
  const verifier = world.parts.verifierFor(service);
  const started = await verifier.start({ to, purpose, requester, nonce });
  const id = started.status === 'pending' ? started.id : '';
  const checked = await verifier.check({ id, code: world.code(), purpose, requester });
  if (checked.status !== 'approved') throw new Error('expected an approval');
  return (await pageSessions.approve(visitor, JSON.stringify(toKeptApproval(checked))))?.reveal() ?? '';
}

describe('POST /v1/sessions', () => {
  it('answers a link that is good for 30 minutes, to where the service says, and sends nothing', async () => {
    const { status, body } = await open();
    expect([status, Object.keys(body)]).toEqual([201, ['id', 'url', 'expiresAt']]);
    expect([body.id, body.expiresAt]).toEqual([expect.stringMatching(/^PS[0-9a-f]{32}$/), '2026-01-01T00:30:00.000Z']);
    const [, link = ''] = body.url.split(`${PUBLIC_URL}/verify/${body.id}/`);
    expect([world.parts.pageSessions.isLink(body.id, link), /^[\w-]{22}$/.test(link)]).toEqual([true, true]);
    expect(await world.parts.pageSessions.find(body.id)).toMatchObject({ service: service.id, isBound: false, destinationsLeft: 3 });
    expect((await world.parts.pageSessions.find(body.id))?.request).toEqual({ returnUrl: RETURN_URLS[0] });
    expect(world.sender.calls).toBe(0);
  });

  it('keeps all that is given, in one spelling', async () => {
    const given = { state: 'é=&?\u{1f600}', requester: 'account-42', nonce: 'n', purpose: 'signup', channels: ['email'] };
    const { body } = await open({ ...given, returnUrl: RETURN_URLS[2], to: 'Ada@EXAMPLE.com', locale: 'FR-ca' });
    const kept = { ...given, returnUrl: RETURN_URLS[2], to: 'Ada@example.com', locale: 'fr-CA' };
    expect((await world.parts.pageSessions.find(body.id))?.request).toEqual(kept);
  });

  it.each<[string, object]>([
    ['every address of the service', { returnUrl: RETURN_URLS[1] }],
    ['the longest texts', { state: 's'.repeat(512), requester: 'r'.repeat(256), nonce: 'n'.repeat(128) }],
    ['a channel among others that the service has not', { channels: ['call', 'sms'] }],
    ['a channel among others that reaches `to`', { to: TO, channels: ['email', 'sms'] }],
    ['the default purpose by its name', { purpose: 'default' }],
  ])('takes %s', async (_what, body) => {
    expect((await open(body)).status).toBe(201);
  });

  it.each<[string, object, string, string?]>([
    ['an address of nobody', { returnUrl: 'https://evil.example/' }, 'returnUrl'],
    ['an address with a slash more', { returnUrl: `${RETURN_URLS[0]}/` }, 'returnUrl'],
    ['an address with a character less', { returnUrl: RETURN_URLS[0]?.slice(0, -1) }, 'returnUrl'],
    ['an address in another case', { returnUrl: 'https://shop.example.com/Verified' }, 'returnUrl'],
    ['an address with another host’s case', { returnUrl: 'https://SHOP.example.com/verified' }, 'returnUrl'],
    ['an address with a query', { returnUrl: `${RETURN_URLS[0]}?x=y` }, 'returnUrl'],
    ['an address without its query', { returnUrl: 'https://shop.example.com/a' }, 'returnUrl'],
    ['an address with a fragment', { returnUrl: `${RETURN_URLS[0]}#x` }, 'returnUrl'],
    ['an address with a default port', { returnUrl: 'https://shop.example.com:443/verified' }, 'returnUrl'],
    ['an address with space', { returnUrl: ` ${RETURN_URLS[0]}` }, 'returnUrl'],
    ['an empty address', { returnUrl: '' }, 'returnUrl'],
    ['an address that is too long', { returnUrl: `https://shop.example.com/${'a'.repeat(512)}` }, 'returnUrl'],
    ['an address that is none', { returnUrl: null }, 'returnUrl'],
    ['a purpose that is not the service’s', { purpose: 'login' }, 'purpose'],
    ['a number that is none', { to: '+1415' }, 'to', 'invalid_destination'],
    ['an address of mail that is none', { to: 'ada@' }, 'to', 'invalid_destination'],
    ['a channel that does not reach `to`', { to: TO, channels: ['email'] }, 'channels'],
    ['a channel that the service has not', { channels: ['call', 'whatsapp'] }, 'channels'],
    ['no channel', { channels: [] }, 'channels'],
    ['a channel twice', { channels: ['sms', 'sms'] }, 'channels'],
    ['a channel that there is not', { channels: ['fax'] }, 'channels.0'],
    ['a language that is none', { locale: 'no language' }, 'locale'],
    ['an empty language', { locale: '' }, 'locale'],
    ['a nonce that is too long', { nonce: 'n'.repeat(129) }, 'nonce'],
    ['a nonce that is cut in half', { nonce: '\ud800' }, 'nonce'],
    ['a nonce with a NUL', { nonce: 'a\0' }, 'nonce'],
    ['a state that is too long', { state: 's'.repeat(513) }, 'state'],
    ['an empty state', { state: '' }, 'state'],
    // It would end the way back, where it is put into an address.
    ['a state that is cut in half', { state: '\ud800' }, 'state'],
    ['a state with a NUL', { state: 'a\0' }, 'state'],
    // A verification that is started with one of these is refused.
    ['a requester that is cut in half', { requester: '\ud800' }, 'requester'],
    ['a requester with a NUL', { requester: 'a\0' }, 'requester'],
    ['an empty requester', { requester: '' }, 'requester'],
    ['a requester that is too long', { requester: 'r'.repeat(257) }, 'requester'],
    ['a field that it does not know', { return_url: RETURN_URLS[0] }, 'return_url'],
  ])('refuses %s, and opens nothing', async (_what, body, field, code = 'invalid_request') => {
    const answer = await open(body);
    expect(answer).toMatchObject({ status: 400, body: { code, field } });
    const [value] = Object.values(body).flat();
    if (typeof value === 'string' && value.length > 5) expect(answer.text).not.toContain(JSON.stringify(value).slice(1, -1));
    expect(await recordsOf('page_session')).toEqual([]);
  });

  it('refuses a service without a page, which an operator gives it', async () => {
    const bare = await makeTenant(world);
    expect(await open({}, undefined, bare.key)).toMatchObject({
      status: 403,
      body: { code: 'forbidden', field: 'page', title: 'The API key or its service may not do this' },
    });
    expect(await recordsOf('page_session')).toEqual([]);
  });

  it('opens for the service that a key for all names', async () => {
    expect(await open({}, undefined, root)).toMatchObject({ status: 400, body: { field: 'service' } });
    const { body } = await open({ service: service.id }, undefined, root);
    expect((await world.parts.pageSessions.find(body.id))?.service).toBe(service.id);
  });

  it('offers to no service whose channels none is left of', async () => {
    const mail = await makeTenant(world, { ...FIELDS, channels: ['email'] });
    expect(await open({ to: TO }, undefined, mail.key)).toMatchObject({ status: 400, body: { field: 'channels' } });
    expect((await open({ to: 'ada@example.com' }, undefined, mail.key)).status).toBe(201);
  });

  it('takes no number of a country that the service does not write to, unless it is a test number', async () => {
    const until = new Date(world.clock + 86_400_000).toISOString();
    const test = { numbers: ['+12025550143'], code: '123456', until, acknowledged: false };
    const abroad = await makeTenant(world, { ...FIELDS, allowedCountries: ['DE'], test });
    expect(await open({ to: TO }, undefined, abroad.key)).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'to' } });
    for (const to of ['+4915123456789', '+12025550143', 'ada@example.com']) expect((await open({ to }, undefined, abroad.key)).status, to).toBe(201);
  });

  it('I11 answers the same link to the same request, and keeps none that can be read', async () => {
    const answers = [await open({ state: 's' }, 'k'), await open({ state: 's' }, 'k')];
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    const others = [await open({ state: 's' }, 'other'), await open({ state: 's' })].map(({ body }) => body.url);
    expect(new Set([answers[0]?.body.url, ...others]).size).toBe(3);
    expect(await open({ state: 't' }, 'k')).toMatchObject({ status: 422, body: { field: 'Idempotency-Key' } });
    const records = [await recordsOf('page_session'), await recordsOf('idempotency')];
    expect(records.map(({ length }) => length)).toEqual([3, 2]);
    const link = answers[0]?.body.url.split('/').at(-1);
    expect(link).toHaveLength(22);
    expect(JSON.stringify(records)).not.toContain(link);
  });
});

describe('what may be kept of an answer', () => {
  it('is neither link nor token', async () => {
    const kept: unknown[] = [];
    const { idempotency } = world.parts;
    world = new RestWorld({
      parts: {
        idempotency: {
          run: (scope, work) =>
            idempotency.run(scope, async (attemptId) => {
              const result = await work(attemptId);
              kept.push(result.body);
              return result;
            }),
        },
      },
    });
    ({ service, key, root } = await makeTenant(world, FIELDS));
    const { body } = await open({}, 'k');
    expect(kept).toEqual([{ id: body.id, expiresAt: body.expiresAt }]);
    await exchange(await visit(), 'k');
    expect(kept.slice(1)).toEqual([{ status: 'approved', claims: expect.objectContaining({ destination: TO }) }]);
  });
});

describe('POST /v1/sessions/exchange', () => {
  it('answers the proof of what was asked for', async () => {
    const { status, body } = await exchange(await visit());
    expect([status, Object.keys(body), body.status]).toEqual([200, ['status', 'verificationId', 'token'], 'approved']);
    const claims = await world.proofs.verify(body.token, { audience: service.id, at: new Date(world.clock) });
    const about = { purpose: 'signup', sub: 'account-42', nonce: 'of a reader', channel: 'sms', phone_number: TO };
    expect(claims).toMatchObject({ jti: body.verificationId, service: service.id, ...about });
    expect(claims.test).toBeUndefined();
  });

  it('I11 answers once, of a hundred that ask at once', async () => {
    const result = await visit();
    const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(result)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expect(answer).toMatchObject(NO_SUCH_RESULT);
    expect(await exchange(result)).toMatchObject(NO_SUCH_RESULT);
  });

  it('answers within 60 s', async () => {
    const result = await visit();
    world.clock += 59_999;
    expect((await exchange(result)).status).toBe(200);
    world.clock += 600_000;
    const late = await visit();
    world.clock += 60_000;
    expect(await exchange(late)).toMatchObject(NO_SUCH_RESULT);
  });

  it('is told to another tenant as what is not there, and is not used up by that', async () => {
    const result = await visit();
    const other = await makeTenant(world, FIELDS);
    expect(await exchange(result, undefined, other.key)).toMatchObject(NO_SUCH_RESULT);
    expect(await exchange(result, 'k', other.key)).toMatchObject(NO_SUCH_RESULT);
    expect((await exchange(result)).status).toBe(200);
  });

  it('is for the service that a key for all names', async () => {
    const result = await visit();
    expect(await exchange(result, undefined, root)).toMatchObject({ status: 400, body: { field: 'service' } });
    const ask = (of: string) => world.ask('POST', '/v1/sessions/exchange', { key: root, body: { result, service: of } });
    expect(await ask((await makeTenant(world, FIELDS)).service.id)).toMatchObject(NO_SUCH_RESULT);
    expect((await ask(service.id)).status).toBe(200);
  });

  it('takes a result as it is', async () => {
    const result = await visit();
    const { length } = result;
    for (const other of [
      ` ${result}`,
      `${result} `,
      `${result}.`,
      `${result}A`,
      result.slice(0, length - 1),
      result.toLowerCase(),
      `${result},${result}`,
    ])
      expect(await exchange(other)).toMatchObject(NO_SUCH_RESULT);
    expect((await exchange(result)).status).toBe(200);
  });

  it.each(['x', '.', `PS${'0'.repeat(32)}`, `PS${'0'.repeat(32)}.${'0'.repeat(22)}`, `${'x'.repeat(128)}`, '\ud800', '\0', '__proto__'])(
    'knows nothing of %j',
    async (result) => {
      expect(await exchange(result)).toMatchObject(NO_SUCH_RESULT);
    },
  );

  it.each([undefined, null, 7, '', 'x'.repeat(129), ['x'], {}])('refuses %j', async (result) => {
    expect(await exchange(result)).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'result' } });
  });

  it('I11 signs the same proof again for the same request alone', async () => {
    const result = await visit();
    const first = await exchange(result, 'k');
    world.clock += 200_000;
    expect(await exchange(result, 'k')).toMatchObject({ status: 200, body: first.body });
    expect(await exchange(result, 'other')).toMatchObject(NO_SUCH_RESULT);
    const kept = JSON.stringify([await recordsOf('page_session'), await recordsOf('idempotency')]);
    for (const secret of [TO.slice(2), 'eyJ', 'account-42', result.split('.')[1]]) expect(kept).not.toContain(secret);
  });

  it('hands out nothing of what was erased, now or again', async () => {
    const late = await visit();
    await world.ask('DELETE', '/v1/destinations', { key: root, body: { to: TO } });
    expect(await exchange(late)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    // By a ladder that stays.
    world.clock += 120_000;
    const used = await visit();
    expect((await exchange(used, 'k')).status).toBe(200);
    await world.ask('DELETE', '/v1/destinations', { key: root, body: { to: TO } });
    expect(await exchange(used, 'k')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

describe('a store that fails', () => {
  it('is a 503 for both, opens nothing, and takes nothing', async () => {
    let isDown = false;
    world = new RestWorld({
      wrapStore: (store) => ({
        ...bind(store),
        update: (at, decide) => (isDown && at.kind === 'page_session' ? Promise.reject(new Error('down')) : store.update(at, decide)),
      }),
    });
    ({ service, key, root } = await makeTenant(world, FIELDS));
    const result = await visit();
    isDown = true;
    for (const answer of [await open({ state: 's' }), await open({}, 'k'), await exchange(result), await exchange(result, 'k')])
      expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    isDown = false;
    expect(await recordsOf('page_session')).toHaveLength(1);
    expect((await exchange(result, 'k')).status).toBe(200);
  });
});
