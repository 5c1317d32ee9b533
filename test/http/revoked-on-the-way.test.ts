import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { basic, makeTenant, RestWorld, TO } from './world.ts';

/** Starts a verification whose body is held back after the door; `meanwhile` happens before it comes. */
async function startSlowly(meanwhile: (world: RestWorld, key: NewApiKey) => Promise<unknown>) {
  let tellInside: () => void = () => undefined;
  const inside = new Promise<void>((resolve) => {
    tellInside = resolve;
  });
  const limiter: RestWorld['parts']['limiter'] = {
    async take(scope) {
      if (scope === 'key') tellInside();
      return { allowed: true };
    },
  };
  const world = new RestWorld({ parts: { limiter } });
  const { key } = await makeTenant(world);
  const payload = new PassThrough();
  const headers = { 'content-type': 'application/json', authorization: basic(key.key.id, key.secret.reveal()) };
  const answered = world.app.inject({ method: 'POST', url: '/v1/verifications', headers, payload });
  await inside;
  await meanwhile(world, key);
  payload.end(JSON.stringify({ to: TO }));
  const { statusCode } = await answered;
  return { status: statusCode, sent: world.sender.messagesTo(TO).length };
}

describe('a key that is good at the door, while the body is on its way', () => {
  it('acts when nothing happens', async () => {
    expect(await startSlowly(async () => undefined)).toEqual({ status: 201, sent: 1 });
  });

  it('acts when what is remembered of it has become too old', async () => {
    expect(await startSlowly(async (world) => (world.clock += 2_001))).toEqual({ status: 201, sent: 1 });
  });

  it.each<[string, (world: RestWorld, key: NewApiKey) => Promise<unknown>]>([
    ['is revoked', (world, { key }) => world.tenants.revokeKey(key.id)],
    ['is rotated twice', (world, { key }) => world.tenants.rotateKey(key.id).then(() => world.tenants.rotateKey(key.id))],
    ['loses its service', (world, { key }) => world.tenants.deleteService(key.service ?? '')],
  ])('does nothing more when it %s', async (_, meanwhile) => {
    expect(await startSlowly(meanwhile)).toEqual({ status: 401, sent: 0 });
  });

  it('acts with the secret before when it is rotated once', async () => {
    expect(await startSlowly((world, { key }) => world.tenants.rotateKey(key.id))).toEqual({ status: 201, sent: 1 });
  });
});
