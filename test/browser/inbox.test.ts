import { execFile, spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { createFolder, toWrongCode } from '../cli/run-cli.ts';
import { ask, deploy, serve } from '../service/world.ts';
import { findViolations } from './axe.ts';
import { describeInBrowser, toPath } from './browser.ts';
import { itemsWith, measureOverflow, readCode, sendCode, startDev, textOf } from './inbox-world.ts';

const run = promisify(execFile);
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('\n!! python3 is missing: the request in Python was NOT run\n');
const PHONE = '+12025550143';
const MAIL = 'ada@example.com';

/** The status of one request with headers that a browser would not let a page choose. */
function knock(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    asking.on('error', reject);
    asking.end();
  });
}

describeInBrowser('the inbox of countersign dev', ({ newPage, expectProblem, expectProblems }) => {
  const open = async (url: string, options: Parameters<typeof newPage>[0] = {}): Promise<Page> => {
    const page = await newPage(options);
    await page.goto(url);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  };

  it('shows what a program starts, at once, newest first', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    await page.getByText('No message yet').waitFor();
    await page.evaluate(() => Object.assign(globalThis, { isSame: true }));
    const { body } = await dev.start({ to: PHONE, purpose: 'login', requester: 'account-42' });
    const item = itemsWith(page, body.id);
    await item.getByText('Pending').waitFor();
    expect(await textOf(item.getByRole('heading'))).toBe(`SMS to ${PHONE}`);
    expect(await textOf(item.locator('.text'))).toMatch(/^Your verification code is \d{6}\./);
    expect(await textOf(item.locator('.facts'))).toMatch(/^for login · 5 attempts left · may be sent again in \d:\d\d · expires in \d+:\d\d$/);
    expect(await page.getByText('No message yet').isVisible()).toBe(false);

    const code = await readCode(page);
    const check = { code, purpose: 'login', requester: 'account-42' };
    await ask(`${dev.url}/v1/verifications/${body.id}/check`, dev.apiKey, check);
    await item.getByText('Approved').waitFor();
    await dev.start({ to: '+12025550144' });
    await itemsWith(page, '+12025550144').waitFor();
    expect(await page.locator('.item h3').allInnerTexts()).toEqual(['SMS to +12025550144', `SMS to ${PHONE}`]);
    expect(await page.evaluate(() => 'isSame' in globalThis)).toBe(true);
  });

  it('shows an email as a letter, a WhatsApp message, a call, and what a limit held back', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    await sendCode(page, MAIL);
    await itemsWith(page, `Email to ${MAIL}`).waitFor();
    expect(await textOf(page.locator('.subject'))).toBe('Your verification code');
    await dev.start({ to: '+12025550144', channel: 'whatsapp' });
    await dev.start({ to: '+12025550145', channel: 'call' });
    await itemsWith(page, 'WhatsApp to +12025550144').waitFor();
    await itemsWith(page, 'Call to +12025550145').waitFor();
    expect((await dev.start({ to: MAIL })).status).toBe(429);
    await itemsWith(page, 'Not sent to a***@example.com').getByText('resend_too_soon').waitFor();
  });

  it('copies a code with one click', async () => {
    const dev = await startDev();
    const page = await open(dev.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await dev.start({ to: PHONE });
    const item = itemsWith(page, PHONE);
    await item.getByRole('button', { name: 'Copy' }).click();
    await item.getByText('Copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await readCode(page));
  });

  it('goes from a number to approved by keyboard alone', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    await page.getByLabel('Phone number or email address').focus();
    await page.keyboard.press('Enter');
    await itemsWith(page, PHONE).waitFor();
    await page.locator('countersign-code').waitFor();
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe('countersign-code');
    await page.keyboard.type(await readCode(page));
    await page.getByText('Approved. The proof is in the answer.').waitFor();
    await itemsWith(page, PHONE).getByText('Approved').waitFor();
    const isShown = () => page.locator('#answer').evaluate((element) => element.getBoundingClientRect().top < innerHeight);
    await page.setViewportSize({ width: 390, height: 600 });
    expect(await isShown()).toBe(false);
    await page.getByRole('link', { name: 'the answer' }).press('Enter');
    await expect.poll(isShown).toBe(true);
    expect(await textOf(page.locator('#answer'))).toMatch(/^200 OK\n\{\n {2}"status": "approved",[\s\S]*"token": "eyJ/);
  });

  it('says how many attempts are left, here and in the list, until there is none', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    await sendCode(page, PHONE);
    const item = itemsWith(page, PHONE);
    await item.waitFor();
    const code = await readCode(page);
    const wrong = [1, 2, 3, 4, 5].map((more) => `${code.slice(0, -1)}${(Number(code.at(-1)) + more) % 10}`);
    for (const left of ['4 attempts', '3 attempts', '2 attempts', '1 attempt']) {
      await page.getByLabel('Verification code').fill(wrong.shift() ?? '');
      await page.getByText(`Wrong code. ${left} left.`).waitFor();
      await item.getByText(`${left} left`).waitFor();
    }
    await page.getByLabel('Verification code').fill(wrong.shift() ?? '');
    await page.getByText('Over: max_attempts_reached.').waitFor();
    await item.getByText('No attempts left').waitFor();
  });

  it('refuses in words, and says from when on another message may follow', async () => {
    expectProblem(/^console: Failed to load resource: .* 429/);
    const dev = await startDev();
    const page = await open(dev.url);
    await sendCode(page, PHONE);
    await itemsWith(page, PHONE).waitFor();
    await page.getByRole('button', { name: 'Send a code' }).click();
    await page.getByText(/^resend_too_soon: .* \(from .* on\)\. See the answer\.$/).waitFor();
  });

  it('shows requests that can be run as they are', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    const commands: Readonly<Record<string, (text: string) => readonly [string, readonly string[]]>> = {
      curl: (text) => ['/bin/sh', ['-c', text]],
      Node: (text) => [process.execPath, ['--input-type=module', '-e', text]],
      Python: (text) => ['python3', ['-c', text]],
      'Twilio SDK': (text) => [process.execPath, ['--input-type=module', '-e', text]],
    };
    for (const [index, language] of Object.keys(commands).entries()) {
      const to = `+1202555016${index}`;
      await page.getByLabel('Phone number or email address').fill(to);
      await page.getByRole('radio', { name: language }).check();
      if (language === 'Python' && !hasPython) continue;
      const [command, args] = commands[language]!(await textOf(page.locator('#request')));
      const { stdout } = await run(command, [...args], { cwd: toPath('.') });
      expect(stdout, language).toContain('pending');
      const hint = { Node: '// Save as call.mjs', 'Twilio SDK': '// npm i twilio, save as call.mjs' }[language] ?? '';
      expect(await textOf(page.locator('#request'))).toMatch(new RegExp(`^${hint}`));
      await itemsWith(page, to).waitFor();
    }
  });

  it('is the same in two tabs', async () => {
    const dev = await startDev();
    const [one, other] = [await open(dev.url), await open(dev.url)];
    await sendCode(one, PHONE);
    await itemsWith(other, PHONE).waitFor();
    await other.getByRole('button', { name: 'Clear' }).click();
    await one.getByText('No message yet').waitFor();
    expect(await one.getByRole('listitem').count()).toBe(0);
    expect(await textOf(one.locator('#arrived'))).toBe('');
  });

  it('goes on by itself when the server has ended and is back', async () => {
    expectProblems(/^failed: GET .*\/inbox\/events /);
    expectProblems(/^console: Failed to load resource: net::ERR/);
    const dev = await startDev();
    const page = await open(dev.url);
    await sendCode(page, PHONE);
    await itemsWith(page, PHONE).waitFor();
    expect(await dev.end()).toBe(0);
    await page.locator('#connection code', { hasText: /^countersign dev$/ }).waitFor();
    expect(await textOf(page.locator('#arrived'))).toMatch(/^Message to /);
    const next = await startDev(Number(new URL(dev.url).port));
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('No message yet').waitFor();
    expect(await textOf(page.locator('#arrived'))).toBe('');
    await sendCode(page, PHONE);
    await itemsWith(page, PHONE).waitFor();
    expect(await textOf(page.locator('#answer'))).toMatch(/^201 Created/);
    expect(next.apiKey).not.toBe(dev.apiKey);
  });

  it('takes no text for markup', async () => {
    const dev = await startDev();
    const page = await open(dev.url);
    const hostile = `<img src=x onerror="globalThis.taken = true"><script>globalThis.taken = true</script>`;
    await dev.start({ to: PHONE });
    const changed = await fetch(`${dev.url}/v1/services/${dev.service}`, {
      method: 'PATCH',
      headers: { authorization: `Basic ${btoa(dev.apiKey)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ template: `${hostile} {code}`, subject: hostile }),
    });
    expect(changed.status).toBe(200);
    await page.getByLabel('Requester, if any').fill(`'"\\${hostile}`);
    await sendCode(page, MAIL);
    const item = itemsWith(page, MAIL);
    expect(await textOf(item.locator('.subject'))).toBe(hostile);
    expect(await textOf(item.locator('.text'))).toBe(`${hostile} ${await readCode(page)}`);
    expect(await textOf(page.locator('#request'))).toContain(hostile.replaceAll('"', '\\"'));
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate(() => 'taken' in globalThis)).toBe(false);
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, in any state (%s)', async (colorScheme) => {
    const dev = await startDev();
    const page = await open(dev.url, { colorScheme });
    expect(await findViolations(page)).toEqual([]);
    await sendCode(page, MAIL);
    await itemsWith(page, MAIL).waitFor();
    await page.getByLabel('Verification code').fill(await readCode(page));
    await page.getByText('Approved. The proof').waitFor();
    await sendCode(page, PHONE);
    await itemsWith(page, PHONE).waitFor();
    await page.getByLabel('Verification code').fill(toWrongCode(await readCode(page)));
    await page.getByText('Wrong code.').waitFor();
    await dev.start({ to: PHONE });
    await itemsWith(page, 'Not sent').waitFor();
    await dev.start({ to: '+12025550144', channel: 'whatsapp' });
    await itemsWith(page, 'WhatsApp').waitFor();
    expect(await findViolations(page)).toEqual([]);
  });

  it('fits 320 pixels, with every way of writing a request', async () => {
    const dev = await startDev();
    const page = await open(dev.url, { viewport: { width: 320, height: 640 } });
    await sendCode(page, `${'a'.repeat(60)}@example.com`);
    await itemsWith(page, 'Email').waitFor();
    await dev.start({ to: PHONE });
    await itemsWith(page, PHONE).waitFor();
    for (const language of ['curl', 'Node', 'Python', 'Twilio SDK']) {
      await page.getByRole('radio', { name: language }).check();
      expect(await measureOverflow(page), language).toBe(0);
    }
    expect(await findViolations(page)).toEqual([]);
  });

  it('moves nothing while it loads', async () => {
    const dev = await startDev();
    await dev.start({ to: PHONE });
    const page = await newPage();
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => (entry as unknown as { value: number }).value))).observe({
        type: 'layout-shift',
        buffered: true,
      });
    });
    await page.goto(dev.url);
    await itemsWith(page, PHONE).waitFor();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts)).toEqual([]);
  });

  it('is only for names of this machine, and changes nothing for another site', async () => {
    const { url } = await startDev();
    const { port } = new URL(url);
    const paths = ['/', '/inbox/returned?result=x&state=y', '/inbox/inbox.js', '/inbox/events'];
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
      for (const path of paths) expect(await knock(url + path, 'GET', { host, 'sec-fetch-site': 'same-origin' }), `${host}${path}`).toBe(200);
    for (const host of [`evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example', '192.0.2.1', '127.0.0.1@evil.example'])
      for (const path of paths) expect(await knock(url + path, 'GET', { host, 'sec-fetch-site': 'same-origin' }), `${host}${path}`).toBe(403);
    const [own, other] = [url, 'https://evil.example'];
    const strangers = [
      { 'sec-fetch-site': 'cross-site', origin: other },
      { 'sec-fetch-site': 'same-site', origin: `http://127.0.0.1:1` },
      { 'sec-fetch-site': 'cross-site', origin: own },
      { 'sec-fetch-site': 'none' },
      { origin: other },
      { origin: 'null' },
      {},
    ];
    for (const headers of strangers) {
      expect(await knock(`${url}/inbox/clear`, 'POST', headers), JSON.stringify(headers)).toBe(403);
      expect(await knock(`${url}/inbox/events`, 'GET', headers), JSON.stringify(headers)).toBe(403);
    }
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: own }, { 'sec-fetch-site': 'same-origin', origin: own }])
      expect(await knock(`${url}/inbox/clear`, 'POST', headers), JSON.stringify(headers)).toBe(204);
  });

  it('is not there under serve', async () => {
    const { url } = await serve(await deploy(createFolder()));
    for (const path of ['/', '/inbox/returned', '/inbox/inbox.js', '/inbox/inbox.css', '/inbox/icon.svg', '/inbox/events'])
      expect(await knock(url + path, 'GET', { 'sec-fetch-site': 'same-origin' }), path).toBe(404);
    expect(await knock(`${url}/inbox/clear`, 'POST', { 'sec-fetch-site': 'same-origin' })).toBe(404);
  });
});
