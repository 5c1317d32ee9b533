/** A time in whole seconds: Python's client hands back a text for one with fractions, without a word. */
export function toDate(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
