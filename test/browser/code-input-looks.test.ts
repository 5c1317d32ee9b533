import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { findViolations } from './axe.ts';
import { describeInBrowser } from './browser.ts';
import { codeSite, type PageOptions } from './code-page.ts';

/** Every state that a person can meet it in. */
const STATES: Readonly<Record<string, string>> = {
  empty: '',
  filled: 'value="123456"',
  error: 'value="123456" error="This is not the code. 4 attempts left."',
  required: 'required',
  disabled: 'disabled value="123456"',
  readonly: 'readonly value="123456"',
  waiting: 'resend-at="2099-01-01T00:00:00Z"',
  resend: 'resend-at=""',
  everything: 'length="10" value="1234567890" error="This is not the code." resend-at="" required',
};

const ARABIC = 'label="رمز التحقق" resend-label="أرسل رمزًا جديدًا" error="هذا ليس الرمز." resend-at="" value="123456"';

describeInBrowser('code input: looks', ({ visit }) => {
  const open = (attributes: string, page: PageOptions = {}, options: BrowserContextOptions = {}) =>
    visit(codeSite(`<countersign-code ${attributes}></countersign-code>`, page), options);

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe finds, in any state, ${colorScheme}`, async () => {
      const all = Object.entries(STATES).map(
        ([state, attributes]) => `<section aria-label="${state}"><countersign-code ${attributes}></countersign-code></section>`,
      );
      const page = await visit(codeSite(all.join('')), { colorScheme });
      expect(await page.locator('countersign-code input').count()).toBe(Object.keys(STATES).length);
      expect(await findViolations(page)).toEqual([]);
    });
  }

  it('is light or dark as its page is, or as the page says for it alone', async () => {
    const light = await readColours(await open(STATES.error ?? '', {}, { colorScheme: 'light' }));
    const dark = await readColours(await open(STATES.error ?? '', {}, { colorScheme: 'dark' }));
    const alone = await readColours(await open(STATES.error ?? '', { css: 'countersign-code { color-scheme: dark }' }, { colorScheme: 'light' }));
    expect(light).toMatchObject({ message: 'rgb(179, 38, 30)', background: 'rgb(255, 255, 255)' });
    expect(dark).toMatchObject({ message: 'rgb(255, 180, 171)' });
    expect(dark.background).not.toBe(light.background);
    expect(alone).toMatchObject({ message: dark.message, background: dark.background });
  });

  it('is styled by parts and by properties', async () => {
    const css = `countersign-code { --countersign-error: rgb(1, 2, 3); --countersign-background: rgb(4, 5, 6); --countersign-radius: 0; }
      countersign-code::part(label) { font-weight: 700; } countersign-code::part(input) { letter-spacing: 1px; }
      countersign-code::part(message) { font-style: italic; } countersign-code::part(resend) { text-transform: uppercase; }`;
    const page = await open(`${STATES.error} resend-at=""`, { css });
    expect(await readColours(page)).toMatchObject({ message: 'rgb(1, 2, 3)', background: 'rgb(4, 5, 6)' });
    const style = (selector: string, property: string) =>
      page.locator(`countersign-code ${selector}`).evaluate((node, name) => getComputedStyle(node).getPropertyValue(name), property);
    expect(await style('input', 'border-radius')).toBe('0px');
    expect(await style('label', 'font-weight')).toBe('700');
    expect(await style('input', 'letter-spacing')).toBe('1px');
    expect(await style('p', 'font-style')).toBe('italic');
    expect(await style('button', 'text-transform')).toBe('uppercase');
  });

  it.each([320, 1280])('fits a window of %i px, with ten digits and large enough to touch', async (width) => {
    const page = await open(STATES.everything ?? '', {}, { viewport: { width, height: 640 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const input = await page
      .locator('countersign-code input')
      .evaluate((node: HTMLInputElement) => [node.scrollWidth <= node.clientWidth, node.offsetHeight >= 44]);
    expect(input).toEqual([true, true]);
  });

  it('moves nothing when an error comes', async () => {
    const page = await open('resend-at=""');
    const before = await page.getByRole('button').boundingBox();
    await page.locator('countersign-code').evaluate((element) => element.setAttribute('error', 'This is not the code.'));
    expect(await page.getByRole('button').boundingBox()).toEqual(before);
  });

  it('reads from right to left where its page does, digits apart', async () => {
    const page = await open(ARABIC, { html: 'lang="ar" dir="rtl"' });
    expect(await findViolations(page)).toEqual([]);
    const host = await page.locator('countersign-code').boundingBox();
    const button = await page.getByRole('button').boundingBox();
    expect((button?.x ?? 0) + (button?.width ?? 0)).toBeCloseTo((host?.x ?? 0) + (host?.width ?? 0), 0);
    const own = await open(`dir="rtl" ${ARABIC}`);
    expect(await own.locator('countersign-code input').evaluate((input) => getComputedStyle(input).direction)).toBe('rtl');
    await own.keyboard.press('Tab');
    await own.keyboard.press('Control+A');
    await own.keyboard.type('٩٨٧٦٥٤');
    expect(await own.locator('countersign-code input').inputValue()).toBe('987654');
  });

  it('shows where the focus is', async () => {
    const page = await open('resend-at=""');
    for (const selector of ['input', 'button']) {
      await page.keyboard.press('Tab');
      expect(await page.locator(`countersign-code ${selector}`).evaluate((node) => getComputedStyle(node).outlineStyle)).toBe('solid');
    }
  });
});

async function readColours(page: Page): Promise<{ message: string; background: string }> {
  const read = (selector: string, property: string) =>
    page.locator(`countersign-code ${selector}`).evaluate((node, name) => getComputedStyle(node).getPropertyValue(name), property);
  return { message: await read('p', 'color'), background: await read('input', 'background-color') };
}
