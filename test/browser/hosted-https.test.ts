import { request as forward } from 'node:http';
import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';
import { arriveBack, type HostedWorld, NUMBER, sendCode, startHosted, type WorldOptions } from './hosted-world.ts';
import { serve, startFramer } from './sites.ts';

/** A service behind a proxy that ends TLS, as it stands in the world. */
async function startBehindTls({ settings, ...options }: WorldOptions = {}): Promise<HostedWorld> {
  let target = '';
  const port = await serve(
    (request, response) => {
      const { method, headers } = request;
      const forwarded = forward(new URL(request.url ?? '/', target), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      });
      request.pipe(forwarded);
    },
    { tls: true },
  );
  const world = await startHosted({ ...options, settings: { ...settings, publicUrl: `https://127.0.0.1:${port}` } });
  target = world.url;
  return world;
}

describeInBrowser('the hosted page by https', ({ newPage, expectProblems }) => {
  it('leads from the link back to the caller, with a cookie that no other host can set', async () => {
    const world = await startBehindTls();
    const page = await newPage({ locale: 'en-US', ignoreHTTPSErrors: true });
    await page.goto((await world.openSession()).url);
    await sendCode(page);
    const [cookie, ...others] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: expect.stringMatching(/^__Host-countersign-/), secure: true, httpOnly: true, sameSite: 'Lax' });
    expect(others).toEqual([]);
    await page.reload();
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    expect((await world.exchange()).status).toBe('approved');
  });

  it.each([true, false])(
    'keeps its visit in the frame of another site, where no site has third-party cookies (JavaScript: %s)',
    async (javaScriptEnabled) => {
      // Focus is the surrounding page's to give.
      expectProblems(/^console: Blocked autofocusing /);
      const framer = await startFramer({ tls: true });
      const world = await startBehindTls({ page: { frameAncestors: [framer.origin] } });
      framer.show((await world.openSession()).url);
      const page = await newPage({ locale: 'en-US', ignoreHTTPSErrors: true, javaScriptEnabled });
      const browser = await page.context().newCDPSession(page);
      await browser.send('Network.enable');
      await browser.send('Network.setCookieControls', { enableThirdPartyCookieRestriction: true });
      await page.goto(framer.origin);
      const frame = page.frameLocator('iframe');
      await frame.locator('#country').selectOption('US');
      await frame.locator('#number').fill(NUMBER);
      await frame.getByRole('button', { name: 'Send code' }).click();
      await frame.locator('#code').waitFor();
      await frame.locator('#code').fill(world.wrongCode());
      if (!javaScriptEnabled) await frame.getByRole('button', { name: 'Verify' }).click();
      await frame.getByText('4 attempts left').waitFor();
      await frame.locator('#code').fill(world.lastCode());
      if (!javaScriptEnabled) await frame.getByRole('button', { name: 'Verify' }).click();
      await frame.getByRole('heading', { name: 'Back at the shop' }).waitFor();
      expect((await world.exchange()).status).toBe('approved');
    },
  );
});
