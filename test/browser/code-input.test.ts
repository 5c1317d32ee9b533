import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, SITE } from './browser.ts';
import { codeSite, listen, onElement, readField, readTold } from './code-page.ts';

const PLAIN = codeSite('<countersign-code></countersign-code>');

/** Puts `text` on the clipboard and presses what pastes it. */
async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: SITE });
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
  await page.keyboard.press('Control+V');
}

/** As browsers and password managers fill a field: its value at once, then the events. */
async function autofill(page: Page, value: string): Promise<void> {
  await page.locator('countersign-code input').evaluate((input: HTMLInputElement, text) => {
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }, value);
}

describeInBrowser('code input', ({ visit }) => {
  const open = async (site = PLAIN) => {
    const page = await visit(site, { prepare: listen });
    await page.keyboard.press('Tab');
    return page;
  };

  it('is one field that browsers and screen readers know for a code', async () => {
    const page = await open(codeSite('<countersign-code required></countersign-code>'));
    const inputs = page.locator('countersign-code input');
    expect(await inputs.count()).toBe(1);
    expect(await inputs.evaluate((input: HTMLInputElement) => [input.autocomplete, input.inputMode, input.type])).toEqual([
      'one-time-code',
      'numeric',
      'text',
    ]);
    expect(await readField(page)).toMatchObject({ name: 'Verification code', focused: true, required: true, invalid: 'false' });
  });

  it('is reached and filled by keyboard alone, and tells the code at the last digit', async () => {
    const page = await open();
    await page.keyboard.type('12345');
    expect(await readTold(page)).toEqual([]);
    await page.keyboard.type('6');
    expect(await readTold(page)).toEqual(['complete 123456']);
    expect(await onElement(page, (element) => element.value)).toBe('123456');
  });

  it('tells a code once until it changes', async () => {
    const page = await open();
    await page.keyboard.type('1234567');
    await autofill(page, '123456');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await readTold(page)).toEqual(['complete 123456']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('End');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('7');
    expect(await readTold(page)).toEqual(['complete 123456', 'complete 123457']);
  });

  it('takes no digit into a full field, which would push out another', async () => {
    const page = await open();
    await page.keyboard.type('123456');
    await page.keyboard.press('Home');
    await page.keyboard.type('9');
    expect(await onElement(page, (element) => element.value)).toBe('123456');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.type('9');
    expect(await readTold(page)).toEqual(['complete 123456', 'complete 923456']);
  });

  it('keeps digits of any script as 0–9, nothing else, and the caret where it was', async () => {
    const page = await open();
    await page.keyboard.type('1x٢ ३-');
    expect(await onElement(page, (element) => element.value)).toBe('123');
    await page.keyboard.press('Home');
    await page.keyboard.type('a0');
    expect(await page.locator('countersign-code input').evaluate((input: HTMLInputElement) => [input.value, input.selectionStart])).toEqual([
      '0123',
      1,
    ]);
  });

  it.each([
    ['123-456'],
    ['  123 456  '],
    ['١٢٣٤٥٦'],
    ['Your code is 123456. It is good for 10 minutes.\n\n@shop.example #123456'],
    ['654321 is your order.\n\n@shop.example #123456'],
  ])('takes the code from what is pasted: %j', async (text) => {
    const page = await open();
    await paste(page, text);
    expect(await readTold(page)).toEqual(['complete 123456']);
    expect(await readField(page)).toMatchObject({ value: '123456' });
  });

  it('pastes a part where the caret is', async () => {
    const page = await open();
    await page.keyboard.type('16');
    await page.keyboard.press('ArrowLeft');
    await paste(page, '23-45');
    expect(await readTold(page)).toEqual(['complete 123456']);
  });

  it('says so when there is no code in what is pasted, and does not guess', async () => {
    const page = await open();
    await page.keyboard.type('12');
    await paste(page, '111222 or 333444');
    expect(await readTold(page)).toEqual(['alert There is no code of 6 digits in this text.']);
    expect(await readField(page)).toMatchObject({ value: '12', description: 'There is no code of 6 digits in this text.', invalid: 'false' });
    await page.keyboard.type('3');
    expect(await readField(page)).toMatchObject({ value: '123', description: undefined });
  });

  it.each([['123456'], ['123-456']])('takes what a browser fills in: %s', async (text) => {
    const page = await open();
    await autofill(page, text);
    await autofill(page, text);
    expect(await readTold(page)).toEqual(['complete 123456']);
  });

  it('tells the page of edits as any field does, and not of what the page sets', async () => {
    const page = await open();
    await page.evaluate(() => {
      for (const type of ['input', 'change']) {
        document.addEventListener(type, ({ target }) => {
          const { localName, value } = target as HTMLInputElement;
          (globalThis as unknown as { told: string[] }).told.push(`${type} ${localName} ${value}`);
        });
      }
    });
    await page.keyboard.type('1');
    await page.keyboard.press('Tab');
    await onElement(page, (element) => {
      element.value = '123-456';
    });
    expect(await readTold(page)).toEqual(['input countersign-code 1', 'change countersign-code 1']);
    expect(await readField(page)).toMatchObject({ value: '123456' });
  });

  it.each([
    ['4', 4],
    ['10', 10],
    ['3', 4],
    ['11', 10],
    ['six', 6],
    ['', 6],
  ])('has 4 to 10 digits: length="%s"', async (attribute, length) => {
    const page = await open(codeSite(`<countersign-code length="${attribute}"></countersign-code>`));
    const digits = '1234567890'.slice(0, length);
    await page.keyboard.type(digits);
    expect(await readTold(page)).toEqual([`complete ${digits}`]);
  });

  it('shows an error, announces it once, and forgets it at the next edit', async () => {
    const page = await open();
    await page.keyboard.type('123456');
    await onElement(page, (element) => element.setAttribute('error', 'Wrong code. 4 attempts left.'));
    expect(await readField(page)).toMatchObject({ invalid: 'true', description: 'Wrong code. 4 attempts left.' });
    await onElement(page, (element) => element.setAttribute('label', 'Code'));
    expect(await readTold(page)).toEqual(['complete 123456', 'alert Wrong code. 4 attempts left.']);
    await page.keyboard.press('Backspace');
    expect(await readField(page)).toMatchObject({ invalid: 'false', description: undefined });
    expect(await onElement(page, (element) => element.hasAttribute('error'))).toBe(false);
  });

  it('announces the same error a second time when it is made a second time', async () => {
    const page = await open();
    for (const _ of [1, 2]) {
      await onElement(page, (element) => {
        element.error = 'Not sent. Try again.';
      });
    }
    expect(await readTold(page)).toEqual(['alert Not sent. Try again.', 'alert Not sent. Try again.']);
  });

  it('takes nothing while it is read-only or disabled', async () => {
    for (const attribute of ['readonly', 'disabled']) {
      const page = await open(codeSite(`<countersign-code ${attribute} value="12"></countersign-code>`));
      await page.keyboard.type('3456');
      expect(await readTold(page)).toEqual([]);
      expect(await readField(page)).toMatchObject({ value: '12', [attribute]: true });
      await onElement(page, (element, name) => element.removeAttribute(name), attribute);
      await onElement(page, (element) => element.focus());
      await page.keyboard.press('End');
      await page.keyboard.type('3456');
      expect(await readTold(page)).toEqual(['complete 123456']);
    }
  });

  it('has every text from its attributes, and its label from a slot', async () => {
    const page = await open(
      codeSite(
        `<countersign-code required resend-at="" resend-label="Encore" missing-message="Et le code ?" incomplete-message="Il faut {length} chiffres."
          paste-message="Pas de code à {length} chiffres."><b slot="label">Votre code</b></countersign-code>`,
      ),
    );
    expect(await readField(page)).toMatchObject({ name: 'Votre code' });
    expect(await page.getByRole('button').textContent()).toBe('Encore');
    expect(await onElement(page, (element) => element.validationMessage)).toBe('Et le code ?');
    await page.keyboard.type('1');
    expect(await onElement(page, (element) => element.validationMessage)).toBe('Il faut 6 chiffres.');
    await paste(page, 'rien');
    expect(await readTold(page)).toEqual(['alert Pas de code à 6 chiffres.']);
  });

  it('keeps what was set before it was defined', async () => {
    const early = "Object.assign(document.querySelector('countersign-code'), { value: '12', length: 8, required: true });";
    const script = '<script src="/early.js" defer></script><script src="/countersign-code.js" defer></script>';
    const site = codeSite('<countersign-code></countersign-code>', { script });
    const page = await visit({ ...site, '/early.js': { type: 'text/javascript', body: early } });
    expect(await onElement(page, ({ value, length, required }) => [value, length, required])).toEqual(['12', 8, true]);
    expect(await onElement(page, (element) => element.getAttribute('length'))).toBe('8');
  });

  it('is defined by the module as by the plain script, once where a page has both, and leaves no name behind', async () => {
    const module = '<script src="/code-input.js" type="module"></script>';
    for (const script of [module, `${module}<script src="/countersign-code.js" defer></script>`]) {
      const page = await open(codeSite('<countersign-code></countersign-code>', { script }));
      await page.keyboard.type('123456');
      expect(await readTold(page)).toEqual(['complete 123456']);
      expect(await page.evaluate(() => Object.getOwnPropertyNames(globalThis).filter((name) => /countersign/i.test(name)))).toEqual([]);
    }
  });
});
