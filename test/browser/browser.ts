import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';

/** Nothing that reaches out by itself, and no sandbox, which root may not have. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where a site without a server lives: an address that leads nowhere, and that browsers take for secure. */
export const SITE = 'https://shop.example';

/** A file of a site, or what it answers. */
export interface Answer {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a site has, by path; whatever else a page asks for fails, and fails the test. */
export type Site = Readonly<Record<string, string | Answer | ((request: Request) => string | Answer)>>;

/** What a test opens pages with. Each test has contexts of its own, closed after it. */
export interface Visitor {
  /** A page of its own context; what is at an address of the network may be asked for. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** Opens `path` of a site that is only in this test. Nothing leaves the machine. */
  visit(site: Site, options?: BrowserContextOptions & { readonly path?: string; readonly prepare?: (page: Page) => Promise<unknown> }): Promise<Page>;
  /** Says that this test's page is to fail: what the console or the network will say, each once. */
  expectProblem(text: RegExp): void;
  /** The same where nobody can say how often, such as of a page that looks for its server until it is back. */
  expectProblems(text: RegExp): void;
}

/**
 * Tests in a real browser: one for the file, a context for each page, and a test fails when a page throws, logs an error or asks for what is not there.
 * Where Chromium is missing they are left out, loudly, and on CI that is a failure.
 */
export function describeInBrowser(name: string, tests: (visitor: Visitor) => void): void {
  if (existsSync(CHROMIUM)) describe(name, () => tests(useBrowser()));
  else if (process.env.CI === 'true') it(`${name}: finds ${CHROMIUM}`, () => expect.fail(`${CHROMIUM} is missing. On CI that is a failure.`));
  else {
    console.warn(`\n!! ${CHROMIUM} is missing: "${name}" was NOT tested. On Debian: apt-get install chromium\n`);
    describe.skipIf(true)(name, () => it('needs a browser', () => {}));
  }
}

function useBrowser(): Visitor {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];
  const expected: { readonly text: RegExp; readonly isOften: boolean }[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const unexpected = problems.splice(0);
    for (const { text, isOften } of expected.splice(0)) {
      const found = unexpected.filter((problem) => text.test(problem));
      expect(found.length, `failures with ${text}`).toBeGreaterThan(0);
      for (const problem of isOften ? found : found.slice(0, 1)) unexpected.splice(unexpected.indexOf(problem), 1);
    }
    expect(unexpected).toEqual([]);
  });
  afterAll(() => browser.close());

  const newPage = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    context.on('weberror', (error) => problems.push(`uncaught: ${error.error().message}`));
    context.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
    context.on('requestfailed', (request) => problems.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`));
    return context.newPage();
  };

  return {
    newPage,
    async visit(site, { path = '/', prepare, ...options } = {}) {
      const page = await newPage(options);
      await page.context().route('**/*', async (route, request) => {
        const { origin, pathname } = new URL(request.url());
        const found = origin === SITE ? site[pathname] : undefined;
        if (found === undefined) return route.abort();
        const answer = typeof found === 'function' ? found(request) : found;
        const { type, body, headers } = typeof answer === 'string' ? { type: 'text/html', body: answer, headers: {} } : answer;
        return route.fulfill({ contentType: `${type}; charset=utf-8`, body, headers: { ...headers } });
      });
      await prepare?.(page);
      await page.goto(`${SITE}${path}`);
      return page;
    },
    expectProblem: (text) => expected.push({ text, isOften: false }),
    expectProblems: (text) => expected.push({ text, isOften: true }),
  };
}

/** Path of a file of the repository. */
export function toPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
