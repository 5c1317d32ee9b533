import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { CountersignCode } from '../../web/code-input.ts';
import { type Answer, type Site, toPath } from './browser.ts';

/** As strict as a page can be: files of its own and nothing else, no style and no markup put together from text. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** A script as the build made it. */
export function builtScript(file: string): Answer {
  return { type: 'text/javascript', body: readFileSync(toPath(`dist/web/${file}`), 'utf8') };
}

export interface PageOptions {
  /** Attributes of `<html>`. */
  readonly html?: string;
  readonly css?: string;
  readonly script?: string;
}

/** A site of one page that has `body` on it and the element's plain script. */
export function codeSite(
  body: string,
  { html = 'lang="en"', css = '', script = '<script src="/countersign-code.js" defer></script>' }: PageOptions = {},
): Site {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Code</title><link rel="stylesheet" href="/page.css">`;
  return {
    '/': {
      type: 'text/html',
      headers: { 'content-security-policy': POLICY },
      body: `<!doctype html><html ${html}><head>${head}${script}</head><body><main><h1>Code</h1>${body}</main></body></html>`,
    },
    '/page.css': {
      type: 'text/css',
      body: `:root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 16px sans-serif; } body { margin: 1rem; } ${css}`,
    },
    '/countersign-code.js': builtScript('countersign-code.js'),
    '/code-input.js': builtScript('code-input.js'),
  };
}

/** What the page was told, in order: `complete 123456`, `resend`, and what the live region said: `alert Wrong code`. */
export interface Told {
  readonly told: string[];
}

/** Has the page write down what it is told, from before the element is defined. */
export async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    document.addEventListener('complete', (event) => told.push(`complete ${(event as CustomEvent<{ code: string }>).detail.code}`));
    document.addEventListener('resend', () => told.push('resend'));
    document.addEventListener('DOMContentLoaded', () => {
      const message = document.querySelector('countersign-code')?.shadowRoot?.querySelector('[role=alert]');
      if (message == null) throw new Error('the element has no live region');
      new MutationObserver(() => message.textContent && told.push(`alert ${message.textContent}`)).observe(message, {
        childList: true,
        subtree: true,
      });
    });
  });
}

export function readTold(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as Told).told);
}

/** Runs `change` on the page's element. */
export function onElement<T, A>(page: Page, change: (element: CountersignCode, argument: A) => T, argument: A): Promise<T>;
export function onElement<T>(page: Page, change: (element: CountersignCode) => T): Promise<T>;
export function onElement<T, A>(page: Page, change: (element: CountersignCode, argument: A) => T, argument?: A): Promise<T> {
  return page.locator('countersign-code').evaluate(change as never, argument) as Promise<T>;
}

/** The field as the browser tells it to a screen reader. */
export async function readField(page: Page): Promise<Record<string, unknown>> {
  const devtools = await page.context().newCDPSession(page);
  const { nodes } = await devtools.send('Accessibility.getFullAXTree');
  const node = nodes.find(({ role }) => role?.value === 'textbox');
  const properties = Object.fromEntries((node?.properties ?? []).map(({ name, value }) => [name, value.value]));
  return { ...properties, name: node?.name?.value, description: node?.description?.value, value: node?.value?.value };
}
