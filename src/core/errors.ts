/**
 * Everything that is thrown: one closed union of codes, one table that says what each means to HTTP, to a retry and to a reader.
 * What a person's own request brings about (a wrong code, too soon, expired) is never here: that is a value.
 */

/** What a code means: its HTTP status, and whether the same call may succeed later without being changed. */
export interface ErrorCodeMeaning {
  readonly status: number;
  readonly retryable: boolean;
}

/** The one table: code → HTTP status → retryable. The page of each code is `docs/errors/<code>.md`. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeMeaning>> = {
  invalid_destination: { status: 400, retryable: false },
  invalid_code: { status: 400, retryable: false },
  invalid_request: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: true },
  provider_unavailable: { status: 503, retryable: true },
  provider_rejected: { status: 422, retryable: false },
  store_unavailable: { status: 503, retryable: true },
  configuration_invalid: { status: 500, retryable: false },
};

/** A stable, lower_snake code; the same string in the library, in JSON, in the CLI and in metrics. */
export type ErrorCode =
  | 'invalid_destination'
  | 'invalid_code'
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'provider_unavailable'
  | 'provider_rejected'
  | 'store_unavailable'
  | 'configuration_invalid';

/** Our own copy of what a driver or SDK threw: never its object, which may print credentials and numbers. */
export interface ErrorCause {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
}

/** What a {@link CountersignError} may carry beside its message. */
export interface CountersignErrorOptions {
  /** The input field or setting at fault, such as `to`, `code` or `secret`. */
  readonly field?: string;
  /** Whatever was caught; only its name, code and HTTP status are kept. */
  readonly cause?: unknown;
}

/**
 * The one class this package throws. No message holds a code, a full number or address, or a token.
 *
 * @example
 * try { await verifier.start({ to }) } catch (error) {
 *   if (error instanceof CountersignError && error.code === 'invalid_destination') showFieldError(error.field);
 *   else throw error;
 * }
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: ErrorCode;
  /** HTTP status that a server would answer with. */
  readonly status: number;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The input field or setting at fault, where there is one. */
  declare readonly field?: string;
  /** Path of the page that explains this code, inside the repository. */
  readonly docs: string;

  constructor(code: ErrorCode, message: string, { field, cause }: CountersignErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause: toErrorCause(cause) });
    this.code = code;
    this.status = ERROR_CODES[code].status;
    this.retryable = ERROR_CODES[code].retryable;
    if (field !== undefined) this.field = field;
    this.docs = `docs/errors/${code}.md`;
  }

  /** What may be shown and logged; nested causes are already our own copies. */
  toJSON(): { code: ErrorCode; message: string; field?: string; docs: string } {
    return { code: this.code, message: this.message, ...(this.field !== undefined && { field: this.field }), docs: this.docs };
  }
}

/** Copies the three harmless properties of a foreign error: its message is left behind, because SDKs put numbers and URLs into it. */
export function toErrorCause(error: unknown): ErrorCause {
  if (typeof error !== 'object' || error === null) return { name: typeof error };
  const { name, code, status } = error as { name?: unknown; code?: unknown; status?: unknown };
  return {
    name: isToken(name) ? name : 'Error',
    ...(isToken(code) && { code }),
    ...(typeof code === 'number' && Math.abs(code) < 100_000 && { code: String(code) }),
    ...(typeof status === 'number' && status >= 100 && status < 600 && { status }),
  };
}

/** A short identifier that begins with a letter, such as `ECONNRESET` or `SQLITE_BUSY`: nothing that could be a number or a secret. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_]{0,39}$/.test(value);
}
