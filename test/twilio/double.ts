import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ContractViolation, createTwilioContract } from './contract.ts';
import type { Body, TwilioPlace } from './double-bodies.ts';
import { TwilioError } from './double-errors.ts';
import { type Answer, type Delivery, type FaultPlan, planFault, type TwilioFault } from './double-faults.ts';
import { CREATE_VERIFICATION, findOperation, type Service } from './double-operations.ts';
import type { Form } from './double-params.ts';
import { newSid, type TwilioMessage, type TwilioVerification, Verifications } from './double-verifications.ts';

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
   * Whether the service takes `CustomCode`; one that does not ignores it, as Twilio's do.
   *
   * @defaultValue false
   */
  readonly customCodes?: boolean;
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

/** Twilio Verify on loopback: {@link createTwilioDouble}. */
export interface TwilioDouble extends TwilioPlace {
  readonly authToken: string;
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
  /** As Twilio knows it at this moment. */
  verification(sid: string): TwilioVerification | undefined;
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
 * Starts a server that speaks the wire of Twilio Verify v2 for one service, on a port of its own, with fresh credentials. It remembers what
 * it sent, judges guesses as Twilio does, and can be told what goes wrong. It has no timers: a hung request hangs until someone ends it.
 *
 * Two creates for one number at the same time are answered 201 and 60212. To be certain that they meet, send the second from a step
 * `{ during }`; those that one tick of a program sends meet as well, since a create takes a few turns of the event loop.
 *
 * @example
 * const double = await createTwilioDouble({ clock });
 * const client = twilio(double.accountSid, double.authToken);
 * client.verify.baseUrl = double.baseUrl;
 * await client.verify.v2.services(double.serviceSid).verifications.create({ to: '+14155552671', channel: 'sms' });
 * double.codeFor('+14155552671');
 */
export async function createTwilioDouble(options: TwilioDoubleOptions = {}): Promise<TwilioDouble> {
  const double = new LoopbackDouble(options);
  await double.listen();
  return double;
}

/** How many turns of the event loop a create takes: enough for a connection to be made and another request to arrive on it. */
const TURNS_OF_A_CREATE = 10;

interface Arrived extends TwilioRequest {
  readonly authorization: string | undefined;
}

class LoopbackDouble implements TwilioDouble {
  readonly accountSid: string = newSid('AC');
  readonly authToken: string = randomBytes(16).toString('hex');
  readonly serviceSid: string = newSid('VA');
  readonly requests: TwilioRequest[] = [];
  baseUrl = '';
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));
  readonly #contract = createTwilioContract();
  readonly #service: Service;
  readonly #account: 'active' | 'suspended';
  readonly #steps: TwilioFault[] = [];
  readonly #busy = new Set<string>();
  readonly #violations: string[] = [];
  readonly #hangs = new EventEmitter();
  #hanging = 0;

  constructor({ clock = { now: Date.now }, codeLength = 6, customCodes = false, account = 'active' }: TwilioDoubleOptions) {
    const verifications = new Verifications({ clock, codeLength, customCodes });
    this.#service = { place: this, verifications, codeLength, customCodes, createdAt: clock.now() };
    this.#account = account;
  }

  get messages(): readonly TwilioMessage[] {
    return this.#service.verifications.messages;
  }

  get validated(): ReadonlyMap<string, number> {
    return this.#contract.validated;
  }

  codeFor(to: string): string {
    const message = this.messages.findLast((one) => one.to === to);
    if (!message) throw new Error('no message left for this number');
    return message.code;
  }

  verification(sid: string): TwilioVerification | undefined {
    return this.#service.verifications.get(sid);
  }

  next(...steps: TwilioFault[]): void {
    for (const step of steps) planFault(step, {});
    this.#steps.push(...steps);
  }

  async whenHung(count = 1): Promise<void> {
    while (this.#hanging < count) await once(this.#hangs, 'hang');
  }

  async listen(): Promise<void> {
    // A server that ends idle connections by a timer breaks the request that is just being sent on one.
    Object.assign(this.#server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0, timeout: 0 });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    if (this.#server.listening) {
      this.#server.close();
      this.#server.closeAllConnections();
      await once(this.#server, 'close');
    }
    if (this.#violations.length > 0) throw new ContractViolation(this.#violations.join('\n'));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await receive(incoming);
      if (!request) return;
      const { method, path, form } = request;
      this.requests.push(Object.freeze({ method, path, form }));
      const plan = planFault(this.#steps.shift() ?? 'pass', form);
      const answer = plan.untouched ? NOTHING : await this.#answer(request, plan);
      if (plan.delivery === 'hang') this.#hang();
      deliver(response, answer, plan.delivery);
    } catch (error) {
      this.#violations.push(error instanceof Error ? error.message : 'something was thrown');
      response.destroy();
    }
  }

  #hang(): void {
    this.#hanging++;
    this.#hangs.emit('hang');
  }

  async #answer(request: Arrived, plan: FaultPlan): Promise<Answer> {
    const { instead, garble = (body: string) => body } = plan;
    if (instead && !(instead instanceof TwilioError)) return instead;
    try {
      if (instead) throw instead;
      const { status, body } = await this.#perform(request, plan);
      return { status, type: 'application/json', body: garble(JSON.stringify(body)) };
    } catch (error) {
      if (!(error instanceof TwilioError)) throw error;
      this.#contract.checkError(error.body);
      return { status: error.body.status, type: 'application/json', body: garble(JSON.stringify(error.body)) };
    }
  }

  async #perform(request: Arrived, { during, alter = (body) => body }: FaultPlan): Promise<{ status: number; body: Body }> {
    this.#authenticate(request.authorization);
    const { operation, key } = findOperation(request, this.serviceSid);
    const work = async () => {
      await during?.();
      return operation.run(this.#service, { ...request, key });
    };
    const body = alter(await (operation === CREATE_VERIFICATION ? this.#oneAtATime(request.form, work) : work()));
    this.#contract.check(operation.id, operation.status, body);
    return { status: operation.status, body };
  }

  #authenticate(authorization: string | undefined): void {
    const expected = `Basic ${Buffer.from(`${this.accountSid}:${this.authToken}`).toString('base64')}`;
    if (authorization !== expected) throw new TwilioError(20003);
    if (this.#account === 'suspended') throw new TwilioError(20403);
  }

  async #oneAtATime({ To: to = '' }: Form, work: () => Promise<Body>): Promise<Body> {
    if (this.#busy.has(to)) throw new TwilioError(60212);
    this.#busy.add(to);
    try {
      for (let turn = 0; turn < TURNS_OF_A_CREATE; turn++) await nextTurn();
      return await work();
    } finally {
      this.#busy.delete(to);
    }
  }
}

/** The request once all of it is there; nothing when its sender has given up before. */
async function receive(incoming: IncomingMessage): Promise<Arrived | undefined> {
  const body = await text(incoming).catch(() => undefined);
  if (body === undefined) return undefined;
  const { method = '', url = '', headers } = incoming;
  const [path = ''] = url.split('?');
  return { method, path, form: Object.freeze(Object.fromEntries(new URLSearchParams(body))), authorization: headers.authorization };
}

const NOTHING: Answer = { status: 500, type: 'text/plain', body: '' };

function deliver(response: ServerResponse, { status, type, body }: Answer, delivery: Delivery = 'whole'): void {
  if (delivery === 'hang') return;
  if (delivery === 'cut') {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  if (delivery === 'whole') response.end(bytes);
  else response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}
