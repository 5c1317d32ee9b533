const LAST = '\u{10FFFF}';

/**
 * Databases order text by code point, the contract by UTF-16 unit: only U+E000 to U+FFFF stand elsewhere, before what lies beyond them. Here each
 * of them follows the last code point there is, which stands for itself with U+0001 behind it.
 */
export function toSortable(id: string): string {
  if (!/[\uD800-\uFFFF]/.test(id)) return id;
  return id.replace(/[\uE000-\uFFFF\u{10FFFF}]/gu, (char) => LAST + (char === LAST ? '\u0001' : char));
}

/** The id that {@link toSortable} was given. */
export function fromSortable(sortable: string): string {
  return sortable.replace(/\u{10FFFF}(.)/gu, (_, char) => (char === '\u0001' ? LAST : char));
}
