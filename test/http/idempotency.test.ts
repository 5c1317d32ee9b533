import { describe, expect, it } from 'vitest';
import { makeTenant, RestWorld, TO, wrongCode } from './world.ts';

const once = (key: string) => ({ 'idempotency-key': key });

describe('Idempotency-Key', () => {
  it('I11 sends one message for a hundred starts at once', async () => {
    const world = new RestWorld();
    const { key } = await makeTenant(world);
    const ask = () => world.ask('POST', '/v1/verifications', { key, body: { to: TO }, headers: once('k') });
    const answers = await Promise.all(Array.from({ length: 100 }, ask));
    expect(world.sender.calls).toBe(1);
    const [first] = answers.filter(({ status }) => status === 201);
    for (const answer of answers) {
      if (answer.status === 201) expect(answer.body).toEqual(first?.body);
      else expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
      if (answer.status === 409) expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    }
    expect((await ask()).body).toEqual(first?.body);
    expect(world.sender.calls).toBe(1);
  });

  it('I11 is a 422 for another body, and another key for another route or tenant', async () => {
    const world = new RestWorld();
    const { key, root } = await makeTenant(world);
    const other = await makeTenant(world);
    const start = (of: typeof key, to: string) => world.ask('POST', '/v1/verifications', { key: of, body: { to }, headers: once('k') });
    expect((await start(key, TO)).status).toBe(201);
    expect(await start(key, '+14155552672')).toMatchObject({ status: 422, body: { code: 'invalid_request', field: 'Idempotency-Key' } });
    expect((await start(other.key, '+14155552672')).status).toBe(201);
    expect((await world.ask('POST', '/v1/destinations/unblock', { key: root, body: { to: TO }, headers: once('k') })).status).toBe(200);
    expect(world.sender.calls).toBe(2);
  });

  it('charges one guess, and signs the same proof again', async () => {
    const world = new RestWorld();
    const { key, service } = await makeTenant(world);
    const { body } = await world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: 'r', nonce: 'n' } });
    const check = (code: string, name: string) =>
      world.ask('POST', `/v1/verifications/${body.id}/check`, { key, body: { code, requester: 'r' }, headers: once(name) });
    for (let time = 0; time < 3; time += 1) expect((await check(wrongCode(world.code()), 'wrong')).body.attemptsLeft).toBe(4);
    const first = await check(world.code(), 'right');
    world.clock += 200_000;
    const again = await check(world.code(), 'right');
    expect(again.body).toEqual(first.body);
    expect(await world.proofs.verify(again.body.token, { audience: service.id, at: new Date(world.clock) })).toMatchObject({ nonce: 'n', sub: 'r' });
    // Nothing recoverable at rest: neither the number nor the token of the answer that is kept.
    const kept = JSON.stringify(await Promise.all(['idempotency', 'nonce', 'destination'].map((kind) => world.store.list(kind, '', undefined, 100))));
    expect(kept.match(/"id"/g)?.length).toBeGreaterThanOrEqual(4);
    expect(kept).not.toMatch(/4155552671|eyJ/);
  });

  it.each(['check by id', 'check by destination'])('hands out nothing of what was erased (%s)', async (way) => {
    const world = new RestWorld();
    const { key, root } = await makeTenant(world, { checkByDestination: true });
    const { body } = await world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: 'r' } });
    const code = world.code();
    const check = () =>
      way === 'check by id'
        ? world.ask('POST', `/v1/verifications/${body.id}/check`, { key, body: { code, requester: 'r' }, headers: once('k') })
        : world.ask('POST', '/v1/checks', { key, body: { to: TO, code, requester: 'r' }, headers: once('k') });
    expect((await check()).body.status).toBe('approved');
    expect((await check()).body.status).toBe('approved');
    await world.ask('DELETE', '/v1/destinations', { key: root, body: { to: TO } });
    expect(await check()).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('of an operator is another key than that of the tenant who is acted for', async () => {
    const world = new RestWorld();
    const { key, root, service } = await makeTenant(world);
    const body = { name: 'x', service: service.id, scopes: ['read'] };
    const [one, other] = [
      await world.ask('POST', '/v1/api-keys', { key: root, body, headers: once('k') }),
      await world.ask('POST', '/v1/api-keys', { key, body, headers: once('k') }),
    ];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect(one.body.key.id).not.toBe(other.body.key.id);
  });

  it('does not show a secret again', async () => {
    const world = new RestWorld();
    const { root } = await makeTenant(world);
    const body = { name: 'x', service: null, scopes: ['read'] };
    const create = () => world.ask('POST', '/v1/api-keys', { key: root, body, headers: once('k') });
    const first = await create();
    const again = await create();
    expect(first.body.secret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(again).toMatchObject({ status: 201, body: { key: first.body.key } });
    expect(again.body.secret).toBeUndefined();
    const rotate = () => world.ask('POST', `/v1/api-keys/${first.body.key.id}/rotate`, { key: root, headers: once('k') });
    const rotated = await rotate();
    expect((await rotate()).body).toEqual({ key: rotated.body.key });
  });

  it('keeps no refusal: the same key is good when the limits allow it', async () => {
    const world = new RestWorld();
    const { key } = await makeTenant(world);
    const start = (name: string) => world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: 'r' }, headers: once(name) });
    await start('first');
    expect((await start('second')).status).toBe(429);
    world.clock += 120_000;
    expect((await start('second')).status).toBe(201);
    expect((await start('second')).status).toBe(201);
    expect(world.sender.calls).toBe(2);
  });

  it('is for POST: elsewhere it is passed over', async () => {
    const world = new RestWorld();
    const { root } = await makeTenant(world);
    expect((await world.ask('GET', '/v1/services', { key: root, headers: once('with space') })).status).toBe(200);
  });
});
