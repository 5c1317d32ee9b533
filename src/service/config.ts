import { MAX_WAIT } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { TWILIO_SETTINGS } from '../core/twilio-settings.ts';

/** What is set from outside a process. Nothing else reads the environment. */
export interface Config {
  /** `COUNTERSIGN_SECRET`: at least 32 bytes. Undefined when it is not set: then a key file beside the database serves. */
  readonly secret: Secret | undefined;
  /**
   * `COUNTERSIGN_DATABASE`: the SQLite file, or the address of a server.
   *
   * @defaultValue `countersign.db`
   */
  readonly database: string;
  /** `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_SERVICE_SID`: undefined when none of them is set, or codes are our own. */
  readonly twilio: TwilioConfig | undefined;
}

/** Who issues codes: the engine, or Twilio. */
export type ProviderName = 'self_issued' | 'twilio_verify';

/** The Verify service that codes go through. */
export interface TwilioConfig {
  readonly accountSid: string;
  readonly authToken: Secret;
  readonly serviceSid: string;
  /** `TWILIO_BASE_URL`: where Verify is, instead of at Twilio. */
  readonly baseUrl: string | undefined;
  /**
   * `TWILIO_CODE_LENGTH`: digits of the service's codes, 4–10, as its settings at Twilio say.
   *
   * @defaultValue 6
   */
  readonly codeLength: number | undefined;
}

/** Settings of the class `OtpModel`: from its options, else from the environment. */
export interface OtpModelConfig extends TwilioConfig {
  readonly secret: Secret;
  readonly database: string;
  /** Four durations in milliseconds, none shorter than the one before. */
  readonly waits: readonly number[];
}

/** What stands in the place of variables of the environment; a value given here is taken, and the variable not looked at. */
export interface OtpModelSettings {
  /** Instead of `TWILIO_ACCOUNT_SID`: `AC` + 32 hex. */
  readonly twilioAccountSid?: string | undefined;
  /** Instead of `TWILIO_AUTH_TOKEN`. */
  readonly twilioAuthToken?: string | undefined;
  /** Instead of `TWILIO_SERVICE_SID`: `VA` + 32 hex. */
  readonly twilioServiceSid?: string | undefined;
  /** Instead of `TWILIO_BASE_URL`, which is not needed: where Verify is, instead of at Twilio. */
  readonly twilioBaseUrl?: string | undefined;
  /** Instead of `TWILIO_CODE_LENGTH`, which is not needed where the service has codes of 6 digits. */
  readonly twilioCodeLength?: number | undefined;
  /** Instead of `FIRST_RESEND_DURATION`: the wait after the first message, in milliseconds. */
  readonly firstResendDuration?: number | undefined;
  /** Instead of `SECOND_RESEND_DURATION`. */
  readonly secondResendDuration?: number | undefined;
  /** Instead of `THIRD_RESEND_DURATION`. */
  readonly thirdResendDuration?: number | undefined;
  /** Instead of `FOURTH_RESEND_DURATION`: when this wait is over the counter begins again. */
  readonly fourthResendDuration?: number | undefined;
  /** Instead of `COUNTERSIGN_SECRET`: at least 32 bytes. */
  readonly secret?: string | undefined;
  /** Instead of `COUNTERSIGN_DATABASE`: the SQLite file. */
  readonly database?: string | undefined;
}

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's own. Nothing else looks at them. */
export function readEnvironment(): Environment {
  return process.env;
}

/** As long as the engine wants it: 256 bits. Checked here as well, so that the message names the variable that is at fault. */
const MIN_SECRET_BYTES = 32;

const DEFAULT_DATABASE = 'countersign.db';

const TWILIO = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_SERVICE_SID'] as const;

/**
 * Reads the environment.
 *
 * @throws {CountersignError} `configuration_invalid`, naming the variable. One that is set but empty is a mistake, such as a template that was not
 * filled in: passing over it would begin another database, under another key, and every limit anew. So are some of Twilio's without the others: codes
 * would be printed that somebody waits for.
 *
 * @param provider which was chosen. @defaultValue Twilio Verify where its settings are there, else the engine
 */
export function readConfig(environment: Environment = process.env, provider?: ProviderName): Config {
  const { COUNTERSIGN_SECRET: secret } = environment;
  const database = readDatabase(environment);
  const twilio = provider === 'self_issued' ? undefined : readTwilio(environment, provider === 'twilio_verify');
  if (secret === undefined) return { secret: undefined, database, twilio };
  if (secret === '') throw invalid('COUNTERSIGN_SECRET', `is empty: unset it, or give at least ${MIN_SECRET_BYTES} random bytes`);
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw invalid('COUNTERSIGN_SECRET', `is shorter than ${MIN_SECRET_BYTES} bytes: make one with "openssl rand -base64 48"`);
  }
  return { secret: new Secret(secret), database, twilio };
}

/**
 * `COUNTERSIGN_DATABASE` alone, for what needs no secret.
 *
 * @throws {CountersignError} `configuration_invalid` when it is set and empty.
 */
export function readDatabase({ COUNTERSIGN_DATABASE: database = DEFAULT_DATABASE }: Environment = process.env): string {
  if (database === '') throw invalid('COUNTERSIGN_DATABASE', 'is empty: unset it, or name a file or an address');
  return database;
}

function readTwilio(environment: Environment, isChosen: boolean): TwilioConfig | undefined {
  if (!isChosen && TWILIO.every((name) => environment[name] === undefined)) return undefined;
  const settings = pickTwilio(createPick({}, environment));
  const faults = findTwilioFaults(settings);
  if (faults.length > 0) throw invalidAll(faults);
  return toTwilioConfig(settings);
}

const DURATIONS = [
  ['FIRST_RESEND_DURATION', 'firstResendDuration'],
  ['SECOND_RESEND_DURATION', 'secondResendDuration'],
  ['THIRD_RESEND_DURATION', 'thirdResendDuration'],
  ['FOURTH_RESEND_DURATION', 'fourthResendDuration'],
] as const;

/**
 * The settings of `OtpModel`. All are needed, but for the database.
 *
 * @param hasStore whether a store was given: then no file is needed.
 * @param hasClient whether a client of Twilio's was given: then no credentials are.
 * @throws {CountersignError} `configuration_invalid`, with one message that names every setting that is missing or malformed.
 */
export function readOtpModelConfig(
  given: OtpModelSettings,
  { hasStore, hasClient }: { readonly hasStore: boolean; readonly hasClient: boolean },
  environment: Environment = process.env,
): OtpModelConfig {
  const pick = createPick(given, environment);
  const twilio = pickTwilio(pick);
  const durations = DURATIONS.map(([variable, option]) => pick(option, variable));
  const waits = durations.map(([, value]) => toWhole(value));
  const secret = pick('secret', 'COUNTERSIGN_SECRET');
  const database = pick('database', 'COUNTERSIGN_DATABASE');
  const faults = [
    ...findTwilioFaults(twilio, hasClient),
    ...durations.flatMap(([name], rung) => findDurationFault(name, waits, rung)),
    ...findSecretFault(...secret),
    ...(hasStore ? [] : findPathFault(...database)),
  ];
  if (faults.length > 0) throw invalidAll(faults);
  return {
    ...toTwilioConfig(twilio),
    waits: waits as number[],
    secret: new Secret(String(secret[1])),
    database: String(database[1] ?? DEFAULT_DATABASE),
  };
}

/** The name of a setting, and what it was set to. */
type Setting = readonly [name: string, value: unknown];

/** The name of a setting, and what is wrong with it. */
type Fault = readonly [name: string, problem: string];

/** Takes an option, or its variable where the option was not given. */
type Pick = (option: keyof OtpModelSettings, variable: string) => Setting;

type TwilioSettings = Readonly<Record<keyof TwilioConfig, Setting>>;

function createPick(given: OtpModelSettings, environment: Environment): Pick {
  return (option, variable) => (given[option] === undefined ? [variable, environment[variable]] : [option, given[option]]);
}

function pickTwilio(pick: Pick): TwilioSettings {
  return {
    accountSid: pick('twilioAccountSid', 'TWILIO_ACCOUNT_SID'),
    authToken: pick('twilioAuthToken', 'TWILIO_AUTH_TOKEN'),
    serviceSid: pick('twilioServiceSid', 'TWILIO_SERVICE_SID'),
    baseUrl: pick('twilioBaseUrl', 'TWILIO_BASE_URL'),
    codeLength: pick('twilioCodeLength', 'TWILIO_CODE_LENGTH'),
  };
}

/** @param hasClient whether Twilio is reached through a client that was given: its credentials are its own. */
function findTwilioFaults({ accountSid, authToken, serviceSid, baseUrl, codeLength }: TwilioSettings, hasClient = false): Fault[] {
  return [
    ...(hasClient ? [] : [...findNeededFault('accountSid', accountSid), ...findNeededFault('authToken', authToken)]),
    ...findNeededFault('serviceSid', serviceSid),
    ...(hasClient ? [] : findUrlFault(baseUrl)),
    ...findFault('codeLength', [codeLength[0], toWhole(codeLength[1])]),
  ];
}

function toTwilioConfig({ accountSid, authToken, serviceSid, baseUrl, codeLength }: TwilioSettings): TwilioConfig {
  return {
    accountSid: String(accountSid[1] ?? ''),
    authToken: new Secret(String(authToken[1] ?? '')),
    serviceSid: String(serviceSid[1]),
    baseUrl: baseUrl[1] === undefined ? undefined : String(baseUrl[1]),
    codeLength: codeLength[1] === undefined ? undefined : Number(toWhole(codeLength[1])),
  };
}

/** A variable is a text, whatever it says. */
function toWhole(value: unknown): unknown {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value;
}

function findNeededFault(setting: keyof typeof TWILIO_SETTINGS, [name, value]: Setting): Fault[] {
  return isMissing(value) ? [[name, 'is missing']] : findFault(setting, [name, value]);
}

function findUrlFault([name, value]: Setting): Fault[] {
  return value === '' ? [[name, 'is empty: unset it, or give a URL']] : findFault('baseUrl', [name, value]);
}

/** One that is not set is none. */
function findFault(setting: keyof typeof TWILIO_SETTINGS, [name, value]: Setting): Fault[] {
  const { isRight, rule } = TWILIO_SETTINGS[setting];
  return value === undefined || isRight(value) ? [] : [[name, rule]];
}

function findPathFault(name: string, value: unknown): Fault[] {
  if (value === undefined) return [];
  if (value === '') return [[name, 'is empty: unset it, or name a file']];
  return typeof value === 'string' && !value.includes('\0') ? [] : [[name, 'must be the path of a file']];
}

function isWholeBetween(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
}

function findSecretFault(name: string, value: unknown): Fault[] {
  if (isMissing(value)) return [[name, 'is missing']];
  if (typeof value !== 'string') return [[name, 'must be a text']];
  return Buffer.byteLength(value) >= MIN_SECRET_BYTES ? [] : [[name, `is shorter than ${MIN_SECRET_BYTES} bytes`]];
}

function findDurationFault(name: string, waits: readonly unknown[], rung: number): Fault[] {
  const [before, wait] = [waits[rung - 1], waits[rung]];
  if (isMissing(wait)) return [[name, 'is missing']];
  if (!isWholeBetween(wait, 1, MAX_WAIT)) return [[name, 'must be a whole number of milliseconds, from 1 to 30 days']];
  return isWholeBetween(before, 1, MAX_WAIT) && wait < before ? [[name, 'is shorter than the duration before it']] : [];
}

/** A variable that is set but empty is a template that was not filled in. */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function invalidAll(faults: readonly Fault[]): CountersignError {
  const message = faults.map(([name, problem]) => `${name} ${problem}`).join('; ');
  return new CountersignError('configuration_invalid', message, { field: faults[0]?.[0] ?? 'settings' });
}

function invalid(variable: string, problem: string): CountersignError {
  return new CountersignError('configuration_invalid', `${variable} ${problem}`, { field: variable });
}
