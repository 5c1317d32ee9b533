import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, RETURN_URL, resultIn, US } from './hosted-world.ts';
import { TO } from './world.ts';

const TEST_NUMBER = '+12025550143';

describe('what a service has set', () => {
  it('the countries it writes to are those that are offered, and others are refused', async () => {
    const world = new HostedWorld();
    await world.make({ allowedCountries: ['AT', 'DE'] });
    const { browser, page } = await world.visit();
    expect([...page.text.matchAll(/<option value="(\w+)"/g)].map(([, country]) => country)).toEqual(['AT', 'DE']);
    const refused = await browser.submit(page, 'start', US);
    expect(refused).toMatchObject({ status: 422, said: 'We cannot send a code to this number.' });
    expect(world.rest.sender.calls).toBe(0);
  });

  it('the channels it has are those that are offered', async () => {
    const world = new HostedWorld();
    await world.make({ channels: ['call', 'email'] });
    const { browser, page } = await world.visit();
    expect(page.text).not.toContain('value="sms"');
    const code = await browser.submit(page, 'start', { ...US, channel: 'sms' });
    expect(code.text).toContain('You will get a call at');
    expect(world.rest.sender.messages.map(({ channel }) => channel)).toEqual(['call']);
  });

  it('the length of its codes is what the page asks for', async () => {
    const world = new HostedWorld();
    await world.make({ codeLength: 8 });
    const { browser, page } = await world.visitSent();
    expect(page.text).toContain('data-digits="8"');
    expect((await browser.submit(page, 'check', { code: '123456' })).said).toBe('The code has 8 digits.');
    expect(resultIn(await browser.submit(page, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('a number of its tests gets no message, has the code that is set, and its proof says so', async () => {
    const world = new HostedWorld();
    const until = new Date(world.rest.clock + 86_400_000).toISOString();
    await world.make({ test: { numbers: [TEST_NUMBER], code: '135790', until, acknowledged: false } });
    const { browser, page } = await world.visit({ to: TEST_NUMBER });
    const code = await browser.submit(page, 'start');
    const back = await browser.submit(code, 'check', { code: '135790' });
    const { body } = await world.exchange(resultIn(back));
    expect(world.rest.sender.calls).toBe(0);
    expect(await world.rest.proofs.verify(body.token, { audience: world.service.id, at: new Date(world.rest.clock) })).toMatchObject({ test: true });
  });

  it('a result of its visits is good for it alone', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const result = resultIn(await browser.submit(page, 'check', { code: world.rest.code() }));
    const other = await world.rest.makeService();
    const key = await world.rest.makeKey(other.id);
    expect((await world.rest.ask('POST', '/v1/sessions/exchange', { key, body: { result } })).status).toBe(404);
    const weak = await world.rest.makeKey(world.service.id, ['start', 'read']);
    expect((await world.rest.ask('POST', '/v1/sessions/exchange', { key: weak, body: { result } })).status).toBe(403);
    for (const wrong of [`${result}A`, result.slice(0, -1), result.replace('.', ''), `${result}.${result}`, result.toLowerCase(), '.', '__proto__'])
      expect((await world.exchange(wrong)).status, wrong).toBe(404);
    expect((await world.exchange(result)).status).toBe(200);
  });
});

describe('a number that is erased', () => {
  it('while its code is on its way, is asked for again', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent();
    const root = await world.rest.makeKey(null);
    await world.rest.ask('DELETE', '/v1/destinations', { key: root, body: { to: TO } });
    world.rest.clock += 200_000;
    for (const step of ['check', 'resend', 'again']) {
      const got = await browser.follow(await browser.send(`/verify/${id}/${step}`, { ...page.forms.get('check')?.fields, code: world.rest.code() }));
      if (step !== 'again') expect(got).toMatchObject({ status: 200, title: 'Your phone number' });
      else expect(got.forms.has('check')).toBe(true);
    }
  });

  it('after its approval, is told to nobody', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const back = await browser.submit(page, 'check', { code: world.rest.code() });
    const root = await world.rest.makeKey(null);
    await world.rest.ask('DELETE', '/v1/destinations', { key: root, body: { to: TO } });
    expect((await world.exchange(resultIn(back))).status).toBe(404);
  });
});

describe('a second click while the message is handed over', () => {
  it('is told that it is on its way, and led to the code in a moment', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    let arrive: (outcome: 'sent') => void = () => undefined;
    world.rest.sender.next(
      new Promise<'sent'>((resolve) => {
        arrive = resolve;
      }),
    );
    const first = browser.post(page, 'start', US);
    const second = await new Promise<Awaited<typeof first>>((resolve, reject) => {
      const whenSending = (): unknown =>
        world.rest.sender.calls === 1 ? browser.post(page, 'start', US).then(resolve, reject) : setImmediate(whenSending);
      whenSending();
    });
    const path = new URL(`${page.forms.get('start')?.action}/..`, world.publicUrl).pathname.slice(0, -1);
    expect(second).toMatchObject({ status: 303, location: `${path}?said=in_progress` });
    expect((await browser.post(page, 'start', US, AS_SCRIPT)).json).toEqual({ location: `${path}?said=in_progress` });
    const waiting = await browser.open(`${path}?said=in_progress`);
    expect(waiting).toMatchObject({ title: 'Your phone number', said: 'A code is already on its way.', headers: { refresh: `2;url=${path}` } });
    arrive('sent');
    expect((await first).status).toBe(303);
    const code = await browser.open(path);
    expect(code).toMatchObject({ status: 200, title: 'Enter the code' });
    expect(code.headers.refresh).toBeUndefined();
    expect(world.rest.sender.calls).toBe(1);
  });
});

describe('a return URL', () => {
  it.each(['http://[::1]:3000/back', 'http://127.0.0.1:3000/back', 'com.example.app:/back', "https://shop.example.com/it's;a,b", RETURN_URL])(
    '%s is where a visit ends',
    async (returnUrl) => {
      const world = new HostedWorld();
      await world.make({ page: { returnUrls: [returnUrl] } });
      const { browser, page } = await world.visitSent();
      const back = await browser.submit(page, 'check', { code: world.rest.code() });
      expect(back.location).toMatch(/^[^?]+\?result=PS/);
      expect(back.location?.startsWith(`${returnUrl}?`)).toBe(true);
    },
  );
});
