import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Channel } from '../../src/core/destination.ts';
import type { VerificationView } from '../../src/engine/verification-view.ts';
import { createServerOptions } from '../../src/http/server-options.ts';
import { createTwilioApi } from '../../src/http/twilio/twilio-api.ts';
import { ContractViolation, createTwilioContract, findOperation } from './contract.ts';
import { type Door, openDoor } from './double-door.ts';
import { TwilioError } from './double-errors.ts';
import { type Answer, type Body, type Delivery, type FaultPlan, type Form, planFault, type TwilioFault } from './double-faults.ts';

/** What a double is made with. */
export interface TwilioDoubleOptions {
  /**
   * Its only source of time.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: { now(): number };
  /**
   * Digits of a code, 4 to 10.
   *
   * @defaultValue 6
   */
  readonly codeLength?: number;
  /**
   * Unique names of the service's rate limits; they limit nothing.
   *
   * @defaultValue none
   */
  readonly rateLimits?: readonly string[];
  /**
   * A suspended account is answered 20403, whatever it asks for.
   *
   * @defaultValue 'active'
   */
  readonly account?: 'active' | 'suspended';
}

/** A request as it came. The path is as sent, nothing decoded; the form may hold numbers and guesses. */
export interface TwilioRequest {
  readonly method: string;
  readonly path: string;
  readonly form: Form;
}

/** A message that left: what the person would have got, and the form it was asked for with. */
export interface TwilioMessage {
  readonly to: string;
  readonly channel: Channel;
  readonly code: string;
  /** Milliseconds since 1970-01-01 UTC, by the double's clock. */
  readonly at: number;
  /** Of the verification. */
  readonly sid: string;
  readonly params: Form;
}

/** Twilio Verify on loopback: {@link createTwilioDouble}. */
export interface TwilioDouble {
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly serviceSid: string;
  /** Every message that left, oldest first. */
  readonly messages: readonly TwilioMessage[];
  /** Every request that arrived whole, oldest first, whatever became of it. */
  readonly requests: readonly TwilioRequest[];
  /** How many bodies were held against the contract and passed, by operationId; errors under `error`. */
  readonly validated: ReadonlyMap<string, number>;
  /**
   * The newest code that was sent to a number.
   *
   * @throws when none was.
   */
  codeFor(to: string): string;
  /** As it is behind the door at this moment. */
  verification(sid: string): Promise<VerificationView | undefined>;
  /**
   * Scripts the next requests, one step each, in the order they arrive; after that the double is itself again.
   *
   * @throws TypeError for an error that Twilio does not document.
   */
  next(...steps: TwilioFault[]): void;
  /** Resolves when that many requests have been left hanging, of all there were; one unless said otherwise. */
  whenHung(count?: number): Promise<void>;
  /**
   * Breaks every connection, and resolves when the port is free.
   *
   * @throws {ContractViolation} when a body was not as Twilio documents it: its connection was broken instead of answered.
   */
  close(): Promise<void>;
}

/**
 * Starts this package's own Twilio-compatible door for one service, on a port of its own, with fresh credentials, and a person behind it whose messages
 * can be read. It can be told what goes wrong, and every body that leaves is held against Twilio's document. It has no timers: a hung request hangs until
 * someone ends it.
 *
 * What Twilio does and the door does not (a landline, a fraud guard's refusal, an account that is suspended) is a step of the script.
 *
 * @example
 * const double = await createTwilioDouble({ clock });
 * const client = twilio(double.accountSid, double.authToken);
 * client.verify.baseUrl = double.baseUrl;
 * await client.verify.v2.services(double.serviceSid).verifications.create({ to: '+14155552671', channel: 'sms' });
 * double.codeFor('+14155552671');
 */
export async function createTwilioDouble(options: TwilioDoubleOptions = {}): Promise<TwilioDouble> {
  const { clock = { now: Date.now }, codeLength = 6, rateLimits = [], account = 'active' } = options;
  let url = '';
  const door = await openDoor({ clock, codeLength, rateLimits, publicUrl: () => url });
  const double = new LoopbackDouble(door, { clock, account });
  url = await double.listen();
  return double;
}

/** A request that arrived whole, and what goes wrong with it. */
interface Arrived extends TwilioRequest {
  readonly bytes: Buffer;
  readonly plan: FaultPlan;
}

class LoopbackDouble implements TwilioDouble {
  readonly accountSid: string;
  readonly authToken: string;
  readonly serviceSid: string;
  readonly messages: TwilioMessage[] = [];
  readonly requests: TwilioRequest[] = [];
  baseUrl = '';
  readonly #app: FastifyInstance;
  readonly #contract = createTwilioContract();
  readonly #door: Door;
  readonly #clock: { now(): number };
  readonly #account: 'active' | 'suspended';
  readonly #arrived = new WeakMap<FastifyRequest, Arrived>();
  readonly #steps: TwilioFault[] = [];
  readonly #violations: string[] = [];
  readonly #hangs = new EventEmitter();
  #hanging = 0;

  constructor(door: Door, { clock, account }: Required<Pick<TwilioDoubleOptions, 'clock' | 'account'>>) {
    ({ accountSid: this.accountSid, authToken: this.authToken, serviceSid: this.serviceSid } = door);
    this.#door = door;
    this.#clock = clock;
    this.#account = account;
    this.#app = fastify({ ...createServerOptions(door.parts.publicUrl), forceCloseConnections: true });
    // A server that ends idle connections by a timer breaks the request that is just being sent on one.
    Object.assign(this.#app.server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0, timeout: 0 });
    this.#app.addHook('onRequest', (request, reply) => this.#receive(request, reply));
    this.#app.addHook('preParsing', async (request) => Readable.from(this.#arrivedOf(request).bytes));
    this.#app.addHook('onSend', async (request, reply, payload) => this.#deliver(request, reply, String(payload ?? '')));
    this.#app.register(createTwilioApi(door.parts));
  }

  get validated(): ReadonlyMap<string, number> {
    return this.#contract.validated;
  }

  codeFor(to: string): string {
    const message = this.messages.findLast((one) => one.to === to);
    if (!message) throw new Error('no message left for this number');
    return message.code;
  }

  verification(sid: string): Promise<VerificationView | undefined> {
    return this.#door.view(sid);
  }

  next(...steps: TwilioFault[]): void {
    for (const step of steps) planFault(step, {});
    this.#steps.push(...steps);
  }

  async whenHung(count = 1): Promise<void> {
    while (this.#hanging < count) await once(this.#hangs, 'hang');
  }

  async listen(): Promise<string> {
    this.baseUrl = await this.#app.listen({ host: '127.0.0.1', port: 0 });
    return this.baseUrl;
  }

  async close(): Promise<void> {
    await this.#app.close();
    if (this.#violations.length > 0) throw new ContractViolation(this.#violations.join('\n'));
  }

  /** Reads all of a request before the door sees any of it, so that one which the door refuses unread is written down as well. */
  async #receive(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const bytes = await buffer(request.raw).catch(() => undefined);
    if (bytes === undefined) return NEVER; // its sender has given up before
    const { method, url } = request;
    const [path = ''] = url.split('?');
    const form: Form = Object.freeze(Object.fromEntries(new URLSearchParams(bytes.toString())));
    this.requests.push(Object.freeze({ method, path, form }));
    const plan = this.#plan(form);
    this.#arrived.set(request, { method, path, form, bytes, plan });
    if (plan.untouched) return this.#lose(reply, plan.delivery);
    if (plan.instead) {
      const { status, type, body } = toAnswer(plan.instead);
      return reply.code(status).type(type).send(body);
    }
    if (findOperation(method, path) === CREATE) this.#door.passSpacing(form.To ?? '');
    return undefined;
  }

  #plan(form: Form): FaultPlan {
    const plan = planFault(this.#steps.shift() ?? 'pass', form);
    return this.#account === 'suspended' ? { ...plan, instead: new TwilioError(20403) } : plan;
  }

  async #deliver(request: FastifyRequest, reply: FastifyReply, payload: string): Promise<unknown> {
    const { plan, ...asked } = this.#arrivedOf(request);
    const { instead, alter = (body) => body, garble = (body) => body, delivery = 'whole' } = plan;
    if (instead && !(instead instanceof TwilioError)) return payload;
    try {
      const body: Body = JSON.parse(payload);
      const operation = findOperation(asked.method, asked.path);
      if (operation === CREATE && reply.statusCode === 201) this.#note(body, asked.form);
      const said = reply.statusCode < 400 ? alter(body) : body;
      if (reply.statusCode < 400) this.#contract.check(operation, reply.statusCode, said);
      else this.#contract.checkError(said);
      const text = garble(JSON.stringify(said));
      return delivery === 'whole' ? text : this.#lose(reply, delivery, text);
    } catch (error) {
      this.#violations.push(error instanceof Error ? error.message : 'something was thrown');
      return this.#lose(reply, 'cut');
    }
  }

  /** That a message left: a create was answered. */
  #note({ sid, to, channel }: Body, params: Form): void {
    const code = this.#door.sender.messagesTo(String(to)).at(-1)?.code.reveal() ?? '';
    this.messages.push(Object.freeze({ to: String(to), channel: channel as Channel, code, at: this.#clock.now(), sid: String(sid), params }));
    this.#door.noteSend(String(to));
  }

  /** An answer that does not get home, or half of it. */
  #lose(reply: FastifyReply, delivery: Delivery | undefined, text = ''): Promise<never> {
    if (delivery === 'hang') {
      this.#hanging++;
      this.#hangs.emit('hang');
    } else if (delivery === 'half') {
      const bytes = Buffer.from(text);
      reply.raw.writeHead(reply.statusCode, { 'content-type': 'application/json', 'content-length': bytes.length });
      reply.raw.write(bytes.subarray(0, bytes.length / 2), () => reply.raw.destroy());
    } else {
      reply.raw.destroy();
    }
    return NEVER;
  }

  #arrivedOf(request: FastifyRequest): Arrived {
    const arrived = this.#arrived.get(request);
    if (arrived === undefined) throw new TypeError('a request was answered before it had arrived');
    return arrived;
  }
}

/** The one operation that a message leaves by. */
const CREATE = 'CreateVerification';

/** The server is told nothing more about such a request. */
const NEVER = new Promise<never>(() => {});

function toAnswer(instead: TwilioError | Answer): Answer {
  if (!(instead instanceof TwilioError)) return instead;
  return { status: instead.body.status, type: 'application/json', body: JSON.stringify(instead.body) };
}
