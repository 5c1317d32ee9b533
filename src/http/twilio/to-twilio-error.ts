import { CountersignError, type ErrorCode } from '../../core/errors.ts';
import { HttpProblem } from '../problem.ts';
import { invalidParameter, notFound, TwilioError, type TwilioErrorCode } from './twilio-errors.ts';

/** What the engine calls a field → what Twilio calls the parameter. */
export type ParameterNames = Readonly<Record<string, string>>;

/** What the engine throws, apart from input at fault. */
const BY_CODE: Readonly<Record<Exclude<ErrorCode, 'invalid_destination' | 'invalid_code' | 'invalid_request'>, () => TwilioError>> = {
  unauthorized: () => new TwilioError(20003),
  forbidden: () => new TwilioError(20403),
  not_found: notFound,
  // Guesses before this one are being judged elsewhere.
  conflict: () => new TwilioError(60212),
  provider_rejected: () => invalidParameter('To', 'the provider does not deliver to it'),
  // A store comes back sooner than a provider.
  provider_unavailable: () => new TwilioError(20503, { retrySeconds: 5 }),
  store_unavailable: () => new TwilioError(20503),
  configuration_invalid: () => new TwilioError(20500),
};

/** What the door, Fastify and Node refuse, by status: of their messages nothing is told. */
const BY_STATUS: Readonly<Record<number, TwilioErrorCode>> = {
  401: 20003,
  403: 20403,
  404: 20404,
  408: 20408,
  413: 20413,
  414: 20414,
  415: 20415,
  429: 20429,
  431: 20431,
};

/** What an error is answered with. Of a foreign one nothing is told: its message may hold a number or a secret. */
export function toTwilioError(error: unknown, names: ParameterNames = {}): TwilioError {
  if (error instanceof TwilioError) return error;
  if (error instanceof CountersignError) return fromEngine(error, names);
  const { status, retryAt, reason, headers } = error instanceof HttpProblem ? error.options : { status: readStatus(error) };
  const known = BY_STATUS[status];
  if (known !== undefined) return new TwilioError(known, { retryAt, reason, ...(headers !== undefined && { headers }) });
  return new TwilioError(status >= 400 && status < 500 ? 20400 : 20500);
}

function fromEngine({ code, field = '' }: CountersignError, names: ParameterNames): TwilioError {
  if (code !== 'invalid_destination' && code !== 'invalid_code' && code !== 'invalid_request') return BY_CODE[code]();
  return Object.hasOwn(names, field) ? invalidParameter(names[field] ?? field) : invalidParameter(field);
}

function readStatus(error: unknown): number {
  const status = (error as { readonly statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
