// The lie this prevents: a picture of a page that has long looked otherwise. Pictures in docs/images are made by this script and by nothing else.
// It starts the built `countersign dev`, plays one scene on its inbox in light and in dark, plays every state of the hosted page on a built service, and
// writes what a browser shows.
// It expects dist/ to be built: `npm run screenshots` does both.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { takeHostedPictures } from './lib/hosted-pictures.js';

/** Bytes of one picture: a README is read on phones, too. */
const LIMITS = { inbox: 150_000, hosted: 100_000 };

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}docs/images`;
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    await withDev(async (url) => write(`inbox-${colorScheme}`, await picture(url, colorScheme), LIMITS.inbox));
    await takeHostedPictures(browser, colorScheme, (name, bytes) => write(`hosted-${name}-${colorScheme}`, bytes, LIMITS.hosted));
  }
} finally {
  await browser.close();
}

function write(name, bytes, limit) {
  if (bytes.length > limit) throw new Error(`${name}.png has ${bytes.length} bytes, and may have ${limit}`);
  writeFileSync(`${folder}/${name}.png`, bytes);
  console.log(`screenshots: docs/images/${name}.png, ${bytes.length} bytes`);
}

async function picture(url, colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1120, height: 960 }, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(url);
  const start = async (to, channel = '') => {
    await page.getByLabel('Phone number or email address').fill(to);
    await page.getByLabel('Channel').selectOption(channel);
    await page.getByRole('button', { name: 'Send a code' }).click();
    await page.locator('.item', { hasText: to }).waitFor();
  };
  const check = async (code) => page.getByLabel('Verification code').fill(code);
  const lastCode = () => page.locator('.item .copy b').first().textContent();
  await start('ada@example.com');
  await check(await lastCode());
  await page.getByText('Approved').first().waitFor();
  await start('+12025550143');
  const code = await lastCode();
  await check(`${(Number(code[0]) + 1) % 10}${code.slice(1)}`);
  await page.getByText('4 attempts left').first().waitFor();
  await page.getByLabel('Phone number or email address').focus();
  // A key of a server that is gone a moment later, but nobody can tell by looking.
  await page.locator('#request').evaluate((element) => {
    element.textContent = element.textContent.replace(/SK[0-9a-f]{32}:\w{32}/, 'SK…:…');
    document.activeElement.blur();
  });
  const bytes = await page.screenshot();
  await context.close();
  return bytes;
}

async function withDev(use) {
  const dev = spawn(process.execPath, [`${root}dist/cli/main.js`, 'dev', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => dev.once('close', resolve));
  try {
    await use(await findUrl(dev));
  } finally {
    dev.kill('SIGTERM');
    await ended;
  }
}

function findUrl({ stdout }) {
  return new Promise((resolve, reject) => {
    let said = '';
    stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
      const url = /^URL {6}(\S+)$/m.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    stdout.once('end', () => reject(new Error(`dev ended: ${said}`)));
  });
}
