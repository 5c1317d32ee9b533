import type { Page } from 'playwright-core';
import { onTestFinished, vi } from 'vitest';
import type { PageSettings } from '../../src/engine/page-settings.ts';
import type { ServiceFields } from '../../src/engine/service-settings.ts';
import type { VerifierEvent } from '../../src/engine/verifiers.ts';
import { createService, type SettingsInput } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/testing.ts';
import { serve } from './sites.ts';

/** Numbers 555-0100 to 555-0199 are kept for fiction; the page is given them as people write them. */
export const NUMBER = '(202) 555-0143';
export const OTHER_NUMBER = '202 555 0144';

/** A session as its caller has it. */
export interface OpenedSession {
  readonly id: string;
  readonly url: string;
}

/** A service with a hosted page, and the caller that people are sent back to. */
export interface HostedWorld {
  readonly url: string;
  /** Where visits end. */
  readonly back: string;
  readonly sender: RecordingSender;
  /** Addresses that people came back with, the newest last. */
  readonly returns: readonly URL[];
  openSession(body?: Readonly<Record<string, unknown>>): Promise<OpenedSession>;
  /** Takes the result of the newest return to the service, as the caller's server does. */
  exchange(): Promise<{ readonly status: string; readonly token?: string }>;
  /** The code of the newest message. */
  lastCode(): string;
  /** Another code: `by` is 1–9. */
  wrongCode(by?: number): string;
  /** How many guesses were charged. */
  guesses(): number;
  /** Lets time pass for the service and its store, and not for the browser. */
  pass(milliseconds: number): void;
  /** From now on its store does not answer. */
  breakStore(): void;
}

export interface WorldOptions {
  readonly page?: Partial<PageSettings>;
  readonly service?: Partial<ServiceFields>;
  readonly settings?: SettingsInput;
  readonly sender?: RecordingSender;
}

/** Starts a service on a store in memory, on a clock that stands still until it is told to go on. All of it ends with the test. */
export async function startHosted({ page, service: fields, settings, sender = createSmsSender() }: WorldOptions = {}): Promise<HostedWorld> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  onTestFinished(() => void vi.useRealTimers());
  const { store, breakStore } = createBreakableStore();
  const { back, returns } = await startCaller();
  const input: SettingsInput = { secret: 'a secret of thirty-two bytes or more', host: '127.0.0.1', port: 0, logLevel: 'silent', ...settings };
  let guesses = 0;
  const onEvent = ({ name }: VerifierEvent) => {
    if (name === 'checked') guesses += 1;
  };
  const service = await createService(input, { senders: [sender], hasMetricsListener: false, store, onEvent });
  onTestFinished(() => service.close());
  const { id } = await service.tenants.createService({
    ...{ name: 'shop', ...fields },
    page: { brand: 'Example Shop', returnUrls: [back], ...page },
  });
  const { key, secret } = await service.tenants.createKey({ name: 'shop', service: id, scopes: ['start', 'check', 'read'] });
  const { url } = await service.listen();
  const authorization = `Basic ${btoa(`${key.id}:${secret.reveal()}`)}`;
  const call = async (path: string, body: unknown) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return response.json() as Promise<any>;
  };
  const lastCode = () => sender.messages.at(-1)?.code.reveal() ?? '';
  return {
    ...{ url, back, sender, returns, lastCode, breakStore },
    openSession: (body = {}) => call('sessions', body),
    exchange: () => call('sessions/exchange', { result: returns.at(-1)?.searchParams.get('result') }),
    wrongCode: (by = 1) => lastCode().replace(/\d$/, (digit) => String((Number(digit) + by) % 10)),
    guesses: () => guesses,
    pass: (milliseconds) => void vi.setSystemTime(Date.now() + milliseconds),
  };
}

function createSmsSender(): RecordingSender {
  return createRecordingSender('sent', { channels: ['sms', 'call', 'email'] });
}

function createBreakableStore(): { readonly store: Store; readonly breakStore: () => void } {
  // The clock is asked through Date each time, because a test moves that one.
  const store = createMemoryStore({ clock: { now: () => Date.now() } });
  const read = store.read.bind(store);
  let isBroken = false;
  Object.assign(store, { read: (...given: Parameters<Store['read']>) => (isBroken ? Promise.reject(new Error('no answer')) : read(...given)) });
  return {
    store,
    breakStore: () => {
      isBroken = true;
    },
  };
}

/** The caller's site: it takes people back. */
async function startCaller(): Promise<{ readonly back: string; readonly returns: URL[] }> {
  const returns: URL[] = [];
  const port = await serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    if (url.pathname === '/back') returns.push(url);
    // On to another site, as from the shop to where its accounts are.
    if (url.pathname === '/hop') response.writeHead(303, { location: `http://localhost:${port}/back` });
    if (!response.headersSent) response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><h1>Back at the shop</h1>');
  });
  return { back: `http://127.0.0.1:${port}/back`, returns };
}

/** Types a number and has the code sent, to where it is asked for. */
export async function sendCode(page: Page, number: string = NUMBER): Promise<void> {
  await page.locator('#country').selectOption('US');
  await page.locator('#number').fill(number);
  await page.locator('form[data-step=start] button').click();
  await page.locator('#code').waitFor();
}

/** Waits until the person is back at the caller. */
export async function arriveBack(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Back at the shop' }).waitFor();
}

/** What came of the last step, as the page says it. */
export async function messageOf(page: Page): Promise<string> {
  return (await page.locator('#message').textContent()) ?? '';
}
