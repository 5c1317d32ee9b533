import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, US } from './hosted-world.ts';

const STALE = 'This page was open for too long. Try again.';

describe('a form of somebody else’s', () => {
  it.each<[string, Record<string, string>]>([
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of a site next to it', { 'sec-fetch-site': 'same-site' }],
    ['of no site', { 'sec-fetch-site': 'none' }],
    ['of a site of no name', { 'sec-fetch-site': '' }],
    ['of another origin, from an older browser', { origin: 'https://evil.example' }],
    ['of the same host by http', { origin: 'http://verify.example.com' }],
    ['of the same host at another port', { origin: 'https://verify.example.com:8443' }],
  ])('is refused: %s', async (_, headers) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const written = [...world.written];
    const own = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    const { action = '', fields } = page.forms.get('start') ?? {};
    const payload = new URLSearchParams({ ...fields, ...US }).toString();
    const got = await browser.get(action, { method: 'POST', payload, headers: own });
    expect(got).toMatchObject({ status: 404, title: 'This link no longer works', location: undefined });
    expect(got.text).not.toContain('Shop');
    expect(world.written).toEqual(written);
    expect(world.rest.sender.calls).toBe(0);
  });

  it.each<[string, Record<string, string>]>([
    ['with no word of its site', {}],
    ['with the origin that is left without a referrer', { origin: 'null' }],
    ['with an origin', { origin: 'https://verify.example.com' }],
    ['with an origin of its own site', { origin: 'https://verify.example.com', 'sec-fetch-site': 'same-origin' }],
  ])('is not what an older browser sends %s', async (_, headers) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const { action = '', fields } = page.forms.get('start') ?? {};
    const payload = new URLSearchParams({ ...fields, ...US }).toString();
    const own = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    expect((await browser.get(action, { method: 'POST', payload, headers: own })).status).toBe(303);
  });

  it('has no token, or one that is of another session, browser or time: nothing happens, and the next try is good', async () => {
    const world = new HostedWorld();
    const { browser, page, link, id } = await world.visit();
    const other = await world.visit();
    const stranger = await world.browser().open(link);
    const token = page.forms.get('start')?.fields.form ?? '';
    const written = [...world.written];
    const forms = [
      undefined,
      '',
      'x'.repeat(43),
      `${token.slice(0, -1)}!`,
      `${token}A`,
      token.slice(0, 42),
      token.slice(21) + token.slice(0, 22),
      other.page.forms.get('start')?.fields.form,
      stranger.forms.get('start')?.fields.form,
    ];
    for (const form of forms) {
      const secret = page.forms.get('start')?.fields.link ?? '';
      const fields = { link: secret, ...US, ...(form !== undefined && { form }) };
      const got = await browser.send(`/verify/${id}/start`, fields);
      expect([got.status, got.said], form).toEqual([403, STALE]);
      expect(world.written).toEqual(written);
      const json = await browser.send(`/verify/${id}/start`, fields, AS_SCRIPT);
      expect(await browser.follow({ ...json, location: json.json.location })).toMatchObject({ status: 200, title: 'Your phone number' });
    }
    const again = await browser.send(`/verify/${id}/start`, { link: page.forms.get('start')?.fields.link ?? '', ...US });
    expect((await browser.submit(again, 'start', US)).forms.has('check')).toBe(true);
    expect(world.rest.sender.calls).toBe(1);
  });

  it('has no token though its browser has the session: its page says so', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent();
    for (const step of ['check', 'resend', 'change', 'cancel', 'again', 'ask', 'start']) {
      const got = await browser.send(`/verify/${id}/${step}`, { code: world.rest.code() });
      expect(got.location, step).toBe(`/verify/${id}?said=form_stale&of=guess`);
      expect(await browser.follow(got)).toMatchObject({ status: 200, title: 'Enter the code', said: STALE });
    }
    expect((await browser.submit(page, 'check', { code: world.rest.code() })).location).toContain('result=');
  });

  it('has no link: a session that is nobody’s stays so', async () => {
    const world = new HostedWorld();
    const { browser, page, id, link } = await world.visit();
    const { form = '' } = page.forms.get('start')?.fields ?? {};
    for (const secret of ['', 'A'.repeat(22)]) {
      const got = await browser.send(`/verify/${id}/start`, { form, link: secret, ...US });
      expect(got).toMatchObject({ status: 404, title: 'This link no longer works' });
    }
    expect(await browser.open(`/verify/${id}`)).toMatchObject({ status: 404 });
    expect(await world.browser().open(link)).toMatchObject({ status: 200 });
  });

  it('is not guessed from the tokens of a page: each has another mask', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    const again = await browser.open(link);
    expect(again.forms.get('start')?.fields.form).not.toBe(page.forms.get('start')?.fields.form);
    expect(again.forms.get('start')?.fields.link).toBe(page.forms.get('start')?.fields.link);
    expect((await browser.submit(page, 'start', US)).forms.has('check')).toBe(true);
  });

  it('has fields twice, of which the first counts, or a name like __proto__, which is nothing', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visit();
    const { fields } = page.forms.get('start') ?? {};
    const payload = `${new URLSearchParams({ ...fields, ...US })}&number=12&form=x&link=x&__proto__=x&constructor=y&%ff=%ff&%00=%00&%ED%A0%80=%zz`;
    const got = await browser.send(`/verify/${id}/start`, {}, { payload });
    expect(got.status).toBe(303);
  });
});

describe('an address that a visit ends at', () => {
  const ODD = ['&result=x', '?#/\\', '\r\nset-cookie: a=b', '"><script>', "'", 'é€😀', '%0d%0a', '\u2028', 'a'.repeat(512), ' ', '+', '%', '\ud7ff'];

  it.each(ODD)('gives back the state %j as it was', async (state) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent({ state });
    const back = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(back.status).toBe(200);
    const { searchParams, origin, pathname, hash } = new URL(back.location ?? '');
    expect([origin, pathname, hash]).toEqual(['https://shop.example.com', '/verified', '']);
    expect([...searchParams.keys()]).toEqual(['result', 'state']);
    expect(searchParams.get('state')).toBe(state);
    expect(back.headers['set-cookie']).toBeUndefined();
  });

  it.each(['\ud800', 'a\udfff', '\udc00\ud800'])('is made of no state that no address can hold: %j', async (state) => {
    const world = new HostedWorld();
    expect(await world.ask('/v1/sessions', { state })).toMatchObject({ status: 400, body: { field: 'state' } });
  });

  it('is none that the service’s operator took off the list since', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent({ state: 's' });
    const { service } = world;
    const returnUrls = ['https://shop.example.com/other'];
    await world.rest.tenants.updateService(service.id, { page: { ...(service.page ?? {}), returnUrls } } as object);
    world.rest.clock += 60_000;
    for (const got of [await browser.post(page, 'cancel'), await browser.get(`/verify/${id}`)]) {
      expect(got).toMatchObject({ status: 404, location: undefined });
      expect(got.text).not.toContain('/verified');
    }
  });
});
