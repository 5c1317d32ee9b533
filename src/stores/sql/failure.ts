import { CountersignError, type ErrorCode } from '../../core/errors.ts';
import type { WriteFailure } from '../versioned-driver.ts';

/** What an error of a SQL driver means. */
export interface Meaning {
  readonly code: Extract<ErrorCode, 'store_unavailable' | 'configuration_invalid'>;
  /** What happened and what to do, in one sentence that holds nothing of the data and nothing of the address. */
  readonly remedy: string;
  /** What a write that met it came to. */
  readonly outcome: WriteFailure;
  /** Whether one record may be at fault, so that its neighbours in a statement are worth another try. */
  readonly isLocal?: boolean;
}

/** A statement that failed: what callers are told, and what it means to the loop. Never leaves this package. */
export class SqlFailure extends Error {
  override readonly name = 'SqlFailure';
  /** For callers: our own words, and of the driver's error its name and code. */
  readonly error: CountersignError;
  readonly outcome: WriteFailure;
  readonly isLocal: boolean;

  constructor({ code, remedy, outcome, isLocal = false }: Meaning, cause: unknown) {
    super(remedy);
    this.error = new CountersignError(code, remedy, { cause });
    this.outcome = outcome;
    this.isLocal = isLocal;
  }
}

/** An error that is told in our own words already, as that of a driver that is not installed; undefined for any other. */
export function toKnownFailure(error: unknown): SqlFailure | undefined {
  if (error instanceof SqlFailure) return error;
  if (!(error instanceof CountersignError && (error.code === 'configuration_invalid' || error.code === 'store_unavailable'))) return undefined;
  return new SqlFailure({ code: error.code, remedy: error.message, outcome: 'not_applied' }, error.cause);
}

/** What a caller is told of anything that was thrown. */
export function toCallerError(error: unknown): unknown {
  return error instanceof SqlFailure ? error.error : error;
}

/** Codes of Node's own that a connection ends with before anything was sent over it. */
export const NEVER_CONNECTED: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', 'EACCES'];

/** The `code` of an error as a string; `''` where it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
