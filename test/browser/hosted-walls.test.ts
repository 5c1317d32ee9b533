import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';
import { arriveBack, NUMBER, sendCode, startHosted } from './hosted-world.ts';
import { startFramer } from './sites.ts';

/** Every address that the page asks for. */
function listRequests(page: Page): string[] {
  const asked: string[] = [];
  page.context().on('request', (request) => asked.push(request.url()));
  return asked;
}

describeInBrowser('the hosted page: walls', ({ newPage, expectProblems }) => {
  it('asks nobody but its own service for anything', async () => {
    const world = await startHosted({ page: { logo: LOGO, accent: '#ff7700' } });
    const page = await newPage({ locale: 'en-US' });
    const asked = listRequests(page);
    await page.goto((await world.openSession()).url);
    expect(await page.getByRole('img', { name: 'Example Shop' }).evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
    await sendCode(page);
    await page.keyboard.type(world.lastCode());
    await arriveBack(page);
    const others = asked.filter((url) => !url.startsWith('data:') && new URL(url).origin !== world.url);
    expect(others).toEqual([world.returns[0]?.href.replace('http://127.0.0.1', new URL(world.back).origin)]);
  });

  it('has nothing secret in its address after the first, and gives no script its cookie', async () => {
    const world = await startHosted();
    const { id, url } = await world.openSession();
    const page = await newPage({ locale: 'en-US' });
    const secret = url.split('/').at(-1) ?? '';
    await page.goto(url);
    const asked = listRequests(page);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await sendCode(page);
    expect(page.url()).toBe(`${world.url}/verify/${id}`);
    await page.keyboard.type(world.wrongCode());
    await page.getByText('4 attempts left').waitFor();
    await page.reload();
    expect(await page.evaluate(() => document.cookie)).toBe('');
    expect(await page.content()).not.toContain(secret);
    expect(asked.length).toBeGreaterThan(0);
    for (const said of asked)
      for (const hidden of [secret, world.lastCode(), '2025550143', '0143']) expect(said.replace(id, '')).not.toContain(hidden);
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    expect(await page.evaluate(() => document.referrer)).toBe('');
    expect([...(world.returns[0]?.searchParams.keys() ?? [])]).toEqual(['result']);
  });

  it('runs no script and takes no style that is put into it', async () => {
    expectProblems(/^console: .*Content Security Policy/);
    expectProblems(/^console: .*'TrustedScript' assignment/);
    const world = await startHosted({ page: { brand: '<img src=x onerror=taken=1>' } });
    const page = await newPage({ locale: 'en-US' });
    await page.goto((await world.openSession()).url);
    expect(await page.locator('header').textContent()).toBe('<img src=x onerror=taken=1>');
    const refused = await page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.text = 'globalThis.taken = 1';
      } catch {
        return 'refused';
      }
      document.body.append(script);
      return 'taken' in globalThis ? 'taken' : 'held';
    });
    expect(refused).toBe('refused');
    await page.evaluate(() => document.body.setAttribute('style', 'display: none'));
    expect(await page.locator('#number').isVisible()).toBe(true);
    expect(await page.evaluate(() => 'taken' in globalThis)).toBe(false);
  });

  it('is shown in a frame of a site that its service names, and works there', async () => {
    // Focus is the surrounding page's to give.
    expectProblems(/^console: Blocked autofocusing /);
    const framer = await startFramer();
    const world = await startHosted({ page: { frameAncestors: [framer.origin] } });
    framer.show((await world.openSession()).url);
    const page = await newPage({ locale: 'en-US' });
    await page.goto(framer.origin);
    const frame = page.frameLocator('iframe');
    await frame.locator('#number').fill(NUMBER);
    await frame.getByRole('button', { name: 'Send code' }).click();
    await frame.locator('#code').fill('');
    await frame.locator('#code').pressSequentially(world.lastCode());
    await frame.getByRole('heading', { name: 'Back at the shop' }).waitFor();
    expect((await world.exchange()).status).toBe('approved');
  });

  it('is shown in no other frame', async () => {
    expectProblems(/^console: .*frame/i);
    expectProblems(/^failed: GET .* net::ERR_BLOCKED_BY_RESPONSE/);
    const framer = await startFramer();
    const world = await startHosted();
    framer.show((await world.openSession()).url);
    const page = await newPage({ locale: 'en-US' });
    await page.goto(framer.origin);
    expect(await page.frameLocator('iframe').locator('#number').count()).toBe(0);
    // The same where another site is named.
    const named = await startHosted({ page: { frameAncestors: ['https://other.example'] } });
    framer.show((await named.openSession()).url);
    await page.reload();
    expect(await page.frameLocator('iframe').locator('#number').count()).toBe(0);
  });

  it('takes no form of another site', async () => {
    expectProblems(/^console: Failed to load resource: .* 404/);
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US' });
    const { id, url } = await world.openSession();
    await page.goto(url);
    await sendCode(page);
    const fields = await page.locator('form[data-step=cancel] [name=form]').inputValue();
    await page.goto(world.back);
    await page.evaluate(
      ({ action, token }) => {
        const form = Object.assign(document.createElement('form'), { method: 'post', action });
        form.append(Object.assign(document.createElement('input'), { name: 'form', value: token }));
        document.body.append(form);
        form.submit();
      },
      { action: `${world.url}/verify/${id}/cancel`, token: fields },
    );
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    await page.goto(url);
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    expect((await world.exchange()).status).toBe('approved');
  });
});

/** One transparent point. */
const LOGO = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
