import type { Response } from 'light-my-request';
import { expect } from 'vitest';
import type { PageSettings } from '../../src/engine/page-settings.ts';
import type { RateLimiter } from '../../src/engine/rate-limiter.ts';
import type { ServiceFields, ServiceSettings } from '../../src/engine/service-settings.ts';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { createHostedPages } from '../../src/http/pages/hosted/hosted-pages.ts';
import { PAGE } from '../tenants-world.ts';
import { type Got, PUBLIC_URL, RestWorld, type RestWorldOptions } from './world.ts';

/** Where visits end. */
export const RETURN_URL = 'https://shop.example.com/verified';

/** What stands for the files that the build makes. */
export const FILES: { readonly script: Buffer; readonly styles: Buffer } = {
  script: Buffer.from('export const page = "page";\n'.repeat(40)),
  styles: Buffer.from(':root { --accent: #000000; }\n'.repeat(40)),
};

/** A form of a page, as a browser knows it. */
export interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** An answer, as a browser has it. */
export interface Page {
  readonly status: number;
  /** Where it leads, where it is no page. */
  readonly location: string | undefined;
  readonly headers: Response['headers'];
  readonly text: string;
  readonly json: any;
  readonly title: string;
  /** What came of the last step. */
  readonly said: string;
  /** By the names of their steps. */
  readonly forms: ReadonlyMap<string, Form>;
}

/** A page without its session's id and its tokens, in which digits of a number may stand by chance. */
export const withoutTokens = (text: string): string => text.replaceAll(/\bPS[0-9a-f]{32}\b|"[\w-]{22,}"/g, '');

/** How a request is made otherwise than a browser would. */
export interface Otherwise {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly payload?: string | Buffer;
  readonly remoteAddress?: string;
}

/** The hosted page beside the REST interface, on a memory store whose clock a test moves. */
export class HostedWorld {
  readonly rest: RestWorld;
  /** Kinds of the records that were written, but for rate limits. */
  readonly written: string[] = [];
  /** What the store does before it answers; throws where it is down. */
  beforeStore: () => void = () => undefined;
  readonly publicUrl: string;
  #key: NewApiKey | undefined;
  #service: ServiceSettings | undefined;

  constructor({ parts, ...options }: RestWorldOptions = {}) {
    this.publicUrl = parts?.publicUrl ?? PUBLIC_URL;
    this.rest = new RestWorld({
      ...options,
      ...(parts && { parts }),
      wrapStore: (store) => ({
        ...this.#withStore(store),
        update: async (key, decide) => {
          this.beforeStore();
          return store.update(key, (body, now) => {
            const decision = decide(body, now);
            if (decision.next !== undefined && key.kind !== 'rate') this.written.push(key.kind);
            return decision;
          });
        },
      }),
    });
    this.rest.app.register(createHostedPages({ ...this.rest.parts, files: FILES }));
  }

  #withStore(store: RestWorld['store']): RestWorld['store'] {
    return {
      update: (key, decide) => store.update(key, decide),
      read: async (key) => {
        this.beforeStore();
        return store.read(key);
      },
      list: (kind, partition, after, limit) => store.list(kind, partition, after, limit),
      append: (entries) => store.append(entries),
      entries: (filter, cursor) => store.entries(filter, cursor),
      sweep: (limit) => store.sweep(limit),
      ping: () => store.ping(),
      close: () => store.close(),
      describe: () => store.describe(),
    };
  }

  get service(): ServiceSettings {
    if (this.#service === undefined) throw new Error('no session was opened yet');
    return this.#service;
  }

  /** Makes the service that sessions are opened for, in the place of one whose page says only what must be said. */
  async make({ page, ...fields }: Partial<Omit<ServiceFields, 'page'>> & { readonly page?: Partial<PageSettings> } = {}): Promise<void> {
    this.#service = await this.rest.makeService({ page: { ...PAGE, returnUrls: [RETURN_URL], ...page }, ...fields });
    this.#key = await this.rest.makeKey(this.#service.id);
  }

  async ask(path: string, body: object): Promise<Got> {
    if (this.#key === undefined) await this.make();
    return this.rest.ask('POST', path, { key: this.#key, body });
  }

  /** The link of a new session. */
  async link(body: object = {}): Promise<string> {
    const { status, body: opened } = await this.ask('/v1/sessions', body);
    expect(status).toBe(201);
    return opened.url;
  }

  /** What a result is good for. */
  exchange(result: string): Promise<Got> {
    return this.ask('/v1/sessions/exchange', { result });
  }

  browser(headers: Record<string, string> = {}): Browser {
    return new Browser(this, headers);
  }

  /** A new session in a new browser, at its first page. */
  async visit(body: object = {}): Promise<Visiting> {
    const browser = this.browser();
    const link = await this.link(body);
    return { browser, link, id: link.split('/').at(-2) ?? '', page: await browser.open(link) };
  }

  /** The same, where a number was given and a code is asked for. */
  async visitSent(body: object = {}, fields: Record<string, string> = US): Promise<Visiting> {
    const visit = await this.visit(body);
    const page = await visit.browser.submit(visit.page, 'start', 'to' in body ? {} : fields);
    expect(page.forms.has('check'), page.said).toBe(true);
    return { ...visit, page };
  }
}

/** A browser at a session. */
export interface Visiting {
  readonly browser: Browser;
  readonly link: string;
  readonly id: string;
  readonly page: Page;
}

/** The number `TO`, as typed beside a country. */
export const US: Record<string, string> = { country: 'US', number: '(415) 555-2671' };

/** A browser without script: it keeps cookies, follows redirects on the same site, and sends forms with their hidden fields. */
export class Browser {
  readonly cookies: Map<string, string> = new Map();
  /** The last `Set-Cookie`, with its attributes. */
  setCookie = '';
  readonly #world: HostedWorld;
  readonly #headers: Record<string, string>;

  constructor(world: HostedWorld, headers: Record<string, string>) {
    this.#world = world;
    this.#headers = headers;
  }

  /** Opens an address, and goes where it leads. */
  async open(address: string, otherwise: Otherwise = {}): Promise<Page> {
    return this.follow(await this.get(address, otherwise));
  }

  /** Opens an address and no other. */
  get(address: string, { method = 'GET', ...otherwise }: Otherwise = {}): Promise<Page> {
    return this.#request(method, address, otherwise);
  }

  /** Sends a form, and goes where that leads. */
  async submit(page: Page, step: string, typed: Record<string, string> = {}, otherwise: Otherwise = {}): Promise<Page> {
    return this.follow(await this.post(page, step, typed, otherwise));
  }

  /** Sends a form and does no more. */
  post(page: Page, step: string, typed: Record<string, string> = {}, { headers = {}, ...otherwise }: Otherwise = {}): Promise<Page> {
    const form = page.forms.get(step);
    if (form === undefined) throw new Error(`the page has no form for ${step}`);
    return this.send(form.action, { ...form.fields, ...typed }, { ...otherwise, headers });
  }

  /** Sends fields as a form. */
  send(address: string, fields: Record<string, string>, { headers = {}, ...otherwise }: Otherwise = {}): Promise<Page> {
    const payload = new URLSearchParams(fields).toString();
    const own = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null', 'sec-fetch-site': 'same-origin' };
    return this.#request('POST', address, { payload, ...otherwise, headers: { ...own, ...headers } });
  }

  /** Goes where a redirect leads, as long as that is the service. */
  async follow(page: Page): Promise<Page> {
    const { location } = page;
    return location === undefined || !this.#isHere(location) ? page : this.follow(await this.get(location));
  }

  #isHere(location: string): boolean {
    return new URL(location, this.#world.publicUrl).origin === new URL(this.#world.publicUrl).origin;
  }

  async #request(method: string, address: string, { headers, payload, remoteAddress }: Otherwise): Promise<Page> {
    const base = new URL(this.#world.publicUrl).pathname.replace(/\/$/, '');
    const path = address.startsWith('/') ? address : address.slice(new URL(address).origin.length);
    // A proxy in front takes the service's own path away.
    expect(path.startsWith(base), `${path} is below ${base}`).toBe(true);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.#world.rest.app.inject({
      method: method as 'GET',
      url: path.slice(base.length),
      headers: { ...(cookie !== '' && { cookie }), ...this.#headers, ...headers },
      ...(payload !== undefined && { payload }),
      ...(remoteAddress !== undefined && { remoteAddress }),
    });
    this.#keep(response.headers['set-cookie']);
    return toPage(response);
  }

  #keep(header: string | string[] | undefined): void {
    for (const line of [header ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes('; Max-Age=0;')) this.cookies.delete(name);
      else this.cookies.set(name, value);
      if (!line.includes('; Max-Age=0;')) this.setCookie = line;
    }
  }
}

function toPage({ statusCode, headers, payload }: Response): Page {
  const isJson = String(headers['content-type'] ?? '').includes('json');
  // A page that leads on by itself is one that leads there.
  const location = headers.location ?? /^0;url=(.*)$/.exec(String(headers.refresh ?? ''))?.[1];
  return {
    status: statusCode,
    location: location === undefined ? undefined : String(location),
    headers,
    text: payload,
    json: isJson && payload !== '' ? JSON.parse(payload) : undefined,
    title: toText(/<h1>(.*?)<\/h1>/s.exec(payload)?.[1] ?? ''),
    said: toText(/<(\w+)[^>]* id="message"[^>]*>(.*?)<\/\1>/s.exec(payload)?.[2] ?? ''),
    forms: new Map([...payload.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag = '', content = '']) => toForm(tag, content))),
  };
}

function toForm(tag: string, content: string): [string, Form] {
  const action = attribute(tag, 'action');
  const hidden = [...content.matchAll(/<input\b[^>]*>/g)].map(([input]) => input).filter((input) => attribute(input, 'type') === 'hidden');
  const fields = Object.fromEntries(hidden.map((input) => [attribute(input, 'name'), attribute(input, 'value')]));
  return [action.split('/').at(-1) ?? '', { action, fields }];
}

function attribute(tag: string, name: string): string {
  return toText(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** Markup as it is read. */
export function toText(markup: string): string {
  return markup.replaceAll(/<[^>]*>/g, '').replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');
}

/** In the place of a limiter that a test would run into. */
export const UNLIMITED: RateLimiter = { take: async () => ({ allowed: true }) };

/** How the page's script sends a form. */
export const AS_SCRIPT: Otherwise = { headers: { accept: 'application/json' } };

/** The one-time result in the address that a visit ended at. */
export function resultIn({ location, json }: Page): string {
  return new URL(location ?? json?.location ?? '').searchParams.get('result') ?? '';
}
