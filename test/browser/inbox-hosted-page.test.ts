import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { findViolations } from './axe.ts';
import { describeInBrowser, toPath } from './browser.ts';
import { itemsWith, measureOverflow, type RunningDev, startDev, textOf } from './inbox-world.ts';

const run = promisify(execFile);
const PHONE = '+12025550143';

describeInBrowser('the hosted page, from the inbox of countersign dev', ({ newPage, expectProblem }) => {
  const begin = async (
    options: BrowserContextOptions = {},
    running?: RunningDev,
  ): Promise<{ readonly inbox: Page; readonly visit: Page; readonly state: string }> => {
    const dev = running ?? (await startDev());
    const inbox = await newPage({ permissions: ['clipboard-read', 'clipboard-write'], ...options });
    // Two windows side by side: a page that nobody looks at does not listen, and cuts off what it listened to.
    await inbox.context().addInitScript(() => Object.defineProperty(document, 'hidden', { get: () => false }));
    await inbox.goto(dev.url);
    await inbox.getByRole('button', { name: 'Try the hosted page' }).click();
    const link = inbox.getByRole('link', { name: 'Open the page in a new tab' });
    await link.waitFor();
    const [, state = ''] = /"state":"([\w-]{36})"/.exec(await textOf(inbox.locator('#request'))) ?? [];
    const [visit] = await Promise.all([inbox.context().waitForEvent('page'), link.press('Enter')]);
    await visit.getByRole('heading', { name: 'Your phone number' }).waitFor();
    return { inbox, visit, state };
  };
  /** Types a number, copies the code in the inbox, and pastes it. */
  const verify = async ({ inbox, visit }: { readonly inbox: Page; readonly visit: Page }): Promise<void> => {
    await visit.getByLabel('Country').selectOption('US');
    await visit.getByLabel('Phone number').fill('(202) 555-0143');
    await visit.getByRole('button', { name: 'Send code' }).click();
    await visit.getByLabel('Code', { exact: true }).waitFor();
    await inbox.bringToFront();
    const item = itemsWith(inbox, PHONE);
    await item.getByRole('button', { name: 'Copy' }).click();
    await item.getByText('Copied').waitFor();
    await visit.bringToFront();
    await visit.getByLabel('Code', { exact: true }).focus();
    await visit.keyboard.press('Control+V');
    await visit.keyboard.press('Enter');
    await visit.getByText('Back from the hosted page').waitFor();
  };

  it('goes from a button to the proof, and says on the way what a server does', async () => {
    const { inbox, visit, state } = await begin();
    expect(await inbox.evaluate(() => document.querySelector('#answer')?.textContent)).toMatch(/^201 Created\n\{\n {2}"id": "PS[0-9a-f]{32}"/);
    expect(await visit.evaluate(() => window.opener)).toBeNull();
    await verify({ inbox, visit });
    await itemsWith(inbox, PHONE).getByText('Approved').waitFor();
    expect(new URL(visit.url()).pathname).toBe('/inbox/returned');
    expect(state).not.toBe('');
    await visit.getByText(`with a result and the state ${state}.`).waitFor();
    expect(await textOf(visit.locator('#request'))).toMatch(/^curl .*\/v1\/sessions\/exchange .*"result":"PS[0-9a-f]{32}\.[\w-]{22}"/s);
    await visit.getByRole('button', { name: 'Exchange the result' }).click();
    await visit.getByText('Approved. The proof is in the answer.').waitFor();
    expect(await textOf(visit.locator('#answer'))).toMatch(/^200 OK\n\{\n {2}"status": "approved",[\s\S]*"token": "eyJ/);
    expect(await visit.evaluate(() => document.activeElement?.textContent)).toBe('Try it again');
    expectProblem(/^failed: GET .*\/inbox\/events net::ERR_ABORTED/); // of the page that is left
    await visit.keyboard.press('Enter');
    await visit.getByRole('button', { name: 'Try the hosted page' }).waitFor();
  });

  it('says of a result that was exchanged already that there is none', async () => {
    expectProblem(/^console: Failed to load resource: .* 404/);
    const begun = await begin();
    await verify(begun);
    const { visit } = begun;
    await run('/bin/sh', ['-c', await textOf(visit.locator('#request'))]);
    await visit.getByRole('button', { name: 'Exchange the result' }).click();
    await visit.locator('#outcome').getByText('there is no such result: each is exchanged once, within 60 s').waitFor();
    expect(await visit.getByRole('button', { name: 'Exchange the result' }).isVisible()).toBe(true);
  });

  it('says what came back of whoever canceled', async () => {
    const { visit, state } = await begin();
    await visit.getByRole('button', { name: 'Cancel' }).click();
    await visit.getByText(`Back from the hosted page, with the error canceled and the state ${state}.`).waitFor();
    expect(await visit.getByRole('button', { name: 'Exchange the result' }).isVisible()).toBe(false);
    expect(await visit.getByRole('button', { name: 'Send a code' }).isVisible()).toBe(false);
    expect(await findViolations(visit)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('fits 320 pixels and has nothing that axe finds, going and coming back (%s)', async (colorScheme) => {
    const begun = await begin({ colorScheme, viewport: { width: 320, height: 640 } });
    const { inbox, visit } = begun;
    expect([await findViolations(inbox), await measureOverflow(inbox)]).toEqual([[], 0]);
    await verify(begun);
    expect([await findViolations(visit), await measureOverflow(visit)]).toEqual([[], 0]);
    await visit.getByRole('button', { name: 'Exchange the result' }).click();
    await visit.getByText('Approved. The proof is in the answer.').waitFor();
    expect([await findViolations(visit), await measureOverflow(visit)]).toEqual([[], 0]);
  });

  /** Gives the page of the service other places where a visit may end, as its owner does. */
  const setReturnUrls = ({ url, service, apiKey }: RunningDev, returnUrls: readonly string[]): Promise<Response> =>
    fetch(`${url}/v1/services/${service}`, {
      method: 'PATCH',
      headers: { authorization: `Basic ${btoa(apiKey)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ page: { brand: 'Example shop', returnUrls } }),
    });

  it('ends in the inbox, also where the first place to end is another and the inbox has another name', async () => {
    const dev = await startDev();
    const own = `${dev.url}/inbox/returned`;
    expect((await setReturnUrls(dev, ['https://shop.example/verified', own])).status).toBe(200);
    const { visit } = await begin({}, { ...dev, url: dev.url.replace('127.0.0.1', 'localhost') });
    await visit.getByRole('button', { name: 'Cancel' }).click();
    await visit.getByText('Back from the hosted page, with the error canceled').waitFor();
    expect(visit.url()).toMatch(`${own}?`);
  });

  it('says what to add where the inbox is no place to end any more', async () => {
    expectProblem(/^console: Failed to load resource: .* 400/);
    const dev = await startDev();
    await setReturnUrls(dev, ['https://shop.example/verified']);
    const inbox = await newPage();
    await inbox.goto(dev.url);
    await inbox.getByRole('button', { name: 'Try the hosted page' }).click();
    await inbox.getByText(`page.returnUrls have no ${dev.url}/inbox/returned any more. Add it`).waitFor();
    expect(await inbox.getByRole('link', { name: 'Open the page in a new tab' }).isVisible()).toBe(false);
  });

  it('is begun by requests that can be run as they are', async () => {
    const { inbox } = await begin();
    const commands: Readonly<Record<string, (text: string) => readonly [string, readonly string[]]>> = {
      curl: (text) => ['/bin/sh', ['-c', text]],
      Node: (text) => [process.execPath, ['--input-type=module', '-e', text]],
    };
    for (const [language, toCommand] of Object.entries(commands)) {
      await inbox.getByRole('radio', { name: language }).check();
      const [command, args] = toCommand(await textOf(inbox.locator('#request')));
      const { stdout } = await run(command, [...args], { cwd: toPath('.') });
      expect(stdout, language).toMatch(/\/verify\/PS[0-9a-f]{32}\/[\w-]{22}/);
    }
    await inbox.getByRole('radio', { name: 'Twilio SDK' }).check();
    expect(await textOf(inbox.locator('#request'))).toBe('// Twilio’s clients have no call for the hosted page.');
  });
});
