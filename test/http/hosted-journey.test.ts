import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, RETURN_URL, resultIn, US, withoutTokens } from './hosted-world.ts';
import { TO } from './world.ts';

describe('a visit of the hosted page', () => {
  it('leads from the link over a number and its code back to the caller, with a result that is good for a proof', async () => {
    const world = new HostedWorld();
    const { browser, page, id, link } = await world.visit({ state: 'st&te=1', purpose: 'signup', nonce: 'n-1' });
    expect(link).toMatch(/^https:\/\/verify\.example\.com\/verify\/PS[0-9a-f]{32}\/[\w-]{22}$/);
    expect(page).toMatchObject({ status: 200, title: 'Your phone number', said: '' });
    expect([...page.forms.keys()].sort()).toEqual(['ask', 'cancel', 'start']);
    const sent = await browser.post(page, 'start', US);
    expect(sent).toMatchObject({ status: 303, location: `/verify/${id}`, text: '' });
    const code = await browser.follow(sent);
    expect(code).toMatchObject({ status: 200, title: 'Enter the code', said: '' });
    expect(code.text).toContain('+1 415 555 2671');
    // Bound to its browser, a form has no more need of the link.
    for (const [step, { fields }] of code.forms) expect(Object.keys(fields)).toEqual(step === 'check' ? ['form', 'about'] : ['form']);
    const back = await browser.submit(code, 'check', { code: world.rest.code() });
    const [address, query] = (back.location ?? '').split('?');
    expect([back.status, address]).toEqual([200, RETURN_URL]);
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      result: expect.stringMatching(/^PS[0-9a-f]{32}\.[\w-]{22}$/),
      state: 'st&te=1',
    });
    const { status, body } = await world.exchange(resultIn(back));
    expect([status, body.status]).toEqual([200, 'approved']);
    const proof = await world.rest.proofs.verify(body.token, { audience: world.service.id, at: new Date(world.rest.clock) });
    expect(proof).toMatchObject({ phone_number: TO, purpose: 'signup', nonce: 'n-1' });
    expect(await world.exchange(resultIn(back))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await browser.open(`/verify/${id}`)).toMatchObject({ status: 200, title: 'Verified' });
    expect(await browser.open(link)).toMatchObject({ status: 200, title: 'Verified' });
  });

  it('asks for an address where one is wanted', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const asked = await browser.submit(page, 'ask', { with: 'email' });
    expect(asked).toMatchObject({ status: 200, title: 'Your email address' });
    const code = await browser.submit(asked, 'start', { email: ' ada@example.com ' });
    expect(code.text).toContain('ada@example.com');
    const back = await browser.submit(code, 'check', { code: world.rest.code('ada@example.com') });
    const { body } = await world.exchange(resultIn(back));
    const proof = await world.rest.proofs.verify(body.token, { audience: world.service.id, at: new Date(world.rest.clock) });
    expect(proof).toMatchObject({ email: 'ada@example.com', channel: 'email' });
  });

  it('only asks for leave where the caller has given the number, and shows it masked', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit({ to: TO });
    expect(page).toMatchObject({ status: 200, title: 'Verify your phone number' });
    expect([...page.forms.keys()]).toEqual(['start', 'cancel']);
    const code = await browser.submit(page, 'start', { number: '+14155552672', country: 'US', email: 'eve@example.com', with: 'email' });
    expect([...code.forms.keys()]).not.toContain('change');
    for (const { text } of [page, code]) {
      expect(text).toContain('71');
      expect(withoutTokens(text)).not.toMatch(/415|555|2671/);
    }
    expect(world.rest.sender.messages.map(({ to }) => to.reveal())).toEqual([TO]);
    expect(resultIn(await browser.submit(code, 'check', { code: world.rest.code() }))).not.toBe('');
  });

  it('takes a code as people paste it', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const code = world.rest.code();
    const typed = ` ${code.slice(0, 3)}–${code.slice(3)} `.trim();
    expect(resultIn(await browser.submit(page, 'check', { code: typed }))).not.toBe('');
  });

  it('is told to the page’s script as JSON, with the same addresses and words', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visit();
    const wrong = await browser.post(page, 'start', { country: 'US', number: '12' }, AS_SCRIPT);
    expect(wrong).toMatchObject({ status: 200, json: { message: 'We cannot reach this phone number. Check the country and every digit.' } });
    const sent = await browser.post(page, 'start', US, AS_SCRIPT);
    expect(sent).toMatchObject({ status: 200, json: { location: `/verify/${id}` }, location: undefined });
    const code = await browser.open(sent.json.location);
    expect((await browser.post(code, 'check', { code: '12' }, AS_SCRIPT)).json).toEqual({ message: 'The code has 6 digits.', isFault: true });
    const back = await browser.post(code, 'check', { code: world.rest.code() }, AS_SCRIPT);
    expect(Object.keys(back.json)).toEqual(['location']);
    expect((await world.exchange(resultIn(back))).status).toBe(200);
    expect(back.headers['cache-control']).toBe('no-store');
  });

  it('leads to the address that its caller chose of the service’s, behind the query it has', async () => {
    const world = new HostedWorld();
    const returnUrls = ['https://shop.example.com/verified', 'https://shop.example.com/other?a=1'];
    await world.make({ page: { returnUrls } });
    const { browser, page } = await world.visitSent({ returnUrl: returnUrls[1], state: 's' });
    const back = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(back.location).toMatch(/^https:\/\/shop\.example\.com\/other\?a=1&result=PS[0-9a-f]{32}\.[\w-]{22}&state=s$/);
    expect((await world.ask('/v1/sessions', { returnUrl: 'https://shop.example.com/other' })).status).toBe(400);
  });
});

describe('the hosted page below a path', () => {
  it('carries it in every address', async () => {
    const publicUrl = 'https://example.com/verify-svc';
    const world = new HostedWorld({ parts: { publicUrl } });
    const { browser, page, link, id } = await world.visit();
    expect(link).toMatch(/^https:\/\/example\.com\/verify-svc\/verify\/PS/);
    for (const { action } of page.forms.values()) expect(action).toMatch(/^\/verify-svc\/verify\/PS[0-9a-f]{32}\/\w+$/);
    const files = [...page.text.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files).toHaveLength(2);
    for (const path of files) expect(await browser.get(path)).toMatchObject({ status: 200 });
    const sent = await browser.post(page, 'start', US);
    expect(sent.location).toBe(`/verify-svc/verify/${id}`);
    const code = await browser.follow(sent);
    expect((await browser.get(`/verify-svc/verify/${id}/start`)).location).toBe(`/verify-svc/verify/${id}`);
    expect(resultIn(await browser.submit(code, 'check', { code: world.rest.code() }))).not.toBe('');
  });
});
