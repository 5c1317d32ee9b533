import { describe, expect, it } from 'vitest';
import { makeTenant, RestWorld, TO, wrongCode } from './world.ts';

describe('verifications over HTTP', () => {
  it('starts, answers a wrong code with 200 and pending, and a right one with a proof that its reader can check', async () => {
    const world = new RestWorld();
    const { key, service } = await makeTenant(world);
    const started = await world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: 'r', nonce: 'n-1' } });
    expect(started).toMatchObject({ status: 201, body: { status: 'pending', to: '+1********71', codeLength: 6 } });
    const url = `/v1/verifications/${started.body.id}/check`;
    const wrong = await world.ask('POST', url, { key, body: { code: wrongCode(world.code()), requester: 'r' } });
    expect(wrong).toMatchObject({ status: 200, body: { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 } });
    const right = await world.ask('POST', url, { key, body: { code: world.code(), requester: 'r' } });
    expect(right).toMatchObject({ status: 200, body: { status: 'approved', verificationId: started.body.id } });
    const claims = await world.proofs.verify(right.body.token, { audience: service.id, at: new Date(world.clock) });
    expect(claims).toMatchObject({ sub: 'r', nonce: 'n-1', phone_number: TO, service: service.id, jti: started.body.id });
    expect(claims.test).toBeUndefined();
  });
});
