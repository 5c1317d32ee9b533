import { describe, expect, it } from 'vitest';
import type { Guard } from '../../src/engine/guard.ts';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import type { RecordingSender } from '../../src/testing/recording-sender.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { AS_SCRIPT, HostedWorld, resultIn, US, withoutTokens } from './hosted-world.ts';
import { TO, wrongCode } from './world.ts';

const ODD_COUNTRIES = ['constructor', '__proto__', 'toString', 'us', 'USA', 'ZZ'].map((country): [string, Record<string, string>] => [
  `the country ${country}`,
  { country, number: '4155552671' },
]);

const OTHERS = ['2672', '2673', '2674'].map((end) => ({ country: 'US', number: `415 555 ${end}` }));

/** Where messages went. */
function receivers({ messages }: RecordingSender): string[] {
  return messages.map(({ to }) => to.reveal());
}

describe('where to send a code', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['no number', { country: 'US', number: 'call me' }],
    ['a number of no country', { country: '', number: '4155552671' }],
    ['a number of another country', { country: 'GB', number: '4155552671' }],
    ['two numbers', { country: 'US', number: '415 555 2671 / 2672' }],
    ['an address', { country: 'US', number: 'ada@example.com' }],
    ['a number that is too long', { country: 'US', number: '4'.repeat(200) }],
    ...ODD_COUNTRIES,
  ])('is asked for again after %s', async (_, typed) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const again = await browser.submit(page, 'start', typed);
    expect(again).toMatchObject({ status: 422, said: 'We cannot reach this phone number. Check the country and every digit.' });
    expect((await browser.post(again, 'start', typed, AS_SCRIPT)).json).toEqual({ message: again.said, isFault: true });
    expect(world.rest.sender.calls).toBe(0);
    expect((await browser.submit(again, 'start', US)).forms.has('check')).toBe(true);
  });

  it.each(['', 'ada', 'ada@', 'ada@example.com, eve@example.com', `ada@${'e'.repeat(320)}.com`, TO, 'ada@example.com\r\nbcc: eve@example.com'])(
    'is asked for again after the address %j',
    async (email) => {
      const world = new HostedWorld();
      const { browser, page } = await world.visit();
      const asked = await browser.submit(page, 'ask', { with: 'email' });
      const again = await browser.submit(asked, 'start', { email });
      expect(again).toMatchObject({ status: 422, title: 'Your email address', said: 'This email address is not valid. Check its spelling.' });
      expect((await browser.post(again, 'start', { email }, AS_SCRIPT)).json).toEqual({ message: again.said, isFault: true });
      expect(world.rest.sender.calls).toBe(0);
    },
  );

  it('keeps what was typed in the form that is shown again', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const again = await browser.submit(page, 'start', { country: 'GB', number: '0770 0900', channel: 'call' });
    expect(again.text).toMatch(/value="GB"[^>]* selected/);
    expect(again.text).toContain('value="0770 0900"');
    expect(again.text).toMatch(/value="call" checked/);
  });

  it('is only where its session’s channels reach', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit({ channels: ['sms'] });
    expect([...page.forms.keys()]).not.toContain('ask');
    expect(await browser.submit(page, 'start', { with: 'email', email: 'ada@example.com' })).toMatchObject({ status: 422 });
    const other = await world.visit({ channels: ['email'] });
    expect(await other.browser.submit(other.page, 'start', { ...US, with: 'phone' })).toMatchObject({ status: 422 });
    expect(world.rest.sender.calls).toBe(0);
    const sent = await browser.submit(page, 'start', { ...US, channel: 'call' });
    expect(sent.forms.has('check')).toBe(true);
    expect(world.rest.sender.messages.map(({ channel }) => channel)).toEqual(['sms']);
  });

  it('is at most three places in one visit', async () => {
    const world = new HostedWorld();
    let { browser, page, id } = await world.visit();
    for (const typed of [US, ...OTHERS.slice(0, 2)]) {
      page = await browser.submit(page, 'start', typed);
      expect(page.forms.has('check')).toBe(true);
      if (page.forms.has('change')) page = await browser.submit(page, 'change');
    }
    expect(page.forms.has('change')).toBe(false);
    page = await browser.submit(await browser.open(`/verify/${id}?with=phone`), 'start', OTHERS[2]);
    expect(page).toMatchObject({ status: 422, said: 'You have tried too many numbers or addresses. Start again at Shop.' });
    expect(receivers(world.rest.sender)).toHaveLength(3);
  });
});

describe('a code that is not sent', () => {
  it('for a guard’s no', async () => {
    const guard: Guard = { assess: () => ({ allowed: false, rule: 'countries', detail: 'a detail for operators' }) };
    const world = new HostedWorld({ guard });
    const { browser, page } = await world.visit();
    const again = await browser.submit(page, 'start', US);
    expect(again).toMatchObject({ status: 422, said: 'We cannot send a code to this number.' });
    expect(again.text).not.toMatch(/detail|countries/);
    expect((await browser.post(again, 'start', US, AS_SCRIPT)).json).toEqual({ message: 'We cannot send a code to this number.' });
  });

  it('too soon after another visit’s, with the time from when on', async () => {
    const world = new HostedWorld();
    await world.visitSent();
    world.rest.clock += 10_000;
    const { browser, page } = await world.visit();
    const again = await browser.submit(page, 'start', US);
    expect(again).toMatchObject({ status: 422, said: 'It is too soon for another code to this number. Wait a little. Try again in 1:50.' });
    expect((await browser.post(again, 'start', US, AS_SCRIPT)).json).toEqual({ message: again.said });
    world.rest.clock += 110_000;
    expect((await browser.submit(again, 'start', US)).forms.has('check')).toBe(true);
  });

  it('too soon for a requester who holds one: the visit goes on with that one', async () => {
    const world = new HostedWorld();
    await world.visitSent({ requester: 'ada', nonce: 'first' });
    world.rest.clock += 10_000;
    const { browser, page } = await world.visit({ requester: 'ada', nonce: 'second' });
    const code = await browser.submit(page, 'start', US);
    expect(code).toMatchObject({
      status: 200,
      title: 'Enter the code',
      said: 'It is too soon for another code to this number. Wait a little.',
    });
    expect(world.rest.sender.calls).toBe(1);
    const { body } = await world.exchange(resultIn(await browser.submit(code, 'check', { code: world.rest.code() })));
    // The nonce of this visit, whoever began the verification.
    expect(await world.rest.proofs.verify(body.token, { audience: world.service.id, at: new Date(world.rest.clock) })).toMatchObject({
      nonce: 'second',
    });
  });

  it('to a number that is sent to in this visit: the visit goes on with what was sent', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const first = await browser.submit(page, 'start', US);
    expect(first.forms.has('check')).toBe(true);
    // The same form once more, as from a second click or the page before.
    const second = await browser.submit(page, 'start', US);
    expect(second).toMatchObject({ status: 200, title: 'Enter the code' });
    expect((await browser.post(page, 'start', US, AS_SCRIPT)).json.location).toContain('?said=too_soon&until=');
    expect(world.rest.sender.calls).toBe(1);
    expect((await browser.submit(second, 'check', { code: world.rest.code() })).location).toContain('result=');
  });

  it('because too many were', async () => {
    const world = new HostedWorld();
    await world.make({ ladderSeconds: [30] });
    for (let sent = 0; sent < 5; sent += 1) {
      await world.visitSent();
      world.rest.clock += 60_000;
    }
    const { browser, page } = await world.visit();
    const again = await browser.submit(page, 'start', US);
    expect(again).toMatchObject({ status: 422, said: 'Too many messages have been sent to this number. Try again in 55:00.' });
    expect(world.rest.sender.calls).toBe(5);
  });

  it('to a blocked number', async () => {
    const world = new HostedWorld({ deployment: { ...DEPLOYMENT, limits: { ...DEFAULT_LIMITS, wrongInARow: 1 } } });
    const first = await world.visitSent();
    await first.browser.submit(first.page, 'check', { code: wrongCode(world.rest.code()) });
    world.rest.clock += 600_000;
    const { browser, page } = await world.visit();
    expect(await browser.submit(page, 'start', US)).toMatchObject({ status: 422, said: 'This number is blocked for now. Ask Shop for help.' });
  });

  it.each([
    ['refused', 'That did not work. Try again in a moment.'],
    ['refused_permanently', 'The message could not be delivered. Check the number, or choose another way.'],
  ] as const)('because a sender has it %s', async (outcome, said) => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    world.rest.sender.next(outcome);
    const again = await browser.submit(page, 'start', US);
    expect(again).toMatchObject({ status: 422, said });
  });

  it('by a sender that fails: nothing of its error is told, and the code may still arrive', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    world.rest.sender.next('throw');
    const next = await browser.submit(page, 'start', US);
    expect(next.text).not.toMatch(/Gateway|failed for/);
    expect([next.status, next.title, next.said]).toEqual([200, 'Enter the code', '']);
  });

  it('while the store is down: a page that says so, and nothing of why', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    world.beforeStore = () => {
      throw new Error(`connection to db.internal lost while writing ${TO}`);
    };
    for (const got of [await browser.post(page, 'start', US), await world.browser().get(link)]) {
      expect(got).toMatchObject({ status: 503, title: 'Something is not working' });
      expect(got.headers['retry-after']).toBe('1');
      expect(got.headers['content-security-policy']).toContain("default-src 'none'");
      expect(withoutTokens(got.text)).not.toMatch(/db\.internal|lost|2671|Shop/);
    }
    const json = await browser.post(page, 'start', US, AS_SCRIPT);
    expect(json).toMatchObject({ status: 503, json: { message: 'It is not your fault. Try again in a moment.' } });
    world.beforeStore = () => undefined;
    expect((await browser.submit(page, 'start', US)).forms.has('check')).toBe(true);
  });
});
