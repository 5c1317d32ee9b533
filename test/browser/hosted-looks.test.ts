import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createRecordingSender } from '../../src/testing/testing.ts';
import { findViolations } from './axe.ts';
import { describeInBrowser } from './browser.ts';
import { STATES } from './hosted-states.ts';
import { arriveBack, sendCode, startHosted, type WorldOptions } from './hosted-world.ts';
import { measureOverflow } from './inbox-world.ts';

/** As unkind as settings may be: a name without a space, and colours that are nearly those of the page. */
const UNKIND: WorldOptions = { page: { brand: 'W'.repeat(64), accent: '#fefefe', accentDark: '#181c24' }, service: { codeLength: 10 } };

/** States whose pages say by their status that something failed. */
const FAILURES: readonly string[] = ['elsewhere', 'over', 'trouble'];

/** What can be pressed, smaller than a finger (WCAG 2.2 §2.5.5, 44 × 44). */
function findSmallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    Array.from(document.querySelectorAll('button, a, select, input:not([type=hidden], [type=radio]), label.choice'))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 44))
      .map(({ element, box }) => `${element.textContent || element.id}: ${Math.round(box.width)} × ${Math.round(box.height)}`),
  );
}

describeInBrowser('the hosted page: looks', ({ newPage, expectProblems }) => {
  // The language with the longest texts, and the one that runs the other way.
  describe.each(['fr', 'ar'])('fit 320 pixels and a finger and have nothing that axe finds, light and dark, in %s:', (locale) => {
    it.each(Object.entries(STATES))('%s', async (state, reach) => {
      if (FAILURES.includes(state)) expectProblems(/^console: Failed to load resource: .* (?:404|409|503)/);
      const world = await startHosted(UNKIND);
      const page = await reach({ world, newPage, options: { locale, viewport: { width: 320, height: 568 } } });
      expect(await measureOverflow(page)).toBe(0);
      expect(await findSmallTargets(page)).toEqual([]);
      for (const colorScheme of locale === 'fr' ? (['light', 'dark'] as const) : []) {
        await page.emulateMedia({ colorScheme });
        expect(await findViolations(page), colorScheme).toEqual([]);
      }
    });
  });

  it.each(['light', 'dark'] as const)('can be read in the colours of any service (%s)', async (colorScheme) => {
    const world = await startHosted(UNKIND);
    const page = await newPage({ locale: 'en-US', colorScheme });
    await page.goto((await world.openSession()).url);
    expect(await findViolations(page)).toEqual([]);
    const [accent, focus] = await page.locator('form[data-step=start] button').evaluate((button) => {
      button.focus();
      const { backgroundColor, outlineColor, outlineStyle } = getComputedStyle(button);
      return [backgroundColor, `${outlineStyle} ${outlineColor}`];
    });
    expect(accent).toBe(colorScheme === 'light' ? 'rgb(254, 254, 254)' : 'rgb(24, 28, 36)');
    expect(focus).toBe(colorScheme === 'light' ? 'solid rgb(29, 78, 216)' : 'solid rgb(157, 188, 255)');
  });

  it('give the last of three channels a row of its own, as high as the others, and show which buttons have to wait', async () => {
    const sender = createRecordingSender('sent', { channels: ['sms', 'call', 'whatsapp'] });
    const world = await startHosted({ sender });
    const page = await newPage({ locale: 'en-US', viewport: { width: 390, height: 844 } });
    await page.goto((await world.openSession()).url);
    await sendCode(page);
    const buttons = page.locator('.buttons button');
    const [one, , last] = await Promise.all((await buttons.all()).map((button) => button.boundingBox()));
    expect(last?.height).toBe(one?.height);
    expect(last?.width).toBe((await page.locator('.buttons').boundingBox())?.width);
    const read = () => buttons.first().evaluate((button) => [getComputedStyle(button).borderTopColor, getComputedStyle(button).backgroundColor]);
    const waiting = await read();
    world.pass(121_000);
    await page.reload();
    const [edge, background] = await read();
    expect(waiting[0]).not.toBe(edge);
    expect(waiting[1]).not.toBe(background);
  });

  it('have the way to cancel in one place', async () => {
    const world = await startHosted();
    for (const width of [320, 390]) {
      const page = await newPage({ locale: 'en-US', viewport: { width, height: 844 } });
      const gap = () => page.locator('form[data-step=cancel]').evaluate((form) => Math.round(innerWidth - form.getBoundingClientRect().right));
      await page.goto((await world.openSession({ to: '+12025550143' })).url);
      const gaps = [await gap()];
      await page.goto((await world.openSession()).url);
      gaps.push(await gap());
      await sendCode(page, `202 555 0${width - 200}`);
      gaps.push(await gap());
      expect(new Set(gaps)).toEqual(new Set([20]));
    }
  });

  it('have the stroke beside a name along all of its lines', async () => {
    const world = await startHosted({ page: { brand: 'W '.repeat(32).trim() } });
    const page = await newPage({ locale: 'en-US', viewport: { width: 320, height: 568 } });
    await page.goto((await world.openSession()).url);
    const [stroke = 0, name = 0] = await page
      .locator('header')
      .evaluate((header) => [
        Number.parseFloat(getComputedStyle(header, '::before').blockSize),
        header.querySelector('bdi')?.getBoundingClientRect().height ?? 0,
      ]);
    expect(name).toBeGreaterThan(60);
    expect(name - stroke).toBeLessThanOrEqual(20);
  });

  it('are dark where a person has it so', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US', colorScheme: 'dark' });
    await page.goto((await world.openSession()).url);
    const colors = () =>
      page.evaluate(() =>
        ['main', 'h1']
          .map((name) => getComputedStyle(document.querySelector(name) as Element))
          .map(({ backgroundColor, color }) => `${backgroundColor} ${color}`),
      );
    expect((await colors())[0]).toBe('rgb(24, 28, 36) rgb(239, 242, 248)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect((await colors())[0]).toBe('rgb(255, 255, 255) rgb(20, 25, 35)');
  });

  it('run from right to left in Arabic, with numbers and codes from left to right', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'ar' });
    await page.goto((await world.openSession()).url);
    expect(await page.evaluate(() => [document.dir, document.documentElement.lang])).toEqual(['rtl', 'ar']);
    await sendCode(page);
    await page.getByRole('heading', { name: 'أدخل الرمز' }).waitFor();
    const number = page.locator('[data-value=to]');
    expect(await number.textContent()).toBe('+1 202 555 0143');
    // The plus is where it is read first, and the last digit behind it.
    const [plus = 0, last = 0] = await number.evaluate(({ firstChild: text }) =>
      [0, 14].map((start) => {
        const range = document.createRange();
        range.setStart(text as Node, start);
        range.setEnd(text as Node, start + 1);
        return range.getBoundingClientRect().left;
      }),
    );
    expect(plus).toBeLessThan(last);
    const [button, cancel] = [
      await page.locator('form[data-step=change] button').boundingBox(),
      await page.locator('form[data-step=cancel] button').boundingBox(),
    ];
    expect(button?.x).toBeGreaterThan(cancel?.x ?? 0);
    expect(await page.locator('#code').evaluate((field) => getComputedStyle(field).direction)).toBe('ltr');
    await page.keyboard.type(world.wrongCode());
    await page.getByText('هذا الرمز غير صحيح. بقيت 4 محاولات.').waitFor();
    await page.keyboard.type(world.lastCode());
    await arriveBack(page);
  });

  it('move nothing, neither while they load nor when something is said', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US', viewport: { width: 390, height: 844 } });
    await page.addInitScript(() => {
      const shifts: unknown[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
          if (!entry.hadRecentInput) shifts.push(entry.value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    const shifts = async () => {
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      return page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
    };
    await page.goto((await world.openSession()).url);
    expect(await shifts()).toEqual([]);
    await sendCode(page);
    expect(await shifts()).toEqual([]);
    const verify = page.getByRole('button', { name: 'Verify' });
    const before = await verify.boundingBox();
    await page.keyboard.type(world.wrongCode());
    await page.getByText('4 attempts left').waitFor();
    expect(await verify.boundingBox()).toEqual(before);
    expect(await shifts()).toEqual([]);
  });

  it('keep still for whoever wants no motion, and keep their edges where colours are forced', async () => {
    const world = await startHosted();
    const page = await newPage({ locale: 'en-US', reducedMotion: 'reduce', forcedColors: 'active' });
    await page.goto((await world.openSession()).url);
    const button = page.locator('form[data-step=start] button');
    await button.evaluate((element) => element.setAttribute('aria-busy', 'true'));
    expect(await button.evaluate((element) => getComputedStyle(element, '::after').animationName)).toBe('none');
    expect(await button.evaluate((element) => getComputedStyle(element).borderTopStyle)).toBe('solid');
    expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true);
    expect(await findViolations(page)).toEqual([]);
  });
});
