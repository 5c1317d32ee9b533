import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { VerificationInstance } from 'twilio/lib/rest/verify/v2/service/verification.js';
import type { VerificationCheckInstance } from 'twilio/lib/rest/verify/v2/service/verificationCheck.js';
import { type Destination, parseDestination } from './core/destination.ts';
import { CountersignError } from './core/errors.ts';
import { createKeyRing, type KeyRing } from './core/keys.ts';
import { Forbidden, InternalServerError, TooManyRequests } from './core/seed-errors.ts';
import { CLAIM_LIFE, toCounterRecordKey } from './engine/counter-record.ts';
import { decideFingerprint, FINGERPRINT_KEY } from './engine/index-fingerprint.ts';
import { decideAddCount, decideCheckCount, decideDeleteCount, type ResendCounter } from './engine/resend-counter.ts';
import { createVerifier, type Verifier } from './engine/verifier.ts';
import { createTwilioVerifyProvider, type TwilioClient } from './providers/twilio-verify.ts';
import { type OtpModelConfig, type OtpModelSettings, readOtpModelConfig } from './service/config.ts';
import { createSqliteStore } from './stores/sqlite.ts';
import type { Decide, RecordKey, Store } from './stores/store.ts';

export { Forbidden, InternalServerError, TooManyRequests } from './core/seed-errors.ts';

/** What the class is made with beside the number. Without an option its variable of the environment serves. */
export interface OtpModelOptions extends OtpModelSettings {
  /** Where counters and budgets are kept. @defaultValue a SQLite file: `database`, else `COUNTERSIGN_DATABASE`, else `countersign.db` */
  readonly store?: Store;
  /** A client of the official SDK, instead of one made with the credentials. */
  readonly twilioClient?: TwilioClient;
}

/** A resend counter as the seed had it: a row of `svretries`. */
export interface OtpCounter {
  /** A whole number from 1 to 2⁵³ − 1, made of the two ids: the same pair has the same. */
  readonly id: number;
  /** As it was given to {@link OtpModel.checkCount}; what is kept is a keyed hash. */
  readonly uniqueId: string;
  readonly userId: string;
  /** Messages sent under it since it began, 0–4. */
  readonly count: number;
  /** When the wait after the last of them ends, or has ended. */
  readonly expires: Date;
  readonly createdAt: Date;
}

/**
 * The seed's class: one phone number, Twilio Verify, and a counter of resends whose waits grow. {@link TooManyRequests}, {@link Forbidden} and
 * {@link InternalServerError} are all that its methods throw.
 *
 * The caller drives the counter (`checkCount`, `verification`, `addCount`, then `verificationCheck` and `deleteCount`); the destination's budgets for sends
 * and guesses hold whatever it does.
 *
 * @example
 * const otp = new OtpModel('+14155552671');
 * const counter = await otp.checkCount('sign-up', 'user-1');   // TooManyRequests while the wait is not over
 * await otp.verification();                                    // Twilio sends the code
 * const waitsUntil = await otp.addCount(counter);              // ISO-8601
 * await otp.verificationCheck('123456');                       // Forbidden for a wrong code
 * await otp.deleteCount(counter.id);
 */
export class OtpModel {
  readonly #to: Destination;
  readonly #findParts: () => Parts;
  #found: Parts | undefined;

  /**
   * @param phoneNumber in E.164 form; spaces and `-().` are taken out.
   * @throws {CountersignError} `configuration_invalid` with one message that names every setting at fault, and `invalid_destination`.
   */
  constructor(phoneNumber: string, options: OtpModelOptions = {}) {
    const { store, twilioClient, ...settings } = options ?? {};
    const client = twilioClient ?? undefined;
    const config = readOtpModelConfig(settings, { hasStore: store !== undefined, hasClient: client !== undefined });
    this.#to = parsePhoneNumber(phoneNumber);
    this.#findParts = () => findParts(store === undefined ? openFile(config.database) : store, { config, client });
    try {
      this.#found = this.#findParts();
    } catch (error) {
      // A file that is locked or damaged now may be well again when it is used: the call that uses it says so, or succeeds.
      if (!(error instanceof CountersignError && error.code === 'store_unavailable')) throw error;
    }
  }

  get #parts(): Parts {
    this.#found ??= this.#findParts();
    return this.#found;
  }

  /**
   * Has Twilio send a code by SMS. Where nobody can tell whether the message left: `InternalServerError` with the code `unknown`; count it all the same. The same one again for eight minutes; then too little of its ten is left to type it in, and another is begun.
   * Resolves with Twilio's own object.
   */
  async verification(): Promise<VerificationInstance> {
    try {
      const { result, answer } = await this.#parts.listen((verifier) => verifier.start({ to: this.#to.reveal(), channel: 'sms' }));
      if (result.status === 'refused') throw new TooManyRequests(result.reason, 'no message may be sent to this number now', result);
      if (result.deliveries.at(-1)?.status !== 'sent')
        throw new InternalServerError('unknown', 'nobody can tell whether a message left: count it with addCount');
      return answer as VerificationInstance;
    } catch (error) {
      throw toServerError(error);
    }
  }

  /** Has Twilio judge a code. Resolves with Twilio's own object where it was right, and for no other code. */
  async verificationCheck(code: string): Promise<VerificationCheckInstance> {
    try {
      const { result, answer } = await this.#parts.listen((verifier) => verifier.check({ to: this.#to.reveal(), code }));
      if (result.status === 'approved') return answer as VerificationCheckInstance;
      throw new Forbidden(
        result.status === 'pending' ? result.reason : result.status,
        'the code was not approved',
        'retryAt' in result ? result : {},
      );
    } catch (error) {
      if (error instanceof CountersignError && isForbidden(error))
        throw new Forbidden(error.code, 'the code was not approved', { cause: error.cause });
      throw toServerError(error);
    }
  }

  /**
   * Finds or makes the counter of a pair, and claims it: for 15 s no other caller gets past here. When the fourth wait is over the counter begins again,
   * at 0. While a wait or a claim of somebody else's is not over: `TooManyRequests` with `retryAt`.
   */
  async checkCount(uniqueId: string, userId: string): Promise<OtpCounter> {
    try {
      const [unique, user] = [parseSeedId(uniqueId), parseSeedId(userId)];
      const key = this.#parts.keys.counterKey(unique, user);
      const claimId = randomBytes(16).toString('base64url');
      const outcome = await this.#parts.update(toCounterRecordKey(key.id), decideCheckCount({ key, claimId, waits: this.#parts.waits }));
      if (outcome.status === 'free') return toOtpCounter(outcome.counter, unique, user, claimId);
      const [reason, message] =
        outcome.status === 'claimed' ? ['in_progress', 'another message is under way'] : ['resend_too_soon', 'the wait is not over'];
      throw new TooManyRequests(reason, message, { retryAt: new Date(outcome.retryAt) });
    } catch (error) {
      throw toServerError(error);
    }
  }

  /**
   * Counts a message that was sent under a counter that was checked a moment ago, once, and says when the next may follow, as ISO-8601 in UTC. A counter
   * that was not checked, was checked too long ago or is counted already: `TooManyRequests`, and so is a copy of one: the claim is not in it.
   */
  async addCount(counter: OtpCounter): Promise<string> {
    try {
      const { id, uniqueId, userId, count, expires } = parseCounter(counter);
      const key = this.#parts.keys.counterKey(uniqueId, userId);
      const command = { key, claimId: CLAIMS.get(counter) ?? '', count, expires, waits: this.#parts.waits };
      const outcome = key.id === id ? await this.#parts.update(toCounterRecordKey(id), decideAddCount(command)) : ({ status: 'stale' } as const);
      if (outcome.status === 'added') return new Date(outcome.counter.expires).toISOString();
      const retryAt = 'retryAt' in outcome && outcome.retryAt !== undefined ? new Date(outcome.retryAt) : undefined;
      throw new TooManyRequests('conflict', 'this counter is not the one that was checked last', { retryAt });
    } catch (error) {
      throw toServerError(error);
    }
  }

  /** Deletes a counter, as after an approval: the next check makes one without a wait. An id that is none: `Forbidden`. */
  async deleteCount(counterId: number): Promise<void> {
    try {
      const isId = Number.isSafeInteger(counterId) && counterId >= 1;
      const { deleted } = isId ? await this.#parts.update(toCounterRecordKey(counterId), decideDeleteCount()) : { deleted: false };
      if (!deleted) throw new Forbidden('not_found', 'there is no counter with this id');
    } catch (error) {
      throw toServerError(error);
    }
  }

  /** Closes the SQLite files that were opened because no store was given, for a process that ends in good order. The next `new OtpModel` opens its own again. */
  static async closeFiles(): Promise<void> {
    const stores = [...FILES.values()];
    FILES.clear();
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** What a model is made with, beside its store. */
interface PartsOptions {
  readonly config: OtpModelConfig;
  readonly client: TwilioClient | undefined;
}

/** What all models of one store and one set of settings share: a model is made for each request, and keys take longer to derive than a code to check. */
class Parts {
  readonly options: PartsOptions;
  readonly keys: KeyRing;
  readonly waits: readonly number[];
  readonly #store: Store;
  readonly #verifier: Verifier;
  /** Each call's own place for what Twilio answers while it is under way. */
  readonly #answers = new AsyncLocalStorage<{ answer?: unknown }>();
  #isReady = false;

  constructor(store: Store, options: PartsOptions) {
    const { config, client } = options;
    const { serviceSid, accountSid, baseUrl, codeLength, waits } = config;
    const secret = config.secret.reveal();
    const onAnswer = (answer: unknown) => Object.assign(this.#answers.getStore() ?? {}, { answer });
    const access = client === undefined ? { accountSid, authToken: config.authToken.reveal(), baseUrl } : { client };
    const provider = createTwilioVerifyProvider({ ...access, serviceSid, codeLength, timeout: REQUEST_TIME, onAnswer });
    // The shortest ladder there is: the caller drives a counter of its own. Nobody names a requester, so a number has one verification. A message that
    // Twilio surely refused gives its place in the budgets back, so that the next may follow at once; if that is refused as well it keeps its own.
    this.#verifier = createVerifier({ secret, store, provider, limits: { ladder: [1], sharePending: true } });
    this.options = options;
    this.keys = createKeyRing({ secret });
    this.waits = waits;
    this.#store = store;
  }

  /** Asks the verifier, and catches what Twilio answered it. */
  async listen<T>(ask: (verifier: Verifier) => Promise<T>): Promise<{ readonly result: T; readonly answer?: unknown }> {
    const caught: { answer?: unknown } = {};
    const result = await this.#answers.run(caught, () => ask(this.#verifier));
    return { result, ...caught };
  }

  async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    if (!this.#isReady) await this.#store.update(FINGERPRINT_KEY, decideFingerprint(this.keys.fingerprint));
    this.#isReady = true;
    return this.#store.update(key, decide);
  }

  isFor({ config, client }: PartsOptions): boolean {
    const own = this.options;
    const text = ({ authToken, secret, database: _, ...rest }: OtpModelConfig) => JSON.stringify([rest, authToken.reveal(), secret.reveal()]);
    return own.client === client && text(own.config) === text(config);
  }
}

/** A message takes two requests at most, one to end what Twilio still has pending and one to send: both fit into a counter's claim, and half a second each for the store. */
const REQUEST_TIME: number = CLAIM_LIFE / 2 - 500;

/** One store for each path, for the life of the process: a second handle would only wait for the first. */
const FILES = new Map<string, Store>();
const PARTS = new WeakMap<Store, Parts[]>();
/** Parts kept of one store; more would be a client made for each request. */
const MOST_PARTS = 8;
/** The claim under which a counter was checked. It is not in the counter: whoever logs one must not log what lets a message out. */
const CLAIMS = new WeakMap<object, string>();

function openFile(path: string): Store {
  const absolute = resolve(path);
  const opened = FILES.get(absolute) ?? createSqliteStore({ path });
  FILES.set(absolute, opened);
  return opened;
}

function findParts(store: Store, options: PartsOptions): Parts {
  const made = PARTS.get(store) ?? [];
  const found = made.find((parts) => parts.isFor(options)) ?? new Parts(store, options);
  PARTS.set(store, [...made.filter((parts) => parts !== found).slice(1 - MOST_PARTS), found]);
  return found;
}

function toOtpCounter({ id, count, expires, createdAt }: ResendCounter, uniqueId: string, userId: string, claimId: string): OtpCounter {
  const counter = { id, uniqueId, userId, count, expires: new Date(expires), createdAt: new Date(createdAt) };
  CLAIMS.set(counter, claimId);
  return counter;
}

function parsePhoneNumber(phoneNumber: string): Destination {
  try {
    const to = parseDestination(phoneNumber);
    if (to.kind === 'phone') return to;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    // Its own name for the field is that of a verifier's input.
    throw new CountersignError(error.code, error.message.replace('`to`', '`phoneNumber`'), { field: 'phoneNumber' });
  }
  throw new CountersignError('invalid_destination', '`phoneNumber` must be a phone number', { field: 'phoneNumber' });
}

/** A counter as it was handed out. */
function parseCounter(counter: OtpCounter): { id: number; uniqueId: string; userId: string; count: number; expires: number } {
  const { id, uniqueId, userId, count, expires } = (counter ?? {}) as Partial<OtpCounter>;
  const isTime = expires instanceof Date || typeof expires === 'string' || typeof expires === 'number';
  const end = new Date(isTime ? expires : Number.NaN).getTime();
  if (!(Number.isSafeInteger(id) && Number.isSafeInteger(count) && Number.isSafeInteger(end)))
    throw new Forbidden('invalid_request', 'this is no counter');
  return { id: Number(id), uniqueId: parseSeedId(uniqueId), userId: parseSeedId(userId), count: Number(count), expires: end };
}

/** The seed took whatever its database compared, numbers too. */
function parseSeedId(id: unknown): string {
  const text = Number.isSafeInteger(id) ? String(id) : id;
  if (typeof text === 'string' && text.length > 0 && text.length <= 256) return text;
  throw new Forbidden('invalid_request', 'a counter is of two ids, each a text of 1 to 256 characters');
}

/** Ensure that nothing but the seed's three exceptions leaves. */
function toServerError(error: unknown): TooManyRequests | Forbidden | InternalServerError {
  if (error instanceof TooManyRequests || error instanceof Forbidden || error instanceof InternalServerError) return error;
  if (error instanceof CountersignError) return new InternalServerError(error.code, toSettingsMessage(error), { cause: error.cause ?? error });
  return new InternalServerError('unexpected', 'something failed in a way of its own: see the name in `cause`', { cause: error });
}

/** The engine names options of its own; here they are variables. */
function toSettingsMessage({ field, message }: CountersignError): string {
  if (field !== 'indexSecret') return message;
  return 'the store was begun with another secret: set COUNTERSIGN_SECRET (or the option `secret`) to that one, or use a new store or COUNTERSIGN_DATABASE';
}

/** What Twilio refused, and what is no code: 4xx are the caller's, as they were in the seed. */
function isForbidden({ code, cause }: CountersignError): boolean {
  const { status } = (cause ?? {}) as { readonly status?: number };
  return code === 'invalid_code' || code === 'conflict' || (status !== undefined && status >= 400 && status < 500);
}
