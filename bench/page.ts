// How soon the hosted page is there, whether anything on it moves, and what it weighs.
import { type Browser, chromium, type Page } from 'playwright-core';
import { createMemoryStore } from '../src/index.ts';
import { createService } from '../src/service/service.ts';
import { cpuSince } from './lib/load.ts';
import { isQuick, writeReport } from './lib/report.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { SECRET, sender } from './lib/subject.ts';

/** A visit each, in a browser that knows nothing of the last one. */
const VISITS = isQuick ? 3 : 30;

/** Pages made without a browser. */
const RENDERS = isQuick ? 20 : 500;

/** Bytes that a visit may fetch, compressed, headers aside. */
const LIMIT = 30_000;

/** One page as a browser saw it. */
interface Seen {
  /** First contentful paint, in milliseconds since the page was asked for. */
  readonly paint: number;
  /** Sum of layout shifts (https://web.dev/articles/cls). */
  readonly shift: number;
  /** Bytes of the page and its files, as they travelled. */
  readonly bytes: number;
}

const high = { keyPerMinute: 600_000, keyBurst: 100_000, addressPerMinute: 600_000, addressBurst: 100_000 };
const store = createMemoryStore();
const service = await createService(
  { secret: SECRET, port: 0, rates: high, logLevel: 'silent' },
  { store, senders: [sender], hasMetricsListener: false },
);
const page = { brand: 'Example shop', returnUrls: ['https://shop.example.com/verified'] };
const tenant = await service.tenants.createService({ name: 'bench', page });
const { key, secret } = await service.tenants.createKey({ name: 'bench', service: tenant.id, scopes: ['start'] });
const authorization = `Bearer ${key.id}.${secret.reveal()}`;
await service.listen();

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const numbers: Seen[] = [];
const codes: Seen[] = [];
for (let visit = 0; visit <= VISITS; visit += 1) {
  const seen = await walk(browser, `+1202555${String(100 + visit).padStart(4, '0')}`);
  // The first visit warms up.
  if (visit > 0) {
    numbers.push(seen.number);
    codes.push(seen.code);
  }
}
await browser.close();
const micros = await render();
await service.close();

const most = Math.max(...numbers.map(({ bytes }) => bytes));
const moved = Math.max(...[...numbers, ...codes].map(({ shift }) => shift));
writeReport({
  name: 'page',
  method: `A service on the memory store and headless Chromium on one machine. ${VISITS} visits, each with no cache: the link is opened, a number typed, and the page for the code shown. Bytes are the page with all countries, its style sheet and its script, compressed as they travelled. A page is made ${RENDERS} times without a browser.`,
  rows: [
    { what: 'link opened: first contentful paint, ms', measured: formatSpread(toSpread(numbers.map(({ paint }) => paint)), 0) },
    {
      what: 'number sent: first contentful paint of the page for the code, ms',
      measured: formatSpread(toSpread(codes.map(({ paint }) => paint)), 0),
    },
    { what: 'layout shift, the most of both pages', measured: moved.toFixed(4), target: { text: '0', met: moved === 0 } },
    { what: 'fetched for the first page, kB', measured: (most / 1_000).toFixed(1), target: { text: '≤ 30', met: most <= LIMIT } },
    { what: 'a page with all countries: of the processor, µs', measured: String(Math.round(micros)) },
  ],
  data: { numbers, codes, micros },
});

async function openSession(to?: string): Promise<string> {
  const response = await service.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    headers: { authorization },
    payload: to === undefined ? {} : { to },
  });
  return response.json().url as string;
}

async function walk(of: Browser, to: string): Promise<{ readonly number: Seen; readonly code: Seen }> {
  const context = await of.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' });
  const tab = await context.newPage();
  await tab.goto(await openSession());
  const number = await look(tab);
  await tab.getByLabel('Phone number').fill(to);
  await tab.getByRole('button', { name: 'Send code' }).click();
  await tab.getByLabel('Code', { exact: true }).waitFor();
  const code = await look(tab);
  await context.close();
  return { number, code };
}

/** Written as text: what runs in the page is compiled for Node here, with helpers that the page has not. */
function look(tab: Page): Promise<Seen> {
  return tab.evaluate(`(async () => {
    const { promise, resolve } = Promise.withResolvers();
    const shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => list.getEntries().some(({ name }) => name === 'first-contentful-paint') && resolve(list.getEntriesByName('first-contentful-paint')[0].startTime)).observe({ type: 'paint', buffered: true });
    const paint = await promise;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return {
      paint,
      shift: shifts.filter(({ hadRecentInput }) => !hadRecentInput).reduce((sum, { value }) => sum + value, 0),
      bytes: entries.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    };
  })()`);
}

async function render(): Promise<number> {
  const { pathname } = new URL(await openSession());
  const ask = () => service.app.inject({ method: 'GET', url: pathname, headers: { 'accept-encoding': 'gzip' } });
  for (let round = 0; round < RENDERS / 5; round += 1) await ask();
  const cpu = process.cpuUsage();
  for (let round = 0; round < RENDERS; round += 1) {
    const { statusCode } = await ask();
    if (statusCode !== 200) throw new Error(`a link was answered ${statusCode}`);
  }
  return cpuSince(cpu) / RENDERS;
}
