import { connect, type Socket } from 'node:net';
import twilio from 'twilio';
import { onTestFinished } from 'vitest';
import type { Scope } from '../../src/engine/api-key.ts';
import { createAttempts } from '../../src/engine/attempts.ts';
import { createSendRates } from '../../src/engine/send-rates.ts';
import type { ServiceFields } from '../../src/engine/service-settings.ts';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { createTwilioApi } from '../../src/http/twilio/twilio-api.ts';
import type { TwilioParts } from '../../src/http/twilio/twilio-parts.ts';
import { PUBLIC_URL, RestWorld, type RestWorldOptions, TO } from '../http/world.ts';
import { createTwilioContract, findOperation, type TwilioContract } from '../twilio/contract.ts';

export type SdkClient = ReturnType<typeof twilio>;
export type SdkService = ReturnType<SdkClient['verify']['v2']['services']>;

/** A form as a test says it; a list is a repeated key. */
export type FormInput = Readonly<Record<string, string | readonly string[]>>;

/** A request as a test says it. */
export interface FormAsk {
  /** `undefined` for the key of the world, `null` for none. */
  readonly key?: NewApiKey | null | undefined;
  readonly form?: FormInput;
  /** Sent as it is, in the place of `form`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FormAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: any;
  readonly text: string;
}

/**
 * A deployment with the Twilio-compatible door, one service and a key that may do all. Every body that leaves under `/v2` is held against Twilio's document;
 * what does not fit is in {@link violations}, which the end of each test finds empty.
 */
export class TwilioWorld {
  readonly rest: RestWorld;
  readonly parts: TwilioParts;
  readonly contract: TwilioContract = createTwilioContract();
  readonly violations: string[] = [];
  /** Operations that were answered with success. */
  readonly succeeded: Set<string> = new Set<string>();
  /** What no error may repeat. */
  readonly secrets: Set<string> = new Set<string>([TO]);
  serviceSid = '';
  key!: NewApiKey;
  url: string = PUBLIC_URL;

  constructor(options: RestWorldOptions = {}) {
    this.rest = new RestWorld(options);
    const place = () => this.url;
    this.parts = {
      ...this.rest.parts,
      accountSid: this.rest.keys.accountSid,
      attempts: createAttempts({ store: this.rest.store, keys: this.rest.keys }),
      sendRates: createSendRates({ store: this.rest.store, keys: this.rest.keys, monotonic: () => this.rest.clock }),
      get publicUrl() {
        return place();
      },
    };
    this.rest.app.addHook('onSend', async (request, reply, payload) => {
      if (/^\/v2(?:[/?]|$)/.test(request.url)) this.#judge(request.method, request.url, reply.statusCode, reply.getHeaders(), String(payload ?? ''));
      return payload;
    });
    this.rest.app.register(createTwilioApi(this.parts));
  }

  /** Lets time go by, for the store and for this process. */
  pass(milliseconds: number): void {
    this.rest.clock += milliseconds;
  }

  async makeService(fields: Partial<ServiceFields> = {}): Promise<string> {
    return (await this.rest.makeService({ compatibility: 'twilio', ...fields })).id;
  }

  makeKey(service: string | null, scopes?: readonly Scope[]): Promise<NewApiKey> {
    return this.rest.makeKey(service, scopes);
  }

  /** A request without a port. */
  async ask(method: string, path: string, { key = this.key, form, raw, headers = {} }: FormAsk = {}): Promise<FormAnswer> {
    const payload = raw ?? (form === undefined ? undefined : toForm(form));
    const response = await this.rest.app.inject({
      method: method as 'GET',
      url: path,
      ...(payload !== undefined && { payload }),
      headers: {
        ...(payload !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(key !== null && { authorization: toBasic(key.key.id, key.secret.reveal()) }),
        ...headers,
      },
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.payload === '' ? undefined : JSON.parse(response.payload),
      text: response.payload,
    };
  }

  /** The same under the service of this world. */
  of(method: string, rest: string, form?: FormInput, ask: FormAsk = {}): Promise<FormAnswer> {
    return this.ask(method, `/v2/Services/${this.serviceSid}${rest}`, { ...(form && { form }), ...ask });
  }

  create(form: FormInput = {}): Promise<FormAnswer> {
    return this.of('POST', '/Verifications', { To: TO, Channel: 'sms', ...form });
  }

  check(form: FormInput): Promise<FormAnswer> {
    return this.of('POST', '/VerificationCheck', form);
  }

  /** The newest code that was sent. */
  code(to: string = TO): string {
    const code = this.rest.code(to);
    if (code !== '') this.secrets.add(code);
    return code;
  }

  async listen(): Promise<void> {
    this.url = await this.rest.app.listen({ host: '127.0.0.1', port: 0 });
  }

  /** The official SDK, by the one line that a switch takes. No region and no edge, since one in the environment sends every host elsewhere. */
  client(username: string = this.key.key.id.replace('SK', 'AC'), secret: string = this.key.secret.reveal()): SdkClient {
    const client = twilio(username, secret, { region: '', edge: '', ...(!username.startsWith('AC') && { accountSid: this.parts.accountSid }) });
    client.verify.baseUrl = this.url;
    return client;
  }

  sdk(): SdkService {
    return this.client().verify.v2.services(this.serviceSid);
  }

  #judge(method: string, url: string, status: number, headers: Readonly<Record<string, unknown>>, text: string): void {
    const [path = ''] = url.split('?');
    const operation = findOperation(method, path);
    try {
      if (status === 204) {
        if (text !== '') throw new Error('a body where there is none');
      } else {
        if (!String(headers['content-type']).startsWith('application/json')) throw new Error(`content type ${headers['content-type']}`);
        if (method === 'HEAD') return;
        if (status < 300) this.contract.check(operation, status, JSON.parse(text));
        else this.#judgeError(status, headers, text);
      }
      if (status < 300) this.succeeded.add(operation);
    } catch (error) {
      this.violations.push(`${method} ${operation} ${status}: ${(error as Error).message} in ${text}`);
    }
  }

  #judgeError(status: number, headers: Readonly<Record<string, unknown>>, text: string): void {
    const body = JSON.parse(text);
    this.contract.checkError(body);
    if (body.status !== status) throw new Error('another status in the body');
    if ((status === 429 || status === 503) && !/^[1-9]\d*$/.test(String(headers['retry-after']))) throw new Error('no Retry-After');
    for (const secret of this.secrets) if (text.includes(secret.replace(/^\+/, ''))) throw new Error('a value of the request is repeated');
  }
}

/** A world with a service and a key for all services. The end of the test holds what left against the document. */
export async function createWorld(options: RestWorldOptions = {}, fields: Partial<ServiceFields> = {}): Promise<TwilioWorld> {
  const world = new TwilioWorld(options);
  onTestFinished(async () => {
    await world.rest.app.close();
    if (world.violations.length > 0) throw new Error(world.violations.join('\n'));
  });
  world.serviceSid = await world.makeService(fields);
  world.key = await world.makeKey(null);
  return world;
}

/** What came of a request of the SDK that did not succeed. */
export async function refusal(request: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof twilio.RestException)) throw new Error('not a RestException');
    const { status, code, message, moreInfo } = error;
    return { status, code, message, moreInfo };
  }
  throw new Error('it was answered');
}

export function toForm(form: FormInput): string {
  const pairs = Object.entries(form).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as [string, string]));
  return new URLSearchParams(pairs).toString();
}

export function toBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** What was answered to bytes. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and headers in lower case. */
  readonly head: string;
  readonly body: any;
}

/** Sends bytes as they are, and what `goOn` does, and resolves with the one answer to them, as soon as all of it is there. */
export function sendBytes(url: string, bytes: string | Buffer, goOn?: (socket: Socket) => Promise<void>): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(bytes);
      goOn?.(socket).catch(reject);
    });
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection ended before the answer did')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      const head = received.toString('latin1', 0, Math.max(end, 0)).toLowerCase();
      const length = Number(/^content-length: (\d+)$/m.exec(head)?.[1] ?? 0);
      if (end < 0 || received.length < end + 4 + length) return;
      const text = received.toString('utf8', end + 4);
      resolve({ status: Number(head.split(' ')[1]), head, body: text === '' ? undefined : JSON.parse(text) });
      socket.destroy();
    });
  });
}
