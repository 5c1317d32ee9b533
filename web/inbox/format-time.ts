import { formatWait } from '../format-wait.ts';

/** The time of day, as people here write it. */
export function formatClock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** What is left until then: `0:29`, `12:00`, `23:59:59`. Undefined where it is over. */
export function formatLeft(until: string): string | undefined {
  const left = Date.parse(until) - Date.now();
  return left > 0 ? formatWait(left) : undefined;
}
