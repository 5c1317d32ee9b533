import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';
import type { Page, Request } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBlocks, readPage } from '../docs/blocks.ts';
import { findViolations } from './axe.ts';
import { type Answer, describeInBrowser, type Site, toPath } from './browser.ts';
import { builtScript, readField } from './code-page.ts';

const readExample = (path: string) => readFileSync(toPath(`examples/${path}`), 'utf8');

describeInBrowser('examples/html-code-input', ({ visit }) => {
  it('sends the code without a script of its own, by keyboard alone', async () => {
    const posted: string[] = [];
    const page = await visit({
      '/': readExample('html-code-input/index.html'),
      '/page.css': { type: 'text/css', body: readExample('html-code-input/page.css') },
      '/countersign-code.js': builtScript('countersign-code.js'),
      '/check': (request: Request) => {
        posted.push(request.postData() ?? '');
        return '<title>Checked</title>';
      },
    });
    expect(await findViolations(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.type('123456');
    await page.waitForURL('**/check');
    expect(posted).toEqual(['id=VE0123456789abcdef0123456789abcdef&code=123456']);
  });
});

const BLOCKS = readBlocks('docs/code-input.md');

describe('docs/code-input.md', () => {
  it('names every attribute, and every text that is there without one', async () => {
    const page = readPage('docs/code-input.md');
    // Without a browser the module defines nothing, and still has its class.
    const { CountersignCode } = await import(toPath('dist/web/code-input.js'));
    expect(CountersignCode.observedAttributes.length).toBeGreaterThan(10);
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const isNamed = (name: string) => rows.some((row) => row.split('|')[1]?.includes(`\`${name}\``));
    expect(CountersignCode.observedAttributes.filter((name: string) => !isNamed(name))).toEqual([]);
  });

  it('has an example in TypeScript that compiles', () => {
    // Inside the repository, so that packages are found; ignored by git; of this process alone.
    const folder = toPath(`reports/browser-examples/${process.pid}`);
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(`${folder}/example.ts`, codeOf('ts browser'));
      const tsconfig = { extends: '../../../test/browser/tsconfig.json', include: ['*.ts', '../../../web/css.d.ts'] };
      writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(tsconfig));
      const { stdout } = spawnSync(toPath('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describeInBrowser('docs/code-input.md, in a browser', ({ visit }) => {
  it('has a form that sends the code', async () => {
    const posted: string[] = [];
    const page = await visit({
      '/': `<!doctype html>${codeOf('html')}`,
      '/countersign-code.js': builtScript('countersign-code.js'),
      '/check': (request) => {
        posted.push(request.postData() ?? '');
        return '<title>Checked</title>';
      },
    });
    await page.locator('countersign-code').click();
    await page.keyboard.type('123456');
    await page.waitForURL('**/check');
    expect(posted).toEqual(['code=123456']);
  });

  it('has a script that checks it, and shows what is wrong', async () => {
    const body = await bundle({ stdin: { contents: codeOf('ts browser'), loader: 'ts', resolveDir: toPath('docs') } });
    const page = await visit(
      {
        '/': '<!doctype html><countersign-code></countersign-code><script type="module" src="/page.js"></script>',
        '/page.js': { type: 'text/javascript', body },
      },
      { prepare: (opened) => opened.addInitScript(() => Object.assign(globalThis, { check: async () => 'wrong_code' })) },
    );
    await page.locator('countersign-code').click();
    await page.keyboard.type('123456');
    await page.getByText('This is not the code.').waitFor();
    expect(await readField(page)).toMatchObject({ invalid: 'true', value: '123456' });
  });
});

describeInBrowser('examples/react-code-input', ({ visit, expectProblem }) => {
  let script: Answer;

  beforeAll(async () => {
    script = { type: 'text/javascript', body: await bundle({ entryPoints: [toPath('examples/react-code-input/main.tsx')], jsx: 'automatic' }) };
  });

  const json = (body: object): Answer => ({ type: 'application/json', body: JSON.stringify(body) });
  const open = (routes: Site) =>
    visit(
      { '/': readExample('react-code-input/index.html'), '/main.tsx': script, ...routes },
      {
        prepare: async (page: Page) => {
          await page.clock.install({ time: Date.parse('2026-11-25T11:59:59Z') });
          await page.clock.pauseAt(Date.parse('2026-11-25T12:00:00Z'));
        },
      },
    );

  it('checks the code at the last digit, once, shows what is wrong, and takes the right one', async () => {
    const checked: unknown[] = [];
    const page = await open({
      '/api/check': (request) => {
        const { code } = request.postDataJSON();
        checked.push(request.postDataJSON());
        return json(code === '123456' ? { status: 'approved' } : { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 });
      },
    });
    await page.locator('countersign-code').click();
    for (const _ of [1, 2]) {
      await page.keyboard.type('654321');
      await page.getByText('This is not the code. Attempts left: 4.').waitFor();
      expect(await readField(page)).toMatchObject({ invalid: 'true', description: 'This is not the code. Attempts left: 4.' });
      await page.keyboard.press('Control+A');
    }
    await page.keyboard.type('123456');
    await page.getByRole('heading', { name: 'Thank you' }).waitFor();
    const id = 'VE0123456789abcdef0123456789abcdef';
    expect(checked).toEqual(['654321', '654321', '123456'].map((code) => ({ id, code })));
  });

  it('asks for a new code when the wait is over, and waits again', async () => {
    const page = await open({ '/api/resend': () => json({ status: 'pending', resendAt: '2026-11-25T12:07:00.000Z' }) });
    await page.getByRole('button', { name: 'Send a new code in 2:00' }).waitFor();
    await page.clock.runFor(120_000);
    await page.getByRole('button', { name: 'Send a new code', exact: true }).click();
    await page.getByRole('button', { name: 'Send a new code in 5:00' }).waitFor();
    await page.clock.resume(); // axe takes turns with the page by its timers
    expect(await findViolations(page)).toEqual([]);
  });

  it('says so when its server does not answer', async () => {
    expectProblem(/failed: POST .*\/api\/check/);
    expectProblem(/console: Failed to load resource/);
    const page = await open({});
    await page.locator('countersign-code').click();
    await page.keyboard.type('123456');
    await page.getByText('That did not work. Try again.').waitFor();
  });

  it('is rendered on a server without a browser, for one to take over', () => {
    const program = `
      import { createElement } from 'react';
      import { renderToString } from 'react-dom/server';
      import 'countersign/code-input';
      console.log(renderToString(createElement('countersign-code', { name: 'code', required: true, error: 'No.' })));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: toPath(''), encoding: 'utf8' });
    expect(printed.trim()).toBe('<countersign-code name="code" required="" error="No."></countersign-code>');
  });
});

/** The page's one block of a kind. */
function codeOf(info: string): string {
  const [block, ...others] = BLOCKS.filter((found) => found.info === info);
  if (block === undefined || others.length > 0) throw new Error(`docs/code-input.md has not one block of ${info}`);
  return block.code;
}

/** Bundles as a user does: our name is found through package.json's exports and sideEffects, and what is found is what the build made. */
async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    write: false,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    tsconfigRaw: {},
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
