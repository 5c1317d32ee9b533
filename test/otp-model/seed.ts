import { expect, onTestFinished } from 'vitest';
import { type Forbidden, type InternalServerError, OtpModel, type OtpModelOptions, type TooManyRequests } from '../../src/otp-model.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createFaultyStore, type FaultyStore } from '../model/faulty-store.ts';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from '../twilio/double.ts';

export const PHONE = '+14155552671';
export const SECRET = 'a secret of at least 32 bytes, for tests only';

const MINUTE = 60_000;

/** The seed's own four waits: 2 min, 5 min, 15 min, 24 h. */
export const WAITS: readonly [number, number, number, number] = [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 24 * 60 * MINUTE];

/** How long a claim holds back everybody else. */
export const CLAIM = 15_000;

/** Twilio, a store and a clock that both go by. */
export interface Seed<S extends Store = Store> {
  readonly clock: FakeClock;
  readonly double: TwilioDouble;
  readonly store: S;
  /** All settings as options, so that nothing of the environment counts. */
  readonly settings: OtpModelOptions;
  /** A model as an application makes one for each request. */
  create(options?: OtpModelOptions, phoneNumber?: string): OtpModel;
  /** The code that went out last. */
  code(): string;
  /** A code of its length that is wrong. */
  wrongCode(): string;
}

/** What a {@link Seed} is opened with. */
export interface SeedOptions<S extends Store> extends TwilioDoubleOptions {
  /** @defaultValue a memory store */
  readonly createStore?: (clock: FakeClock) => S;
}

/** Opens a double of Twilio, and a store, for one test. */
export async function openSeed(options?: TwilioDoubleOptions): Promise<Seed>;
export async function openSeed<S extends Store>(options: SeedOptions<S>): Promise<Seed<S>>;
export async function openSeed({ createStore, ...options }: SeedOptions<Store> = {}): Promise<Seed> {
  const clock = createFakeClock();
  const double = await createTwilioDouble({ clock, ...options });
  onTestFinished(() => double.close());
  const store = createStore?.(clock) ?? createMemoryStore({ clock });
  onTestFinished(() => store.close());
  const settings = toSettings(double);
  return {
    clock,
    double,
    store,
    settings,
    create: (given = {}, phoneNumber = PHONE) => new OtpModel(phoneNumber, { ...settings, store, ...given }),
    code: () => double.codeFor(PHONE),
    wrongCode: () => double.codeFor(PHONE).replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`),
  };
}

/** A store that can be taken down. */
export function createBreakable(clock: FakeClock): FaultyStore {
  const memory = createMemoryStore({ clock });
  return createFaultyStore({ target: () => memory });
}

/** Every setting, with the credentials of a double. */
export function toSettings({ accountSid, authToken, serviceSid, baseUrl }: TwilioDouble): OtpModelOptions {
  const [firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration] = WAITS;
  const durations = { firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration };
  return {
    twilioAccountSid: accountSid,
    twilioAuthToken: authToken,
    twilioServiceSid: serviceSid,
    twilioBaseUrl: baseUrl,
    secret: SECRET,
    ...durations,
  };
}

/** One of the seed's exceptions. */
export type SeedError = TooManyRequests | Forbidden | InternalServerError;

/** What a call rejects with. */
export async function thrownBy(call: Promise<unknown>): Promise<SeedError> {
  const [error] = await call.then(
    () => [],
    (reason: unknown) => [reason],
  );
  if (error === undefined) throw new Error('expected a rejection');
  return error as SeedError;
}

/** Ensures that a call rejects with one of the three, for a reason, and with a time to come back at or none. */
export async function expectThrown(
  call: Promise<unknown>,
  kind: typeof TooManyRequests | typeof Forbidden | typeof InternalServerError,
  code: string,
  retryAt?: number,
): Promise<SeedError> {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(kind);
  expect({ code: error.code, retryAt: error.retryAt?.getTime() }).toEqual({ code, retryAt });
  expect(error.status).toBe({ TooManyRequests: 429, Forbidden: 403, InternalServerError: 500 }[error.name]);
  return error;
}
