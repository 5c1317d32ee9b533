/**
 * A wait as `1:58` or `23:59:59`: the same in every language, and what the page's script goes on counting down. A second that has begun is shown whole.
 *
 * @param milliseconds what is left; 0:00 where that is nothing.
 */
export function formatWait(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}:${two(minutes % 60)}` : minutes}:${two(seconds % 60)}`;
}
