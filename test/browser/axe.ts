import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page as it is now, one line each. */
export async function findViolations(page: Page, options: RunOptions = {}): Promise<string[]> {
  // As the debugger does it: a page's Content-Security-Policy has no say in it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (given): Promise<AxeResults> =>
      (globalThis as unknown as { axe: { run(root: Document, options: RunOptions): Promise<AxeResults> } }).axe.run(document, given),
    options,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`));
}
