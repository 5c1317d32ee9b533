import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';
import { codeSite, listen, onElement, readTold } from './code-page.ts';

const START = Date.parse('2026-11-25T12:00:00Z');

/** A page whose clock stands at START, and goes on when it is told to. */
async function stopClock(page: Page): Promise<void> {
  await listen(page);
  await page.clock.install({ time: START - 1000 });
  await page.clock.pauseAt(START);
}

const inSeconds = (seconds: number) => new Date(START + seconds * 1000).toISOString();

describeInBrowser('code input: a new code', ({ visit }) => {
  const open = (attributes: string) => visit(codeSite(`<countersign-code ${attributes}></countersign-code>`), { prepare: stopClock });
  const textOf = (page: Page) => page.getByRole('button').textContent();

  it('is not offered where the page does not say from when on', async () => {
    const page = await open('');
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('counts down to the second, and is refused until the wait is over', async () => {
    const page = await open(`resend-at="${inSeconds(60.5)}"`);
    expect(await textOf(page)).toBe('Send a new code in 1:01');
    await page.clock.runFor(500);
    expect(await textOf(page)).toBe('Send a new code in 1:00');
    await page.clock.runFor(59_999);
    expect(await textOf(page)).toBe('Send a new code in 0:01');
    expect(await page.getByRole('button').getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button').click({ force: true });
    expect(await readTold(page)).toEqual([]);
    await page.clock.runFor(1);
    expect(await textOf(page)).toBe('Send a new code');
    expect(await page.getByRole('button').getAttribute('aria-disabled')).toBeNull();
    await page.getByRole('button').click();
    expect(await readTold(page)).toEqual(['resend']);
  });

  it('shows hours where there are some', async () => {
    const page = await open(`resend-at="${inSeconds(24 * 3600)}"`);
    expect(await textOf(page)).toBe('Send a new code in 24:00:00');
    await page.clock.runFor(1000);
    expect(await textOf(page)).toBe('Send a new code in 23:59:59');
  });

  it('is asked for once by a double click, and may be again where the page gives no new time', async () => {
    const page = await open('resend-at=""');
    await page.getByRole('button').dblclick();
    expect(await readTold(page)).toEqual(['resend']);
    await page.clock.runFor(3000);
    await page.getByRole('button').click();
    expect(await readTold(page)).toEqual(['resend', 'resend']);
  });

  it('is asked for by keyboard, and leads back to the field', async () => {
    const page = await open('resend-at=""');
    for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
    expect(await readTold(page)).toEqual(['resend']);
    await page.keyboard.type('123456');
    expect(await readTold(page)).toEqual(['resend', 'complete 123456']);
  });

  it('waits anew for the time that the page gives for it', async () => {
    const page = await open('resend-at=""');
    await onElement(page, (element, at) => element.addEventListener('resend', () => element.setAttribute('resend-at', at)), inSeconds(120));
    await page.getByRole('button').click();
    expect(await textOf(page)).toBe('Send a new code in 2:00');
    await page.clock.runFor(120_000);
    expect(await textOf(page)).toBe('Send a new code');
  });

  it('stops counting where the element is gone, and goes on where it is put back', async () => {
    const page = await open(`resend-at="${inSeconds(10)}"`);
    const element = await page.locator('countersign-code').elementHandle();
    await element?.evaluate((node) => node.remove());
    await page.clock.runFor(5000);
    expect(await element?.evaluate((node) => node.shadowRoot?.querySelector('button')?.textContent)).toBe('Send a new code in 0:10');
    await element?.evaluate((node) => document.body.append(node));
    expect(await textOf(page)).toBe('Send a new code in 0:05');
  });
});

/** Stands in for the part of the browser that reads messages: `arrive(code)` is a message, `asked` how often somebody waits for one. */
async function stubMessages(page: Page): Promise<void> {
  await listen(page);
  await page.addInitScript(() => {
    const world = { asked: 0, aborted: 0, requests: [] as unknown[], arrive: (_: string) => {} };
    Object.assign(globalThis, { world, OTPCredential: class {} });
    navigator.credentials.get = ({ signal, ...request } = {}) =>
      new Promise((resolve, reject) => {
        world.asked += 1;
        world.requests.push(request);
        world.arrive = (code) => resolve({ id: '', type: 'otp', code } as Credential);
        signal?.addEventListener('abort', () => {
          world.aborted += 1;
          reject(signal.reason);
        });
      });
  });
}

interface World {
  readonly asked: number;
  readonly aborted: number;
  readonly requests: readonly unknown[];
  readonly arrive: (code: string) => void;
}

const readWorld = (page: Page) =>
  page.evaluate(() => {
    const { asked, aborted, requests } = (globalThis as unknown as { world: World }).world;
    return { asked, aborted, requests };
  });
const arrive = (page: Page, code: string) => page.evaluate((text) => (globalThis as unknown as { world: World }).world.arrive(text), code);

describeInBrowser('code input: a code from a message', ({ visit }) => {
  const open = (attributes: string) => visit(codeSite(`<countersign-code ${attributes}></countersign-code>`), { prepare: stubMessages });

  it('is asked for where the page wishes it, once, and no other transport is', async () => {
    const page = await open('webotp');
    expect(await readWorld(page)).toEqual({ asked: 1, aborted: 0, requests: [{ otp: { transport: ['sms'] } }] });
    const plain = await open('');
    expect(await readWorld(plain)).toMatchObject({ asked: 0 });
    await onElement(plain, (element) => element.setAttribute('webotp', ''));
    expect(await readWorld(plain)).toMatchObject({ asked: 1 });
    await onElement(plain, (element) => element.removeAttribute('webotp'));
    expect(await readWorld(plain)).toMatchObject({ asked: 1, aborted: 1 });
  });

  it('is filled in and told once', async () => {
    const page = await open('webotp');
    await arrive(page, '123456');
    expect(await readTold(page)).toEqual(['complete 123456']);
    expect(await onElement(page, (element) => element.value)).toBe('123456');
  });

  it('is no longer waited for once a code was typed, or the element is gone', async () => {
    const page = await open('webotp');
    await page.keyboard.press('Tab');
    await page.keyboard.type('123456');
    expect(await readWorld(page)).toMatchObject({ asked: 1, aborted: 1 });
    const gone = await open('webotp');
    await onElement(gone, (element) => element.remove());
    expect(await readWorld(gone)).toMatchObject({ asked: 1, aborted: 1 });
  });

  it('is waited for again when a new one was asked for', async () => {
    const page = await open('webotp resend-at=""');
    await page.keyboard.press('Tab');
    await page.keyboard.type('123456');
    await page.getByRole('button').click();
    expect(await readWorld(page)).toMatchObject({ asked: 2, aborted: 1 });
    await arrive(page, '654321');
    expect(await readTold(page)).toEqual(['complete 123456', 'resend', 'complete 654321']);
  });

  it('of another length, or for a field that takes none, is left', async () => {
    const page = await open('webotp');
    await arrive(page, '1234567');
    expect(await readTold(page)).toEqual([]);
    const readonly = await open('webotp readonly');
    await arrive(readonly, '123456');
    expect(await readTold(readonly)).toEqual([]);
  });

  it('is not asked for where the browser cannot', async () => {
    const page = await visit(codeSite('<countersign-code webotp></countersign-code>'), {
      prepare: async (opened) => {
        await stubMessages(opened);
        await opened.addInitScript(() => Reflect.deleteProperty(globalThis, 'OTPCredential'));
      },
    });
    expect(await readWorld(page)).toMatchObject({ asked: 0 });
  });
});
