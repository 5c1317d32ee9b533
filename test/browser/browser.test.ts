import { expect, it } from 'vitest';
import { describeInBrowser } from './browser.ts';

describeInBrowser('tests in a browser', ({ visit, expectProblem }) => {
  it('see what a page throws, what it logs as an error, and what it asks of others', async () => {
    expectProblem(/^uncaught: thrown$/);
    expectProblem(/^console: logged$/);
    expectProblem(/^failed: GET https:\/\/other\.example\/x\.png /);
    expectProblem(/^console: Failed to load resource/);
    const script = { type: 'text/javascript', body: "console.error('logged'); throw new Error('thrown');" };
    await visit({ '/': '<img src="https://other.example/x.png" alt=""><script src="/page.js"></script>', '/page.js': script });
  });

  it('share nothing', async () => {
    for (const _ of [1, 2]) {
      const page = await visit({ '/': '<title>Site</title>' });
      expect(await page.evaluate(() => localStorage.length)).toBe(0);
      await page.evaluate(() => localStorage.setItem('seen', '1'));
    }
  });
});
