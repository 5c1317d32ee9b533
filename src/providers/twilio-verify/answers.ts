import { HOUR, MINUTE, SECOND } from '../../core/duration.ts';
import { CountersignError, type ErrorCode } from '../../core/errors.ts';
import type { ProviderCheckResult, ProviderLimit, ProviderRefusal, ProviderSendResult } from '../provider.ts';

/**
 * What Twilio answers, in our words. Its errors are told apart by their code (the numbers are Twilio's: https://www.twilio.com/docs/api/errors) and never
 * handed on: what the SDK throws for a network prints the credentials and the form.
 */

/** How long Twilio keeps a verification, and so its limit of five sends. */
const VERIFICATION_LIFE = 10 * MINUTE;

/** Limits and guards of Twilio's own, which a caller is answered as a value. How long they last Twilio says in prose, if at all. */
const LIMITS: ReadonlyMap<number, ProviderLimit> = new Map([
  [60203, { reason: 'budget_exhausted', retryAfter: VERIFICATION_LIFE }],
  [60212, { reason: 'in_progress', retryAfter: 10 * SECOND }],
  [20429, { reason: 'rate_limited', retryAfter: MINUTE }],
  [60410, { reason: 'guard_denied', retryAfter: 12 * HOUR, rule: 'twilio_fraud_guard', detail: 'Twilio blocks this prefix for now (60410)' }],
  [
    60605,
    {
      reason: 'guard_denied',
      retryAfter: undefined,
      rule: 'twilio_geo_permissions',
      detail: 'this country is off in the Geo Permissions of the Twilio account (60605)',
    },
  ],
]);

/** What is wrong with the settings, and what to do. */
const SETTINGS: ReadonlyMap<number, readonly [field: string, problem: string]> = new Map([
  [20003, ['authToken', 'Twilio refuses the credentials: compare `accountSid` and `authToken` with the console']],
  [20403, ['accountSid', 'the Twilio account is suspended, or may not do this: see the console']],
  [20404, ['serviceSid', 'Twilio knows no such Verify service in this account: compare `serviceSid` with the console']],
  [60223, ['channel', 'the Twilio service has this channel disabled: enable it in the console, or choose another']],
]);

/** Destinations that Twilio will never send to: a number it takes for none, a landline. */
const NO_DESTINATION = 60205;
const INVALID_PARAMETER = 60200;
const NOT_FOUND = 20404;
const MAX_CHECK_ATTEMPTS = 60202;

/** An error that Twilio answered. */
interface TwilioAnswer {
  readonly status: number;
  readonly code: number | undefined;
  readonly message: unknown;
}

/** What became of a message whose request threw. */
export function toFailedSend(error: unknown): ProviderSendResult {
  if (error instanceof CountersignError) return { status: 'refused', permanent: false, error };
  const answer = toAnswer(error);
  if (answer === undefined) return wasNeverSent(error) ? { status: 'refused', permanent: false, error: unavailable(error) } : { status: 'unknown' };
  // It may have left before something failed there.
  if (answer.status >= 500) return { status: 'unknown' };
  return toRefusal(answer, error);
}

function toRefusal({ status, code = 0, message }: TwilioAnswer, error: unknown): ProviderRefusal {
  const limit = LIMITS.get(code) ?? (status === 429 ? LIMITS.get(20429) : undefined);
  if (limit !== undefined) return { status: 'refused', permanent: false, limit };
  const setting = toSettingError(code, error);
  if (setting !== undefined) return { status: 'refused', permanent: false, error: setting };
  const parameter = code === INVALID_PARAMETER ? toParameter(message) : undefined;
  if (code === NO_DESTINATION || parameter === 'To') return { status: 'refused', permanent: true };
  const rejected = parameter === undefined ? 'refused this message: see the code in `cause`' : `does not accept \`${parameter}\``;
  const thrown: ErrorCode = parameter === undefined || parameter === 'Channel' ? 'provider_rejected' : 'invalid_request';
  return { status: 'refused', permanent: true, error: new CountersignError(thrown, `Twilio Verify ${rejected}; nothing was sent`, { cause: error }) };
}

/** What became of a guess whose request threw. */
export function toFailedCheck(error: unknown): ProviderCheckResult {
  if (error instanceof CountersignError) return { status: 'failed', error };
  const { code = 0, status } = toAnswer(error) ?? {};
  if (code === NOT_FOUND) return { status: 'ended', state: 'expired' };
  if (code === MAX_CHECK_ATTEMPTS) return { status: 'ended', state: 'max_attempts_reached' };
  if (status !== undefined || wasNeverSent(error)) return { status: 'failed', error: toSettingError(code, error) ?? toUnjudged(status, error) };
  return {
    status: 'unknown',
    error: new CountersignError('provider_unavailable', 'Twilio Verify did not answer; the guess is counted', { cause: error }),
  };
}

/** A guess that Twilio will refuse again, as a 400 does, is not one that a wait would help. */
function toUnjudged(status: number | undefined, cause: unknown): CountersignError {
  if (status === undefined || status === 429 || status >= 500) return unavailable(cause);
  return new CountersignError('provider_rejected', 'Twilio Verify refused this guess: see the code in `cause`; it was not counted', { cause });
}

/** Whether there was nothing to cancel. */
export function isGone(error: unknown): boolean {
  return toAnswer(error)?.code === NOT_FOUND;
}

function toSettingError(code: number, cause: unknown): CountersignError | undefined {
  const [field, problem] = SETTINGS.get(code) ?? [];
  return field === undefined || problem === undefined ? undefined : new CountersignError('configuration_invalid', problem, { field, cause });
}

function unavailable(cause: unknown): CountersignError {
  return new CountersignError('provider_unavailable', 'Twilio Verify could not be asked: see the name and code in `cause`', { cause });
}

/** By its shape and not its class: a client that was handed in may come from another copy of the SDK. */
function toAnswer(error: unknown): TwilioAnswer | undefined {
  const { status, code, message, isAxiosError } = (error ?? {}) as { status?: unknown; code?: unknown; message?: unknown; isAxiosError?: unknown };
  if (typeof status !== 'number' || isAxiosError === true) return undefined;
  return { status, code: typeof code === 'number' ? code : undefined, message };
}

/** Errors that come before a connection is there: `connect` itself, names that do not resolve, certificates. */
function wasNeverSent(error: unknown): boolean {
  const { code, syscall, cause } = (error ?? {}) as { code?: unknown; syscall?: unknown; cause?: { syscall?: unknown } };
  if ((syscall ?? cause?.syscall) === 'connect') return true;
  return (
    typeof code === 'string' &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code)
  );
}

/** The parameter that a message of 60200 names: `` Invalid parameter `To`: … `` or `Invalid parameter: To`. Never its value. */
function toParameter(message: unknown): string | undefined {
  return typeof message === 'string' ? /^Invalid parameter:? `?([A-Za-z.]{1,40})`?/.exec(message)?.[1] : undefined;
}
