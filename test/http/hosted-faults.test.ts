import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/providers/provider.ts';
import { PlainJudge } from '../providers/plain-judge.ts';
import { AS_SCRIPT, HostedWorld, resultIn, US, withoutTokens } from './hosted-world.ts';
import { TO, wrongCode } from './world.ts';

const TRY_AGAIN = 'That did not work. Try again in a moment.';

function down(): never {
  throw new Error(`connection to db.internal lost while writing ${TO}`);
}

describe('a provider that judges', () => {
  const open = async () => {
    const judge = new PlainJudge();
    const world = new HostedWorld({ provider: judge as unknown as Provider });
    return { judge, world, ...(await world.visitSent()) };
  };

  it('and cannot be reached: the page of the code stays, and no guess is lost', async () => {
    const { judge, browser, page } = await open();
    const code = judge.messages.at(-1)?.code ?? '';
    judge.next.check.push(
      async () => ({ status: 'failed' }),
      async () => ({ status: 'failed' }),
    );
    expect(await browser.submit(page, 'check', { code })).toMatchObject({ status: 200, title: 'Enter the code', said: TRY_AGAIN });
    expect((await browser.post(page, 'check', { code }, AS_SCRIPT)).json).toEqual({ message: TRY_AGAIN });
    expect(resultIn(await browser.submit(page, 'check', { code }))).not.toBe('');
  });

  it('has its wrong guesses and its approval like any other', async () => {
    const { judge, browser, page, world } = await open();
    const code = judge.messages.at(-1)?.code ?? '';
    expect((await browser.submit(page, 'check', { code: wrongCode(code) })).said).toContain('4 attempts left');
    const back = await browser.submit(page, 'check', { code });
    expect((await world.exchange(resultIn(back))).status).toBe(200);
  });

  it('and cannot be told that a visit was canceled: its caller is told all the same', async () => {
    const { judge, browser, page, id } = await open();
    judge.next.cancel.push(async () => ({ status: 'failed' }));
    expect((await browser.submit(page, 'cancel')).location).toContain('?error=canceled');
    expect((await browser.open(`/verify/${id}`)).title).toBe('Canceled');
  });
});

describe('a store that fails', () => {
  it.each(['ask', 'start', 'check', 'resend', 'again', 'change', 'cancel'])(
    'at %s: a page says so, and what was begun is gone on with',
    async (step) => {
      const world = new HostedWorld();
      const { browser, page, id } = await world.visitSent();
      const { fields = {} } = page.forms.get('check') ?? {};
      world.beforeStore = down;
      const got = await browser.send(`/verify/${id}/${step}`, { ...fields, ...US, code: world.rest.code() });
      expect(got).toMatchObject({ status: 503, title: 'Something is not working' });
      expect(withoutTokens(got.text)).not.toMatch(/db\.internal|lost|2671|Shop/);
      world.beforeStore = () => undefined;
      expect(resultIn(await browser.submit(page, 'check', { code: world.rest.code() }))).not.toBe('');
    },
  );

  it('between an approval and its record: the same form again leads on, within a minute', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const isApproved = () => world.rest.events.some(({ name }) => name === 'approved');
    world.beforeStore = () => {
      if (isApproved()) down();
    };
    expect(await browser.submit(page, 'check', { code: world.rest.code() })).toMatchObject({ status: 503 });
    expect(isApproved()).toBe(true);
    world.beforeStore = () => undefined;
    world.rest.clock += 50_000;
    const back = await browser.submit(page, 'check', { code: world.rest.code() });
    expect((await world.exchange(resultIn(back))).status).toBe(200);
    expect(world.rest.events.filter(({ name }) => name === 'approved')).toHaveLength(1);
  });

  it('between a message and its record: the same form again says that it is on its way, and sends another when it may', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    world.beforeStore = () => {
      if (world.rest.sender.calls > 0) down();
    };
    expect(await browser.submit(page, 'start', US)).toMatchObject({ status: 503 });
    world.beforeStore = () => undefined;
    const early = await browser.submit(page, 'start', US);
    expect(early).toMatchObject({ status: 200, title: 'Your phone number', said: 'A code is already on its way.' });
    world.rest.clock += 130_000;
    expect((await browser.submit(early, 'start', US)).forms.has('check')).toBe(true);
  });

  it('and whose error is none of ours', async () => {
    const world = new HostedWorld();
    const { browser, link } = await world.visit();
    world.rest.parts.pageSessions.find = () => Promise.reject(new TypeError(`no ${TO}`));
    const got = await browser.open(link);
    expect(got).toMatchObject({ status: 500, title: 'Something is not working' });
    expect(got.text).not.toContain('no +');
    expect(world.rest.failures).toHaveLength(1);
  });
});

describe('what a person would fail at', () => {
  it.each([
    ['requester', 'a\u0000b'],
    ['requester', '\ud800'],
    ['nonce', '\ud800'],
    ['state', 'a\udfff'],
    ['locale', 'x'],
    ['purpose', 'a b'],
    ['to', '12'],
    ['returnUrl', 'https://evil.example/'],
    ['channels', []],
  ])('is told to the caller: %s of %j', async (field, value) => {
    const world = new HostedWorld();
    expect(await world.ask('/v1/sessions', { [field]: value })).toMatchObject({ status: 400, body: { field } });
    expect(world.written).not.toContain('page_session');
  });
});
