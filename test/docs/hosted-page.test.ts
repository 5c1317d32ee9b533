import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import express, { type Express } from 'express';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MINUTE, SECOND } from '../../src/core/duration.ts';
import { MAX_DESTINATIONS, PAGE_SESSION_LIFE, RESULT_LIFE, RESULT_PERIOD } from '../../src/engine/page-session-acts.ts';
import { MAX_LOGO_LENGTH } from '../../src/engine/page-settings.ts';
import { PAGE_LANGUAGES } from '../../src/http/pages/hosted/page-languages.ts';
import { EN } from '../../src/http/pages/hosted/texts/en.ts';
import { BUILT_IN_TEXTS } from '../../src/senders/built-in-texts.ts';
import { createService } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { ROOT, readBlocks, readPage } from './blocks.ts';

const PAGE = 'docs/hosted-page.md';
const RETURN_URL = 'https://shop.example/verified';
const PHONE = '+12025550143';
const LINK = /^http:\/\/127\.0\.0\.1:\d+\/verify\/PS[0-9a-f]{32}\/[\w-]{22}$/;

const run = promisify(execFile);
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn(`\n!! python3 is missing: the requests in Python on ${PAGE} were NOT run\n`);

let url: string;
let key: string;
let serviceId: string;
let sender: RecordingSender;

beforeEach(async () => {
  sender = createRecordingSender();
  const settings = { secret: 'a secret of at least thirty-two bytes', port: 0, logLevel: 'silent' } as const;
  const service = await createService(settings, { store: createMemoryStore(), senders: [sender], hasMetricsListener: false });
  onTestFinished(() => service.close());
  ({ id: serviceId } = await service.tenants.createService({ name: 'shop', page: { brand: 'Shop', returnUrls: [RETURN_URL] } }));
  const made = await service.tenants.createKey({ name: 'shop', service: serviceId, scopes: ['start', 'check', 'admin'] });
  key = `${made.key.id}:${made.secret.reveal()}`;
  ({ url } = await service.listen());
});

/** A browser at a visit, as far as forms and redirects go. */
async function openLink(link: string): Promise<{ post(step: string, fields: Record<string, string>): Promise<Response>; show(): Promise<Response> }> {
  const opened = await fetch(link);
  const [page, cookie] = [await opened.text(), opened.headers.get('set-cookie')?.split(';')[0] ?? ''];
  const read = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? '';
  const hidden = { form: read('form'), link: read('link') };
  const visit = link.slice(0, link.lastIndexOf('/'));
  const headers = { cookie };
  return {
    post: (step, fields) =>
      fetch(`${visit}/${step}`, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams({ ...hidden, ...fields }) }),
    show: () => fetch(visit, { redirect: 'manual', headers }),
  };
}

function resultOf(response: Response): string {
  return new URL(response.headers.get('refresh')?.replace('0;url=', '') ?? '').searchParams.get('result') ?? '';
}

/** Verifies a number, and resolves with the browser and the first result. */
async function verify(link: string): Promise<{ readonly browser: Awaited<ReturnType<typeof openLink>>; readonly result: string }> {
  const browser = await openLink(link);
  await browser.post('start', { country: 'US', number: '202 555 0143' });
  const checked = await browser.post('check', { code: sender.messagesTo(PHONE).at(-1)?.code.reveal() ?? '' });
  return { browser, result: resultOf(checked) };
}

function call(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const all = { authorization: `Basic ${btoa(key)}`, 'content-type': 'application/json', ...headers };
  return fetch(url + path, { method: 'POST', headers: all, body: JSON.stringify(body) });
}

async function openSession(): Promise<string> {
  return ((await (await call('/v1/sessions', { state: 'a state' })).json()) as { url: string }).url;
}

/** Runs the page's one block in a language that calls this path, as it stands but for the address, and resolves with what it prints. */
async function runBlock(info: string, path: RegExp, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const [block, ...others] = readBlocks(PAGE).filter((found) => found.info === info && path.test(found.code));
  if (block === undefined || others.length > 0) throw new Error(`${PAGE} has not one block of ${info} with ${path}`);
  const text = block.code.replaceAll('https://verify.example.com/v1', `${url}/v1`);
  const [id = '', secret = ''] = key.split(':');
  const env = { PATH: process.env.PATH ?? '', KEY: id, SECRET: secret, ADMIN_KEY: id, ADMIN_SECRET: secret, SERVICE: serviceId, ...more };
  const { stdout } = await (info === 'sh'
    ? run('/bin/sh', ['-c', text], { env })
    : info === 'python'
      ? run('python3', ['-c', text], { env })
      : run(process.execPath, ['--input-type=module', '-e', (await transform(text, { loader: 'ts' })).code], { env }));
  return stdout.trim();
}

const LANGUAGES = ['sh', 'ts', ...(hasPython ? ['python'] : [])];

describe('the requests of docs/hosted-page.md', () => {
  it('switch the page of a service on', async () => {
    const changed = JSON.parse(await runBlock('sh', /example\.com\/v1\/services\//));
    expect(changed).toMatchObject({ page: { brand: 'Example shop', returnUrls: [RETURN_URL] } });
  });

  it.each(LANGUAGES)('open a session (%s)', async (language) => {
    const printed = await runBlock(language, /\/v1\/sessions(?!\/)/);
    const link = language === 'sh' ? (JSON.parse(printed) as { url: string }).url : printed;
    expect(link).toMatch(LINK);
    expect((await fetch(link)).status).toBe(200);
  });

  it.each(LANGUAGES)('exchange a result (%s)', async (language) => {
    const { result } = await verify(await openSession());
    const printed = await runBlock(language, /\/v1\/sessions\/exchange/, { RESULT: result });
    const token = language === 'sh' ? (JSON.parse(printed) as { token: string }).token : printed;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: serviceId, phone_number: PHONE });
  });
});

describe('the sign-up on a machine of its own', () => {
  /** Inside the repository, so that packages are found; ignored by git; of this process alone. */
  const folder = `${ROOT}reports/docs-examples/${process.pid}-shop`;

  it('is allowed, written and begun by the lines of the page', async () => {
    const [lines = '', ...others] = readBlocks(PAGE).flatMap(({ code }) => (code.includes('shop.ts') ? [code] : []));
    expect(others).toEqual([]);
    // But for what is typed in by hand, and for the two that need the package from npm.
    const [typed, copied, started] = [/^export KEY=.*$/m, 'node_modules/countersign/', /^npx tsx shop\.ts$/m];
    for (const each of [typed, copied, started]) expect(lines).toMatch(each);
    const text = lines.replace(typed, '').replace(copied, ROOT).replace(started, '').replaceAll('http://127.0.0.1:8080', url);
    const [KEY = '', SECRET = ''] = key.split(':');
    const env = { KEY, SECRET, SERVICE: serviceId };
    mkdirSync(folder, { recursive: true });
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { stdout } = await run('/bin/sh', ['-ec', text], { cwd: folder, env: { ...env, PATH: process.env.PATH ?? '' } });
    expect(JSON.parse(stdout)).toMatchObject({ page: { returnUrls: ['http://127.0.0.1:3000/verified', `${url}/inbox/returned`] } });

    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const listen = vi.spyOn(express.application, 'listen').mockReturnValue(createServer());
    onTestFinished(() => {
      vi.unstubAllEnvs();
      listen.mockRestore();
    });
    await import(`${folder}/shop.ts`);
    expect(listen.mock.calls).toEqual([[3000]]);
    const server = createServer(listen.mock.contexts[0] as Express).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const begun = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/signup`, { method: 'POST', redirect: 'manual' });
    expect([begun.status, begun.headers.get('location')]).toEqual([303, expect.stringMatching(LINK)]);
  });
});

describe('docs/hosted-page.md', () => {
  const page = readPage(PAGE);

  it('has every end of a visit, by the title that people see', () => {
    const titles = Object.entries(EN.texts).flatMap(([name, text]) =>
      /^(done|canceled|late|elsewhere|gone|cookies|trouble|quick)\.title$/.test(name) ? [text] : [],
    );
    expect(titles).toHaveLength(8);
    expect(titles.filter((title) => !page.includes(`\n| ${title} | `))).toEqual([]);
  });

  it('names what every language of the page has: its texts, and those of the message', () => {
    for (const file of ['page-languages.ts', 'texts/en.ts']) expect(page).toContain(`src/http/pages/hosted/${file}`);
    expect(page).toContain('src/senders/built-in-texts.ts');
    // A start names the page's language, and is refused in one that messages are not written in.
    expect(PAGE_LANGUAGES.map(({ tag }) => tag).filter((tag) => !BUILT_IN_TEXTS.has(tag))).toEqual([]);
    for (const { tag } of PAGE_LANGUAGES) expect(page).toContain(new Intl.DisplayNames('en', { type: 'language' }).of(tag));
  });

  it('says the times and numbers that the code has', () => {
    const rows = [
      `| ${PAGE_SESSION_LIFE / MINUTE} minutes | from the session`,
      `| ${MAX_DESTINATIONS} | numbers or addresses`,
      `| ${RESULT_LIFE / SECOND} seconds | a result`,
      `| ${RESULT_PERIOD / SECOND} seconds | after the right code`,
      `at most ${MAX_LOGO_LENGTH.toLocaleString('en')} characters`,
    ];
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  });
});

describe('what the decisions on visits say', () => {
  it('looking at a link takes nothing away, and the first browser that sends a form has it', async () => {
    const link = await openSession();
    const [first, second] = [await openLink(link), await openLink(link)];
    expect((await second.show()).status).toBe(404);
    expect((await first.post('ask', { with: 'email' })).status).toBe(303);
    expect((await second.post('ask', { with: 'email' })).status).toBe(409);
    expect((await fetch(link)).status).toBe(409);
    expect((await first.show()).status).toBe(200);
  });

  it('a repeated request answers the same link, and each result is another, until one is exchanged', async () => {
    const headers = { 'idempotency-key': 'sign-up-1' };
    const ask = async () => ((await (await call('/v1/sessions', { state: 'a state' }, headers)).json()) as { url: string }).url;
    const link = await ask();
    expect(await ask()).toBe(link);
    const { browser, result } = await verify(link);
    const others = [resultOf(await browser.show()), resultOf(await browser.show())];
    expect(new Set([result, ...others]).size).toBe(3);
    const statuses = [];
    for (const each of [others[0], result, ...others]) statuses.push((await call('/v1/sessions/exchange', { result: each })).status);
    expect(statuses).toEqual([200, 404, 404, 404]);
  });
});
