import { toSeconds } from '../problem.ts';
import { toSafePath } from './safe-path.ts';

/** Errors as Twilio's clients read them: four fields and never a `type` or `title`, with which some of them throw another class (RFC 9457). */

/**
 * What is answered, by code: the HTTP status of Twilio's dictionary, and its title. Where the dictionary gives no status (60228, 60238, 60243, 60410) a
 * sibling's stands in. What HTTP has a word for and the dictionary has not goes by its pattern, 20000 and the status, as 20404 and 20429 do.
 */
const ERRORS: Readonly<Record<TwilioErrorCode, readonly [status: number, title: string]>> = {
  20003: [401, 'Authenticate'],
  20004: [405, 'Method not allowed'],
  20400: [400, 'The request is not well-formed'],
  20403: [403, 'Forbidden'],
  20404: [404, 'The requested resource was not found'],
  20408: [408, 'The request took too long to arrive'],
  20413: [413, 'The body is larger than 16 kB'],
  20414: [414, 'The address is too long'],
  20415: [415, 'The body must be a form, and its content type application/x-www-form-urlencoded'],
  20429: [429, 'Too many requests'],
  20431: [431, 'The headers are too large'],
  20500: [500, 'Internal server error'],
  20503: [503, 'Service unavailable'],
  21481: [400, 'Invalid page token'],
  60200: [400, 'Invalid parameter'],
  60202: [429, 'Max check attempts reached'],
  60203: [429, 'Max send attempts reached'],
  60206: [400, 'Amount and Payee are required'],
  60207: [400, 'Max rate limits count reached'],
  60208: [400, 'Unique name already exists'],
  60209: [400, 'Invalid unique name'],
  60210: [400, 'Max buckets count reached'],
  60211: [400, 'A bucket with this interval already exists'],
  60212: [429, 'Too many concurrent requests for phone number'],
  60214: [400, 'Call channel is not supported with PSD2'],
  60221: [400, 'Missing required To or VerificationSid'],
  60223: [400, 'Delivery channel disabled'],
  60228: [400, 'Template was not found'],
  60238: [403, 'Verification creation is blocked'],
  60243: [400, 'Custom messages are not supported'],
  60410: [403, 'Verification delivery attempt blocked'],
  60602: [400, 'App hash is supported by SMS only'],
  60605: [403, 'Verification delivery attempt blocked by geo permissions'],
};

/** A code that this door answers. */
export type TwilioErrorCode =
  | 20003
  | 20004
  | 20400
  | 20403
  | 20404
  | 20408
  | 20413
  | 20414
  | 20415
  | 20429
  | 20431
  | 20500
  | 20503
  | 21481
  | 60200
  | 60202
  | 60203
  | 60206
  | 60207
  | 60208
  | 60209
  | 60210
  | 60211
  | 60212
  | 60214
  | 60221
  | 60223
  | 60228
  | 60238
  | 60243
  | 60410
  | 60602
  | 60605;

/** All of them. */
export const TWILIO_ERROR_CODES: readonly TwilioErrorCode[] = Object.keys(ERRORS).map((code) => Number(code) as TwilioErrorCode);

/** What is known beside the code. */
export interface TwilioErrorOptions {
  /** Instead of the title. It names parameters and never holds a value: messages end in tickets. */
  readonly message?: string | undefined;
  /** From when on the same request may succeed. */
  readonly retryAt?: Date | undefined;
  /** Seconds to wait where nobody knows when it will be better. @defaultValue 1 */
  readonly retrySeconds?: number;
  /** What a log calls it, beside the code. */
  readonly reason?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is answered instead of what was asked for. */
export class TwilioError extends Error {
  override readonly name = 'TwilioError';
  readonly code: TwilioErrorCode;
  readonly options: TwilioErrorOptions;

  constructor(code: TwilioErrorCode, options: TwilioErrorOptions = {}) {
    super(options.message ?? ERRORS[code][1]);
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}

/** A parameter that is missing or wrong. @param why such as `must be true or false`; without the value. */
export function invalidParameter(name: string, why?: string): TwilioError {
  return new TwilioError(60200, { message: `Invalid parameter \`${name}\`${why === undefined ? '' : `: ${why}`}` });
}

/** Nothing is here, or nothing that this key may know of: the answer does not tell which. */
export function notFound(): TwilioError {
  return new TwilioError(20404);
}

/** The body of every error. */
export interface TwilioErrorBody {
  readonly code: number;
  readonly message: string;
  readonly more_info: string;
  readonly status: number;
}

/** An error ready to leave. */
export interface RenderedTwilioError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: TwilioErrorBody;
}

/** Renders an error; `Retry-After` is on every 429 and 503. */
export function renderTwilioError(error: TwilioError, { url, now }: { readonly url: string; readonly now: number }): RenderedTwilioError {
  const { code, status, message, options } = error;
  const { retryAt, retrySeconds = 1, headers } = options;
  const waits = status === 429 || status === 503 || retryAt !== undefined;
  return {
    status,
    headers: { ...headers, ...(waits && { 'retry-after': String(retryAt === undefined ? retrySeconds : toSeconds(retryAt, now)) }) },
    body: {
      code,
      // Applications match on "was not found".
      message: code === 20404 && options.message === undefined ? `The requested resource ${toSafePath(url)} was not found` : message,
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status,
    },
  };
}
