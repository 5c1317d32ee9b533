import { CountersignError, type ErrorCode } from '../core/errors.ts';

/** What a command ends with. A script can tell a person who mistyped from a caller that did, and both from a world that failed. */
export const EXIT = {
  /** It happened: sent, approved, canceled, found. */
  ok: 0,
  /** A well-formed request that was refused or not approved. The same may succeed later. */
  refused: 1,
  /** The command cannot be understood; nothing was done. */
  misuse: 2,
  /** A setting, the store or the provider failed; nothing was approved. */
  failed: 3,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_BY_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  invalid_destination: EXIT.misuse,
  invalid_code: EXIT.misuse,
  invalid_request: EXIT.misuse,
  unauthorized: EXIT.refused,
  forbidden: EXIT.refused,
  not_found: EXIT.refused,
  conflict: EXIT.refused,
  provider_unavailable: EXIT.failed,
  provider_rejected: EXIT.failed,
  store_unavailable: EXIT.failed,
  configuration_invalid: EXIT.failed,
};

/** The exit code of anything that was thrown. */
export function toExitCode(error: unknown): ExitCode {
  return error instanceof CountersignError ? EXIT_BY_ERROR[error.code] : EXIT.failed;
}
