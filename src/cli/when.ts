import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
] as const;

/**
 * A time on the clock of whoever reads it, and how far off it is: `14:03:22 (in 1 min 58 s)`; with its date on another day.
 *
 * Rounded up to the second, so that a call at the time shown is not refused for being half a second early.
 */
export function describeTime(at: Date, now: Date = new Date()): string {
  const shown = new Date(Math.ceil(at.getTime() / SECOND) * SECOND);
  const away = at.getTime() - now.getTime();
  return `${describeClock(shown, now)} (${describeDistance(away)})`;
}

function describeDistance(away: number): string {
  if (away > 0) return `in ${describeWait(away)}`;
  return away === 0 ? 'now' : `${describeWait(-away)} ago`;
}

/** The two largest units of a duration in milliseconds, seconds rounded up: `1 min 58 s`. */
export function describeWait(duration: number): string {
  let rest = Math.ceil(duration / SECOND) * SECOND;
  const parts: string[] = [];
  for (const [unit, name] of UNITS) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    // The unit below the largest, or nothing: "1 d 5 s" would claim to know more than "1 d" does.
    if (parts.length === 1) return count === 0 ? `${parts[0]}` : `${parts[0]} ${count} ${name}`;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts[0] ?? '0 s';
}

function describeClock(at: Date, now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}
