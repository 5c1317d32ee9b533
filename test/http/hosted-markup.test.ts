import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostedWorld, type Page, toText, US } from './hosted-world.ts';

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onfocus=alert(1) autofocus x='",
  '</title></select></textarea><svg/onload=alert(1)>',
  '&lt;b&gt; &amp; &#39;',
  '{brand} {digits, plural, one {#} other {#}} <b>{to}</b>',
  '`$' + '{1}` \\u003cb>',
  'javascript:alert(1)',
  '<!-- --> ]]>',
];

/** The tags of a page in their order, without what is in their attributes: nothing that somebody wrote may add one. */
function skeleton({ text }: Page): string[] {
  return [...text.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""'));
}

describe('what somebody wrote is text', () => {
  it.each(ATTACKS)('as a brand: %s', async (brand) => {
    const [plain, world] = [new HostedWorld(), new HostedWorld()];
    await world.make({ page: { brand } });
    const views = async (of: HostedWorld): Promise<Page[]> => {
      const { browser, page, link } = await of.visit();
      const code = await browser.submit(page, 'start', US);
      return [page, code, await of.browser().open(link), await browser.submit(code, 'start' in code.forms ? 'start' : 'resend')];
    };
    const [expected, got] = [await views(plain), await views(world)];
    got.forEach((page, at) => {
      expect(skeleton(page)).toEqual(skeleton(expected[at] as Page));
      expect(toText(page.text)).toContain(brand);
    });
  });

  it.each(ATTACKS)('as a number, an address, a country or a channel: %s', async (typed) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const expected = await browser.submit(page, 'start', { country: '', number: '1' });
    const number = await browser.submit(page, 'start', { country: typed, number: typed, channel: typed, with: 'phone' });
    expect(skeleton(number)).toEqual(skeleton(expected));
    expect(number.text).toContain(
      `value="${typed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')}"`,
    );
    const asked = await browser.submit(page, 'ask', { with: 'email' });
    const [plain, email] = [
      await browser.submit(asked, 'start', { email: 'x' }),
      await browser.submit(asked, 'start', { email: typed, code: typed }),
    ];
    expect(skeleton(email)).toEqual(skeleton(plain));
  });

  it.each(ATTACKS)('as an address that a code goes to: %s', async (typed) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const asked = await browser.submit(page, 'ask', { with: 'email' });
    const got = await browser.submit(asked, 'start', { email: `"${typed.replaceAll(/["\\]/g, '')}"@example.com` });
    expect(got.text).not.toMatch(/<(?:img|svg|b)[ >/]|<script>/);
  });

  it.each(ATTACKS)('as a state, in the link that leads back: %s', async (state) => {
    const world = new HostedWorld();
    const { browser, id } = await world.visitSent({ state });
    world.rest.clock += 31 * 60_000;
    const gone = await browser.open(`/verify/${id}`);
    const href = /<a href="([^"]*)">/.exec(gone.text)?.[1] ?? '';
    const { searchParams, origin } = new URL(toText(href));
    expect([origin, searchParams.get('error'), searchParams.get('state')]).toEqual(['https://shop.example.com', 'expired', state]);
    expect(skeleton(gone).filter((tag) => tag.startsWith('<a'))).toEqual(['<a href="">']);
  });

  it.each(ATTACKS)('in the address of a page: %s', async (text) => {
    const world = new HostedWorld();
    const { browser, id } = await world.visitSent();
    const plain = await browser.open(`/verify/${id}`);
    const q = encodeURIComponent(text);
    for (const query of [
      `said=${q}`,
      `said=${q}&until=${q}`,
      `with=${q}`,
      `said=sent&until=${q}`,
      `${q}=${q}`,
      `said[]=sent`,
      `said[a]=${q}`,
      `__proto__[said]=sent`,
    ])
      expect(withoutSaid(await browser.open(`/verify/${id}?${query}`))).toEqual(withoutSaid(plain));
    const stray = await browser.open(`/verify/${q}/${q}`);
    expect(stray.status).toBe(404);
    expect(stray.text).not.toContain('alert');
    expect(stray.text).not.toContain(id);
  });
});

/** A page but for its tokens and what it says. */
function withoutSaid({ text }: Page): string {
  return text.replaceAll(/name="form" value="[^"]*"/g, '').replaceAll(/<p class="message"[^>]*>.*?<\/p>/g, '');
}

describe('what an address asks to say', () => {
  it('is in the list, or nothing', async () => {
    const world = new HostedWorld();
    const { browser, id } = await world.visitSent();
    const said = async (query: string) => (await browser.open(`/verify/${id}?${query}`)).said;
    expect(await said('said=in_progress')).toBe('A code is already on its way.');
    for (const what of ['', 'x', 'constructor', 'toString', '__proto__', 'SENT', 'sent ', 'too_many_requests', 'said.sent']) {
      expect(await said(`said=${encodeURIComponent(what)}`), what).toBe('');
    }
    // Twice is a list, which is nothing.
    expect(await said('said=sent&said=in_progress')).toBe('');
  });

  it('waits no longer than any limit, and for no time that is over or none', async () => {
    const world = new HostedWorld();
    const { browser, id } = await world.visitSent();
    const { clock } = world.rest;
    const said = async (until: string) => (await browser.open(`/verify/${id}?said=too_soon&until=${until}`)).said;
    expect(await said(String(clock + 61_000))).toContain('Try again in 1:01.');
    expect(await said(String(clock + 3 * 86_400_000))).toContain('Try again in 72:00:00.');
    // What was to wait for is over, and so is what was said.
    for (const past of [clock, clock - 1]) expect(await said(String(past))).toBe('');
    for (const until of ['', '0', '-1', 'x', '1e99', '9'.repeat(15), '9'.repeat(99), String(clock + 31 * 86_400_000), '0x10', '１'])
      expect(await said(encodeURIComponent(until)), until).not.toContain('Try again');
  });

  it('never fails a page, whatever is asked', async () => {
    const world = new HostedWorld();
    const { browser, id } = await world.visitSent();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('said', 'until', 'with', '__proto__', 'x'), fc.string({ unit: 'binary' }))),
        async (pairs) => {
          const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
          const { status, text } = await browser.open(`/verify/${id}?${query}`);
          expect(status).toBe(200);
          expect(text).toContain('id="message"');
        },
      ),
      { numRuns: 60 },
    );
  });
});
