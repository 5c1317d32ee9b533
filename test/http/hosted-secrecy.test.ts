import { Writable } from 'node:stream';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { createHostedPages } from '../../src/http/pages/hosted/hosted-pages.ts';
import { createServerOptions } from '../../src/http/server-options.ts';
import { AS_SCRIPT, FILES, HostedWorld, resultIn, US } from './hosted-world.ts';
import { PUBLIC_URL, wrongCode } from './world.ts';

/** The number without its country, which no masked form has. */
const NUMBER = '4155552671';
const STATE = 'state-of-a-caller';
const REQUESTER = 'account-of-a-person';
const NONCE = 'nonce-of-a-reader';

/** Everything that a store holds, but for what has to name it. */
async function keptBy({ rest }: HostedWorld): Promise<string> {
  const kinds = ['page_session', 'destination', 'nonce', 'idempotency', 'meta', 'rate'];
  const records = await Promise.all(kinds.map((kind) => rest.store.list(kind, '', undefined, 1_000)));
  expect(records[0]?.length).toBeGreaterThan(0);
  const tenants = await Promise.all(['service', 'api_key'].map((kind) => rest.store.list(kind, kind, undefined, 1_000)));
  return JSON.stringify([records, tenants, await rest.store.entries({ limit: 1_000 }, undefined)]);
}

describe('I9 nothing recoverable of a visit', () => {
  it('is in observations, events, errors, or what is kept: no number, code, link, cookie, token, result, state', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit({ state: STATE, requester: REQUESTER, nonce: NONCE });
    const secrets = [NUMBER, '555-2671', STATE, REQUESTER, NONCE, link.split('/').at(-1) ?? '', ...browser.cookies.values()];
    for (const { fields } of page.forms.values()) secrets.push(fields.form ?? '');
    await browser.submit(page, 'start', { country: 'US', number: `${NUMBER}x` });
    const code = await browser.submit(page, 'start', US);
    const sent = world.rest.code();
    await browser.submit(code, 'check', { code: wrongCode(sent) });
    await browser.post(code, 'check', { code: `${sent}0` }, AS_SCRIPT);
    await browser.send(`/verify/${NUMBER}/${sent}`, { code: sent });
    await browser.get(`/verify/${NUMBER}?code=${sent}`);
    await browser.get(link, { method: 'DELETE', payload: `{"to":"${NUMBER}"`, headers: { 'content-type': 'application/json' } });
    await browser.send(code.forms.get('check')?.action ?? '', {}, { payload: `code=${sent}&number=${NUMBER.repeat(500)}` });
    world.beforeStore = () => {
      throw new Error('down');
    };
    await browser.post(code, 'check', { code: sent });
    world.beforeStore = () => undefined;
    const back = await browser.submit(code, 'check', { code: sent });
    const again = await browser.open(link);
    const kept = await keptBy(world);
    const told = JSON.stringify([world.rest.answered, world.rest.events, world.rest.failures.map(print)]);
    for (const result of [back, again].map(resultIn)) {
      expect(result).toMatch(/^PS/);
      secrets.push(result.split('.')[1] ?? '');
    }
    expect((await world.exchange(resultIn(again))).status).toBe(200);
    const after = await keptBy(world);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(5);
      expect(kept.includes(secret) || after.includes(secret), `what is kept holds ${secret}`).toBe(false);
      expect(told.includes(secret), `what is told holds ${secret}`).toBe(false);
    }
    expect(kept + told).not.toMatch(new RegExp(`(?<![0-9A-Za-z_-])${sent}(?![0-9A-Za-z_-])`));
    expect(new Set(world.rest.answered.map(({ operation }) => operation))).toEqual(
      new Set(['openSession', 'pageOpen', 'pageShow', 'pageStart', 'pageCheck', 'exchangeResult', undefined]),
    );
    expect(world.rest.failures).toHaveLength(1);
  });

  it('is in a log at its most talkative', async () => {
    let log = '';
    const stream = new Writable({
      write(chunk, _, done) {
        log += chunk;
        done();
      },
    });
    const world = new HostedWorld();
    const { link, page, browser } = await world.visit({ state: STATE });
    const app = fastify({ ...createServerOptions(PUBLIC_URL), disableRequestLogging: true, logger: { level: 'trace', stream } });
    await app.register(createHostedPages({ ...world.rest.parts, files: FILES }));
    const [cookie = ''] = [...browser.cookies].map((pair) => pair.join('='));
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const { action = '', fields } = page.forms.get('start') ?? {};
    await app.inject({ url: new URL(link).pathname });
    await app.inject({ method: 'POST', url: action, headers, payload: new URLSearchParams({ ...fields, ...US }).toString() });
    await app.inject({ method: 'POST', url: action, headers, payload: `number=${NUMBER}`.repeat(1_000) });
    await app.inject({ url: `/verify/${NUMBER}/%zz` });
    await app.inject({ method: 'PUT', url: `${new URL(link).pathname}?code=135790`, payload: NUMBER });
    await app.close();
    expect(log).not.toMatch(new RegExp([NUMBER, '135790', STATE, link.split('/').at(-1), cookie.split('=')[1], fields?.form].join('|')));
  });

  it('is in an address after the first, nor in a page but for its own form', async () => {
    const world = new HostedWorld();
    const { browser, page, link, id } = await world.visit({ state: STATE, requester: REQUESTER, nonce: NONCE });
    const secret = link.split('/').at(-1) ?? '';
    const sent = await browser.post(page, 'start', US);
    const code = await browser.follow(sent);
    const wrong = await browser.post(code, 'check', { code: wrongCode(world.rest.code()) });
    const early = await browser.post(code, 'resend');
    for (const { location = '' } of [sent, wrong, early])
      expect(location).toMatch(/^\/verify\/PS[0-9a-f]{32}(?:\?said=\w+(?:&until=\d+)?(?:&of=guess)?)?$/);
    for (const { text } of [code, await browser.follow(wrong), await browser.follow(early)]) {
      for (const hidden of [secret, STATE, REQUESTER, NONCE, world.rest.code(), ...browser.cookies.values()]) expect(text).not.toContain(hidden);
    }
    expect((await browser.open(`/verify/${id}`)).text).not.toContain('VE');
  });
});

/** An error with all that it has. */
function print(error: unknown): unknown {
  return error instanceof Error ? [error.name, error.message, { ...error }, print(error.cause)] : error;
}
