import { isDuration, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';

/** What is wrong with one option. The problem never repeats the option's value: it may be a password. */
export type Fault = readonly [field: string, problem: string];

/** The longest name of a sender, as the self-issued provider takes it. */
const MAX_NAME_LENGTH = 40;

/** Ten seconds less than the 60 s after which a delivery that is still `sending` reads as `unknown`. */
const LONGEST_TIMEOUT: number = 50 * SECOND;

/** How long one send may take unless told otherwise. */
export const DEFAULT_TIMEOUT: number = 10 * SECOND;

/** One error for all faults, so that an operator puts them right in one go. */
export function assertNoFaults(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const message = faults.map(([field, problem]) => `\`${field}\` ${problem}`).join('; ');
  throw new CountersignError('configuration_invalid', message, { field: first[0] });
}

export function findNameFaults(name: unknown): Fault[] {
  const isName = typeof name === 'string' && name.length <= MAX_NAME_LENGTH && /^[\x21-\x7e]+$/.test(name);
  return isName ? [] : [['name', `must be 1 to ${MAX_NAME_LENGTH} printable characters without a space`]];
}

export function findTimeoutFaults(timeout: unknown): Fault[] {
  const isTimeout = isDuration(timeout) && timeout <= LONGEST_TIMEOUT;
  return isTimeout ? [] : [['timeout', `must be a whole number of milliseconds, at most ${LONGEST_TIMEOUT}`]];
}

export function findFlagFaults(field: string, value: unknown): Fault[] {
  return value === undefined || typeof value === 'boolean' ? [] : [[field, 'must be true or false']];
}

export function findTextFaults(field: string, value: unknown, pattern: RegExp, problem: string): Fault[] {
  return typeof value === 'string' && pattern.test(value) ? [] : [[field, problem]];
}
