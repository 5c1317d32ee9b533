import type { Request } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, type Site } from './browser.ts';
import { codeSite, onElement, readField } from './code-page.ts';

describeInBrowser('code input in a form', ({ visit }) => {
  /** A form around the element, and what was posted from it. */
  const open = async (element: string, rest = '<button>Check</button>') => {
    const posted: string[] = [];
    const site: Site = {
      ...codeSite(`<form method="post" action="/check"><input type="hidden" name="id" value="VE1">${element}${rest}</form>`),
      '/check': (request: Request) => {
        posted.push(request.postData() ?? '');
        return '<title>Checked</title>';
      },
    };
    const page = await visit(site);
    await page.keyboard.press('Tab');
    return { page, posted };
  };

  it('is sent under its name, without a script of the page', async () => {
    const { page, posted } = await open('<countersign-code name="code"></countersign-code>');
    await page.keyboard.type('١٢٣-٤٥٦');
    expect(posted).toEqual([]);
    await page.getByRole('button').click();
    await page.waitForURL('**/check');
    expect(posted).toEqual(['id=VE1&code=123456']);
  });

  it('is sent at Enter, by the first button of the form', async () => {
    const { page, posted } = await open(
      '<countersign-code name="code"></countersign-code>',
      '<button type="button">Help</button><button name="do" value="check">Check</button><button name="do" value="stop">Stop</button>',
    );
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/check');
    expect(posted).toEqual(['id=VE1&code=123456&do=check']);
  });

  it('is sent at Enter where the form has no button, and not where its button is disabled', async () => {
    const bare = await open('<countersign-code name="code"></countersign-code>', '');
    await bare.page.keyboard.type('123456');
    await bare.page.keyboard.press('Enter');
    await bare.page.waitForURL('**/check');
    expect(bare.posted).toEqual(['id=VE1&code=123456']);
    const { page, posted } = await open('<countersign-code name="code"></countersign-code>', '<button disabled>Check</button>');
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    await page.getByRole('heading').click();
    expect(posted).toEqual([]);
  });

  it('submits the form at the last digit where it is to, once', async () => {
    const { page } = await open('<countersign-code name="code" autosubmit></countersign-code>');
    const submits = await page.evaluateHandle(() => {
      const seen: string[] = [];
      document.addEventListener('submit', (event) => {
        event.preventDefault();
        seen.push(String(new FormData(event.target as HTMLFormElement).get('code')));
      });
      return seen;
    });
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    expect(await submits.jsonValue()).toEqual(['123456']);
    await page.keyboard.press('Backspace');
    await page.keyboard.type('7');
    expect(await submits.jsonValue()).toEqual(['123456', '123457']);
    await onElement(page, (element) => element.setAttribute('error', 'Not sent. Try again.'));
    await page.keyboard.press('Enter');
    expect(await submits.jsonValue()).toEqual(['123456', '123457', '123457']);
  });

  it('submits it again at Enter where the browser kept the page as it was when it was left', async () => {
    const { page } = await open('<countersign-code name="code" autosubmit></countersign-code>');
    const submits = await page.evaluateHandle(() => {
      const seen: string[] = [];
      document.addEventListener('submit', (event) => {
        event.preventDefault();
        seen.push('submit');
      });
      return seen;
    });
    await page.keyboard.type('123456');
    const comeBack = (persisted: boolean) =>
      page.evaluate((kept) => void window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: kept })), persisted);
    await comeBack(false);
    await page.keyboard.press('Enter');
    expect(await submits.jsonValue()).toHaveLength(1);
    await comeBack(true);
    await page.keyboard.press('Enter');
    expect(await submits.jsonValue()).toHaveLength(2);
  });

  it('submits it without a script of the page, too', async () => {
    const { page, posted } = await open('<countersign-code name="code" autosubmit required></countersign-code>');
    await page.keyboard.type('123456');
    await page.waitForURL('**/check');
    expect(posted).toEqual(['id=VE1&code=123456']);
  });

  it('submits nothing where the page keeps the code for itself', async () => {
    const { page, posted } = await open('<countersign-code name="code" autosubmit></countersign-code>');
    const codes = await page.evaluateHandle(() => {
      const seen: string[] = [];
      document.querySelector('countersign-code')?.addEventListener('complete', (event) => {
        event.preventDefault();
        seen.push(event.detail.code);
      });
      return seen;
    });
    await page.keyboard.type('123456');
    await page.getByRole('heading').click();
    expect(await codes.jsonValue()).toEqual(['123456']);
    expect(posted).toEqual([]);
  });

  it('holds the form back while it is empty or too short, and says why', async () => {
    const { page, posted } = await open('<countersign-code name="code" required></countersign-code>');
    const read = () =>
      onElement(page, ({ validity, validationMessage }) => [validity.valid, validity.valueMissing, validity.tooShort, validationMessage]);
    expect(await read()).toEqual([false, true, false, 'Enter the code.']);
    await page.getByRole('button').click();
    expect(await readField(page)).toMatchObject({ focused: true });
    await page.keyboard.type('123');
    await page.keyboard.press('Enter');
    expect(await read()).toEqual([false, false, true, 'Enter all 6 digits.']);
    await page.keyboard.type('456');
    expect(await read()).toEqual([true, false, false, '']);
    expect(posted).toEqual([]);
  });

  it('may be sent again with an error: whether to is for the page', async () => {
    const { page } = await open('<countersign-code name="code" error="Not sent. Try again." value="123456"></countersign-code>');
    expect(await onElement(page, (element) => [element.checkValidity(), element.value])).toEqual([true, '123456']);
  });

  it('goes back to what it began with when the form is reset', async () => {
    const { page } = await open('<countersign-code name="code" value="12"></countersign-code>', '<button type="reset">Reset</button>');
    await page.keyboard.press('End');
    await page.keyboard.type('3456');
    await onElement(page, (element) => element.setAttribute('error', 'Wrong code.'));
    await page.getByRole('button').click();
    expect(await readField(page)).toMatchObject({ value: '12', invalid: 'false', description: undefined });
    expect(await onElement(page, ({ form }) => form && new FormData(form).get('code'))).toBe('12');
  });

  it('is disabled with its fieldset, its button too, and is then not sent', async () => {
    const { page } = await open('<fieldset disabled><countersign-code name="code" value="12" resend-at=""></countersign-code></fieldset>', '');
    expect(await readField(page)).toMatchObject({ disabled: true });
    expect(await page.getByRole('button').isDisabled()).toBe(true);
    expect(await onElement(page, ({ form }) => form && [...new FormData(form).keys()])).toEqual(['id']);
  });

  it('is a field of its form to scripts', async () => {
    const { page } = await open('<label for="c">Outer</label><countersign-code id="c" name="code"></countersign-code>');
    expect(await onElement(page, (element) => [element.type, element.name, element.form?.elements.namedItem('code') === element])).toEqual([
      'countersign-code',
      'code',
      true,
    ]);
    await page.getByText('Outer').click();
    await page.keyboard.type('1');
    expect(await onElement(page, ({ value }) => value)).toBe('1');
  });
});
