import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { CountersignError, toErrorCause } from '../core/errors.ts';
import type { LogLevel } from './settings.ts';

/** What a log line may hold beside its time, level and message, which is always one of ours. Anything else is left out, whoever logs it. */
const FIELDS: ReadonlySet<string> = new Set([
  'requestId',
  'operation',
  'method',
  'status',
  'milliseconds',
  'keyId',
  'code',
  'reason',
  'error',
  'url',
  'metricsUrl',
  'count',
  'signal',
  'service',
  'sender',
  'outcome',
  'cause',
]);

/** Log lines as JSON. */
export interface LoggingOptions {
  readonly level: LogLevel;
  /** @defaultValue standard output */
  readonly destination?: DestinationStream | undefined;
}

/** Makes the logger of a process. */
export function createLogger({ level, destination }: LoggingOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: pick },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** What of anything that was thrown may be written down: names and codes. Its message may hold a number, an address or a password, unless it is ours. */
function toLoggedError(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof CountersignError)
    return { name: error.name, code: error.code, message: error.message, ...(error.cause !== undefined && { cause: error.cause }) };
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, code, stack = '' } = error as NodeJS.ErrnoException;
  return { ...(isWord(name) && { name }), ...(isWord(code) && { code }), at: toFrames(stack) };
}

/** Where it was thrown: the frames without the message, and without folders of this machine. */
function toFrames(stack: string): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim().replace(/(?:file:\/\/)?\/\S*\/(?=[^/\s]+\/[^/\s]+:\d+)/, ''));
}

function pick(object: Record<string, unknown>): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    if (FIELDS.has(name)) picked[name] = toLogged(name, object[name]);
  }
  return picked;
}

function toLogged(name: string, value: unknown): unknown {
  if (name === 'cause') return toErrorCause(value);
  return name === 'error' ? toLoggedError(value) : value;
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_]{0,39}$/.test(value);
}
