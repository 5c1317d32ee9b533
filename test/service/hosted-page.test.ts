import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutboxSender, type OutboxSender } from '../../src/senders/outbox.ts';
import { createService, type Service } from '../../src/service/service.ts';
import type { SettingsInput } from '../../src/service/settings.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { PAGE } from '../tenants-world.ts';
import { SECRET } from './world.ts';

const TO = '+14155552671';

interface World {
  readonly service: Service;
  readonly outbox: OutboxSender;
  /** Asks the REST interface. */
  ask(path: string, body: object): Promise<any>;
}

async function open(settings: Partial<SettingsInput> = {}, origin: string | null = null, compatibility: 'twilio' | null = null): Promise<World> {
  const outbox = createOutboxSender();
  const parts = { store: createMemoryStore(), senders: [outbox], hasMetricsListener: false, log: { write: () => undefined } };
  const service = await createService({ secret: SECRET, port: 0, ...settings }, parts);
  onTestFinished(() => service.close());
  const { id } = await service.tenants.createService({ name: 'Shop', page: PAGE, origin, compatibility });
  const { key, secret } = await service.tenants.createKey({ name: 'app', service: id, scopes: ['start', 'check'] });
  const headers = { authorization: `Bearer ${key.id}.${secret.reveal()}`, 'content-type': 'application/json' };
  const ask: World['ask'] = async (url, body) => (await service.app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) })).json();
  return { service, outbox, ask };
}

/** Opens a link, and asks for the code that is sent to whom the caller has named. */
async function send({
  service,
  ask,
}: World): Promise<{ readonly path: string; readonly cookie: string; readonly form: string; readonly link: string }> {
  const { url } = await ask('/v1/sessions', { to: TO, state: 'a state' });
  const { pathname } = new URL(url);
  const [path = '', link = ''] = [pathname.replace(/\/[^/]+$/, ''), pathname.split('/').at(-1)];
  const opened = await service.app.inject({ method: 'GET', url: pathname });
  const cookie = String(opened.headers['set-cookie']).split(';')[0] ?? '';
  const form = /name="form" value="([^"]+)"/.exec(opened.payload)?.[1] ?? '';
  const sent = await service.app.inject({ method: 'POST', url: `${path}/start`, headers: formHeaders(cookie), payload: toBody({ form, link }) });
  expect(sent).toMatchObject({ statusCode: 303, headers: { location: path } });
  return { path, cookie, form, link };
}

function formHeaders(cookie: string): Record<string, string> {
  return { cookie, 'content-type': 'application/x-www-form-urlencoded' };
}

function toBody(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString();
}

describe('a service with a hosted page', () => {
  it('leads from a session to a proof, beside its REST interface', async () => {
    const world = await open();
    const { path, cookie, form } = await send(world);
    const { code } = world.outbox.last(TO);
    const checked = await world.service.app.inject({
      method: 'POST',
      url: `${path}/check`,
      headers: formHeaders(cookie),
      payload: toBody({ form, code }),
    });
    const back = new URL(String(checked.headers.refresh).replace('0;url=', ''));
    expect(`${back.origin}${back.pathname}`).toBe(PAGE.returnUrls[0]);
    expect(back.searchParams.get('state')).toBe('a state');
    const result = { result: back.searchParams.get('result') };
    expect(await world.ask('/v1/sessions/exchange', result)).toMatchObject({ status: 'approved', token: expect.any(String) });
    expect(await world.ask('/v1/sessions/exchange', result)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await world.service.metrics()).toMatch(/operation="pageCheck",status="200"/);
  });

  it('binds the codes of its page to the site of the page, and others to the site of the service', async () => {
    const world = await open({ publicUrl: 'https://verify.example.com' }, 'https://shop.example.com');
    await send(world);
    expect(world.outbox.last(TO).text).toMatch(/\n@verify\.example\.com #\d{6}$/);
    await world.ask('/v1/verifications', { to: '+14155552672' });
    expect(world.outbox.last('+14155552672').text).toMatch(/\n@shop\.example\.com #\d{6}$/);
  });

  it('shares no verification between two visits, also where a service does for Twilio’s clients', async () => {
    const world = await open({}, null, 'twilio');
    const owner = await send(world);
    const { url } = await world.ask('/v1/sessions', { to: TO });
    const { pathname } = new URL(url);
    const opened = await world.service.app.inject({ method: 'GET', url: pathname });
    const form = /name="form" value="([^"]+)"/.exec(opened.payload)?.[1] ?? '';
    const headers = formHeaders(String(opened.headers['set-cookie']).split(';')[0] ?? '');
    const path = pathname.replace(/\/[^/]+$/, '');
    const payload = toBody({ form, link: pathname.split('/').at(-1) ?? '' });
    expect((await world.service.app.inject({ method: 'POST', url: `${path}/start`, headers, payload })).statusCode).toBe(422);
    await world.service.app.inject({ method: 'POST', url: `${path}/cancel`, headers, payload });
    const check = { method: 'POST', url: `${owner.path}/check`, headers: formHeaders(owner.cookie) } as const;
    const checked = await world.service.app.inject({ ...check, payload: toBody({ form: owner.form, code: world.outbox.last(TO).code }) });
    expect(String(checked.headers.refresh)).toContain('result=');
  });

  it('binds no code to a site that has no name for it', async () => {
    const world = await open();
    await send(world);
    expect(world.outbox.last(TO).text).not.toMatch(/@/);
  });
});
