import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { MINUTE } from '../../src/core/duration.ts';
import { describeInBrowser } from './browser.ts';
import { arriveBack, type HostedWorld, messageOf, NUMBER, sendCode, startHosted } from './hosted-world.ts';

/** What the browser would post. */
async function readForm(page: Page, step: string): Promise<{ readonly action: string; readonly fields: Record<string, string> }> {
  const fields: Record<string, string> = {};
  const form = page.locator(`form[data-step=${step}]`);
  for (const field of await form.locator('[name]:not([type=radio])').all())
    fields[(await field.getAttribute('name')) ?? ''] = await field.inputValue();
  return { action: new URL((await form.getAttribute('action')) ?? '', page.url()).href, fields };
}

describeInBrowser('the hosted page without JavaScript', ({ newPage, expectProblem }) => {
  const open = async (world: HostedWorld, body = {}) => {
    const page = await newPage({ locale: 'en-US', javaScriptEnabled: false });
    await page.goto((await world.openSession(body)).url);
    return page;
  };
  const check = async (page: Page, code: string) => {
    await page.locator('#code').fill(code);
    await page.getByRole('button', { name: 'Verify' }).click();
  };

  it('leads from a number to the caller', async () => {
    const world = await startHosted();
    const page = await open(world, { state: 'x' });
    await sendCode(page);
    await check(page, ` ${world.lastCode().slice(0, 3)}-${world.lastCode().slice(3)} `);
    await arriveBack(page);
    expect(world.returns[0]?.searchParams.get('state')).toBe('x');
    expect((await world.exchange()).status).toBe('approved');
  });

  it('says that a code is wrong, how many attempts are left, and takes the next', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await check(page, world.wrongCode());
    await page.getByText('That is not the right code. 4 attempts left.').waitFor();
    await check(page, '12');
    await page.getByText('The code has 6 digits.').waitFor();
    await check(page, world.lastCode());
    await arriveBack(page);
    expect(world.guesses()).toBe(2);
  });

  it('comes back also where the caller sends people on to another site', async () => {
    const world = await startHosted();
    const { port } = new URL(world.back);
    const elsewhere = await startHosted({ page: { returnUrls: [`http://127.0.0.1:${port}/hop`] } });
    const page = await open(elsewhere);
    await sendCode(page);
    await check(page, elsewhere.lastCode());
    await arriveBack(page);
    expect(new URL(page.url()).hostname).toBe('localhost');
  });

  it('keeps a number that is wrong, its country and the way that was chosen', async () => {
    expectProblem(/^console: Failed to load resource: .* 422/);
    const world = await startHosted();
    const page = await open(world);
    await page.locator('#country').selectOption('GB');
    await page.locator('#number').fill('07700 900');
    await page.getByText('Phone call').click();
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByText('We cannot reach this phone number.').waitFor();
    expect(await page.locator('#country').inputValue()).toBe('GB');
    expect(await page.locator('#number').inputValue()).toBe('07700 900');
    expect(await page.getByRole('radio', { name: 'Phone call' }).isChecked()).toBe(true);
    expect(await page.getByText('For example 07400 123456').isVisible()).toBe(true);
    await sendCode(page);
    expect(world.sender.messages.map(({ channel }) => channel)).toEqual(['call']);
  });

  it('says how long it is too soon for another message, and sends it when it is time', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await page.getByRole('button', { name: 'Send again' }).click();
    const said = page.locator('form[data-step=resend] #message');
    await said.getByText('It is too soon for another code to this number. Wait a little.').waitFor();
    expect(await page.locator('.waiting').textContent()).toBe('You can ask for the code again in 2:00.');
    world.pass(60_000);
    await page.getByRole('button', { name: 'Call me instead' }).click();
    await page.getByText('You can ask for the code again in 1:00.').waitFor();
    expect(world.sender.calls).toBe(1);
    world.pass(60_000);
    await page.reload();
    expect(await messageOf(page)).toBe('');
    await page.getByText('No code yet?').waitFor();
    await page.getByRole('button', { name: 'Call me instead' }).click();
    await said.getByText('The code is on its way again.').waitFor();
    await check(page, '12');
    await page.locator('form[data-step=check] #message').getByText('The code has 6 digits.').waitFor();
    expect(world.sender.messages.map(({ channel }) => channel)).toEqual(['sms', 'call']);
  });

  it('sends one message for a form that is sent twice, and leads to where its code is asked for', async () => {
    const world = await startHosted();
    const page = await open(world);
    let send: (outcome: 'sent') => void = () => {};
    world.sender.next(
      new Promise((resolve) => {
        send = resolve;
      }),
    );
    await page.locator('#number').fill(NUMBER);
    // The first of two, whose answer the browser drops for that of the second.
    const form = await readForm(page, 'start');
    const first = page.context().request.post(form.action, { form: form.fields, maxRedirects: 0 });
    await expect.poll(() => world.sender.calls).toBe(1);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByText('A code is already on its way.').waitFor();
    send('sent');
    await first;
    // The page looks again by itself.
    await page.locator('#code').waitFor();
    expect(world.sender.calls).toBe(1);
  });

  it('leads to the button that goes on, with what was said of it, where there is no field', async () => {
    expectProblem(/^console: Failed to load resource: .* 422/);
    const world = await startHosted();
    const page = await open(world, { to: '+12025550143' });
    const goesOn = (name: string) => page.locator('[aria-describedby=message]:focus', { hasText: name });
    world.sender.next('refused');
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByText('That did not work.').waitFor();
    await goesOn('Send code').press('Enter');
    await page.locator('#code').fill(world.lastCode());
    world.pass(11 * MINUTE);
    await page.keyboard.press('Enter');
    await page.getByText('The code is no longer valid.').waitFor();
    await goesOn('Send a new code').press('Enter');
    await page.locator('#code').waitFor();
    expect(world.sender.calls).toBe(3);
  });

  it('changes the number, and the way to reach a person', async () => {
    const world = await startHosted();
    const page = await open(world);
    await sendCode(page);
    await page.getByRole('button', { name: 'Use another number' }).click();
    await page.locator('#number').waitFor();
    await page.getByRole('button', { name: 'Use an email address instead' }).click();
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.locator('#code').waitFor();
    await check(page, world.lastCode());
    await arriveBack(page);
  });

  it('is canceled', async () => {
    const world = await startHosted();
    const page = await open(world);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await arriveBack(page);
    expect(world.returns[0]?.searchParams.get('error')).toBe('canceled');
  });
});
