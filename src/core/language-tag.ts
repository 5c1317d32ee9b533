/** The longest that every reader of language tags has room for (RFC 5646 §4.4.1). */
const MAX_LENGTH = 35;

/** A language tag (BCP 47) in its one spelling, such as `pt-BR` for `PT-br`; undefined for what is none. */
export function toLanguageTag(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
  try {
    return Intl.getCanonicalLocales(value)[0];
  } catch {
    return undefined;
  }
}

/** The language without script, region and variants: `fr` for `fr-CA`. */
export function toBareLanguage(tag: string): string {
  return tag.split('-', 1)[0] ?? tag;
}
