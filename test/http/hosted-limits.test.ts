import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { renderRefusal } from '../../src/http/refusal.ts';
import { AS_SCRIPT, HostedWorld, type Page, US } from './hosted-world.ts';
import { PUBLIC_URL } from './world.ts';

const NARROW = { perMinute: 60, burst: 5 };
const ROOMY = { perMinute: 60_000, burst: 10_000 };
const PS = `PS${'0'.repeat(32)}`;

function expectPage(page: Page, status: number): void {
  expect(page.status, page.text.slice(0, 200)).toBe(status);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
}

describe('limits of the hosted page', () => {
  it('by address: a page that says from when on it goes on, for links and forms and whatever else', async () => {
    const world = new HostedWorld({ parts: { rates: { key: ROOMY, address: NARROW } } });
    const { browser, page, link, id } = await world.visit();
    for (let time = 1; time < 5; time += 1) await browser.get(`/verify/${PS}/${'x'.repeat(22)}`);
    for (const got of [await browser.get(link), await browser.get(`/verify/${id}`), await browser.post(page, 'start', US)]) {
      expectPage(got, 429);
      expect([got.title, got.headers['retry-after']]).toEqual(['Too many requests', '1']);
      expect(got.text).not.toContain('Shop');
    }
    expect((await browser.post(page, 'start', US, AS_SCRIPT)).json).toEqual({ message: 'Try again in 0:01.' });
    // Another's address is not limited by it, and time goes by.
    expect((await browser.get(link, { remoteAddress: '192.0.2.1' })).status).toBe(200);
    world.rest.clock += 1_000;
    expect((await browser.submit(page, 'start', US)).status).not.toBe(404);
    expect(world.rest.answered.filter(({ status, reason }) => status === 429 && reason === 'rate_limited').length).toBeGreaterThan(3);
  });

  it('by visit: a page of the visit’s own, in its language, where its frame may show it', async () => {
    const world = new HostedWorld();
    await world.make({ page: { frameAncestors: ['https://shop.example.com'] } });
    const { browser, page, id } = await world.visitSent({ locale: 'fr' });
    let got = page;
    for (let time = 0; time < 21 && got.status !== 429; time += 1) got = await browser.post(page, 'resend');
    expect([got.status, got.headers['retry-after']]).toEqual([429, '3']);
    expect(got.text).toContain('<html lang="fr"');
    expect(got.headers['content-security-policy']).toContain('frame-ancestors https://shop.example.com');
    expect(got.headers['x-frame-options']).toBeUndefined();
    expect((await browser.post(page, 'resend', {}, AS_SCRIPT)).json.message).toContain('0:03');
    // Looking costs nothing, and another visit goes on.
    expect((await browser.open(`/verify/${id}`)).forms.has('check')).toBe(true);
    await world.visit();
    world.rest.clock += 3_000;
    expect((await browser.post(page, 'resend')).status).toBe(303);
  });
});

describe('what is no form of the page', () => {
  it.each<[string, number, string, Record<string, string> | undefined]>([
    ['too large', 413, `form=x&number=${'1'.repeat(5_000)}`, undefined],
    ['JSON', 415, '{"form":"x"}', { 'content-type': 'application/json' }],
    ['in parts', 415, '--x--', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['text', 415, 'form=x', { 'content-type': 'text/plain' }],
    ['of no kind', 415, 'form=x', { 'content-type': '' }],
  ])('is refused: %s', async (_, status, payload, headers) => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visit();
    const got = await browser.send(`/verify/${id}/start`, {}, { payload, ...(headers && { headers }) });
    expectPage(got, status);
    expect(got.text).not.toContain('Shop');
    // No fault of ours, neither in the log.
    expect(world.rest.answered.at(-1)?.code).toBe(status === 413 ? 'payload_too_large' : 'unsupported_media_type');
    expect((await browser.submit(page, 'start', US)).forms.has('check')).toBe(true);
    expect(world.rest.failures).toEqual([]);
  });

  it('is refused: with nothing in it', async () => {
    const world = new HostedWorld();
    const { browser, id } = await world.visit();
    const got = await browser.get(`/verify/${id}/start`, { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } });
    expectPage(got, 404);
  });
});

describe('a path below the page’s', () => {
  const PATHS = [
    '/verify',
    '/verify/',
    '/verify/x',
    `/verify/${PS}`,
    `/verify/${PS}/`,
    `/verify/${PS}/start`,
    `/verify/${PS}/x/y/z`,
    `/verify/${PS.toLowerCase()}/start`,
    '/verify/__proto__/constructor',
    '/verify/constructor/start',
    '/verify/%0d%0aset-cookie:a=b/start',
    '/verify/%E2%82%AC/start',
    '/verify/..%2f..%2fv1/start',
    '/verify/%2f%2fevil.example/start',
    '/verify/%00/start',
    '/verify/files/page.js',
    '/verify/files/..%2f..%2fpackage.json',
    `/verify/${'x'.repeat(254)}`,
    `/verify/${'x'.repeat(300)}`,
    `/verify/${'x'.repeat(4_000)}/start`,
    `/verify/${PS}/${'x'.repeat(300)}`,
    '/verify/%',
    '/verify/%zz/start',
    '/verify/%ff',
    '/verify/%c0%af/%ed%a0%80',
    '/verify?said=sent',
  ];

  it.each(PATHS)('that is nothing has a page that says so, and no redirect: %s', async (path) => {
    const world = new HostedWorld();
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const got = await world.browser().get(path, { method });
      const isPage = got.status === 404 || got.status === 400 || got.status === 414;
      expect([method, isPage], String(got.status)).toEqual([method, true]);
      expect([got.location, got.headers['set-cookie']]).toEqual([undefined, undefined]);
      expectPage(got, got.status);
      if (method !== 'HEAD') expect(got.text).toContain('This link no longer works');
    }
    expect(world.rest.failures).toEqual([]);
  });

  it('that is something takes its own methods alone', async () => {
    const world = new HostedWorld();
    const { browser, page, link, id } = await world.visitSent();
    const { fields } = page.forms.get('check') ?? {};
    const payload = new URLSearchParams(fields).toString();
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      for (const address of [link, `/verify/${id}`, `/verify/${id}/check`]) {
        expectPage(await browser.get(address, { method, payload, headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 404);
        for (const body of ['{}', '{', 'x'.repeat(20_000)])
          expectPage(await browser.get(address, { method, payload: body, headers: { 'content-type': 'application/json' } }), 404);
      }
    }
    for (const step of ['constructor', '__proto__', 'toString', 'CHECK', '', 'check/']) {
      expectPage(await browser.send(`/verify/${id}/${step}`, { ...fields }), 404);
    }
    expectPage(await browser.send(`/verify/${id}`, { ...fields }), 404);
    for (const method of ['TRACE', 'PROPFIND', 'QUERY']) {
      for (const address of [link, '/verify', '/verify/x/y/z']) expectPage(await browser.get(address, { method }), 404);
    }
    expect((await browser.open(`/verify/${id}`)).forms.has('check')).toBe(true);
  });

  it('is apart from those beside it', async () => {
    const world = new HostedWorld();
    for (const path of ['/verifyx', '/VERIFY/x', '/v1/verify', '/', '/%zz']) {
      expect((await world.browser().get(path)).headers['content-type']).toContain('application/problem+json');
    }
  });

  it('and a head that is too large are told in a page', () => {
    const at = (url: string) => renderRefusal({ statusCode: 431 }, { url, publicUrl: PUBLIC_URL, requestId: 'r' });
    expect(at(`/verify/${PS}`)).toMatchObject({ status: 431, type: 'text/html; charset=utf-8' });
    expect(at('/v1/verifications').type).toBe('application/problem+json');
  });
});

describe('a body that a form would have', () => {
  it('behind any other request is not waited for: the connection ends with the answer', async () => {
    const { app } = new HostedWorld().rest;
    await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());
    const { port } = app.server.address() as AddressInfo;
    for (const path of [`/verify/${PS}`, `/verify/${PS}/${'x'.repeat(22)}`, '/verify/nothing/at/all']) {
      const head = await new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n`));
        socket.on('error', reject).once('data', (bytes) => {
          socket.destroy();
          resolve(bytes.toString());
        });
      });
      expect(head, path).toMatch(/^HTTP\/1\.1 404 .*\r\nconnection: close\r\n/is);
    }
  });
});
