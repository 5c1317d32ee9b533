import { Writable } from 'node:stream';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { createRestApi } from '../../src/http/rest-api.ts';
import { createServerOptions } from '../../src/http/server-options.ts';
import { PAGE } from '../tenants-world.ts';
import { basic, makeTenant, PUBLIC_URL, RestWorld, TO, wrongCode } from './world.ts';

/** The number without its country, which no masked form has. */
const NUMBER = '4155552671';

describe('I9 nothing recoverable leaves or stays', () => {
  it('in answers, observations, events and all that is kept: no code, no number in full, no secret but the one that is shown once', async () => {
    const world = new RestWorld();
    const { key, root, service } = await makeTenant(world, { checkByDestination: true });
    const texts: string[] = [];
    const ask = async (method: string, url: string, body?: object, of = key) => {
      const answer = await world.ask(method, url, { key: of, body, headers: { 'idempotency-key': `k${texts.length}` } });
      texts.push(JSON.stringify([answer.headers, answer.text]));
      return answer;
    };
    const { body } = await ask('POST', '/v1/verifications', { to: TO, requester: 'account-of-a-person', nonce: 'nonce-of-a-reader' });
    const code = world.code();
    await ask('POST', '/v1/verifications', { to: TO, requester: 'account-of-a-person' });
    await ask('POST', `/v1/verifications/${body.id}/check`, { code: wrongCode(code), requester: 'account-of-a-person' });
    await ask('POST', '/v1/checks', { to: TO, code: `${code}0`, requester: 'account-of-a-person' });
    await ask('GET', `/v1/verifications/${body.id}?requester=account-of-a-person`);
    await ask('GET', `/v1/deliveries?to=${encodeURIComponent(TO)}`);
    await ask('GET', '/v1/api-keys');
    await ask('POST', '/v1/verifications', { to: `${TO}x`, code });
    await ask('PUT', `/v1/${TO}/${code}`);
    const beforeProof = texts.join('\n');
    const { body: approved } = await ask('POST', `/v1/verifications/${body.id}/check`, { code, requester: 'account-of-a-person' });
    expect(approved.status).toBe('approved');
    await ask('DELETE', '/v1/destinations', { to: TO }, root);
    const kinds = ['destination', 'idempotency', 'nonce', 'meta', 'rate'];
    const records = await Promise.all(kinds.map((kind) => world.store.list(kind, '', undefined, 1_000)));
    const tenants = await Promise.all(['service', 'api_key'].map((kind) => world.store.list(kind, kind, undefined, 1_000)));
    const journal = await world.store.entries({ limit: 1_000 }, undefined);
    expect(records.slice(0, 3).every((each) => each.length > 0)).toBe(true);
    const kept = JSON.stringify([records, tenants, journal, world.answered, world.events, world.failures]);
    const secrets = [NUMBER, key.secret.reveal(), root.secret.reveal(), 'account-of-a-person', 'nonce-of-a-reader'];
    for (const secret of secrets) {
      expect(beforeProof, `answers hold ${secret}`).not.toContain(secret);
      expect(kept, `what is kept holds ${secret}`).not.toContain(secret);
    }
    // By itself: six digits in the middle of a random id are chance.
    expect(beforeProof + kept).not.toMatch(new RegExp(`(?<![0-9A-Za-z_-])${code}(?![0-9A-Za-z_-])`));
    expect(kept).not.toContain(approved.token);
    expect(kept).toContain(service.id);
  });

  it('of a session of the hosted page: only its opener has the link, only who exchanges has the proof', async () => {
    const world = new RestWorld();
    const { key } = await makeTenant(world, { page: PAGE });
    const texts: string[] = [];
    let asked = 0;
    const ask = async (url: string, body: object) => {
      asked += 1;
      const answer = await world.ask('POST', url, { key, body, headers: { 'idempotency-key': `k${asked}` } });
      texts.push(JSON.stringify([answer.headers, answer.text]));
      return answer;
    };
    const said = { to: TO, state: 'state-of-a-caller', requester: 'account-of-a-person', nonce: 'nonce-of-a-reader' };
    await ask('/v1/sessions', { ...said, returnUrl: 'https://evil.example/of-a-caller' });
    await ask('/v1/sessions', { ...said, purpose: 'x y', to: `${TO}x` });
    const refusals = texts.splice(0).join();
    const { body } = await ask('/v1/sessions', said);
    const [visitor, link] = [{ id: body.id, browser: 'cookie-of-a-browser-22' }, body.url.split('/').at(-1)];
    await world.parts.pageSessions.claim(visitor, { hasLink: true, destination: TO });
    await world.parts.pageSessions.keep(visitor, { verificationId: `VE${'1'.repeat(32)}`, to: TO });
    const approved = await world.ask('POST', '/v1/verifications', { key, body: { to: TO, requester: said.requester } });
    const claims = { verificationId: approved.body.id, service: key.key.service, purpose: 'default', channel: 'sms', destination: TO, masked: '+1' };
    const { requester, nonce } = said;
    const told = await world.parts.pageSessions.approve(
      visitor,
      JSON.stringify({ ...claims, requester, nonce, test: false, approvedAt: new Date(world.clock).toISOString() }),
    );
    const result = told?.reveal() ?? '';
    const dump = () => Promise.all(['page_session', 'idempotency', 'nonce', 'rate'].map((kind) => world.store.list(kind, '', undefined, 1_000)));
    const before = await dump();
    await ask('/v1/sessions/exchange', { result: `${result.slice(0, -1)}~` });
    await ask('/v1/sessions/exchange', { result: { result } });
    const misses = texts.splice(0).join();
    const exchanged = await ask('/v1/sessions/exchange', { result });
    expect(exchanged.body.status).toBe('approved');
    expect(before[0]).toHaveLength(1);
    const kept = JSON.stringify([before, await dump(), world.answered, world.events, world.failures]);
    const secret = result.split('.')[1] ?? '';
    for (const text of [
      NUMBER,
      said.state,
      requester,
      nonce,
      'of-a-caller',
      PAGE.returnUrls[0] ?? '',
      visitor.browser,
      link,
      secret,
      exchanged.body.token,
    ]) {
      expect(refusals, `a refusal holds ${text}`).not.toContain(text);
      expect(kept, `what is kept holds ${text}`).not.toContain(text);
      if (text !== link) expect(misses, `an answer holds ${text}`).not.toContain(text);
    }
  });

  it('in a log at its most talkative', async () => {
    let log = '';
    const stream = new Writable({
      write(chunk, _, done) {
        log += chunk;
        done();
      },
    });
    const world = new RestWorld();
    const { key } = await makeTenant(world, { customCodes: true, page: PAGE });
    const app = fastify({ ...createServerOptions(PUBLIC_URL), disableRequestLogging: true, logger: { level: 'trace', stream } });
    await app.register(createRestApi(world.parts));
    const headers = { authorization: basic(key.key.id, key.secret.reveal()), 'content-type': 'application/json' };
    const post = (payload: string, url = '/v1/verifications') => app.inject({ method: 'POST', url, headers, payload });
    await post(JSON.stringify({ to: TO, code: '135790' }));
    await post(JSON.stringify({ to: `${TO}ext`, [TO]: '135790' }));
    await post(`{"to":"${TO}"`);
    const opened = (await post(JSON.stringify({ to: TO, state: '135790' }), '/v1/sessions')).json<{ url: string }>();
    await post(JSON.stringify({ result: `PS${'0'.repeat(32)}.${'135790'.repeat(3)}1357` }), '/v1/sessions/exchange');
    await app.inject({ method: 'GET', url: `/v1/deliveries?to=${encodeURIComponent(TO)}`, headers });
    await app.inject({ method: 'GET', url: `/${NUMBER}/%zz`, headers });
    await app.close();
    expect(opened.url).toMatch(/^https:.{60,}$/);
    expect(log).not.toContain(opened.url.split('/').at(-1));
    expect(log).not.toMatch(new RegExp(`${NUMBER}|135790|${key.secret.reveal()}|${headers.authorization.slice(6)}`));
  });
});
