import type { Page, Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { findViolations } from './axe.ts';
import { describeInBrowser } from './browser.ts';
import { arriveBack, type HostedWorld, messageOf, NUMBER, sendCode, startHosted } from './hosted-world.ts';

/** Holds back what the page posts to a step until it is let go; counts what was posted. */
async function hold(
  page: Page,
  step: string,
): Promise<{ readonly asked: () => number; release(act: (route: Route) => Promise<void>): Promise<void> }> {
  const routes: Route[] = [];
  await page.route(`**/verify/*/${step}`, (route) => void routes.push(route));
  let seen = 0;
  return {
    asked: () => routes.length,
    async release(act) {
      await expect.poll(() => routes.length).toBeGreaterThan(seen);
      const route = routes[seen];
      seen += 1;
      if (route) await act(route);
    },
  };
}

describeInBrowser('the hosted page: a network as it is', ({ newPage, expectProblem }) => {
  const open = async (world: HostedWorld, options: Parameters<typeof newPage>[0] = {}) => {
    const page = await newPage({ locale: 'en-US', ...options });
    await page.goto((await world.openSession()).url);
    return page;
  };

  it('sends one message however often its button is pressed', async () => {
    const world = await startHosted();
    const page = await open(world);
    const { asked, release } = await hold(page, 'start');
    await page.locator('#number').fill(NUMBER);
    const button = page.getByRole('button', { name: 'Send code' });
    await button.dblclick();
    await page.locator('#number').press('Enter');
    expect(await button.getAttribute('aria-busy')).toBe('true');
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await release((route) => route.continue());
    await page.locator('#code').waitFor();
    expect([asked(), world.sender.calls]).toEqual([1, 1]);
  });

  it('says of a message that could not be asked for beside its button, and of a guess at the field', async () => {
    expectProblem(/^console: Failed to load resource: net::ERR/);
    expectProblem(/^failed: POST .*\/resend/);
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    world.pass(121_000);
    await page.reload();
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.locator('form[data-step=resend] #message').getByText('No connection. Try again.').waitFor();
    await page.context().setOffline(false);
    await page.locator('#code').fill(world.wrongCode());
    await page.locator('form[data-step=check] #message').getByText('4 attempts left').waitFor();
    expect(await page.locator('.message:not(:empty)').count()).toBe(1);
  });

  it('can be gone on with where its person has stopped the way back', async () => {
    expectProblem(/^failed: GET http:.*\/back/);
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US' });
    await page.clock.install();
    await page.goto((await world.openSession()).url);
    await sendCode(page);
    const stuck: Route[] = [];
    await page.route(`${world.back}**`, (route) => (stuck.length === 0 ? void stuck.push(route) : route.continue()));
    await page.locator('#code').fill(world.lastCode());
    await expect.poll(() => stuck.length).toBe(1);
    await stuck[0]?.abort('aborted');
    const button = page.getByRole('button', { name: 'Verify' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await page.clock.fastForward(10_000);
    expect(await button.getAttribute('aria-disabled')).toBeNull();
    await button.click();
    await arriveBack(page);
    expect((await world.exchange()).status).toBe('approved');
  });

  it('charges one guess however often it is sent', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { asked, release } = await hold(page, 'check');
    await page.keyboard.type(world.wrongCode());
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Verify' }).dblclick({ force: true });
    await release((route) => route.continue());
    await page.getByText('4 attempts left').waitFor();
    expect([asked(), world.guesses()]).toEqual([1, 1]);
    // The same digits once more, by hand: the same guess.
    await page.keyboard.press('Enter');
    await release((route) => route.continue());
    await page.getByText('4 attempts left').waitFor();
    expect([asked(), world.guesses()]).toEqual([2, 1]);
  });

  it('sends a code by itself once, and again only when it was another in between', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { asked, release } = await hold(page, 'check');
    await page.keyboard.type(world.wrongCode());
    await release((route) => route.continue());
    await page.getByText('4 attempts left').waitFor();
    await page.locator('#code').dispatchEvent('input');
    await page.keyboard.press('End');
    await page.keyboard.press('7');
    expect(asked()).toBe(1);
    await page.keyboard.press('Backspace');
    await page.keyboard.type(world.lastCode().at(-1) ?? '');
    await release((route) => route.continue());
    await arriveBack(page);
    expect([asked(), world.guesses()]).toEqual([2, 2]);
  });

  it('says that something is under way where it takes long, to whoever only listens too', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { release } = await hold(page, 'check');
    await page.keyboard.type(world.lastCode());
    await page.getByRole('status').getByText('One moment…').waitFor();
    await release((route) => route.continue());
    await arriveBack(page);
  });

  it('keeps what was typed where there is no connection, and charges the guess once when there is', async () => {
    expectProblem(/^failed: POST .*\/check net::ERR_INTERNET_DISCONNECTED/);
    expectProblem(/^console: Failed to load resource: net::ERR_INTERNET_DISCONNECTED/);
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { asked, release } = await hold(page, 'check');
    const guess = world.wrongCode();
    await page.keyboard.type(guess);
    await release((route) => route.abort('internetdisconnected'));
    await page.getByText('No connection. Try again.').waitFor();
    expect(await page.locator('#code').inputValue()).toBe(guess);
    expect(await page.locator('#code').getAttribute('aria-invalid')).toBeNull();
    expect(world.guesses()).toBe(0);
    await page.keyboard.press('Enter');
    await release((route) => route.continue());
    await page.getByText('4 attempts left').waitFor();
    expect([asked(), world.guesses()]).toEqual([2, 1]);
  });

  it('comes to the same end where only the answer was lost', async () => {
    expectProblem(/^failed: POST .*\/check net::ERR_CONNECTION_RESET/);
    expectProblem(/^console: Failed to load resource: net::ERR_CONNECTION_RESET/);
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { release } = await hold(page, 'check');
    await page.keyboard.type(world.wrongCode());
    await release(async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByText('No connection. Try again.').waitFor();
    expect(world.guesses()).toBe(1);
    await page.keyboard.press('Enter');
    await release((route) => route.continue());
    await page.getByText('4 attempts left').waitFor();
    expect(world.guesses()).toBe(1);
    await page.keyboard.type(world.lastCode());
    await release(async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByText('No connection. Try again.').waitFor();
    await page.keyboard.press('Enter');
    await release((route) => route.continue());
    await arriveBack(page);
    expect(world.returns).toHaveLength(1);
    expect((await world.exchange()).status).toBe('approved');
    expectProblem(/^failed: POST .*\/check net::ERR_CONNECTION_RESET/);
    expectProblem(/^console: Failed to load resource: net::ERR_CONNECTION_RESET/);
  });

  it('leads to where the code is asked for where the answer to a number was lost', async () => {
    expectProblem(/^failed: POST .*\/start net::ERR_CONNECTION_RESET/);
    expectProblem(/^console: Failed to load resource: net::ERR_CONNECTION_RESET/);
    const world = await startHosted();
    const page = await open(world);
    const { release } = await hold(page, 'start');
    await page.locator('#number').fill(NUMBER);
    await page.keyboard.press('Enter');
    await release(async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByText('No connection. Try again.').waitFor();
    await page.keyboard.press('Enter');
    await release((route) => route.continue());
    await page.locator('#code').waitFor();
    expect(world.sender.calls).toBe(1);
  });

  it('takes what is no answer of ours for none', async () => {
    expectProblem(/^console: Failed to load resource: .* 502/);
    const world = await startHosted();
    const page = await open(world);
    const { release } = await hold(page, 'start');
    await page.locator('#number').fill(NUMBER);
    await page.keyboard.press('Enter');
    await release((route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }));
    await page.getByText('No connection. Try again.').waitFor();
    expect(await page.locator('#number').inputValue()).toBe(NUMBER);
    expect(await page.getByRole('button', { name: 'Send code' }).getAttribute('aria-disabled')).toBeNull();
  });

  it('says what is wrong with a number, and keeps it', async () => {
    const world = await startHosted();
    const page = await open(world);
    await page.locator('#number').fill('202 555');
    await page.keyboard.press('Enter');
    await page.getByText('We cannot reach this phone number.').waitFor();
    expect(await page.locator('#number').inputValue()).toBe('202 555');
    expect(await page.locator('#number').evaluate((input: HTMLInputElement) => [document.activeElement === input, input.ariaInvalid])).toEqual([
      true,
      'true',
    ]);
    await page.keyboard.type('2025550143');
    expect(await messageOf(page)).toBe('');
    expect(await page.locator('#number').getAttribute('aria-invalid')).toBeNull();
    await page.keyboard.press('Enter');
    await page.locator('#code').waitFor();
  });

  it('says the same mistake anew each time', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const told = await page.evaluateHandle(() => {
      const said: string[] = [];
      const message = document.querySelector('#message');
      if (message) new MutationObserver(() => message.textContent && said.push(message.textContent)).observe(message, { childList: true });
      return said;
    });
    for (const [at, guess] of ['12345', '123'].entries()) {
      await page.locator('#code').fill(guess);
      await page.keyboard.press('Enter');
      await expect.poll(() => told.jsonValue()).toHaveLength(at + 1);
    }
    expect(await told.jsonValue()).toEqual(['The code has 6 digits.', 'The code has 6 digits.']);
    expect(world.guesses()).toBe(0);
  });

  it('begins anew where the browser kept it as it was when it was left', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const { release } = await hold(page, 'check');
    await page.keyboard.type(world.wrongCode());
    // An address that leaves the page standing, as one does that the browser is on its way to.
    const location = `${new URL(page.url()).pathname}#left`;
    await release((route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify({ location }) }));
    await page.waitForURL('**#left');
    expect(await page.getByRole('button', { name: 'Verify' }).getAttribute('aria-disabled')).toBe('true');
    const loaded = page.waitForEvent('load');
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await loaded;
    expect(await page.getByRole('button', { name: 'Verify' }).getAttribute('aria-disabled')).toBeNull();
  });

  it('can be gone on with where the way back is an app that is not there', async () => {
    expectProblem(/^failed: GET com\.example\.app:/);
    const world = await startHosted({ page: { returnUrls: ['com.example.app:/verified'] } });
    const page = await open(world);
    await sendCode(page);
    const { release } = await hold(page, 'check');
    await page.keyboard.type(world.lastCode());
    await page.locator('form[data-step=check] button[aria-disabled=true]').waitFor();
    const failed = page.waitForEvent('requestfailed');
    await release((route) => route.continue());
    await failed;
    await page.locator('h1:focus', { hasText: 'Verified' }).waitFor();
    await page.getByText('You can close this page.').waitFor();
    expect(await page.title()).toBe('Verified · Example Shop');
    expect(await page.getByRole('link', { name: 'Back to Example Shop' }).getAttribute('href')).toMatch(/^com\.example\.app:\/verified\?result=/);
    expect(await page.locator('button').count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
  });

  it('says that it was canceled where the way back is an app that is not there', async () => {
    expectProblem(/^failed: GET com\.example\.app:/);
    const world = await startHosted({ page: { returnUrls: ['com.example.app:/verified'] } });
    const page = await open(world);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Canceled' }).waitFor();
    const back = page.getByRole('link', { name: 'Back to Example Shop' });
    expect(await back.getAttribute('href')).toBe('com.example.app:/verified?error=canceled');
  });
});
