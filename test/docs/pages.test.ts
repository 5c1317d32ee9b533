import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import type { CheckResult, RefusedResult, ResendResult } from '../../src/engine/results.ts';
import { toProblem } from '../../src/http/problem.ts';
import { ROOT, readPage, readRestStatuses } from './blocks.ts';

const inFolder = (folder: string) => readdirSync(`${ROOT}${folder}`).filter((name) => name.endsWith('.md'));
const FOLDERS = ['docs', 'docs/errors', 'docs/outcomes', 'docs/decisions'];
const PAGES = [
  ...['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...FOLDERS.flatMap((folder) => inFolder(folder).map((name) => `${folder}/${name}`)),
];

/** Everything but `pending`, which is no page, that a request can end in; the compiler keeps it complete. */
const OUTCOMES: Readonly<
  Record<Exclude<(CheckResult | ResendResult)['status'], 'pending' | 'refused'> | RefusedResult['reason'] | 'wrong_code', true>
> = {
  resend_too_soon: true,
  in_progress: true,
  budget_exhausted: true,
  rate_limited: true,
  guard_denied: true,
  destination_blocked: true,
  approved: true,
  already_approved: true,
  wrong_code: true,
  max_attempts_reached: true,
  expired: true,
  canceled: true,
  failed: true,
  not_found: true,
};

describe('pages', () => {
  it.each(PAGES)('lead somewhere: %s', (page) => {
    const broken = linksOf(page).filter((link) => !isThere(page, link));
    expect(broken).toEqual([]);
  });

  it.each(PAGES)('name files that are there: %s', (page) => {
    const named = [...proseOf(page).matchAll(/`((?:src|test|docs|scripts|bench|examples)\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  });

  it('are all reached from README', () => {
    const reached = reachable('README.md');
    expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
  });

  it('name no folder of a machine and no registry', () => {
    const found = PAGES.filter((page) => /\/work\/|\/home\/|\/root\/|localhost[:/]|registry\.|artifactory/i.test(readPage(page)));
    expect(found).toEqual([]);
  });
});

describe('pages as npm packs them', () => {
  const packed = listPacked();
  const isPacked = (path: string) => packed.some((file) => file === path || file.startsWith(`${path}/`));

  it('are all there', () => {
    expect(packed.length).toBeGreaterThan(PAGES.length);
    expect(PAGES.filter((page) => !isPacked(page))).toEqual([]);
  });

  it('lead to nothing that stays behind', () => {
    const pages = packed.filter((file) => file.endsWith('.md'));
    const behind = pages.flatMap((page) => targetsOf(page).filter((target) => !isPacked(target)));
    expect(behind).toEqual([]);
  });

  it('say of what needs a clone that it does', () => {
    const needs = ['README.md', ...FOLDERS.flatMap((folder) => inFolder(folder).map((name) => `${folder}/${name}`))]
      .flatMap((page) =>
        readPage(page)
          .split(/\n(?=\n|- |\| )/)
          .map((paragraph) => ({ page, paragraph })),
      )
      .filter(({ paragraph }) => /npm run |`src\/providers\/provider/.test(paragraph.replace(/^```[\s\S]*?^```$|^ {4}.*$/gm, '')));
    expect(needs.length).toBeGreaterThan(2);
    expect(needs.filter(({ paragraph }) => !/\bclone\b/.test(paragraph)).map(({ page, paragraph }) => `${page}: ${paragraph}`)).toEqual([]);
  });
});

describe('pages of errors', () => {
  it('are one for each code, and say its status and whether a retry may help', () => {
    expect(inFolder('docs/errors').sort()).toEqual(
      Object.keys(ERROR_CODES)
        .map((code) => `${code}.md`)
        .sort(),
    );
    for (const [code, { status, retryable }] of Object.entries(ERROR_CODES)) {
      const page = readPage(`docs/errors/${code}.md`);
      expect(page).toContain(`# \`${code}\`\n\nHTTP ${status}. ${retryable ? 'Retryable' : 'Not retryable'}. `);
      expect(readPage('docs/README.md')).toContain(`| [${code}](errors/${code}.md) | ${status} | ${retryable ? 'yes' : 'no'} |`);
    }
  });

  it('name each status that REST has for it, those of before a handler included', () => {
    for (const [code, { status }] of Object.entries(ERROR_CODES)) expect(readRestStatuses(code), code).toContain(status);
    for (let status = 400; status < 500; status++) {
      const { code, status: answered } = toProblem({ statusCode: status });
      if (Object.hasOwn(ERROR_CODES, code)) expect(readRestStatuses(code), code).toContain(answered);
    }
  });

  it('say what it means, what you do and what the person should see', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      for (const part of ['What it means.', 'What you do.', 'What the person should see.']) {
        expect(readPage(`docs/errors/${code}.md`)).toContain(`**${part}**`);
      }
    }
  });
});

describe('pages of outcomes', () => {
  it('are one for each outcome, and say the same four things', () => {
    expect(inFolder('docs/outcomes').sort()).toEqual(
      Object.keys(OUTCOMES)
        .map((outcome) => `${outcome}.md`)
        .sort(),
    );
    for (const outcome of Object.keys(OUTCOMES)) {
      for (const part of ['What it means.', 'What the person should see.', 'What you do.', 'How an operator looks at it.']) {
        expect(readPage(`docs/outcomes/${outcome}.md`)).toContain(`**${part}**`);
      }
    }
  });
});

describe('pages of decisions', () => {
  const decisions = inFolder('docs/decisions').sort();

  it('are numbered without a gap, short, and say what, why and what it costs', () => {
    expect(decisions.map((name) => Number(name.slice(0, 4)))).toEqual(decisions.map((_, index) => index + 1));
    for (const name of decisions) {
      const page = readPage(`docs/decisions/${name}`);
      for (const part of ['What.', 'Why.', 'What it costs.']) expect(page).toContain(`**${part}**`);
      expect(page.split('\n').length - 1, name).toBeLessThanOrEqual(40);
      expect(page, name).toMatch(/\*\*Shown by\*\* `|```ts run/);
      expect(readPage('docs/README.md')).toContain(`(decisions/${name})`);
    }
  });
});

describe('the page of the REST interface', () => {
  it('is what the routes do', () => {
    expect(execFileSync(process.execPath, ['scripts/docs-api.js', '--check'], { cwd: ROOT, encoding: 'utf8' })).toContain('says what');
  });
});

describe('the page of limits', () => {
  it('is what the code says', () => {
    expect(execFileSync(process.execPath, ['scripts/docs-limits.js', '--check'], { cwd: ROOT, encoding: 'utf8' })).toContain('says what');
  });
});

describe('README', () => {
  it('names tests that are there, by their titles', () => {
    const promises = [...readPage('README.md').matchAll(/\| `((?:src|test)\/[\w./-]+\.ts)`: "([^"]+)" \|/g)];
    expect(promises.length).toBeGreaterThanOrEqual(15);
    for (const [, file = '', title = ''] of promises) expect(readPage(file), file).toContain(title);
  });

  it('quotes what the suite says of the toy store', () => {
    const test = readPage('test/docs/toy-store.test.ts');
    const [, quoted = ''] = /```text\n(.*?)\n```/s.exec(readPage('README.md')) ?? [];
    const lines = quoted.split('\n').map((line) => line.trim());
    expect(lines).toHaveLength(6);
    expect(lines.filter((line) => !test.includes(line))).toEqual([]);
  });

  it('names a test to see a thousand guesses by', () => {
    const [, file = '', title = ''] = /npx vitest run (\S+) -t "([^"]+)"/.exec(readPage('README.md')) ?? [];
    expect(existsSync(`${ROOT}${file}`)).toBe(true);
    expect(readPage(file)).toContain('storeSuite');
    expect(readPage('src/testing/store-race-cases.ts')).toContain(title);
  });
});

describe('ARCHITECTURE', () => {
  it('is one page', () => {
    expect(readPage('ARCHITECTURE.md').split('\n').length - 1).toBeLessThanOrEqual(120);
  });
});

/** A page without its code. */
function proseOf(page: string): string {
  return readPage(page).replace(/^```[\s\S]*?^```$/gm, '');
}

function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^https:\/\//.test(link));
}

/** The files and folders that a page links to. */
function targetsOf(page: string): string[] {
  const paths = linksOf(page).map((link) => link.split('#')[0] ?? '');
  return paths.filter((path) => path !== '').map((path) => posix.join(posix.dirname(page), path));
}

/** What npm would publish. */
function listPacked(): string[] {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files = [] } = {}] = JSON.parse(listed) as readonly { readonly files?: readonly { readonly path: string }[] }[];
  return files.map(({ path }) => path);
}

function isThere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(`${ROOT}${target}`)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function reachable(from: string): Set<string> {
  const found = new Set([from]);
  for (const page of found) {
    if (!page.endsWith('.md') || !existsSync(`${ROOT}${page}`)) continue;
    for (const link of linksOf(page)) {
      const [path = ''] = link.split('#');
      if (path !== '') found.add(posix.join(posix.dirname(page), path));
    }
  }
  return found;
}
