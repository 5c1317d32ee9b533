import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, type Page, resultIn, UNLIMITED, US } from './hosted-world.ts';
import { wrongCode } from './world.ts';

function times<T>(count: number, run: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => run(at)));
}

/** How many of the results, brought at once, are good for a proof. */
async function countGood(world: HostedWorld, pages: readonly Page[]): Promise<number> {
  const exchanged = await Promise.all(pages.map(async (page) => world.exchange(resultIn(page))));
  for (const { status } of exchanged) expect([200, 404]).toContain(status);
  return exchanged.filter(({ status }) => status === 200).length;
}

function approvals({ rest }: HostedWorld): number {
  return rest.events.filter(({ name }) => name === 'approved').length;
}

describe('the same form twice', () => {
  it('with the right code at once: one approval, and either result leads on; of both one is exchanged', async () => {
    for (const one of [0, 1]) {
      const world = new HostedWorld();
      const { browser, page } = await world.visitSent();
      const pages = await times(2, () => browser.post(page, 'check', { code: world.rest.code() }).then((got) => browser.follow(got)));
      expect(pages.map(({ status }) => status)).toEqual([200, 200]);
      expect(new Set(pages.map(resultIn)).size).toBe(2);
      expect(approvals(world)).toBe(1);
      // Whichever of the two a browser went on with.
      expect((await world.exchange(resultIn(pages[one] as Page))).status).toBe(200);
      expect((await world.exchange(resultIn(pages[1 - one] as Page))).status).toBe(404);
    }
  });

  it('with the right code, one after the other', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const first = await browser.submit(page, 'check', { code: world.rest.code() });
    world.rest.clock += 50_000;
    const second = await browser.submit(page, 'check', { code: world.rest.code() });
    expect(await countGood(world, [first, second])).toBe(1);
    expect(approvals(world)).toBe(1);
  });

  it('with a wrong code costs one attempt', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const code = wrongCode(world.rest.code());
    const told = await times(5, () => browser.post(page, 'check', { code }, AS_SCRIPT));
    for (const { json } of told) expect(json).toEqual({ message: 'That is not the right code. 4 attempts left.', isFault: true });
    // After a minute it is a guess of its own.
    world.rest.clock += 61_000;
    expect((await browser.submit(page, 'check', { code })).said).toContain('3 attempts left');
  });

  it('with a number sends one message', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visit();
    const pages = await times(5, () => browser.post(page, 'start', US));
    expect(world.rest.sender.calls).toBe(1);
    expect(pages.filter(({ status }) => status === 303)).not.toHaveLength(0);
    const next = await browser.submit(page, 'start', US);
    expect(resultIn(await browser.submit(next, 'check', { code: world.rest.code() }))).not.toBe('');
  });
});

describe('a hundred forms at once', () => {
  it('with the right code: one approval, every answer leads on, and one result is exchanged', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const { browser, page } = await world.visitSent();
    const pages = await times(100, () => browser.post(page, 'check', { code: world.rest.code() }).then((got) => browser.follow(got)));
    for (const got of pages) expect([got.status, resultIn(got)]).toEqual([200, expect.stringMatching(/^PS/)]);
    expect(approvals(world)).toBe(1);
    expect(await countGood(world, pages)).toBe(1);
    expect((await browser.open(page.forms.get('check')?.action.replace(/\/check$/, '') ?? '')).title).toBe('Verified');
  });

  it('with other codes: five are judged', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const { browser, page } = await world.visitSent();
    const code = Number(world.rest.code());
    const told = await times(100, (at) => browser.post(page, 'check', { code: String((code + 1 + at) % 1_000_000).padStart(6, '0') }, AS_SCRIPT));
    expect(told.filter(({ json }) => String(json.message).includes('attempt'))).toHaveLength(4);
    expect((await browser.submit(page, 'check', { code: world.rest.code() })).said).toContain('That was the last attempt');
  });

  it('are more than a visit has: some are told to wait, and the others lead on', async () => {
    const world = new HostedWorld();
    const { browser, page } = await world.visitSent();
    const pages = await times(100, () => browser.post(page, 'check', { code: world.rest.code() }));
    const quick = pages.filter(({ status }) => status === 429);
    expect(pages.filter(({ status }) => status === 200 || status === 303)).toHaveLength(19);
    expect(quick).toHaveLength(81);
    for (const { title, headers } of quick) expect([title, headers['retry-after']]).toEqual(['Too many requests', '3']);
    expect(approvals(world)).toBe(1);
  });

  it('of two browsers: one has the session, and of the other nothing is written', async () => {
    const world = new HostedWorld();
    const link = await world.link();
    const browsers = [world.browser(), world.browser()] as const;
    const pages = await Promise.all(browsers.map((browser) => browser.open(link)));
    const got = await Promise.all(browsers.map((browser, at) => browser.post(pages[at] as Page, 'start', US)));
    expect(got.map(({ status }) => status).sort()).toEqual([303, 409]);
    expect(world.rest.sender.calls).toBe(1);
    const winner = got[0]?.status === 303 ? 0 : 1;
    expect((await browsers[winner]?.follow(got[winner] as Page))?.forms.has('check')).toBe(true);
    expect(await browsers[1 - winner]?.open(link)).toMatchObject({ status: 409 });
  });

  it('of cancel and the right code: one of them is told, and it stays so', async () => {
    const world = new HostedWorld();
    const { browser, page, id } = await world.visitSent();
    const [checked, canceled] = await Promise.all([browser.post(page, 'check', { code: world.rest.code() }), browser.post(page, 'cancel')]);
    const isApproved = (await browser.open(`/verify/${id}`)).location?.includes('result=') ?? false;
    const locations = [checked, canceled].map(({ location }) => location ?? '');
    expect(locations.filter((location) => location.includes('result='))).toHaveLength(isApproved ? 1 : 0);
    expect(locations.filter((location) => location.includes('error=canceled'))).toHaveLength(isApproved ? 0 : 1);
  });
});
