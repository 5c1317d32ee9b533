// How long after the answer to a start its message is on the page of `countersign dev`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { isQuick, writeReport } from './lib/report.ts';
import { formatSpread, toSpread } from './lib/spread.ts';

/** As many as one key has permits for at once, and the first few are not counted. */
const STARTS = isQuick ? 10 : 100;
const WARM_UP = 5;

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('there is no dist/cli/main.js: run "npm run build" first');

/** One start, in milliseconds since the page asked for it. */
interface Start {
  readonly answered: number;
  readonly shown: number;
}

const dev = spawn(process.execPath, [main, 'dev', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise<void>((resolve) => dev.once('close', () => resolve()));
const { url, apiKey } = await readAccess();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
await page.goto(url);
await page.getByText('Live', { exact: true }).waitFor();

const starts: Start[] = [];
for (let index = 0; index < STARTS; index += 1) {
  const start = await time(`+1202555${String(100 + index).padStart(4, '0')}`);
  if (index >= WARM_UP) starts.push(start);
}
await browser.close();
dev.kill('SIGTERM');
await ended;

writeReport({
  name: 'inbox',
  method: `The page of the built \`countersign dev\` in headless Chromium asks for ${STARTS} starts, one after the other, and sees by one clock when the answer is there and when the list has the message. The first ${WARM_UP} are not counted. Less than nothing is before the answer: a message leaves before its start is written down as done.`,
  rows: [
    { what: 'answer to a start, ms', measured: formatSpread(toSpread(starts.map(({ answered }) => answered)), 1) },
    { what: 'its message on the page, ms', measured: formatSpread(toSpread(starts.map(({ shown }) => shown)), 1) },
    { what: 'from the answer to the message, ms', measured: formatSpread(toSpread(starts.map(({ answered, shown }) => shown - answered)), 1) },
  ],
  data: { starts },
});

/** Written as text: what runs in the page is compiled for Node here, with helpers that the page has not. */
function time(to: string): Promise<Start> {
  return page.evaluate(`(async () => {
    const begun = performance.now();
    const shown = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve(performance.now() - begun);
      });
      observer.observe(document.querySelector('#items'), { childList: true });
    });
    const response = await fetch('/v1/verifications', {
      method: 'POST',
      headers: { authorization: 'Basic ' + btoa(${JSON.stringify(apiKey)}), 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify({ to }))},
    });
    if (response.status !== 201) throw new Error('a start was answered ' + response.status);
    await response.json();
    const answered = performance.now() - begun;
    return { answered, shown: await shown };
  })()`);
}

function readAccess(): Promise<{ readonly url: string; readonly apiKey: string }> {
  return new Promise((resolve, reject) => {
    let said = '';
    dev.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const [, address = '', key = ''] = /^URL {6}(\S+)\nAPI key {2}(\S+)$/m.exec(said) ?? [];
      if (key !== '') resolve({ url: address, apiKey: key });
    });
    dev.stdout.once('end', () => reject(new Error(`dev ended: ${said}`)));
  });
}
