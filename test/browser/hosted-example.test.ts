import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Countersign, createApp } from '../../examples/hosted-page/hosted-page.ts';
import { createService } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';
import { describeInBrowser } from './browser.ts';

const PHONE = '+12025550143';

/** A server on this machine. What answers may be said later, when its address is known. */
async function listen(): Promise<{ readonly url: string; readonly serve: (listener: RequestListener) => unknown }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, serve: (listener) => server.on('request', listener) };
}

interface Shop {
  readonly url: string;
  readonly sender: RecordingSender;
  /** Keeps the next browser that comes back from the example, and resolves with the address that it came to. */
  stopReturn(): Promise<string>;
}

/** What the example logs from now on, a line each. */
function readLog(): readonly string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((...said) => {
    lines.push(format(...said).trim());
  });
  onTestFinished(() => spy.mockRestore());
  return lines;
}

/** The example, and the service that it leads to. @param toWrong what is changed in how the example is set up. */
async function openShop(toWrong: (right: Countersign) => Partial<Countersign> = () => ({})): Promise<Shop> {
  const shop = await listen();
  const sender = createRecordingSender();
  const settings = { secret: 'a secret of at least 32 bytes, for tests only', port: 0, logLevel: 'silent' } as const;
  const service = await createService(settings, { store: createMemoryStore(), senders: [sender], hasMetricsListener: false });
  onTestFinished(() => service.close());
  const { id } = await service.tenants.createService({ name: 'shop', page: { brand: 'Example shop', returnUrls: [`${shop.url}/verified`] } });
  const { key, secret } = await service.tenants.createKey({ name: 'shop', service: id, scopes: ['start', 'check'] });
  const { url } = await service.listen();
  const right = { url, apiKey: `${key.id}:${secret.reveal()}`, service: id };
  const app = createApp({ ...right, ...toWrong(right) });
  let stop: ((address: string) => void) | undefined;
  shop.serve((request, response) => {
    if (stop === undefined || request.url?.startsWith('/verified') !== true) return app(request, response);
    stop(shop.url + request.url);
    stop = undefined;
    return response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,">');
  });
  const stopReturn = () =>
    new Promise<string>((resolve) => {
      stop = resolve;
    });
  return { url: shop.url, sender, stopReturn };
}

describeInBrowser('examples/hosted-page', ({ newPage, expectProblem }) => {
  const begin = async (url: string): Promise<Page> => {
    const page = await newPage();
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByRole('heading', { name: 'Your phone number' }).waitFor();
    return page;
  };
  const verify = async (page: Page, sender: RecordingSender): Promise<void> => {
    await page.getByLabel('Country').selectOption('US');
    await page.getByLabel('Phone number').fill('202 555 0143');
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel('Code', { exact: true }).focus();
    await page.keyboard.insertText(sender.messagesTo(PHONE).at(-1)?.code.reveal() ?? '');
    await page.keyboard.press('Enter');
  };
  it('signs up with a number, and says with which', async () => {
    const { url, sender } = await openShop();
    const page = await begin(url);
    await verify(page, sender);
    await page.getByText(`You are signed up with ${PHONE}.`).waitFor();
    expect(page.url()).toBe(`${url}/`);
    expect(await page.locator('meta[name=viewport]').getAttribute('content')).toBe('width=device-width');
    const stranger = await newPage();
    await stranger.goto(url);
    await stranger.getByText('Sign up with your phone number.').waitFor();
  });

  it('takes no visit of another browser, and leaves it to that one', async () => {
    expectProblem(/^console: Failed to load resource: .* 403/);
    const { url, sender, stopReturn } = await openShop();
    const [own, other] = [await begin(url), await begin(url)];
    const stopped = stopReturn();
    await verify(other, sender);
    const address = await stopped;
    await own.goto(address);
    await own.getByText('This sign-up was begun in another browser.').waitFor();
    await own.goto(url);
    await own.getByText('Sign up with your phone number.').waitFor();
    await other.goto(address);
    await other.getByText(`You are signed up with ${PHONE}.`).waitFor();
  });

  it('takes a result once', async () => {
    expectProblem(/^console: Failed to load resource: .* 403/);
    const { url, sender } = await openShop();
    const page = await begin(url);
    const returned = page.waitForRequest('**/verified?*');
    await verify(page, sender);
    await page.getByText(`You are signed up with ${PHONE}.`).waitFor();
    await page.goto((await returned).url());
    await page.getByText('This was used already, or took too long.').waitFor();
  });

  it('is polite to whoever cancels', async () => {
    const { url } = await openShop();
    const page = await begin(url);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('You canceled. Nothing was verified.').waitFor();
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByRole('heading', { name: 'Your phone number' }).waitFor();
  });
});

describe('examples/hosted-page, set up wrongly', () => {
  it.each<[string, (right: Countersign) => Partial<Countersign>, RegExp]>([
    [
      '`localhost`',
      ({ url }) => ({ url: url.replace('127.0.0.1', 'localhost') }),
      /^`url` has to be .* itself, (http:\/\/127.*), and is http:\/\/localhost:/,
    ],
    ['a slash too many', ({ url }) => ({ url: `${url}/` }), /^`url` has to be what the service calls itself, (.*), and is \1\/$/],
    ['another service', () => ({ service: 'VAfedcba9876543210fedcba9876543210' }), /^no session was opened: 403 .*\bservice\b/],
    ['no service', () => ({ service: '' }), /^no session was opened: 403 .*\bservice\b/],
    ['a wrong API key', ({ apiKey }) => ({ apiKey: apiKey.slice(0, -1) }), /^no session was opened: 401 .*\bkey\b/],
    ['a service that is away', () => ({ url: 'http://127.0.0.1:1' }), /^fetch failed/],
  ])('says %s in the log, before anybody is asked for a number', async (_, toWrong, reason) => {
    const log = readLog();
    let apiKey = '';
    const { url } = await openShop((right) => {
      ({ apiKey } = right);
      return toWrong(right);
    });
    const response = await fetch(`${url}/signup`, { method: 'POST', redirect: 'manual' });
    expect([response.status, response.headers.get('set-cookie')]).toEqual([503, null]);
    expect(log).toEqual([expect.stringMatching(reason)]);
    const [, secret = 'none'] = apiKey.split(':');
    expect(log.join() + (await response.text())).not.toContain(secret.slice(0, -1));
  });
});

describe('examples/hosted-page, told by a service what no service of ours tells', () => {
  const service = 'VA0123456789abcdef0123456789abcdef';

  /** Walks through a sign-up at a service whose proofs have these claims, and tells what the shop says at the end. */
  const signUp = async (claims: (good: Readonly<Record<string, string>>) => object, times = 1, told = 'result=r'): Promise<readonly string[]> => {
    const [shop, double] = [await listen(), await listen()];
    const { publicKey, privateKey } = await generateKeyPair('EdDSA');
    let nonce = '';
    double.serve(async (request, response) => {
      const answer = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.url === '/.well-known/jwks.json') return answer({ keys: [{ ...(await exportJWK(publicKey)), alg: 'EdDSA', kid: 'k' }] });
      if (request.url === '/v1/sessions') {
        const asked = JSON.parse(Buffer.concat(await request.toArray()).toString());
        nonce = asked.nonce;
        return answer({ url: `${double.url}/verify?${told}&state=${asked.state}` });
      }
      const good = { iss: double.url, aud: service, jti: 'VE1', nonce, purpose: 'signup', phone_number: PHONE };
      const token = new SignJWT({ ...claims(good) }).setProtectedHeader({ alg: 'EdDSA', kid: 'k' }).setIssuedAt().setExpirationTime('5m');
      return answer({ status: 'approved', token: await token.sign(privateKey) });
    });
    shop.serve(createApp({ url: double.url, apiKey: 'SK:secret', service } satisfies Countersign));
    const said: string[] = [];
    for (let time = 0; time < times; time += 1) {
      const begun = await fetch(`${shop.url}/signup`, { method: 'POST', redirect: 'manual' });
      const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
      const returned = begun.headers.get('location')?.replace(`${double.url}/verify`, `${shop.url}/verified`);
      const ended = await fetch(returned ?? '', { headers: { cookie }, redirect: 'manual' });
      const page = await (await fetch(shop.url, { headers: { cookie } })).text();
      said.push(`${ended.status} ${/<p>(.*)<\/p>/.exec(page)?.[1]}`);
    }
    return said;
  };

  it('takes a good proof, once', async () => {
    expect(await signUp((good) => good, 2)).toEqual([`303 You are signed up with ${PHONE}.`, '403 Sign up with your phone number.']);
  });

  it.each([
    ['another issuer', { iss: 'https://verify.example.com' }, 503],
    ['another service', { aud: 'VAfedcba9876543210fedcba9876543210' }, 503],
    ['another sign-up', { nonce: 'another' }, 403],
    ['another purpose', { purpose: 'login' }, 403],
    ['a test number', { test: true }, 403],
    ['no verification', { jti: undefined }, 503],
  ])('takes no proof of %s', async (_, otherwise, status) => {
    const log = readLog();
    expect(await signUp((good) => ({ ...good, ...otherwise }))).toEqual([`${status} Sign up with your phone number.`]);
    expect(log).toHaveLength(status === 503 ? 1 : 0);
    expect(log.join()).not.toContain(PHONE);
  });

  it('asks nothing of the service for a visit that took too long', async () => {
    expect(await signUp((good) => good, 1, 'error=expired')).toEqual(['200 Sign up with your phone number.']);
  });

  it('shows an address as text, whatever is in it', async () => {
    const [said] = await signUp((good) => ({ ...good, phone_number: undefined, email: '<b>&@example.com' }));
    expect(said).toBe('303 You are signed up with &lt;b>&amp;@example.com.');
  });
});
