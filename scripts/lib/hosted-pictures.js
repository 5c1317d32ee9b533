import { createService } from '../../dist/service/service.js';
import { createMemoryStore } from '../../dist/stores/memory.js';
import { createRecordingSender } from '../../dist/testing/testing.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1120, height: 800 };
const BACK = 'https://shop.example/verified';
const NUMBER = '(202) 555-0143';

/**
 * Every state of the hosted page, by name: what leads to it from an opened session.
 * A scene ends on the page that is to be seen.
 */
const SCENES = {
  number: {},
  'number-ar': { locale: 'ar', session: { locale: 'ar' } },
  'number-invalid': {
    async play({ page }) {
      await page.locator('#number').fill('202 555');
      await send(page, 'Send code');
      await page.locator('[aria-invalid]').waitFor();
    },
  },
  email: {
    async play({ page }) {
      await send(page, 'Use an email address instead');
      await page.locator('#email').waitFor();
    },
  },
  confirm: { session: { to: '+12025550143' } },
  code: { play: toHalfCode, scale: 2 },
  'code-desktop': { play: toHalfCode, viewport: DESKTOP },
  'code-wrong': {
    async play(scene) {
      await toCode(scene);
      await guessWrong(scene);
      await scene.page.getByText('4 attempts left').waitFor();
    },
  },
  'code-ready': {
    async prepare(page) {
      await page.clock.install();
    },
    async play(scene) {
      await toCode(scene);
      await scene.page.clock.fastForward('02:10');
    },
  },
  'code-ar': { locale: 'ar', session: { locale: 'ar' }, play: toCode },
  ended: {
    async play(scene) {
      await toCode(scene);
      for (let guess = 1; guess <= 4; guess += 1) {
        await guessWrong(scene, guess);
        await scene.page.getByText(`${5 - guess} attempt`).waitFor();
      }
      await guessWrong(scene, 5);
      await scene.page.getByRole('button', { name: 'Send a new code' }).waitFor();
    },
  },
  done: {
    async play(scene) {
      const { page, url, sender, call } = scene;
      await toCode(scene);
      await page.locator('#code').fill(lastCode(sender));
      await page.waitForURL(`${BACK}**`);
      await call('sessions/exchange', { result: new URL(page.url()).searchParams.get('result') });
      await page.goto(url);
    },
  },
  canceled: {
    async play({ page, url }) {
      await send(page, 'Cancel');
      await page.waitForURL(`${BACK}**`);
      await page.goto(url);
    },
  },
  cookies: {
    async play({ page, context }) {
      await context.clearCookies();
      await page.locator('#country').selectOption('US');
      await page.locator('#number').fill(NUMBER);
      await send(page, 'Send code');
      await page.locator('[data-end=cookies]').waitFor();
    },
    javaScriptEnabled: false,
  },
  elsewhere: {
    async play({ page, context, url }) {
      await send(page, 'Use an email address instead');
      await page.locator('#email').waitFor();
      await context.clearCookies();
      await page.goto(url);
    },
  },
  gone: {
    async play({ page, url }) {
      await page.goto(url.replace(/[^/]+$/, 'nothing'));
    },
  },
  trouble: {
    async play({ page, url, trouble }) {
      trouble.isThere = true;
      await page.goto(url);
    },
  },
  quick: {
    async play({ page, url }) {
      for (let status = 200; status !== 429; ) status = (await page.goto(url)).status();
    },
    rates: { addressPerMinute: 1, addressBurst: 20 },
  },
};

/** Writes a picture of each state of the hosted page. @param write told the name and what was taken. */
export async function takeHostedPictures(browser, colorScheme, write) {
  for (const [name, scene] of Object.entries(SCENES)) {
    const context = await browser.newContext({
      ...{ colorScheme, viewport: scene.viewport ?? PHONE, deviceScaleFactor: scene.scale ?? 1, locale: scene.locale ?? 'en-US' },
      javaScriptEnabled: scene.javaScriptEnabled ?? true,
    });
    // Where the visit ends: the caller's, which is not there.
    await context.route('https://shop.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>Shop</title>' }));
    await withService(scene, async (world) => {
      const page = await context.newPage();
      await scene.prepare?.(page);
      await page.goto(world.url);
      await scene.play?.({ ...world, page, context });
      // A caret blinks: two pictures of one page would differ.
      await write(name, await page.screenshot({ caret: 'hide', animations: 'disabled' }));
    });
    await context.close();
  }
}

async function withService({ session = {}, rates = {} }, use) {
  const trouble = { isThere: false };
  const sender = createRecordingSender('sent', { channels: ['sms', 'call', 'email'] });
  const settings = { secret: 'a secret of thirty-two bytes or more', host: '127.0.0.1', port: 0, logLevel: 'silent', rates };
  const service = await createService(settings, { senders: [sender], hasMetricsListener: false, store: createFailingStore(trouble) });
  try {
    const page = { brand: 'Example Shop', returnUrls: [BACK] };
    const { id } = await service.tenants.createService({ name: 'shop', page });
    const { key, secret } = await service.tenants.createKey({ name: 'shop', service: id, scopes: ['start', 'check'] });
    const { url: base } = await service.listen();
    const authorization = `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}`;
    const call = async (path, body) => {
      const headers = { authorization, 'content-type': 'application/json' };
      return (await fetch(`${base}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    const { url } = await call('sessions', session);
    await use({ url, sender, call, trouble });
  } finally {
    await service.close();
  }
}

/** A store that can be told not to answer. */
function createFailingStore(trouble) {
  const store = createMemoryStore();
  const read = store.read.bind(store);
  return Object.assign(store, { read: (key) => (trouble.isThere ? Promise.reject(new Error('the store does not answer')) : read(key)) });
}

function send(page, name) {
  return page.getByRole('button', { name, exact: true }).click();
}

async function toCode({ page }) {
  await page.locator('#country').selectOption('US');
  await page.locator('#number').fill(NUMBER);
  await page.locator('form[data-step=start] button').click();
  await page.locator('#code').waitFor();
}

/** As it is while a person types. */
async function toHalfCode(scene) {
  await toCode(scene);
  await scene.page.locator('#code').fill('4829');
}

function lastCode(sender) {
  return sender.messages.at(-1).code.reveal();
}

/** @param by another guess each time, and the same in every picture. */
async function guessWrong({ page, sender }, by = 1) {
  const isRight = lastCode(sender) === `48291${by}`;
  await page.locator('#code').fill(`48291${isRight ? by + 5 : by}`);
}
