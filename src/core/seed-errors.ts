import { type ErrorCause, toErrorCause } from './errors.ts';

/**
 * The three exceptions of the class that Countersign grew from. Its callers turn them into answers of their own by name and status, so here they are as
 * they were, with a code that says more. No message holds a code, a number or an id.
 */

/** What every one of them has. */
abstract class SeedError extends Error {
  /** HTTP status that a server would answer with. */
  abstract readonly status: 429 | 403 | 500;
  /** Why, as a reason or an error code of the engine: `resend_too_soon`, `wrong_code`, `store_unavailable`, … */
  readonly code: string;
  /** From when on the same call may succeed, where that is known. */
  declare readonly retryAt?: Date;
  declare readonly cause?: ErrorCause;

  /** @param options.cause whatever was caught; only its name, code and status are kept. */
  constructor(code: string, message: string, { retryAt, cause }: { readonly retryAt?: Date | undefined; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause: toErrorCause(cause) });
    this.code = code;
    if (retryAt !== undefined) this.retryAt = retryAt;
  }

  /** What may be shown and logged. */
  toJSON(): { name: string; status: number; code: string; message: string; retryAt?: string } {
    const { name, status, code, message, retryAt } = this;
    return { name, status, code, message, ...(retryAt && { retryAt: retryAt.toISOString() }) };
  }
}

/** A wait is not over, or a budget is used up. */
export class TooManyRequests extends SeedError {
  override readonly name = 'TooManyRequests';
  readonly status = 429;
}

/** Not this code, not this counter, not now. */
export class Forbidden extends SeedError {
  override readonly name = 'Forbidden';
  readonly status = 403;
}

/** The store, the network or Twilio failed. */
export class InternalServerError extends SeedError {
  override readonly name = 'InternalServerError';
  readonly status = 500;
}
