import { randomBytes, randomInt } from 'node:crypto';
import { notFound, TwilioError } from './double-errors.ts';
import { type CheckParams, type CreateParams, type Form, parseCheck, parseCreate, parseStatus, type TwilioChannel } from './double-params.ts';

/** What Twilio documents: ten minutes from the first send, however often the code is sent again. */
const TTL = 10 * 60_000;
/** Wrong answers a verification bears; the next question is answered 60202, the right code included. */
const MAX_CHECKS = 5;
/** Messages of one verification; the next create is answered 60203. */
const MAX_SENDS = 5;

/** A verification as Twilio would have it in mind. */
export interface TwilioVerification {
  readonly sid: string;
  readonly to: string;
  readonly code: string;
  readonly channel: TwilioChannel;
  readonly status: 'pending' | 'approved' | 'canceled' | 'max_attempts_reached' | 'expired';
  readonly sends: readonly { readonly sid: string; readonly channel: TwilioChannel; readonly at: number }[];
  /** Wrong answers so far. */
  readonly wrong: number;
  readonly amount: string | null;
  readonly payee: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A message that left: what the person would have got, and the form it was asked for with. */
export interface TwilioMessage {
  readonly to: string;
  readonly channel: TwilioChannel;
  readonly code: string;
  /** Milliseconds since 1970-01-01 UTC, by the double's clock. */
  readonly at: number;
  /** Of the verification. */
  readonly sid: string;
  readonly params: Form;
}

/** What {@link Verifications} are made with. */
export interface VerificationsOptions {
  readonly clock: { now(): number };
  readonly codeLength: number;
  readonly customCodes: boolean;
}

/**
 * Twilio's side of the story: which verification a number has, what its code is, what becomes of a guess. It is done in one go, so that
 * nothing is ever half done; whether and how an answer gets home is the double's business.
 *
 * Where Twilio's word is missing, two things are chosen here. A verification whose guesses are used up cannot be canceled, and its number
 * waits for it to expire. And they are used up by the question after the fifth wrong one: until then, its code can be sent again, though no
 * guess is left for it.
 */
export class Verifications {
  readonly messages: TwilioMessage[] = [];
  readonly #all = new Map<string, TwilioVerification>();
  readonly #options: VerificationsOptions;

  /** @throws TypeError for codes of a length that no service of Twilio's can have. */
  constructor(options: VerificationsOptions) {
    const { codeLength } = options;
    if (!Number.isInteger(codeLength) || codeLength < 4 || codeLength > 10) throw new TypeError('codes have 4 to 10 digits');
    this.#options = options;
  }

  /** Sends a code, the same one while its verification lives. */
  create(form: Form): TwilioVerification {
    const params = parseCreate(form);
    const now = this.#options.clock.now();
    const alive = this.#newest(params.to, (one) => one.status === 'pending' || one.status === 'max_attempts_reached');
    if (alive && (alive.status === 'max_attempts_reached' || alive.sends.length >= MAX_SENDS)) throw new TwilioError(60203);
    const { channel, to } = params;
    const before = alive ?? this.#begin(params, now);
    const sent = this.#save({ ...before, channel, sends: [...before.sends, { sid: newSid('VL'), channel, at: now }], updatedAt: now });
    this.messages.push(Object.freeze({ to, channel, code: sent.code, at: now, sid: sent.sid, params: form }));
    return sent;
  }

  /** By sid or by number. Approved and expired ones are gone; canceled ones and those without guesses are still there. */
  fetch(key: string, path: string): TwilioVerification {
    const found = this.#find(key, ({ status }) => status !== 'approved' && status !== 'expired');
    if (!found) throw notFound(path);
    return found;
  }

  /** By sid or by number: approves or cancels what is pending, and nothing else. */
  update(key: string, form: Form, path: string): TwilioVerification {
    const status = parseStatus(form);
    const found = this.#find(key, (one) => one.status === 'pending');
    if (!found) throw notFound(path);
    return this.#save({ ...found, status, updatedAt: this.#options.clock.now() });
  }

  /** Judges a guess. A wrong one is an answer like any other: pending, and not valid. */
  check(form: Form, path: string): TwilioVerification {
    const params = parseCheck(form);
    const found = this.#toCheck(params);
    if (!found) throw notFound(path);
    const updatedAt = this.#options.clock.now();
    if (found.wrong >= MAX_CHECKS) {
      this.#save({ ...found, status: 'max_attempts_reached', updatedAt });
      throw new TwilioError(60202);
    }
    const { code, amount, payee } = params;
    const right = code === found.code && amount === found.amount && payee === found.payee;
    return this.#save(right ? { ...found, status: 'approved', updatedAt } : { ...found, wrong: found.wrong + 1, updatedAt });
  }

  /** As it is by now: what was not ended in time has expired. */
  get(sid: string): TwilioVerification | undefined {
    const one = this.#all.get(sid);
    if (!one) return undefined;
    const open = one.status === 'pending' || one.status === 'max_attempts_reached';
    return open && this.#options.clock.now() >= one.createdAt + TTL ? { ...one, status: 'expired' } : one;
  }

  #toCheck({ sid, to }: CheckParams): TwilioVerification | undefined {
    const isOpen = ({ status }: TwilioVerification) => status === 'pending' || status === 'max_attempts_reached';
    const found = this.#find(sid ?? to ?? '', isOpen);
    return to === undefined || found?.to === to ? found : undefined;
  }

  #find(key: string, isIt: (one: TwilioVerification) => boolean): TwilioVerification | undefined {
    if (!/^VE[0-9a-fA-F]{32}$/.test(key)) return this.#newest(key, isIt);
    const one = this.get(key);
    return one && isIt(one) ? one : undefined;
  }

  #newest(to: string, isIt: (one: TwilioVerification) => boolean): TwilioVerification | undefined {
    const ofNumber = [...this.#all.values()].filter((one) => one.to === to).map((one) => this.get(one.sid) ?? one);
    return ofNumber.findLast(isIt);
  }

  #begin({ to, channel, customCode, amount, payee }: CreateParams, now: number): TwilioVerification {
    const { customCodes, codeLength } = this.#options;
    const code = customCodes && customCode !== undefined ? customCode : randomCode(codeLength);
    return { sid: newSid('VE'), to, code, channel, status: 'pending', sends: [], wrong: 0, amount, payee, createdAt: now, updatedAt: now };
  }

  #save(one: TwilioVerification): TwilioVerification {
    this.#all.set(one.sid, Object.freeze(one));
    return one;
  }
}

/** A new id of Twilio's kind: two letters and 32 hexadecimal digits. */
export function newSid(prefix: string): string {
  return prefix + randomBytes(16).toString('hex');
}

function randomCode(length: number): string {
  return Array.from({ length }, () => randomInt(10)).join('');
}
