import { CHANNELS, type Destination, parseDestination } from '../core/destination.ts';
import { SECOND } from '../core/duration.ts';
import type {
  JudgingProvider,
  ProviderCheckRequest,
  ProviderCheckResult,
  ProviderReceipt,
  ProviderSendRequest,
  ProviderSendResult,
} from './provider.ts';
import { isGone, toFailedCheck, toFailedSend } from './twilio-verify/answers.ts';
import { loadTwilioClient, type TwilioAccess, type TwilioClient, type TwilioService } from './twilio-verify/client.ts';
import { parseSendOptions, type TwilioVerifySendOptions, toCreateOptions } from './twilio-verify/send-options.ts';
import { assertSettings } from './twilio-verify/settings.ts';
import { within } from './within.ts';

export type { TwilioCheck, TwilioClient, TwilioCreate, TwilioService } from './twilio-verify/client.ts';
export type { TwilioVerifySendOptions } from './twilio-verify/send-options.ts';

/** How Twilio Verify is reached: with the account's credentials, or through a client of yours. */
export type TwilioVerifyOptions = TwilioVerifySettings & (TwilioCredentials | { readonly client: TwilioClient });

/** An account and its token; the official SDK (`npm install twilio`) is loaded on first use. */
export interface TwilioCredentials {
  readonly client?: undefined;
  /** `AC` + 32 hex. */
  readonly accountSid: string;
  readonly authToken: string;
  /** Where Verify is, instead of at Twilio: a double, or a service that speaks its language. Only the host counts. */
  readonly baseUrl?: string | undefined;
}

/** Settings beside the way to reach it. */
export interface TwilioVerifySettings {
  /** The Verify service, `VA` + 32 hex. */
  readonly serviceSid: string;
  /**
   * Digits of the service's codes, 4–10, as its settings at Twilio say: then a guess of another length is not asked about, and not charged.
   * @defaultValue a start says 6, Twilio's own default, and guesses of every length are asked about
   */
  readonly codeLength?: number | undefined;
  /**
   * How long one request may take, in milliseconds, at most 50 s. What happened to a message after that is `unknown`, and a guess stays counted.
   * @defaultValue 10 000
   */
  readonly timeout?: number;
  /** What every message is sent with, where its start says nothing else. */
  readonly defaults?: TwilioVerifySendOptions;
  /** Takes each object that Twilio answered with, as the SDK made it: it holds the number in full. What it throws changes nothing. */
  readonly onAnswer?: (answer: unknown) => void;
}

const NAME = 'twilio_verify';

/**
 * Makes the provider that has Twilio Verify issue, send and judge codes, under the engine's own ladder, budgets and records.
 *
 * Twilio keeps one pending verification for a number, whoever asked (`isolation: 'destination'`), lets it live for ten minutes, and repeats its code
 * after a wrong guess too. No request is repeated. It logs nothing, and nothing that it throws holds what the SDK threw.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every setting at fault.
 * @example
 * const provider = createTwilioVerifyProvider({ accountSid, authToken, serviceSid });
 * const verifier = createVerifier({ secret, store, provider });
 */
export function createTwilioVerifyProvider(options: TwilioVerifyOptions): JudgingProvider {
  assertSettings(options);
  const { serviceSid, codeLength, timeout = 10 * SECOND, onAnswer } = options;
  const defaults = parseSendOptions({ ...options.defaults });
  const service = createServiceLoader(options, timeout);
  /** One request, and what the SDK made of its answer. */
  const request = async (call: (service: TwilioService) => Promise<unknown>): Promise<TwilioResource> => {
    const loaded = await service();
    const answer = await within(timeout, Promise.resolve(call(loaded.verify.v2.services(serviceSid))));
    tell(onAnswer, answer);
    return (answer ?? {}) as TwilioResource;
  };
  return Object.freeze({
    name: NAME,
    channels: CHANNELS,
    codeLength: codeLength ?? USUAL_CODE_LENGTH,
    acceptsAnyLength: codeLength === undefined,
    isolation: 'destination' as const,
    parseOptions: (given: Readonly<Record<string, unknown>>) => ({ ...parseSendOptions(given) }),
    // Which languages there are texts in, Twilio says.
    findLanguage: (locale: string) => locale,
    async send({ to, channel, language, options: given }: Omit<ProviderSendRequest, 'code'>): Promise<ProviderSendResult> {
      try {
        const params = {
          ...toCreateOptions({ ...defaults, ...given, ...(language !== undefined && { locale: language }) }),
          to: to.reveal(),
          channel,
        };
        const { sid, status } = await request(({ verifications }) => verifications.create(params));
        return isSid(sid) && status === 'pending' ? { status: 'sent', sender: NAME, reference: sid } : { status: 'unknown' };
      } catch (error) {
        return toFailedSend(error);
      }
    },
    async check(asked: ProviderCheckRequest): Promise<ProviderCheckResult> {
      const { to, code, reference } = asked;
      try {
        const which = reference === undefined ? { to: to.reveal() } : { verificationSid: reference };
        return toJudged(await request(({ verificationChecks }) => verificationChecks.create({ ...which, code: code.reveal() })), asked);
      } catch (error) {
        return toFailedCheck(error);
      }
    },
    async cancel({ to, reference }: ProviderReceipt) {
      try {
        const { status } = await request(({ verifications }) => verifications(reference ?? toPathPart(to.reveal())).update({ status: 'canceled' }));
        return { status: status === 'canceled' ? ('canceled' as const) : ('failed' as const) };
      } catch (error) {
        return { status: isGone(error) ? ('gone' as const) : ('failed' as const) };
      }
    },
  });
}

/** A listener is a guest: what Twilio did is done, whatever becomes of telling it. */
function tell(listener: ((answer: unknown) => unknown) | undefined, answer: unknown): void {
  try {
    const returned = listener?.(answer);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // Nobody waits for it.
  }
}

/** Digits of the codes of a service that says nothing else. */
const USUAL_CODE_LENGTH = 6;

/** As much of a verification or a check as is looked at. Anything may be missing: a proxy answers too. */
interface TwilioResource {
  readonly sid?: unknown;
  readonly to?: unknown;
  readonly status?: unknown;
  readonly valid?: unknown;
}

/** Ensure that only Twilio's whole word approves: the status, `valid`, and the verification and number that were asked about. */
function toJudged({ sid, to, status, valid }: TwilioResource, asked: ProviderCheckRequest): ProviderCheckResult {
  const isIt = isSid(sid) && (asked.reference === undefined || sid === asked.reference) && isSame(to, asked.to);
  if (!isIt) return { status: 'unknown' };
  switch (status) {
    case 'approved':
      return valid === true ? { status: 'approved', reference: sid } : { status: 'unknown' };
    case 'pending':
      return { status: 'wrong', reference: sid };
    case 'canceled':
    case 'max_attempts_reached':
      return { status: 'ended', state: status };
    case 'expired':
    case 'deleted':
      return { status: 'ended', state: 'expired' };
    default:
      return { status: 'unknown' };
  }
}

function isSid(sid: unknown): sid is string {
  return typeof sid === 'string' && /^VE[0-9a-fA-F]{32}$/.test(sid);
}

/** The SDK puts it into the path as it is, and refuses some of what an address may hold. A number stays as it is. */
function toPathPart(destination: string): string {
  return destination.replace(/[^A-Za-z0-9@+._-]+/g, encodeURIComponent);
}

/** Addresses come back in lower case, and a number may in another of its spellings. */
function isSame(to: unknown, destination: Destination): boolean {
  try {
    return parseDestination(to).revealFolded() === destination.revealFolded();
  } catch {
    return false;
  }
}

/** The client, loaded once; again where that failed. */
function createServiceLoader(options: TwilioVerifyOptions, timeout: number): () => Promise<TwilioClient> {
  let loading: Promise<TwilioClient> | undefined;
  const load = async () => options.client ?? loadTwilioClient(toAccess(options, timeout));
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

function toAccess({ accountSid, authToken, baseUrl }: TwilioCredentials, timeout: number): TwilioAccess {
  return { accountSid, authToken, timeout, baseUrl: baseUrl === undefined ? undefined : new URL(baseUrl) };
}
