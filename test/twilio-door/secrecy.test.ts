import { Writable } from 'node:stream';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { createServerOptions } from '../../src/http/server-options.ts';
import { createTwilioApi } from '../../src/http/twilio/twilio-api.ts';
import { PUBLIC_URL, TO, wrongCode } from '../http/world.ts';
import { createWorld, toBasic, toForm } from './world.ts';

/** The number without its country, which no masked form has. */
const NUMBER = '4155552671';

describe('I9 nothing recoverable stays', () => {
  it('in errors, observations, events and all that is kept: no code, no number, no amount, no payee, no secret', async () => {
    const world = await createWorld({}, { psd2: true });
    const { secret } = world.key;
    const payment = { Amount: '39.99 EUR', Payee: 'A payee of ours' };
    for (const value of [NUMBER, payment.Amount, payment.Payee, secret.reveal()]) world.secrets.add(value);
    const { sid } = (await world.of('POST', '/RateLimits', { UniqueName: 'ip' })).body;
    await world.of('POST', `/RateLimits/${sid}/Buckets`, { Max: '2', Interval: '3600' });
    world.secrets.add('203.0.113.77');
    const rated = { ...payment, RateLimits: '{"ip":"203.0.113.77"}' };
    const { body } = await world.create(rated);
    for (let more = 0; more < 2; more += 1) await world.create({ ...rated, To: '+14155552679' });
    const code = world.code();
    await world.create({ ...payment, Amount: '1' });
    await world.check({ To: TO, Code: wrongCode(code), ...payment });
    await world.check({ To: TO, Code: `${code}0`, ...payment });
    await world.check({ To: [TO, TO], Code: code, ...payment });
    await world.of('GET', `/Verifications/${TO}/${code}`);
    await world.of('GET', `/Verifications/${NUMBER}`);
    await world.of('PUT', `/Verifications/${TO}`);
    const kinds = ['destination', 'idempotency', 'nonce', 'meta', 'rate', 'send_limits', 'send_count'];
    const read = async () => {
      const records = await Promise.all(kinds.map((kind) => world.rest.store.list(kind, '', undefined, 1_000)));
      const tenants = await Promise.all(['service', 'api_key'].map((kind) => world.rest.store.list(kind, kind, undefined, 1_000)));
      return JSON.stringify([records, tenants, await world.rest.store.entries({ limit: 1_000 }, undefined)]);
    };
    const pending = await read();
    expect((await world.check({ VerificationSid: body.sid, Code: code, ...payment })).body.status).toBe('approved');
    const kept = [pending, await read(), JSON.stringify([world.rest.answered, world.rest.events, world.rest.failures])].join('\n');
    expect(kept).toContain(world.serviceSid);
    for (const value of world.secrets) if (value !== code) expect(kept, `what is kept holds ${value}`).not.toContain(value.replace(/^\+/, ''));
    // By itself: six digits in the middle of a random id are chance.
    expect(kept).not.toMatch(new RegExp(`(?<![0-9A-Za-z_-])${code}(?![0-9A-Za-z_-])`));
  });

  it('in a log at its most talkative', async () => {
    let log = '';
    const stream = new Writable({
      write(chunk, _, done) {
        log += chunk;
        done();
      },
    });
    const world = await createWorld({}, { customCodes: true });
    const app = fastify({ ...createServerOptions(PUBLIC_URL), disableRequestLogging: true, logger: { level: 'trace', stream } });
    await app.register(createTwilioApi(world.parts));
    const authorization = toBasic(world.key.key.id, world.key.secret.reveal());
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const path = `/v2/Services/${world.serviceSid}/Verifications`;
    const post = (payload: string) => app.inject({ method: 'POST', url: path, headers, payload });
    expect((await post(toForm({ To: TO, Channel: 'sms', CustomCode: '135790' }))).statusCode).toBe(201);
    expect((await post(toForm({ To: `${TO}ext`, [TO]: '135790' }))).statusCode).toBe(400);
    await post(`To=${TO}%zz&${NUMBER}=135790`);
    await app.inject({ method: 'GET', url: `${path}/${encodeURIComponent(TO)}`, headers });
    await app.inject({ method: 'GET', url: `${path}/${NUMBER}/%zz`, headers });
    await app.close();
    expect(log).not.toMatch(new RegExp(`${NUMBER}|135790|${world.key.secret.reveal()}|${authorization.slice(6)}`));
  });
});
