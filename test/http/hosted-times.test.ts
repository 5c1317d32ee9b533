import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, RETURN_URL, resultIn, UNLIMITED, US } from './hosted-world.ts';

const MINUTE = 60_000;

describe('time', () => {
  it('ends a session after 30 minutes: nothing is begun or checked, and its browser is led back', async () => {
    const world = new HostedWorld();
    const { browser, page, id, link } = await world.visit({ state: 's' });
    world.rest.clock += 29 * MINUTE;
    const code = await browser.submit(page, 'start', US);
    world.rest.clock += MINUTE - 1;
    expect((await browser.open(link)).forms.has('check')).toBe(true);
    world.rest.clock += 1;
    for (const got of [
      await browser.open(link),
      await browser.open(`/verify/${id}`),
      await browser.submit(code, 'check', { code: world.rest.code() }),
      await browser.submit(code, 'resend'),
      await browser.submit(page, 'start', US),
      await browser.submit(code, 'cancel'),
    ]) {
      expect(got).toMatchObject({ status: 404, title: 'This link no longer works', location: undefined });
      expect(got.text).toContain(`<a href="${RETURN_URL}?error=expired&amp;state=s">Back to <bdi>Shop</bdi></a>`);
    }
    expect(world.rest.sender.calls).toBe(1);
    expect(world.rest.events.map(({ name }) => name)).not.toContain('approved');
    // Nobody else learns where it led.
    expect((await world.browser().open(`/verify/${id}`)).text).not.toContain('verified');
  });

  it('ends a link that nobody used', async () => {
    const world = new HostedWorld();
    const { browser, page, link } = await world.visit();
    world.rest.clock += 30 * MINUTE;
    for (const got of [await world.browser().open(link), await browser.submit(page, 'start', US)]) {
      expect(got).toMatchObject({ status: 404, title: 'This link no longer works' });
      expect(got.text).not.toContain('verified');
    }
    expect(world.rest.sender.calls).toBe(0);
  });

  it('ends a result after 60 s; the browser gets another for 180 s; then its approval is too late', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent({ state: 's' });
    const approvedAt = world.rest.clock;
    const first = await browser.submit(page, 'check', { code: world.rest.code() });
    world.rest.clock = approvedAt + MINUTE - 1;
    const second = await browser.open(`/verify/${id}`);
    world.rest.clock = approvedAt + MINUTE;
    expect((await world.exchange(resultIn(first))).status).toBe(404);
    world.rest.clock = approvedAt + 3 * MINUTE - 1;
    expect((await world.exchange(resultIn(second))).status).toBe(404);
    const third = await browser.open(`/verify/${id}`);
    expect(resultIn(third)).not.toBe('');
    world.rest.clock = approvedAt + 3 * MINUTE;
    const late = await browser.open(`/verify/${id}`);
    expect(late).toMatchObject({ status: 200, title: 'This took too long', location: undefined });
    expect(late.text).toContain(`${RETURN_URL}?error=expired&amp;state=s`);
    expect(await browser.submit(page, 'check', { code: world.rest.code() })).toMatchObject({ title: 'This took too long' });
    const { status, body } = await world.exchange(resultIn(third));
    expect([status, body.status]).toEqual([200, 'approved']);
  });

  it('that is set back opens nothing that was over, and gives no visit more of it', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const { browser, page, id, link } = await world.visitSent();
    const opened = world.rest.clock;
    world.rest.clock = opened + 29 * MINUTE;
    // The visit has seen this time.
    const asked = await browser.submit(page, 'change');
    await browser.submit(asked, 'start', { number: '1' });
    world.rest.clock = opened - 10 * MINUTE;
    expect(await browser.open(`/verify/${id}`)).toMatchObject({ status: 200 });
    await browser.submit(asked, 'start', { number: '1' });
    world.rest.clock = opened + 30 * MINUTE;
    await browser.submit(asked, 'start', { number: '1' });
    expect((await browser.open(link)).status).toBe(404);
  });

  it('that is set back makes no old result good', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const { browser, page, id } = await world.visitSent();
    const approvedAt = world.rest.clock;
    const first = await browser.submit(page, 'check', { code: world.rest.code() });
    world.rest.clock = approvedAt + 2 * MINUTE;
    const second = await browser.open(`/verify/${id}`);
    world.rest.clock = approvedAt;
    expect((await world.exchange(resultIn(first))).status).toBe(404);
    expect((await world.exchange(resultIn(second))).status).toBe(200);
  });
});

describe('a service that changes while a visit is under way', () => {
  it.each([
    ['is deleted', (world: HostedWorld) => world.rest.tenants.deleteService(world.service.id)],
    ['has no page any more', (world: HostedWorld) => world.rest.tenants.updateService(world.service.id, { page: null })],
  ])('%s: its links no longer work', async (_, change) => {
    const world = new HostedWorld();
    const { browser, page, id, link } = await world.visitSent({ state: 's' });
    const fresh = await world.link();
    await change(world);
    world.rest.clock += MINUTE;
    for (const got of [
      await browser.open(link),
      await browser.open(`/verify/${id}`),
      await browser.post(page, 'check', { code: world.rest.code() }),
      await browser.post(page, 'cancel'),
      await world.browser().open(fresh),
    ]) {
      expect(got).toMatchObject({ status: 404, title: 'This link no longer works', location: undefined });
      expect(got.text).not.toMatch(/Shop|shop\.example|verified/);
    }
    expect(await browser.post(page, 'check', {}, AS_SCRIPT)).toMatchObject({ status: 404, json: { message: expect.stringContaining('short time') } });
  });

  it('has another brand: it is shown at once', async () => {
    const world = new HostedWorld();
    const { browser, link } = await world.visitSent();
    await world.rest.tenants.updateService(world.service.id, { page: { ...world.service.page, brand: 'Other' } } as object);
    world.rest.clock += MINUTE;
    expect((await browser.open(link)).text).toContain('<bdi>Other</bdi>');
  });

  it('has a channel less, of a kind that was asked for: a page says that it does not work', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    await world.rest.tenants.updateService(world.service.id, { channels: ['email'] });
    world.rest.clock += MINUTE;
    expect(await browser.submit(page, 'start', US)).toMatchObject({ status: 422, title: 'Your email address' });
    expect(world.rest.sender.calls).toBe(0);
  });
});
