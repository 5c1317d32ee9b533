/** Durations are whole milliseconds; these name them where a number is written down. */
export const SECOND = 1_000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;

/** The longest duration that is accepted anywhere: 400 days. */
export const MAX_DURATION: number = 400 * DAY;

/** The longest wait between two messages that may be set anywhere: 30 days. */
export const MAX_WAIT: number = 30 * DAY;

/** Whether `value` is a usable duration: a whole number of milliseconds from 1 to {@link MAX_DURATION}. */
export function isDuration(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_DURATION;
}
