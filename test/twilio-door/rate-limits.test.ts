import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import type { Store } from '../../src/stores/store.ts';
import { TO } from '../http/world.ts';
import { createWorld, type FormAnswer, type TwilioWorld } from './world.ts';

const numberOf = (index: number) => `+1415555${String(2_000 + index)}`;

async function makeLimit(world: TwilioWorld, name: string, ...buckets: readonly (readonly [max: number, interval: number])[]): Promise<string> {
  const { sid } = (await world.of('POST', '/RateLimits', { UniqueName: name })).body;
  for (const [max, interval] of buckets) await world.of('POST', `/RateLimits/${sid}/Buckets`, { Max: String(max), Interval: String(interval) });
  return sid;
}

const createBy = (world: TwilioWorld, To: string, values: object): Promise<FormAnswer> => world.create({ To, RateLimits: JSON.stringify(values) });

describe('rate limits of a service', () => {
  it('let of two hundred creates at once exactly as many pass as a bucket has room for, in each window', async () => {
    const world = await createWorld();
    await makeLimit(world, 'ip', [5, 60]);
    for (let window = 0; window < 2; window += 1) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) => createBy(world, numberOf(window * 200 + index), { ip: '203.0.113.9' })),
      );
      expect(answers.filter(({ status }) => status === 201).length).toBe(5);
      for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201))
        expect([status, body.code, headers['retry-after']]).toEqual([429, 20429, '60']);
      expect(world.rest.sender.calls).toBe(5 * (window + 1));
      world.pass(59_999);
      expect((await createBy(world, numberOf(900), { ip: '203.0.113.9' })).headers['retry-after']).toBe('1');
      world.pass(1);
    }
  });

  it('ask nothing of the number: a create that they refuse leaves it as it was', async () => {
    const world = await createWorld();
    await makeLimit(world, 'ip', [1, 60]);
    await createBy(world, numberOf(1), { ip: 'a' });
    const before = await world.rest.store.list('destination', '', undefined, 10);
    expect((await createBy(world, TO, { ip: 'a' })).status).toBe(429);
    expect(await world.rest.store.list('destination', '', undefined, 10)).toEqual(before);
    expect((await createBy(world, TO, { ip: 'b' })).status).toBe(201);
  });

  it('I17 count a create that is refused for something else, and say so in its wait', async () => {
    const world = await createWorld();
    await makeLimit(world, 'ip', [2, 3_600]);
    await createBy(world, TO, { ip: 'a' });
    const { body, headers } = await createBy(world, TO, { ip: 'a' });
    expect([body.code, headers['retry-after']]).toEqual([20429, '3600']);
    expect((await world.create()).headers['retry-after']).toBe('10');
    world.pass(3_599_000);
    expect((await createBy(world, TO, { ip: 'a' })).status).toBe(429);
    world.pass(1_000);
    expect((await createBy(world, TO, { ip: 'a' })).status).toBe(201);
  });

  it('count under each name that a create says, and a number as its text', async () => {
    const world = await createWorld();
    await makeLimit(world, 'account', [2, 60]);
    await makeLimit(world, 'nothing');
    expect((await createBy(world, numberOf(1), { account: 17, nothing: 'x' })).status).toBe(201);
    expect((await createBy(world, numberOf(2), { account: '17' })).status).toBe(201);
    expect((await createBy(world, numberOf(3), { account: 17 })).status).toBe(429);
    expect((await createBy(world, numberOf(3), { nothing: 'x' })).status).toBe(201);
  });

  it('stop counting with the limit, and are gone with their sid', async () => {
    const world = await createWorld();
    const sid = await makeLimit(world, 'ip', [1, 3_600]);
    await createBy(world, numberOf(1), { ip: 'a' });
    expect((await createBy(world, numberOf(2), { ip: 'a' })).status).toBe(429);
    expect((await world.of('DELETE', `/RateLimits/${sid}`)).status).toBe(204);
    expect((await createBy(world, numberOf(2), { ip: 'a' })).body.code).toBe(60200);
    for (const path of [`/RateLimits/${sid}`, `/RateLimits/${sid}/Buckets`]) expect((await world.of('GET', path)).body.code).toBe(20404);
    expect((await world.of('DELETE', `/RateLimits/${sid}`)).body.code).toBe(20404);
    expect((await world.of('POST', `/RateLimits/${sid}/Buckets`, { Max: '1', Interval: '1' })).body.code).toBe(20404);
    await makeLimit(world, 'ip', [1, 3_600]);
    expect((await createBy(world, numberOf(2), { ip: 'a' })).status).toBe(201);
  });

  it.each(['[]', '"ip"', '{"ip":""}', '{"ip":null}', '{"ip":["a"]}', '{"ip":true}', '{"ip"', `{"ip":"${'x'.repeat(1_025)}"}`])(
    'refuse what is no object of texts by its name: %s',
    async (RateLimits) => {
      const world = await createWorld();
      await makeLimit(world, 'ip', [1, 60]);
      const { status, body } = await world.create({ RateLimits });
      expect([status, body.code]).toEqual([400, 60200]);
      expect(body.message).toMatch(/^Invalid parameter `RateLimits`/);
    },
  );

  it.each([
    ['no name', '', {}, 'UniqueName'],
    ['a long name', '', { UniqueName: 'x'.repeat(65) }, 'UniqueName'],
    ['a long description', '', { UniqueName: 'x', Description: 'x'.repeat(257) }, 'Description'],
    ['no max', '/Buckets', { Interval: '1' }, 'Max'],
    ['no interval', '/Buckets', { Max: '1' }, 'Interval'],
    ['a max of nothing', '/Buckets', { Max: '0', Interval: '1' }, 'Max'],
    ['an interval of nothing', '/Buckets', { Max: '1', Interval: '0' }, 'Interval'],
    ['an interval beyond a year', '/Buckets', { Max: '1', Interval: '31536001' }, 'Interval'],
  ])('with %s are a 60200 that names it', async (_, path, form, name) => {
    const world = await createWorld();
    const sid = await makeLimit(world, 'ip');
    const { status, body } = await world.of('POST', path === '' ? '/RateLimits' : `/RateLimits/${sid}${path}`, form);
    expect([status, body.code]).toEqual([400, 60200]);
    expect(body.message).toContain(`\`${name}\``);
  });

  it('change in what is said, and in nothing else', async () => {
    const world = await createWorld();
    const sid = await makeLimit(world, 'ip', [1, 60], [2, 120]);
    const before = (await world.of('GET', `/RateLimits/${sid}`)).body;
    expect((await world.of('POST', `/RateLimits/${sid}`)).body).toEqual(before);
    world.pass(5_000);
    const changed = (await world.of('POST', `/RateLimits/${sid}`, { Description: 'said' })).body;
    expect(changed).toEqual({ ...before, description: 'said', date_updated: '2026-01-01T00:00:05Z' });
    const [bucket, other] = (await world.of('GET', `/RateLimits/${sid}/Buckets`)).body.buckets;
    const path = `/RateLimits/${sid}/Buckets/${bucket.sid}`;
    expect((await world.of('POST', path, { Max: '9' })).body).toEqual({ ...bucket, max: 9, date_updated: '2026-01-01T00:00:05Z' });
    expect((await world.of('POST', path, { Interval: String(other.interval) })).body.code).toBe(60211);
    expect((await world.of('GET', `/RateLimits/${sid}/Buckets/${other.sid}`)).body).toEqual(other);
  });

  it('are listed page by page, in links that go on where they ended', async () => {
    const world = await createWorld();
    await world.listen();
    for (let made = 0; made < 7; made += 1) await makeLimit(world, `limit-${made}`);
    const sid = await makeLimit(world, 'ip', [1, 1], [1, 2], [1, 3], [1, 4], [1, 5]);
    const service = world.sdk();
    expect((await service.rateLimits.list({ pageSize: 3 })).map(({ uniqueName }) => uniqueName).sort()).toEqual(
      ['ip', ...Array.from({ length: 7 }, (_, made) => `limit-${made}`)].sort(),
    );
    expect((await service.rateLimits(sid).buckets.list({ pageSize: 2 })).map(({ interval }) => interval).sort()).toEqual([1, 2, 3, 4, 5]);
    const { meta } = (await world.of('GET', '/RateLimits?PageSize=8')).body;
    expect(Object.keys(meta).sort()).toEqual(['first_page_url', 'key', 'next_page_url', 'page', 'page_size', 'previous_page_url', 'url']);
    expect(meta).toMatchObject({ key: 'rate_limits', next_page_url: null, previous_page_url: null });
    expect((await world.of('GET', '/RateLimits?PageToken=nothing')).body.code).toBe(21481);
    expect((await world.of('GET', `/RateLimits/${sid}/Buckets?PageToken=${sid}`)).body.code).toBe(21481);
  });

  it('I14 send nothing where their count cannot be told', async () => {
    let isDown = false;
    const wrapStore = (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== 'function') return value;
          return async (...given: readonly [{ readonly kind?: string }?, ...unknown[]]) => {
            if (isDown && name === 'update' && given[0]?.kind === 'send_count')
              throw new CountersignError('store_unavailable', 'the store cannot be reached');
            return value.apply(target, given);
          };
        },
      });
    const world = await createWorld({ wrapStore });
    await makeLimit(world, 'ip', [5, 60]);
    isDown = true;
    expect(await createBy(world, TO, { ip: 'a' })).toMatchObject({ status: 503, body: { code: 20503 } });
    expect(world.rest.sender.calls).toBe(0);
  });
});
