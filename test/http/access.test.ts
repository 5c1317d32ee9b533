import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/engine/api-key.ts';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import type { Operation } from '../../src/http/operation.ts';
import { OPERATIONS } from '../../src/http/rest/operations.ts';
import { PAGE } from '../tenants-world.ts';
import { DOCUMENT } from './documented.ts';
import { type Got, makeTenant, RestWorld, TO } from './world.ts';

/** Two tenants, each with a service, a verification and keys, and an operator. */
async function openTwo() {
  const world = new RestWorld();
  const own = await makeTenant(world, { checkByDestination: true, page: PAGE });
  const other = await makeTenant(world, { checkByDestination: true, page: PAGE });
  const started = async (key: NewApiKey, to: string) => {
    const { body } = await world.ask('POST', '/v1/verifications', { key, body: { to, requester: 'r' } });
    return body.id as string;
  };
  const approved = async (service: string, verificationId: string) => {
    const { pageSessions } = world.parts;
    const { id } = await pageSessions.open(service, { returnUrl: 'https://shop.example.com/' });
    await pageSessions.claim({ id, browser: 'b' }, { hasLink: true });
    const claims = {
      verificationId,
      service,
      purpose: 'default',
      requester: 'r',
      channel: 'sms',
      destination: TO,
      approvedAt: '2026-01-01T00:00:00.000Z',
    };
    return (await pageSessions.approve({ id, browser: 'b' }, JSON.stringify(claims)))?.reveal() ?? '';
  };
  const ownId = await started(own.key, TO);
  const otherId = await started(other.key, '+14155552672');
  return {
    world,
    own: { ...own, verification: ownId, result: await approved(own.service.id, ownId) },
    other: { ...other, verification: otherId, result: await approved(other.service.id, otherId) },
    nobody: {
      result: `PS${'0'.repeat(32)}.${'0'.repeat(22)}`,
      verification: `VE${'0'.repeat(32)}`,
      service: `VA${'0'.repeat(32)}`,
      key: `SK${'0'.repeat(32)}`,
    },
  };
}

type Two = Awaited<ReturnType<typeof openTwo>>;

/** Whose object a request is about. */
type Whose = 'own' | 'other' | 'nobody';

/** What each operation is asked for: the id in its path, its body and its query. */
const REQUESTS: Readonly<Record<string, (two: Two, whose: Whose) => { id?: string; body?: object; query?: string }>> = {
  startVerification: (two, whose) => ({ body: { to: '+14155552679', ...naming(two, whose) } }),
  resendVerification: (two, whose) => ({ id: verification(two, whose), body: { requester: 'r' } }),
  checkVerification: (two, whose) => ({ id: verification(two, whose), body: { requester: 'r', code: '000000' } }),
  cancelVerification: (two, whose) => ({ id: verification(two, whose), body: { requester: 'r' } }),
  showVerification: (two, whose) => ({ id: verification(two, whose), query: '?requester=r' }),
  checkDestination: (two, whose) => ({ body: { to: whose === 'own' ? TO : '+14155552672', requester: 'r', code: '000000', ...naming(two, whose) } }),
  openSession: (two, whose) => ({ body: { state: 's', ...naming(two, whose) } }),
  exchangeResult: (two, whose) => ({ body: { result: two[whose].result } }),
  listDeliveries: (two, whose) => ({ query: whose === 'own' ? '' : `?service=${service(two, whose)}` }),
  createService: () => ({ body: { name: 'x' } }),
  listServices: () => ({}),
  showService: (two, whose) => ({ id: service(two, whose) }),
  updateService: (two, whose) => ({ id: service(two, whose), body: { name: 'y' } }),
  deleteService: (two, whose) => ({ id: service(two, whose) }),
  createApiKey: (two, whose) => ({ body: { name: 'x', scopes: ['read'], service: service(two, whose) } }),
  listApiKeys: (two, whose) => ({ query: `?service=${service(two, whose)}` }),
  revokeApiKey: (two, whose) => ({ id: apiKey(two, whose) }),
  rotateApiKey: (two, whose) => ({ id: apiKey(two, whose) }),
  unblockDestination: () => ({ body: { to: TO } }),
  eraseDestination: () => ({ body: { to: TO } }),
};

const verification = (two: Two, whose: Whose) => (whose === 'nobody' ? two.nobody.verification : two[whose].verification);
const service = (two: Two, whose: Whose) => (whose === 'nobody' ? two.nobody.service : two[whose].service.id);
const apiKey = (two: Two, whose: Whose) => (whose === 'nobody' ? two.nobody.key : two[whose].key.key.id);
const naming = (two: Two, whose: Whose) => (whose === 'own' ? {} : { service: service(two, whose) });

const PRIVATE = OPERATIONS.filter(({ scope }) => scope !== undefined);

async function run(two: Two, { id, method, path }: Operation, whose: Whose, key: NewApiKey | undefined): Promise<Got> {
  const { id: object = '', body, query = '' } = REQUESTS[id]?.(two, whose) ?? {};
  return two.world.ask(method, path.replace('{id}', object) + query, { key, body });
}

function shapeOf({ status, body }: Got): string {
  const { instance: _, ...rest } = body ?? {};
  return JSON.stringify([status, rest]);
}

describe('I12 each route, by key', () => {
  it('is in this table, or for anybody', () => {
    expect(Object.keys(REQUESTS).sort()).toEqual(PRIVATE.map(({ id }) => id).sort());
    const anybody = Object.values(DOCUMENT.paths as Record<string, Record<string, { security: unknown[]; operationId: string }>>)
      .flatMap((methods) => Object.values(methods))
      .filter(({ security }) => security.length === 0)
      .map(({ operationId }) => operationId);
    expect(anybody.sort()).toEqual(['explainProblem', 'isLive', 'isReady', 'listProofKeys', 'showOpenApi']);
  });

  it.each(PRIVATE.map((each) => [each.id, each] as const))('%s takes its scope and no other', async (_, each) => {
    for (const scope of SCOPES) {
      const two = await openTwo();
      const key = await two.world.makeKey(each.isOperators ? null : two.own.service.id, [scope]);
      const answer = await run(two, each, 'own', key);
      if (scope === each.scope) expect([200, 201, 204, 429]).toContain(answer.status);
      else expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden', detail: `this API key lacks the scope ${each.scope}` } });
    }
  });

  it.each(PRIVATE.map((each) => [each.id, each] as const))('%s answers 401 without a key', async (_, each) => {
    const detail = expect.stringMatching(/^give an API key: /);
    expect(await run(await openTwo(), each, 'own', undefined)).toMatchObject({ status: 401, body: { code: 'unauthorized', detail } });
  });

  it.each(PRIVATE.filter(({ isOperators }) => isOperators).map((each) => [each.id, each] as const))('%s is for keys for all', async (_, each) => {
    const two = await openTwo();
    expect(await run(two, each, 'own', two.own.key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  const TENANTS = PRIVATE.filter(({ isOperators }) => isOperators !== true);

  it.each(TENANTS.map((each) => [each.id, each] as const))('%s does not tell what is another tenant’s from what is not there', async (_, each) => {
    const two = await openTwo();
    const before = await dump(two);
    const other = await run(two, each, 'other', two.own.key);
    const nobody = await run(two, each, 'nobody', two.own.key);
    expect(shapeOf(other)).toBe(shapeOf(nobody));
    expect([403, 404]).toContain(other.status);
    expect(await dump(two)).toBe(before);
  });

  it('lists nothing of another tenant', async () => {
    const two = await openTwo();
    const deliveries = await two.world.ask('GET', '/v1/deliveries', { key: two.own.key });
    const toOther = await two.world.ask('GET', '/v1/deliveries?to=%2B14155552672', { key: two.own.key });
    const keys = await two.world.ask('GET', '/v1/api-keys', { key: two.own.key });
    expect(deliveries.body.items.map((item: { verificationId: string }) => item.verificationId)).toEqual([two.own.verification]);
    expect(toOther.body.items).toEqual([]);
    expect(keys.body.items.map(({ id }: { id: string }) => id)).toEqual([two.own.key.key.id]);
  });

  it('makes no key of one service that acts for all', async () => {
    const two = await openTwo();
    const body = { name: 'x', scopes: ['admin'], service: null };
    expect((await two.world.ask('POST', '/v1/api-keys', { key: two.own.key, body })).status).toBe(403);
    expect((await two.world.ask('POST', `/v1/api-keys/${two.own.root.key.id}/rotate`, { key: two.own.key })).status).toBe(404);
  });

  it('lets a key for all act for the service that it names, and for none without a name', async () => {
    const two = await openTwo();
    const { root } = two.own;
    const ask = (body: object) => two.world.ask('POST', `/v1/verifications/${two.own.verification}/cancel`, { key: root, body });
    expect(await ask({ requester: 'r' })).toMatchObject({ status: 400, body: { field: 'service' } });
    expect(await ask({ requester: 'r', service: two.nobody.service })).toMatchObject({ status: 404 });
    expect(await ask({ requester: 'r', service: two.other.service.id })).toMatchObject({ status: 404 });
    expect(await ask({ requester: 'r', service: two.own.service.id })).toMatchObject({ status: 200, body: { status: 'canceled' } });
  });

  it('is shut once the service of a key is deleted', async () => {
    const two = await openTwo();
    await two.world.ask('DELETE', `/v1/services/${two.own.service.id}`, { key: two.own.root });
    expect((await two.world.ask('GET', '/v1/deliveries', { key: two.own.key })).status).toBe(401);
  });
});

/** All that tenants and verifications are, but for when keys were used. */
async function dump({ world, own, other }: Two): Promise<string> {
  const keys = await Promise.all([own, other].map(async ({ key }) => ({ ...(await world.tenants.getKey(key.key.id)), lastUsedAt: null })));
  const services = await world.tenants.listServices(undefined, 100);
  const { entries } = await world.store.entries({ limit: 1_000 }, undefined);
  const shown = await world.ask('GET', `/v1/verifications/${other.verification}?requester=r`, { key: other.key });
  return JSON.stringify([keys, services, entries, shown.body]);
}
