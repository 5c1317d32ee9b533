import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, type Page, RETURN_URL, resultIn, UNLIMITED, US, withoutTokens } from './hosted-world.ts';
import { TO } from './world.ts';

/** What another browser may not learn of a visit. */
function expectStrange(page: Page): void {
  expect(page).toMatchObject({ status: 409, title: 'Already open in another browser', location: undefined });
  expect(withoutTokens(page.text)).not.toMatch(/415|2671|a-state|<form|verified|VE[0-9a-f]{32}/);
  expect(JSON.stringify(page.headers)).not.toContain(new URL(RETURN_URL).host);
}

describe('a link', () => {
  it('that is looked at writes nothing and is nobody’s', async () => {
    const world = new HostedWorld();
    const link = await world.link({ to: TO });
    const before = [...world.written];
    for (let time = 0; time < 5; time += 1) {
      for (const method of ['GET', 'HEAD']) expect(await world.browser().get(link, { method })).toMatchObject({ status: 200 });
    }
    const scanner = world.browser();
    for (let time = 0; time < 3; time += 1) await scanner.open(link);
    expect(world.written).toEqual(before);
    expect(world.rest.sender.calls).toBe(0);
    const browser = world.browser();
    const code = await browser.submit(await browser.open(link), 'start');
    expect(code.forms.has('check')).toBe(true);
    expect(world.written).toContain('page_session');
    expectStrange(await scanner.open(link));
  });

  it('writes nothing when it is opened again by its browser, nor by another', async () => {
    const world = new HostedWorld();
    const { browser, link, id } = await world.visitSent({ state: 'a-state' });
    const before = [...world.written];
    for (const address of [link, `/verify/${id}`, `/verify/${id}?said=sent`, `/verify/${id}/check`]) {
      expect(await browser.open(address)).toMatchObject({ status: 200, title: 'Enter the code' });
      await world.browser().open(address);
    }
    expect(world.written).toEqual(before);
  });

  it.each(['', 'x', 'A'.repeat(22), 'é'.repeat(22), '%00', '__proto__', 'constructor'])('that ends with %j opens nothing', async (end) => {
    const world = new HostedWorld();
    const link = await world.link();
    const page = await world.browser().get(link.replace(/[^/]*$/, encodeURI(end)));
    expect(page).toMatchObject({ status: 404, title: 'This link no longer works', location: undefined });
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(page.forms.size).toBe(0);
  });

  it('of one session opens no other', async () => {
    const world = new HostedWorld();
    const [one, other] = [await world.link(), await world.link()];
    const mixed = one.replace(/[^/]*$/, other.split('/').at(-1) ?? '');
    expect(await world.browser().open(mixed)).toMatchObject({ status: 404 });
  });
});

describe('the first form', () => {
  it('makes the session its browser’s: others see that it is open elsewhere and no more', async () => {
    const world = new HostedWorld();
    const link = await world.link({ state: 'a-state' });
    const [one, other] = [world.browser(), world.browser()];
    const [page, early] = [await one.open(link), await other.open(link)];
    const code = await one.submit(page, 'start', US);
    const address = link.replace(/\/[^/]*$/, '');
    for (const strange of [
      await other.open(link),
      await other.open(address),
      await world.browser().open(link),
      await world.browser().open(`${address}/check`),
    ])
      expectStrange(strange);
    const written = [...world.written];
    for (const step of ['start', 'ask', 'cancel']) expectStrange(await other.submit(early, step, US));
    for (const step of ['check', 'resend', 'again', 'change']) {
      expectStrange(await other.send(`${address}/${step}`, { ...early.forms.get('start')?.fields, code: world.rest.code() }));
    }
    const json = await other.post(early, 'start', US, AS_SCRIPT);
    expect(json).toMatchObject({ status: 409, json: { message: expect.stringContaining('only works in the browser where it was first opened') } });
    expect(world.written).toEqual(written);
    expect(world.rest.sender.calls).toBe(1);
    expect(resultIn(await one.submit(code, 'check', { code: world.rest.code() }))).not.toBe('');
    expectStrange(await other.open(address));
  });

  it('needs the cookie that came with its page', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    browser.cookies.clear();
    expect(await browser.post(page, 'start', US)).toMatchObject({ status: 403, title: 'This page needs a cookie' });
    expect((await browser.post(page, 'start', US, AS_SCRIPT)).json.message).toContain('Allow cookies');
    for (const value of ['', 'x', 'é'.repeat(22), `${'a'.repeat(22)} `, '%'.repeat(22), `"${'a'.repeat(20)}"`, 'a'.repeat(23)]) {
      const [name = ''] = (await world.browser().open(link)) && [browser.setCookie.split('=')[0] ?? ''];
      const got = await browser.post(page, 'start', US, { headers: { cookie: `${name}=${value}` } });
      expect(got.status, value).toBe(403);
    }
    expect(world.written.filter((kind) => kind === 'page_session')).toHaveLength(1);
  });

  it('has its session also where the answer was lost', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    await browser.post(page, 'start', US);
    expect(await browser.open(link)).toMatchObject({ status: 200, title: 'Enter the code' });
    expect((await browser.submit(page, 'start', US)).forms.has('check')).toBe(true);
    expect(world.rest.sender.calls).toBe(1);
  });

  it('has its session also where the store failed behind it', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    await browser.submit(page, 'start', { number: '12' });
    expectStrange(await world.browser().open(link));
    expect(await browser.open(link)).toMatchObject({ status: 200, title: 'Your phone number' });
  });

  it('leads to the caller again where the way back was cut off', async () => {
    const world = new HostedWorld();
    const { browser, page, id, link } = await world.visitSent({ state: 's' });
    const lost = await browser.post(page, 'check', { code: world.rest.code() });
    for (const address of [`/verify/${id}`, link, `/verify/${id}/check`]) {
      const back = await browser.open(address);
      expect(back.location).toMatch(/^https:\/\/shop\.example\.com\/verified\?result=PS[^&]+&state=s$/);
      expect(resultIn(back)).not.toBe(resultIn(lost));
    }
    const last = await browser.open(link);
    expect((await world.exchange(resultIn(last))).status).toBe(200);
    expect(await browser.open(link)).toMatchObject({ title: 'Verified' });
  });

  it('of two visits in one browser does not end the other', async () => {
    const world = new HostedWorld();
    const browser = world.browser();
    const [one, other] = [await browser.open(await world.link()), await browser.open(await world.link())];
    const first = await browser.submit(one, 'start', US);
    const second = await browser.submit(other, 'start', { country: 'US', number: '415 555 2672' });
    expect(browser.cookies.size).toBe(2);
    expect(resultIn(await browser.submit(first, 'check', { code: world.rest.code() }))).not.toBe('');
    expect(resultIn(await browser.submit(second, 'check', { code: world.rest.code('+14155552672') }))).not.toBe('');
  });
});

describe('the cookie of a visit', () => {
  const NAME = /^(?:__Host-)?countersign-PS[0-9a-f]{32}=[\w-]{22}/;

  it.each([
    ['by https', 'https://verify.example.com', [], '; Max-Age=2700; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['by http on this machine', 'http://127.0.0.1:8080', [], '; Max-Age=2700; Path=/; HttpOnly; SameSite=Lax'],
    [
      'in a frame',
      'https://verify.example.com',
      ['https://shop.example.com'],
      '; Max-Age=2700; Path=/; HttpOnly; Secure; Partitioned; SameSite=None',
    ],
    ['in a frame by http', 'http://127.0.0.1:8080', ['https://shop.example.com'], '; Max-Age=2700; Path=/; HttpOnly; SameSite=Lax'],
  ])('says where it is good, %s', async (_, publicUrl, frameAncestors, attributes) => {
    const world = new HostedWorld({ parts: { publicUrl } });
    await world.make({ page: { frameAncestors } });
    const { browser, page } = await world.visit();
    expect(browser.setCookie).toMatch(NAME);
    expect(browser.setCookie.startsWith('__Host-')).toBe(publicUrl.startsWith('https:'));
    expect(browser.setCookie.replace(NAME, '')).toBe(attributes);
    // It is given once.
    const code = await browser.submit(page, 'start', US);
    expect([[page.headers['set-cookie']].flat(), code.headers['set-cookie']]).toEqual([[browser.setCookie], undefined]);
  });

  it('is another for each browser, and nothing that the page tells', async () => {
    const world = new HostedWorld();
    const link = await world.link();
    const secrets = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = world.browser();
        const { text } = await browser.open(link);
        const [secret = ''] = browser.cookies.values();
        expect(text).not.toContain(secret);
        return secret;
      }),
    );
    expect(new Set(secrets).size).toBe(5);
  });

  it('is let go of behind twenty others, so that a request keeps room for its head', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const browser = world.browser();
    browser.cookies.set('shop', 'of-another');
    const visits = [];
    for (let visit = 0; visit < 120; visit += 1) visits.push(await browser.open(await world.link()));
    expect([...browser.cookies].join('; ').length).toBeLessThan(2_500);
    expect(browser.cookies.get('shop')).toBe('of-another');
    expect((await browser.submit(visits.at(-1) as Page, 'start', US)).forms.has('check')).toBe(true);
    const other = { country: 'US', number: '415 555 2672' };
    expect((await browser.submit(visits.at(-20) as Page, 'start', other)).forms.has('check')).toBe(true);
    expect(await browser.submit(visits[0] as Page, 'start', US)).toMatchObject({ status: 403, title: 'This page needs a cookie' });
  });
});
