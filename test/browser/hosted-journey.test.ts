import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';
import { arriveBack, type HostedWorld, messageOf, NUMBER, sendCode, startHosted } from './hosted-world.ts';

/** Puts `text` on the clipboard and presses what pastes it. */
async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
  await page.locator('#code').focus();
  await page.keyboard.press('Control+V');
}

describeInBrowser('the hosted page: a journey', ({ newPage, expectProblem }) => {
  const open = async (world: HostedWorld, body = {}, options: Parameters<typeof newPage>[0] = {}) => {
    const page = await newPage({ locale: 'en-US', ...options });
    await page.goto((await world.openSession(body)).url);
    return page;
  };
  const isDone = async (world: HostedWorld, page: Page, state?: string) => {
    await arriveBack(page);
    expect(world.returns).toHaveLength(1);
    expect(world.returns[0]?.searchParams.get('state')).toBe(state ?? null);
    expect((await world.exchange()).status).toBe('approved');
  };

  it('is made by keyboard alone', async () => {
    const world = await startHosted();
    const page = await open(world, { state: 'a&b=c' });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('number');
    await page.keyboard.type(NUMBER);
    await page.keyboard.press('Enter');
    await page.locator('#code').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('code');
    await page.keyboard.type(world.lastCode());
    await isDone(world, page, 'a&b=c');
    expect(world.sender.calls).toBe(1);
  });

  it('reaches everything in the order that it is read, by Tab', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const reached: string[] = [];
    for (let press = 0; press < 6; press += 1) {
      reached.push(await page.evaluate(() => document.activeElement?.textContent || document.activeElement?.id || ''));
      await page.keyboard.press('Tab');
    }
    expect(reached).toEqual(['code', 'Verify', 'Send again', 'Call me instead', 'Use another number', 'Cancel']);
  });

  it.each([
    ['with a dash', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['in a whole message', (code: string) => `Example Shop: thank you for signing up today! To go on, type this verification code: ${code}`],
    ['in digits of another script', (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)))],
  ])('is made by pasting the code %s', async (_, spell) => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await paste(page, spell(world.lastCode()));
    await isDone(world, page);
  });

  it('says so where what was pasted holds no code, and sends nothing', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await paste(page, 'Call 202 555 0143 or 202 555 0144');
    expect(await messageOf(page)).toBe('The text you pasted holds no code of 6 digits.');
    await page.keyboard.press('Control+V');
    expect(await messageOf(page)).toBe('The text you pasted holds no code of 6 digits.');
    await page.keyboard.type('1');
    expect(await messageOf(page)).toBe('');
    expect(asked).toEqual([]);
  });

  it('is made by a code that the browser reads from a message', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US' });
    await page.addInitScript(() => {
      Object.assign(globalThis, { OTPCredential: class {} });
      navigator.credentials.get = () =>
        new Promise((resolve) => Object.assign(globalThis, { arrive: (code: string) => resolve({ id: '', type: 'otp', code } as Credential) }));
    });
    await page.goto((await world.openSession()).url);
    await sendCode(page);
    await page.evaluate((code) => (globalThis as unknown as { arrive(code: string): void }).arrive(code), world.lastCode());
    await isDone(world, page);
  });

  it('is made by a code that a password manager fills in', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await page.locator('#code').evaluate((input: HTMLInputElement, code) => {
      input.value = code;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, world.lastCode());
    await isDone(world, page);
  });

  it('goes on after a wrong code, which is selected and told', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await page.keyboard.type(world.wrongCode());
    await page.getByText('That is not the right code. 4 attempts left.').waitFor();
    expect(await page.locator('#code').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('alert').textContent()).toBe('That is not the right code. 4 attempts left.');
    await page.keyboard.type(world.lastCode());
    await isDone(world, page);
  });

  it('is made with an email address', async () => {
    const world = await startHosted();
    const page = await open(world);
    await page.getByRole('button', { name: 'Use an email address instead' }).click();
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.keyboard.press('Enter');
    await page.getByText('ada@example.com').waitFor();
    await page.keyboard.type(world.lastCode());
    await isDone(world, page);
    expect(world.sender.messages[0]?.channel).toBe('email');
  });

  it('is made with a number that the caller gave: masked, and not to be changed', async () => {
    const world = await startHosted();
    const page = await open(world, { to: '+12025550143' });
    await page.getByText('+1********43').waitFor();
    expect(await page.locator('#number').count()).toBe(0);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.locator('#code').waitFor();
    expect(await page.content()).not.toContain('2025550143');
    expect(await page.getByRole('button', { name: 'Use another number' }).count()).toBe(0);
    await page.keyboard.type(world.lastCode());
    await isDone(world, page);
    expect(world.sender.messagesTo('+12025550143')).toHaveLength(1);
  });

  it('is made by a call, where that was chosen', async () => {
    const world = await startHosted();
    const page = await open(world);
    await page.getByText('Phone call').click();
    await sendCode(page);
    await page.getByText('You will get a call at').waitFor();
    expect(world.sender.messages[0]?.channel).toBe('call');
  });

  it('is canceled, and the caller hears of it', async () => {
    const world = await startHosted();
    const page = await open(world, { state: 's' });
    await sendCode(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await arriveBack(page);
    expect(Object.fromEntries(world.returns[0]?.searchParams ?? [])).toEqual({ error: 'canceled', state: 's' });
  });

  it('shows how a number is written in the country that is chosen', async () => {
    const world = await startHosted();
    const page = await open(world, {}, { locale: 'en' });
    // Which country it is nobody can tell from this browser: it is asked first.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('country');
    const example = page.locator('#example');
    expect(await example.evaluate((hint) => getComputedStyle(hint).visibility)).toBe('hidden');
    await page.locator('#country').selectOption('DE');
    expect(await example.textContent()).toBe('For example 01512 3456789');
    expect(await example.isVisible()).toBe(true);
    await page.locator('#country').selectOption('FR');
    expect(await example.textContent()).toBe('For example 06 12 34 56 78');
    // As Firefox does it where a tab that was closed is opened again.
    await page.locator('#country').evaluate((select: HTMLSelectElement) => {
      select.value = 'DE';
      select.dispatchEvent(new Event('input', { bubbles: true }));
    });
    expect(await example.textContent()).toBe('For example 01512 3456789');
  });

  it('leads to an end that says so where the store does not answer, and on from there', async () => {
    expectProblem(/^console: Failed to load resource: .* 503/);
    const world = await startHosted();
    const page = await open(world);
    world.breakStore();
    await page.reload();
    await page.getByRole('heading', { name: 'Something is not working' }).waitFor();
    expect(await page.getByRole('link', { name: 'Try again' }).evaluate((link: HTMLAnchorElement) => link.href)).toBe(page.url());
  });
});
