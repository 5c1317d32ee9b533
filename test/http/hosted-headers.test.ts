import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, FILES, HostedWorld, type Page, US } from './hosted-world.ts';

/** The parts of a policy by their names. */
function policyOf({ headers }: Page): Map<string, string> {
  const parts = String(headers['content-security-policy']).split('; ');
  return new Map(parts.map((part) => [part.split(' ')[0] ?? '', part.slice(part.indexOf(' ') + 1)]));
}

/** Every page of a visit, and what a stranger and a stray request get, each with its status. */
async function everyPage(world: HostedWorld): Promise<(readonly [number, Page])[]> {
  const { browser, page, link, id } = await world.visit();
  const wrong = await browser.submit(page, 'start', { number: '1' });
  const code = await browser.submit(page, 'start', US);
  const strange = await world.browser().open(link);
  const stray = await world.browser().open(`/verify/${id.replace(/.$/, '_')}`);
  const noCookie = await world.browser().post(page, 'start', US);
  const forged = await browser.post(page, 'start', US, { headers: { 'sec-fetch-site': 'cross-site' } });
  const other = await world.visit();
  const stale = await other.browser.post(other.page, 'start', { form: 'x' });
  await browser.post(code, 'cancel');
  const end = await browser.open(link);
  world.beforeStore = () => {
    throw new Error('down');
  };
  const down = await browser.open(link);
  world.beforeStore = () => undefined;
  return [
    ...([
      [200, page],
      [422, wrong],
      [200, code],
      [409, strange],
      [404, stray],
      [404, forged],
    ] as const),
    ...([
      [403, noCookie],
      [403, stale],
      [200, end],
      [503, down],
    ] as const),
  ];
}

describe('every page', () => {
  it('is told to browsers as its own and nobody else’s: exactly this policy, no cache, no referrer, no frame', async () => {
    const world = new HostedWorld();
    for (const [status, page] of await everyPage(world)) {
      expect(page.status).toBe(status);
      expect(page.headers['content-security-policy']).toBe(
        `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; ` +
          "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      );
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
        'permissions-policy': 'otp-credentials=(self)',
        'strict-transport-security': expect.stringContaining('max-age='),
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        vary: 'accept, accept-encoding, accept-language, cookie',
      });
      expect(page.headers.server ?? page.headers['x-powered-by']).toBeUndefined();
      expect(page.text).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/);
      // No other site but the caller's, behind a link that its own browser sees.
      const text = page.text.replace(/<a href="https:\/\/shop\.example\.com\//, '');
      expect(text).not.toMatch(/<script>|<[^>]* (?:on\w+|style)=|https?:\/\//);
    }
  });

  it('is in a frame of those who may have it, and of nobody else', async () => {
    const world = new HostedWorld();
    const frameAncestors = ['https://shop.example.com', 'https://pay.example.com:8443'];
    await world.make({ page: { frameAncestors } });
    for (const [, page] of await everyPage(world)) {
      // Of what nobody knows the service of, nobody may show a page.
      const isKnown = page.text.includes('Shop');
      expect(policyOf(page).get('frame-ancestors')).toBe(isKnown ? frameAncestors.join(' ') : "'none'");
      expect(page.headers['x-frame-options']).toBe(isKnown ? undefined : 'DENY');
    }
  });

  it('leads back by itself and by a link, as no form may lead anywhere else', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent({ state: '"&' });
    const back = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(back).toMatchObject({
      status: 200,
      title: 'Verified',
      location: expect.stringMatching(/^https:\/\/shop\.example\.com\/verified\?result=PS.*&state=%22%26$/),
    });
    expect(back.text).toContain(`href="${back.location?.replaceAll('&', '&amp;')}"`);
    expect(policyOf(back).get('form-action')).toBe("'self'");
  });

  it.each([[{ accent: '#ff7700', accentDark: null }], [{ accent: null, accentDark: '#0a0b0c' }], [{ accent: '#FFFFFF', accentDark: '#000000' }]])(
    'has no style in it but the one whose hash it says: %j',
    async (colors) => {
      const world = new HostedWorld();
      await world.make({ page: colors });
      for (const [, page] of await everyPage(world)) {
        const styles = [...page.text.matchAll(/<style[^>]*>(.*?)<\/style>/gs)].map(([, text = '']) => text);
        const hashes = styles.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
        expect(policyOf(page).get('style-src')).toBe(["'self'", ...hashes].join(' '));
        if (page.text.includes('Shop')) expect(styles.join('')).toContain(colors.accent ?? colors.accentDark ?? '');
      }
    },
  );

  it('is compressed for whom it may be', async () => {
    const world = new HostedWorld();
    const link = await world.link();
    for (const [encoding, isCompressed] of [
      ['gzip', true],
      ['br, gzip;q=0.5', true],
      ['gzip;q=0', false],
      ['br', false],
      ['', false],
    ] as const) {
      const { headers, rawPayload } = await world.rest.app.inject({ url: new URL(link).pathname, headers: { 'accept-encoding': encoding } });
      expect(headers['content-encoding'], encoding).toBe(isCompressed ? 'gzip' : undefined);
      expect((isCompressed ? gunzipSync(rawPayload) : rawPayload).toString()).toMatch(/^<!doctype html>/);
    }
  });
});

describe('what is no page', () => {
  it('a redirect and an answer to the script are kept by nobody and tell no referrer', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    for (const got of [await browser.post(page, 'start', US), await browser.post(page, 'start', {}, AS_SCRIPT)]) {
      expect(got.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
      expect(got.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('a file is kept for good under a name of its content, compressed or not', async () => {
    const world = new HostedWorld();
    const { page } = await world.visit();
    for (const [pattern, type, body] of [
      [/src="([^"]+\.js)"/, 'text/javascript; charset=utf-8', FILES.script],
      [/href="([^"]+\.css)"/, 'text/css; charset=utf-8', FILES.styles],
    ] as const) {
      const url = pattern.exec(page.text)?.[1] ?? '';
      expect(url).toMatch(/^\/verify\/files\/page\.[0-9a-f]{12}\.(?:js|css)$/);
      const plain = await world.rest.app.inject({ url });
      expect([plain.statusCode, plain.rawPayload.equals(body)]).toEqual([200, true]);
      const compressed = await world.rest.app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
      expect(gunzipSync(compressed.rawPayload).equals(body)).toBe(true);
      for (const { headers } of [plain, compressed]) {
        expect(headers).toMatchObject({ 'content-type': type, 'x-content-type-options': 'nosniff', vary: 'accept-encoding' });
        expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
        expect(headers['set-cookie']).toBeUndefined();
      }
      expect([plain.headers['content-encoding'], compressed.headers['content-encoding']]).toEqual([undefined, 'gzip']);
      expect((await world.rest.app.inject({ method: 'HEAD', url })).payload).toBe('');
      const other = await world.rest.app.inject({ url: url.replace(/\.[0-9a-f]{12}\./, '.000000000000.') });
      expect([other.statusCode, other.headers['cache-control']]).toEqual([404, 'no-store']);
    }
  });
});
