import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPageLanguage, type LanguageWishes } from './find-language.ts';
import { PAGE_LANGUAGES } from './page-languages.ts';

function find(wishes: LanguageWishes): [string, string | undefined] {
  const { language, region } = findPageLanguage(wishes);
  return [language.tag, region];
}

describe('the language of a page', () => {
  it.each([
    [undefined, 'en', undefined],
    ['', 'en', undefined],
    ['*', 'en', undefined],
    ['fr', 'fr', undefined],
    ['FR-ca', 'fr', 'CA'],
    ['de', 'en', undefined],
    ['de-AT', 'en', 'AT'],
    ['de-AT, es;q=0.5', 'es', 'AT'],
    ['es-419', 'es', undefined],
    ['es-419,es-MX;q=0.9', 'es', 'MX'],
    ['ar-EG,ar;q=0.9,en-US;q=0.8', 'ar', 'EG'],
    ['en;q=0.4, ar;q=0.8, fr;q=0.6', 'ar', undefined],
    ['en-US;q=0.1, fr-BE;q=0.9', 'fr', 'BE'],
    ['fr-CA, en;q=0.9, fr;q=0.8', 'fr', 'CA'],
    ['zh-Hant-TW', 'en', 'TW'],
    ['fr;q=0', 'en', undefined],
    ['fr-FR;q=0, es', 'es', undefined],
    ['en;q=0', 'en', undefined],
    ['en;q=0, *;q=0.5', 'en', undefined],
    ['fr;q=none, es;q=0.1', 'es', undefined],
    ['en_US, english!, ;;, -, es', 'es', undefined],
    ['constructor, __proto__, toString', 'en', undefined],
  ])('for the header %j is %s, and the region %s', (acceptLanguage, tag, region) => {
    expect(find({ acceptLanguage })).toEqual([tag, region]);
  });

  it.each([
    ['fr', 'es-MX', 'fr', 'MX'],
    ['fr-CA', 'es-MX', 'fr', 'CA'],
    ['AR', undefined, 'ar', undefined],
    ['de-CH', 'es-MX', 'es', 'CH'],
    ['de', undefined, 'en', undefined],
    ['not a tag', 'es', 'es', undefined],
    ['', 'es', 'es', undefined],
  ])('is first what the caller set: for %j and the header %j it is %s, and the region %s', (locale, acceptLanguage, tag, region) => {
    expect(find({ locale, acceptLanguage })).toEqual([tag, region]);
  });

  it('is found in a header of any length, in its first twenty preferences', () => {
    expect(find({ acceptLanguage: `${'x'.repeat(100_000)}, fr` })).toEqual(['fr', undefined]);
    expect(find({ acceptLanguage: `${'de-AT;q=0.9,'.repeat(10_000)} fr` })).toEqual(['fr', 'AT']);
    expect(find({ acceptLanguage: `${'de,'.repeat(19)}fr` })).toEqual(['fr', undefined]);
    expect(find({ acceptLanguage: `${'de,'.repeat(20)}fr-BE` })).toEqual(['en', undefined]);
  });

  it('never throws, and is always one of ours', () => {
    const piece = fc.oneof(
      fc.constantFrom('fr', 'es-MX', 'x-y', 'en-u-nu-latn', 'i-klingon', '*', ';q=', '0', '-', ',', ' ', '\0'),
      fc.string({ unit: 'binary' }),
    );
    const header = fc.array(piece).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.option(header, { nil: undefined }), fc.option(header, { nil: undefined }), (locale, acceptLanguage) => {
        const { language, region = 'AT' } = findPageLanguage({ locale, acceptLanguage });
        expect(PAGE_LANGUAGES).toContain(language);
        expect(region).toMatch(/^[A-Z]{2}$/);
      }),
    );
  });
});
