import { CountersignError, ERROR_CODES, type ErrorCode } from '../core/errors.ts';

/** Machine-readable errors (RFC 9457). Everything that is not a success leaves as one. */

/** Codes of answers that no {@link CountersignError} stands for: a limit that refused, a way of asking that HTTP has words for, and a fault of ours. */
export const HTTP_CODES = ['refused', 'method_not_allowed', 'payload_too_large', 'unsupported_media_type', 'internal_error'] as const;

export type ProblemCode = ErrorCode | (typeof HTTP_CODES)[number];

/** What a problem says. */
export interface ProblemOptions {
  readonly status: number;
  readonly code: ProblemCode;
  /** Why a limit or a guard refused. */
  readonly reason?: string | undefined;
  /** A sentence for whoever reads the answer. It never holds a value of the request. */
  readonly detail: string;
  /** From when on the same request may succeed. */
  readonly retryAt?: Date | undefined;
  /** The input field at fault. */
  readonly field?: string | undefined;
  /** What else the caller is told, such as the verification that is alive. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Thrown by handlers to answer with a problem. Like every answer that is no success it is not kept for an idempotency key. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly options: ProblemOptions;

  constructor(options: ProblemOptions) {
    super(options.detail);
    this.options = options;
  }
}

/** A problem as JSON. */
export type ProblemBody = Readonly<Record<string, unknown>>;

/** What a problem is called, and the page that explains it. */
export interface ProblemMeaning {
  readonly title: string;
  /** Path of the page in the repository. */
  readonly docs: string;
}

const TITLES: Readonly<Record<ProblemCode, string>> = {
  invalid_destination: 'The destination is not one that can be verified',
  invalid_code: 'The code cannot be one',
  invalid_request: 'The request is not well-formed',
  unauthorized: 'No valid API key',
  forbidden: 'The API key or its service may not do this',
  not_found: 'Nothing is here',
  conflict: 'The request contradicts what is under way',
  provider_unavailable: 'The provider could not be reached',
  provider_rejected: 'The provider does not deliver to this destination',
  store_unavailable: 'The store cannot answer',
  configuration_invalid: 'The service is not configured for this',
  refused: 'A limit or a guard refused',
  method_not_allowed: 'The path does not take this method',
  payload_too_large: 'The body is too large',
  unsupported_media_type: 'The body is not JSON',
  internal_error: 'Something of ours failed',
};

/** Every code that a problem may carry. */
export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(TITLES) as ProblemCode[];

/** What a code or a reason means; undefined for any other text. */
export function describeProblem(code: string): ProblemMeaning | undefined {
  const known = PROBLEM_CODES.find((name) => name === code);
  return known && { title: TITLES[known], docs: Object.hasOwn(ERROR_CODES, known) ? `docs/errors/${known}.md` : 'docs/rest.md#problems' };
}

/** Seconds to wait where nobody knows when it will be better: a store comes back sooner than a provider. */
const RETRY_SECONDS: Readonly<Record<string, number>> = { store_unavailable: 1, provider_unavailable: 5 };

/** Where and when a problem occurred. */
export interface ProblemContext {
  /** The service's public address, under which the page of each code is. */
  readonly publicUrl: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A problem ready to leave. */
export interface RenderedProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;
}

/** Renders a problem; `Retry-After` is the ceiling of `retryAt` in seconds, and is on every 429 and 503. */
export function renderProblem(options: ProblemOptions, { publicUrl, requestId, now }: ProblemContext): RenderedProblem {
  const { status, code, reason, detail, retryAt, field, extra, headers } = options;
  const waits = status === 429 || status === 503 || retryAt !== undefined;
  const seconds = retryAt === undefined ? (RETRY_SECONDS[code] ?? 1) : toSeconds(retryAt, now);
  return {
    status,
    headers: { ...headers, ...(waits && { 'retry-after': String(seconds) }) },
    body: {
      type: `${publicUrl}/problems/${code}`,
      title: TITLES[code],
      status,
      code,
      ...(reason !== undefined && { reason }),
      detail,
      ...(field !== undefined && { field }),
      ...(retryAt !== undefined && { retryAt: retryAt.toISOString() }),
      ...extra,
      docs: reason === undefined ? describeProblem(code)?.docs : `docs/outcomes/${reason}.md`,
      instance: `urn:uuid:${requestId}`,
    },
  };
}

/** `Retry-After` is the ceiling, and at least 1. @param now milliseconds since 1970. */
export function toSeconds(retryAt: Date, now: number): number {
  return Math.max(1, Math.ceil((retryAt.getTime() - now) / 1000));
}

/** What an error is answered with. Of a foreign one nothing is told: its message may hold a number or a secret. */
export function toProblem(error: unknown): ProblemOptions {
  if (error instanceof HttpProblem) return error.options;
  if (error instanceof CountersignError) return { status: error.status, code: error.code, detail: error.message, field: error.field };
  return toFrameworkProblem(error);
}

/** What Fastify and Node refuse before a handler is asked, by status: their messages may repeat what was sent. */
const FRAMEWORK: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  400: ['invalid_request', 'the request is not well-formed'],
  404: ['not_found', 'there is nothing at this path'],
  408: ['invalid_request', 'the request took too long to arrive'],
  413: ['payload_too_large', 'the body is larger than 16 kB'],
  414: ['invalid_request', 'the address is too long'],
  415: ['unsupported_media_type', 'the body must be JSON, and `content-type` say application/json'],
  431: ['invalid_request', 'the headers are too large'],
};

function toFrameworkProblem(error: unknown): ProblemOptions {
  const given = (error as { readonly statusCode?: unknown } | undefined)?.statusCode;
  const known = typeof given === 'number' ? FRAMEWORK[given] : undefined;
  if (known !== undefined) return { status: given as number, code: known[0], detail: known[1] };
  const isTheirs = typeof given === 'number' && given >= 400 && given < 500;
  if (isTheirs) return { status: 400, code: 'invalid_request', detail: 'the request is not well-formed' };
  return { status: 500, code: 'internal_error', detail: 'something of ours failed; the log has it under this instance' };
}
