import type { BrowserContextOptions, Page } from 'playwright-core';
import { arriveBack, type HostedWorld, sendCode } from './hosted-world.ts';

/** What a state is reached with. */
interface Reach {
  readonly world: HostedWorld;
  readonly newPage: (options: BrowserContextOptions) => Promise<Page>;
  /** How the page is looked at. */
  readonly options: BrowserContextOptions;
}

type State = (reach: Reach) => Promise<Page>;

const at = (body: Readonly<Record<string, unknown>>, play: (page: Page, world: HostedWorld) => Promise<unknown>): State => {
  return async ({ world, newPage, options }) => {
    const page = await newPage(options);
    await page.goto((await world.openSession({ ...(options.locale && { locale: options.locale }), ...body })).url);
    await play(page, world);
    return page;
  };
};
const atCode = (play: (page: Page, world: HostedWorld) => Promise<unknown>, number?: string) =>
  at({}, async (page, world) => {
    await sendCode(page, number);
    await play(page, world);
  });

/** The states that a person can see with JavaScript, each by what leads to it in any language, for a service of its own: time passes there, and its store may go. */
export const STATES: Readonly<Record<string, State>> = {
  number: at({}, (page) => page.locator('#country').selectOption('GB')),
  'number that is wrong': at({}, async (page) => {
    await page.locator('#number').fill('12');
    await page.keyboard.press('Enter');
    await page.locator('#number[aria-invalid]').waitFor();
  }),
  email: at({}, async (page) => {
    await page.locator('form[data-step=ask] button').click();
    await page.locator('#email').waitFor();
  }),
  confirm: at({ to: '+12025550149' }, (page) => page.locator('form[data-step=start] button').waitFor()),
  code: atCode((page) => page.locator('.waiting').waitFor(), '202 555 0141'),
  'code that is wrong': atCode(async (page, world) => {
    await page.locator('#code').fill(world.wrongCode());
    await page.locator('#code[aria-invalid]').waitFor();
  }, '202 555 0142'),
  'code that was sent again': atCode(async (page, world) => {
    world.pass(121_000);
    await page.reload();
    await page.locator('form[data-step=resend] button').first().click();
    await page.locator('[data-good]').waitFor();
  }, '202 555 0143'),
  ended: atCode(async (page, world) => {
    world.pass(601_000);
    await page.locator('#code').fill(world.lastCode());
    await page.locator('form[data-step=again] button').waitFor();
  }, '202 555 0144'),
  done: atCode(async (page, world) => {
    const shown = page.url();
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    await world.exchange();
    await page.goto(shown);
    await page.locator('[data-end=done]').waitFor();
  }, '202 555 0145'),
  canceled: at({}, async (page, world) => {
    const shown = page.url().replace(/\/[^/]+$/, '');
    await page.locator('form[data-step=cancel] button').click();
    await arriveBack(page);
    await page.goto(shown);
    await page.locator('[data-end=canceled]').waitFor();
    if (world.returns.at(-1)?.searchParams.get('error') !== 'canceled') throw new Error('the caller was not told');
  }),
  late: atCode(async (page, world) => {
    const shown = page.url();
    await page.locator('#code').fill(world.lastCode());
    await arriveBack(page);
    world.pass(181_000);
    await page.goto(shown);
    await page.locator('[data-end=late]').waitFor();
  }, '202 555 0148'),
  elsewhere: atCode(async (page) => {
    await page.context().clearCookies();
    await page.reload();
    await page.locator('[data-end=elsewhere]').waitFor();
  }, '202 555 0146'),
  over: atCode(async (page, world) => {
    world.pass(1_801_000);
    await page.reload();
    await page.locator('[data-end=gone]').waitFor();
  }, '202 555 0147'),
  trouble: at({}, async (page, world) => {
    world.breakStore();
    await page.reload();
    await page.locator('[data-end=trouble]').waitFor();
  }),
};
