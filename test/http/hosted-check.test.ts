import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { AS_SCRIPT, HostedWorld, RETURN_URL, resultIn, US, withoutTokens } from './hosted-world.ts';
import { TO, wrongCode } from './world.ts';

/** Codes that are wrong, each another. */
function wrongCodes(code: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => String((Number(code) + 1 + at) % 1_000_000).padStart(6, '0'));
}

describe('a code that was typed', () => {
  it('wrong, says how many attempts are left; a page that is loaded again takes none', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const sent = await browser.post(page, 'check', { code: wrongCode(world.rest.code()) });
    expect([sent.status, sent.location]).toEqual([303, expect.stringMatching(/\?said=wrong_code&of=guess$/)]);
    for (let time = 0; time < 3; time += 1) {
      expect(await browser.follow(sent)).toMatchObject({ status: 200, said: 'That is not the right code. 4 attempts left.' });
    }
    const json = await browser.post(page, 'check', { code: wrongCodes(world.rest.code(), 2)[1] ?? '' }, AS_SCRIPT);
    expect(json).toMatchObject({ status: 200, json: { message: 'That is not the right code. 3 attempts left.' } });
    expect(resultIn(await browser.submit(page, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it.each(['', '1', '12345', '1234567', 'abcdef', '12 34 5', '1'.repeat(65), '123456\u0000', '１２３', 'undefined', '[object Object]'])(
    '%j, is no guess',
    async (code) => {
      const world = new HostedWorld();
      const { browser, page } = await world.visitSent();
      expect(await browser.submit(page, 'check', { code })).toMatchObject({ status: 200, said: 'The code has 6 digits.' });
      expect((await browser.post(page, 'check', { code }, AS_SCRIPT)).json).toEqual({ message: 'The code has 6 digits.', isFault: true });
      const { said } = await browser.submit(page, 'check', { code: wrongCode(world.rest.code()) });
      expect(said).toContain('4 attempts left');
    },
  );

  it('wrong for the last time, ends it, and a new code may be asked for', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const [last = '', ...others] = wrongCodes(world.rest.code(), 5);
    for (const code of others) await browser.submit(page, 'check', { code });
    const ended = await browser.submit(page, 'check', { code: last });
    expect(ended).toMatchObject({ status: 200, title: 'Ask for a new code', said: 'That was the last attempt with this code. Ask for a new one.' });
    expect([...ended.forms.keys()]).toEqual(['again', 'change', 'cancel']);
    // The right one is too late.
    expect((await browser.submit(page, 'check', { code: world.rest.code() })).said).toBe(ended.said);
    const early = await browser.submit(ended, 'again');
    expect(early.said).toContain('It is too soon for another code to this number. Wait a little. Try again in 2:00.');
    world.rest.clock += 120_000;
    const again = await browser.submit(early, 'again');
    expect(again).toMatchObject({ title: 'Enter the code', said: '' });
    expect(world.rest.sender.calls).toBe(2);
    expect(resultIn(await browser.submit(again, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('too late, is told so, and no guess', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    world.rest.clock += 600_000;
    const ended = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(ended).toMatchObject({ status: 200, said: 'The code is no longer valid. Ask for a new one.' });
    expect((await browser.post(page, 'check', { code: world.rest.code() }, AS_SCRIPT)).json.location).toMatch(/\/PS[0-9a-f]{32}$/);
    expect(resultIn(await browser.submit(await browser.submit(ended, 'again'), 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('after somebody else had it approved, is told so and leads to no result', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const [id = ''] = world.rest.events.flatMap(({ name, event }) => (name === 'started' ? [event.id] : []));
    expect((await world.ask(`/v1/verifications/${id}/check`, { code: world.rest.code() })).body.status).toBe('approved');
    const ended = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(ended).toMatchObject({ status: 200, said: 'This code has already been used. Ask for a new one.' });
    expect([...ended.forms.keys()]).toContain('again');
  });

  it('wrong too often for its number, says from when on it may go on', async () => {
    const world = new HostedWorld({ deployment: { ...DEPLOYMENT, limits: { ...DEFAULT_LIMITS, wrongPerHour: 2 } } });
    const { browser, page } = await world.visitSent();
    const [one = '', two = '', three = ''] = wrongCodes(world.rest.code(), 3);
    for (const code of [one, two]) await browser.submit(page, 'check', { code });
    const exhausted = await browser.submit(page, 'check', { code: three });
    expect(exhausted.said).toBe('Too many wrong codes have been entered for this number. Try again in 1:00:00.');
    expect((await browser.post(page, 'check', { code: world.rest.code() }, AS_SCRIPT)).json).toEqual({ message: exhausted.said });
  });

  it('for a number that is blocked, says so', async () => {
    const world = new HostedWorld({ deployment: { ...DEPLOYMENT, limits: { ...DEFAULT_LIMITS, wrongInARow: 2 } } });
    const { browser, page } = await world.visitSent();
    const [one = '', two = ''] = wrongCodes(world.rest.code(), 2);
    for (const code of [one, two]) await browser.submit(page, 'check', { code });
    const blocked = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(blocked.said).toContain('This number is blocked for now. Ask Shop for help.');
    expect((await browser.post(page, 'check', { code: world.rest.code() }, AS_SCRIPT)).json.message).toContain('blocked');
  });
});

describe('another message', () => {
  it('is refused too soon, with the time it may be, and is on its way then', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    world.rest.clock += 10_000;
    const early = await browser.submit(page, 'resend', { channel: 'sms' });
    expect(early.said).toBe('It is too soon for another code to this number. Wait a little.');
    expect(early.text).toMatch(/You can ask for the code again in <bdi[^>]*>1:50</);
    expect((await browser.post(page, 'resend', {}, AS_SCRIPT)).json.location).toMatch(/\?said=too_soon&until=\d+$/);
    world.rest.clock += 110_000;
    const sent = await browser.submit(early, 'resend', { channel: 'call' });
    expect(sent.said).toBe('The code is on its way again. Use the latest one you get.');
    expect(sent.text).toContain('You will get a call at');
    expect(world.rest.sender.messages.map(({ channel }) => channel)).toEqual(['sms', 'call']);
  });

  it('goes by no channel that the session or the kind of its number has not', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent({ channels: ['sms', 'whatsapp', 'email'] });
    for (const channel of ['call', 'email', 'constructor', '']) {
      world.rest.clock += 130_000;
      await browser.submit(page, 'resend', { channel });
    }
    expect(new Set(world.rest.sender.messages.map(({ channel }) => channel))).toEqual(new Set(['sms']));
    expect(world.rest.sender.calls).toBeGreaterThan(1);
  });

  it('is refused by its sender in words that help', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    world.rest.clock += 120_000;
    world.rest.sender.next('refused_permanently');
    expect((await browser.submit(page, 'resend')).said).toContain('The message could not be delivered.');
  });

  it('after the code has ended is told by its end', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    world.rest.clock += 600_000;
    expect((await browser.submit(page, 'resend')).said).toBe('The code is no longer valid. Ask for a new one.');
    expect(world.rest.sender.calls).toBe(1);
  });
});

describe('a mind that changes', () => {
  it('about the number: the old code is worth nothing, and the new one goes elsewhere', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const old = world.rest.code();
    const asked = await browser.submit(page, 'change');
    expect(asked).toMatchObject({ status: 200, title: 'Your phone number' });
    expect(withoutTokens(asked.text)).not.toMatch(/415|2671/);
    const code = await browser.submit(asked, 'start', { country: 'US', number: '415 555 2672' });
    expect(code.text).toContain('+1 415 555 2672');
    // What an old tab still has, and sends, costs no attempt at the new one.
    expect(await browser.submit(page, 'check', { code: old })).toMatchObject({ title: 'Enter the code', said: '' });
    expect(await shownAttempts(world)).toBe(5);
    const back = await browser.submit(code, 'check', { code: world.rest.code('+14155552672') });
    const { body } = await world.exchange(resultIn(back));
    const proof = await world.rest.proofs.verify(body.token, { audience: world.service.id, at: new Date(world.rest.clock) });
    expect(proof.phone_number).toBe('+14155552672');
  });

  it('about the number, and back: the code that was sent is good', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const asked = await browser.submit(page, 'change');
    const same = await browser.submit(asked, 'start', US);
    expect(same).toMatchObject({ title: 'Enter the code', said: expect.stringContaining('too soon') });
    expect(world.rest.sender.messagesTo(TO)).toHaveLength(1);
    expect(resultIn(await browser.submit(same, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('about the number its caller gave: it is the caller’s to change', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent({ to: TO });
    const fields = page.forms.get('check')?.fields ?? {};
    const same = await browser.follow(await browser.send(`/verify/${id}/change`, { ...fields, ...US }));
    expect(same).toMatchObject({ title: 'Enter the code' });
    expect(resultIn(await browser.submit(same, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('about all of it: its caller is told, and nothing can be gone on with', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent({ state: 's' });
    const back = await browser.submit(page, 'cancel');
    expect([back.status, back.location]).toEqual([200, `${RETURN_URL}?error=canceled&state=s`]);
    // A form that was sent twice, or whose answer was lost, ends here: with the way back.
    const again = await browser.open(`/verify/${id}`);
    expect(again).toMatchObject({ status: 200, title: 'Canceled' });
    expect(again.text).toContain(`href="${RETURN_URL}?error=canceled&amp;state=s"`);
    expect(await browser.submit(page, 'check', { code: world.rest.code() })).toMatchObject({ status: 200, title: 'Canceled' });
    expect(await browser.submit(page, 'resend')).toMatchObject({ title: 'Canceled' });
    expect(world.rest.sender.calls).toBe(1);
    expect(world.rest.events.at(-1)?.name).toBe('canceled');
  });

  it('before anything was sent', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    expect((await browser.submit(page, 'cancel', {}, AS_SCRIPT)).json).toEqual({ location: `${RETURN_URL}?error=canceled` });
    expect(await world.browser().open(link)).toMatchObject({ status: 409 });
  });

  it('about the kind of address, back and forth', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visit();
    const email = await browser.post(page, 'ask', { with: 'email' });
    expect(email.location).toBe(`/verify/${id}?with=email`);
    const phone = await browser.submit(await browser.follow(email), 'ask', { with: 'phone' });
    expect(phone.title).toBe('Your phone number');
    expect((await browser.post(phone, 'ask', { with: '__proto__' })).location).toBe(`/verify/${id}?with=phone`);
  });
});

/** Guesses left of the newest verification. */
async function shownAttempts(world: HostedWorld): Promise<number> {
  const started = world.rest.events.filter(({ name }) => name === 'started').at(-1)?.event as { readonly id: string } | undefined;
  const { verifierFor } = world.rest.parts;
  const shown = await verifierFor(world.service).show({ id: started?.id ?? '' });
  return 'attemptsLeft' in shown ? shown.attemptsLeft : 0;
}
