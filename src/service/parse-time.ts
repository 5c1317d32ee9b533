import { HOUR, MINUTE } from '../core/duration.ts';

/** A date, a `T` or a blank, a time, and maybe a zone: ISO 8601, and what databases and Python print. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?$/i;

const OFFSET = /^([+-])(\d\d)(?::?(\d\d))?$/;

/** No place is further from UTC: Kiribati's Line Islands, UTC+14 (IANA time zone database). */
const MAX_OFFSET = 14 * HOUR;

/**
 * A time in milliseconds since 1970-01-01 UTC, rounded up: `2026-01-31T10:00:00Z`, `2026-01-31 10:00:00.123456`. Seconds may be missing, the date not.
 *
 * @param utcOffset how far a time without a zone is ahead of UTC, in milliseconds.
 * @returns undefined for anything else, for days that no calendar has, and for years before 1970.
 */
export function parseTime(text: string, utcOffset: number): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date takes the 31st of February for the 3rd of March.
  const read = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  if (year < 1970 || read.join() !== [month, day, hour, minute, second].join()) return undefined;
  const [fraction = '', zone] = match.slice(7);
  const offset = zone === undefined ? utcOffset : parseUtcOffset(zone);
  if (offset === undefined) return undefined;
  return date.getTime() + Math.ceil(Number(`0.${fraction || 0}`) * 1_000) - offset;
}

/**
 * How far a zone is ahead of UTC, in milliseconds: of `+02:00`, `-0530`, `+01` or `Z`.
 *
 * @returns undefined for anything else, and for more than 14 hours.
 */
export function parseUtcOffset(text: string): number | undefined {
  if (text.toUpperCase() === 'Z') return 0;
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes = '0'] = match;
  const offset = Number(hours) * HOUR + Number(minutes) * MINUTE;
  if (Number(minutes) > 59 || offset > MAX_OFFSET) return undefined;
  return sign === '-' && offset > 0 ? -offset : offset;
}
