import type { Locator, Page } from 'playwright-core';
import { createFolder } from '../cli/run-cli.ts';
import { type Answered, ask, type Running, startCli } from '../service/world.ts';

/** A process of `countersign dev`. */
export interface RunningDev extends Running {
  readonly url: string;
  readonly apiKey: string;
  /** The id of the service that the key is for. */
  readonly service: string;
  /** Starts a verification over HTTP, as any program would. */
  start(body: Readonly<Record<string, string>>): Promise<Answered>;
}

/** Starts the built `countersign dev`. @param port 0 for any that is free. */
export async function startDev(port = 0): Promise<RunningDev> {
  const dev = startCli(['dev', '--port', String(port)], { cwd: createFolder() });
  const [, url = ''] = await dev.until(/^URL {6}(http:\/\/\S+)$/m);
  const [, apiKey = ''] = await dev.until(/^API key {2}(\S+)$/m);
  const [, service = ''] = await dev.until(/^Service {2}(\S+)$/m);
  return { ...dev, url, apiKey, service, start: (body) => ask(`${url}/v1/verifications`, apiKey, body) };
}

/** The items of the list that say this, the newest first. */
export function itemsWith(page: Page, text: string): Locator {
  return page.getByRole('listitem').filter({ hasText: text });
}

/** Fills in the form and sends it. */
export async function sendCode(page: Page, to: string): Promise<void> {
  await page.getByLabel('Phone number or email address').fill(to);
  await page.getByRole('button', { name: 'Send a code' }).click();
}

/** The code of the newest message. */
export function readCode(page: Page): Promise<string> {
  return textOf(page.locator('.item .copy b').first());
}

/** What an element says, once it is there. */
export async function textOf(element: Locator): Promise<string> {
  return (await element.textContent()) ?? '';
}

/** How far the page goes beyond its right edge, in pixels. */
export function measureOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
