import { describe, expect, it } from 'vitest';
import { toBareLanguage, toLanguageTag } from './language-tag.ts';

describe('a language tag', () => {
  it.each([
    ['fr', 'fr', 'fr'],
    ['FR-ca', 'fr-CA', 'fr'],
    ['zh-hant-tw', 'zh-Hant-TW', 'zh'],
    ['es-419', 'es-419', 'es'],
  ])('%s is spelt %s and says the language %s', (given, tag, bare) => {
    expect(toLanguageTag(given)).toBe(tag);
    expect(toBareLanguage(tag)).toBe(bare);
  });

  it.each(['', 'f', 'en_US', 'english!', 'en-', '-', 'en\0', `en-${'a'.repeat(8)}${'-a1234567'.repeat(4)}`, 7, null, undefined, ['fr'], {}])(
    '%o is none',
    (given) => {
      expect(toLanguageTag(given)).toBeUndefined();
    },
  );
});
