/** The time of day, as people here write it. */
export function formatClock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** What is left until then: `0:29`, `12:00`, `23:59:59`. Undefined where it is over. */
export function formatLeft(until: string): string | undefined {
  const left = Math.ceil((Date.parse(until) - Date.now()) / 1000);
  if (!(left > 0)) return undefined;
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60)];
  return `${hours > 0 ? `${hours}:${two(minutes % 60)}` : minutes}:${two(left % 60)}`;
}
