import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AS_SCRIPT, HostedWorld, type Page, UNLIMITED } from './hosted-world.ts';

const STEPS = ['ask', 'start', 'again', 'resend', 'check', 'change', 'cancel'] as const;
const NAMES = ['form', 'link', 'with', 'number', 'country', 'email', 'channel', 'code', '__proto__', 'x'] as const;

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'US',
    '4155552671',
    'email',
    'phone',
    'sms',
    'call',
    '123456',
    'ada@example.com',
    '\u0000',
    '\ud800',
    '١٢٣٤٥٦',
    '+1 (415) 555-2671',
  ),
);
const fields = fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 8 });

/** Answers that a person's browser may get, and none that is a fault of ours. */
const EXPECTED = [200, 303, 400, 403, 404, 409, 413, 415, 422];

function expectOrderly(world: HostedWorld, page: Page): void {
  expect(EXPECTED).toContain(page.status);
  expect(world.rest.failures).toEqual([]);
  if (page.location !== undefined)
    expect(page.location).toMatch(/^(?:\/verify\/PS[0-9a-f]{32}(?:\?[\w=&]*)?|https:\/\/shop\.example\.com\/verified\?[^#\s]*)$/);
}

describe('whatever is sent to a visit', () => {
  it('is answered in order, and never is a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...STEPS), fields, fc.boolean(), fc.boolean()), { maxLength: 6 }), async (posts) => {
        const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
        const { browser, page, id, link } = await world.visit({ state: 's' });
        const own = page.forms.get('start')?.fields ?? {};
        for (const [step, typed, isOwn, isScript] of posts) {
          const payload = [...typed.map(([name, text]) => `${name}=${encodeAny(text)}`), ...(isOwn ? [new URLSearchParams(own).toString()] : [])];
          const body = (isOwn ? payload.toReversed() : payload).join('&');
          expectOrderly(world, await browser.send(`/verify/${id}/${step}`, {}, { payload: body, ...(isScript && AS_SCRIPT) }));
          expectOrderly(world, await browser.get(`/verify/${id}`));
          expectOrderly(world, await browser.get(link));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('as bytes that are no form', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const { browser, id } = await world.visit();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...STEPS), fc.uint8Array({ maxLength: 200 }), async (step, bytes) => {
        expectOrderly(world, await browser.send(`/verify/${id}/${step}`, {}, { payload: Buffer.from(bytes) }));
      }),
      { numRuns: 100 },
    );
  });

  it('as a path', async () => {
    const world = new HostedWorld({ parts: { limiter: UNLIMITED } });
    const browser = world.browser();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 4 }),
        fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
        async (parts, method) => {
          const got = await browser.get(`/verify/${parts.map(encodeAny).join('/')}`, { method });
          expect([400, 404, 414]).toContain(got.status);
          expectOrderly(world, got);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('with a host, an origin or a scheme of somebody else’s in its head: no address of ours is theirs', async () => {
    const world = new HostedWorld();
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' };
    const link = (await world.rest.ask('GET', '/v1/openapi.json', { headers })) && (await world.link());
    const browser = world.browser(headers);
    const page = await browser.open(link);
    expect(page.text + JSON.stringify(page.headers)).not.toContain('evil');
    expect(browser.setCookie).toContain('; Secure');
    const got = await browser.post(page, 'start', { number: '1' });
    expect(got.text + JSON.stringify(got.headers)).not.toContain('evil');
  });
});

/** As a form or an address has it; half a character as its bytes would be. */
function encodeAny(text: string): string {
  return [...text].map((character) => (/\p{Surrogate}/u.test(character) ? '%ED%A0%80' : encodeURIComponent(character))).join('');
}
