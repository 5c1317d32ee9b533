import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';
import { arriveBack, type HostedWorld, messageOf, NUMBER, OTHER_NUMBER, sendCode, startHosted } from './hosted-world.ts';

const MINUTE = 60_000;

describeInBrowser('the hosted page: visits', ({ newPage, expectProblems }) => {
  const open = async (world: HostedWorld, body = {}, options: Parameters<typeof newPage>[0] = {}) => {
    const page = await newPage({ locale: 'en-US', ...options });
    await page.goto((await world.openSession(body)).url);
    return page;
  };
  const finish = async (world: HostedWorld, page: Page) => {
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    expect((await world.exchange()).status).toBe('approved');
  };

  it('lose nothing to whoever looks at the link first', async () => {
    const world = await startHosted();
    const { url } = await world.openSession();
    for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(url, { method })).status).toBe(200);
    const page = await newPage({ locale: 'en-US' });
    await page.goto(url);
    await sendCode(page);
    await finish(world, page);
  });

  it('are the same in two tabs of one browser', async () => {
    const world = await startHosted();
    const { url } = await world.openSession();
    const one = await newPage({ locale: 'en-US' });
    await one.goto(url);
    const other = await one.context().newPage();
    await other.goto(url);
    await sendCode(one);
    // Its form is of the question for a number; what it is answered leads to where the visit is.
    await other.locator('#number').fill(NUMBER);
    await other.keyboard.press('Enter');
    await other.locator('#code').waitFor();
    expect(world.sender.calls).toBe(1);
    await other.locator('#code').fill(world.lastCode());
    await arriveBack(other);
    await one.locator('#code').fill(world.wrongCode());
    await arriveBack(one);
    expect((await world.exchange()).status).toBe('approved');
  });

  it('stay with the browser that began', async () => {
    expectProblems(/^console: Failed to load resource: .* 409/);
    const world = await startHosted();
    const { url } = await world.openSession();
    const page = await newPage({ locale: 'en-US' });
    const late = await newPage({ locale: 'en-US' });
    await page.goto(url);
    await late.goto(url);
    await sendCode(page);
    const other = await newPage({ locale: 'en-US' });
    await other.goto(url);
    await other.getByRole('heading', { name: 'Already open in another browser' }).waitFor();
    expect(await other.content()).not.toContain('0143');
    // Opened before, and sent after.
    await late.locator('#number').fill(OTHER_NUMBER);
    await late.keyboard.press('Enter');
    await late.getByText('This link only works in the browser where it was first opened.').waitFor();
    expect(world.sender.calls).toBe(1);
    await finish(world, page);
  });

  it('are where they are after going back and loading again', async () => {
    const world = await startHosted();
    const { url } = await world.openSession();
    const page = await newPage({ locale: 'en-US' });
    await page.goto(url);
    await page.reload();
    await sendCode(page);
    await page.reload();
    await page.locator('#code').fill(world.wrongCode());
    await page.getByText('4 attempts left').waitFor();
    await page.reload();
    await page.locator('#code').waitFor();
    await page.goBack();
    await page.locator('#code').waitFor();
    expect([world.sender.calls, world.guesses()]).toEqual([1, 1]);
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    // Whoever goes back is sent to the caller again, with a result of its own.
    await page.goBack();
    await arriveBack(page);
    expect(world.returns).toHaveLength(2);
    expect((await world.exchange()).status).toBe('approved');
    await page.goto(url);
    await page.getByRole('heading', { name: 'Verified' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Verified' }).waitFor();
  });

  it('count down to the second, and send another code when the wait is over', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US' });
    await page.clock.install({ time: Date.now() });
    await page.goto((await world.openSession()).url);
    await page.clock.pauseAt(Date.now() + MINUTE);
    await sendCode(page);
    const [wait, again] = [page.locator('.waiting'), page.getByRole('button', { name: 'Send again' })];
    expect(await wait.textContent()).toBe('You can ask for the code again in 2:00.');
    expect(await page.getByText('No code yet?').isVisible()).toBe(false);
    await page.clock.runFor(1_000);
    expect(await wait.textContent()).toBe('You can ask for the code again in 1:59.');
    await page.clock.runFor(118_999);
    expect(await wait.textContent()).toBe('You can ask for the code again in 0:01.');
    expect(await again.getAttribute('aria-disabled')).toBe('true');
    await again.click({ force: true });
    expect(await page.getByRole('status').textContent()).toBe('You can ask for the code again in 0:01.');
    await page.clock.runFor(1);
    expect(await wait.isVisible()).toBe(false);
    expect(await page.getByText('No code yet?').isVisible()).toBe(true);
    expect(await again.getAttribute('aria-disabled')).toBeNull();
    expect(world.sender.calls).toBe(1);
    world.pass(2 * MINUTE);
    await again.click();
    await page.getByText('The code is on its way again. Use the latest one you get.').waitFor();
    expect(await wait.textContent()).toBe('You can ask for the code again in 5:00.');
    expect(world.sender.calls).toBe(2);
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
  });

  it('count by what has passed, whatever time it is said to be', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US' });
    await page.clock.install({ time: Date.now() - 400 * 24 * 60 * MINUTE });
    await page.goto((await world.openSession()).url);
    await sendCode(page);
    expect(await page.locator('.waiting').textContent()).toMatch(/ in (?:2:00|1:5\d)\.$/);
    await page.clock.fastForward(3 * MINUTE);
    await page.getByText('No code yet?').waitFor();
  });

  it('go on with a new code after the last attempt', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    for (const by of [1, 2, 3, 4]) {
      await page.locator('#code').fill(world.wrongCode(by));
      await page.getByText(`${5 - by} attempt`).waitFor();
    }
    await page.locator('#code').fill(world.wrongCode(5));
    await page.getByText('That was the last attempt with this code. Ask for a new one.').waitFor();
    expect(await page.locator('#code').count()).toBe(0);
    expect(await page.title()).toBe('Ask for a new code · Example Shop');
    expect(await page.locator('.waiting').textContent()).toMatch(/^You can ask for a new code in \d:\d\d\.$/);
    // Whoever does not see it is there to hear of it; to whoever does, the button asks for nothing.
    const waiting = page.locator('[aria-describedby=message][aria-disabled=true]:focus', { hasText: 'Send a new code' });
    expect(await waiting.evaluate((button) => getComputedStyle(button).outlineStyle)).toBe('dashed');
    world.pass(2 * MINUTE);
    await page.reload();
    await page.getByRole('button', { name: 'Send a new code' }).click();
    await page.locator('#code').waitFor();
    await finish(world, page);
  });

  it('go on with a new code after the first has expired', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const old = world.lastCode();
    world.pass(11 * MINUTE);
    await page.locator('#code').fill(old);
    await page.getByText('The code is no longer valid. Ask for a new one.').waitFor();
    await page.getByRole('button', { name: 'Send a new code' }).click();
    await page.locator('#code').waitFor();
    await finish(world, page);
    expect(world.guesses()).toBe(1);
  });

  it('are left at the button that goes on, with what was said of it, where there is no field', async () => {
    const world = await startHosted();
    const page = await open(world, { to: '+12025550143' });
    world.sender.next('refused');
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByText('That did not work.').waitFor();
    await page.locator('[aria-describedby=message]:focus', { hasText: 'Send code' }).press('Enter');
    await page.locator('#code').waitFor();
    await finish(world, page);
  });

  it('try three numbers, and no fourth', async () => {
    const world = await startHosted();
    const page = await open(world);
    for (const last of [143, 144, 145]) {
      await sendCode(page, `202 555 0${last}`);
      if (last < 145) await page.getByRole('button', { name: 'Use another number' }).click();
    }
    expect(await page.getByRole('button', { name: 'Use another number' }).count()).toBe(0);
    // From a tab of before.
    await page.goto(`${page.url()}?with=phone`);
    await page.locator('#number').fill('202 555 0146');
    await page.keyboard.press('Enter');
    await page.getByText('You have tried too many numbers or addresses. Start again at Example Shop.').waitFor();
    expect(world.sender.calls).toBe(3);
  });

  it('offer no country that is not written to, and refuse its numbers', async () => {
    const world = await startHosted({ service: { allowedCountries: ['US', 'CA'] } });
    const page = await open(world);
    expect(await page.locator('#country option').allTextContents()).toEqual(['Canada (+1)', 'United States (+1)']);
    await page.locator('#number').fill('+49 1512 3456789');
    await page.keyboard.press('Enter');
    await page.getByText('We cannot send a code to this number.').waitFor();
    expect(world.sender.calls).toBe(0);
  });

  it('end where they took too long', async () => {
    expectProblems(/^console: Failed to load resource: .* 404/);
    const world = await startHosted();
    const page = await open(world, { state: 's' });
    await sendCode(page);
    world.pass(31 * MINUTE);
    await page.locator('#code').fill(world.lastCode());
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    await page.getByRole('link', { name: 'Back to Example Shop' }).click();
    await arriveBack(page);
    expect(Object.fromEntries(world.returns[0]?.searchParams ?? [])).toEqual({ error: 'expired', state: 's' });
    const { url } = await world.openSession();
    world.pass(31 * MINUTE);
    await page.goto(url);
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
  });

  it('say so where a form is older than its page', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await page.locator('form[data-step=check] [name=form]').evaluate((field: HTMLInputElement) => {
      field.value = 'x';
    });
    await page.locator('#code').fill(world.lastCode());
    await page.getByText('This page was open for too long. Try again.').waitFor();
    expect(await messageOf(page)).toBe('This page was open for too long. Try again.');
    await finish(world, page);
  });

  it('say how long whoever comes too often has to wait', async () => {
    expectProblems(/^console: Failed to load resource: .* 429/);
    const world = await startHosted({ settings: { rates: { addressPerMinute: 1, addressBurst: 4 } } });
    const page = await newPage({ locale: 'en-US' });
    await page.clock.install();
    await page.goto((await world.openSession()).url);
    for (let load = 1; load <= 4; load += 1) await page.reload();
    await page.getByRole('heading', { name: 'Too many requests' }).waitFor();
    const wait = page.getByText(/^Try again in \d:\d\d\.$/);
    expect(await wait.isVisible()).toBe(true);
    await page.clock.fastForward(2 * MINUTE);
    await wait.waitFor({ state: 'hidden' });
    expect(await page.getByRole('link', { name: 'Try again' }).isVisible()).toBe(true);
  });
});
