import Negotiator from 'negotiator';
import { toBareLanguage, toLanguageTag } from '../../../core/language-tag.ts';
import { PAGE_LANGUAGES } from './page-languages.ts';
import { EN } from './texts/en.ts';
import type { PageLanguage } from './texts/page-language.ts';

/** How many languages of a header are looked at. People have a handful; a header of 16 KiB has room for thousands. */
const MOST_PREFERENCES = 20;

/** What is known of the language of a reader. */
export interface LanguageWishes {
  /** As the caller of the API has set it (BCP 47); wins where there are texts in it. */
  readonly locale?: string | undefined;
  /** The browser's header as it came. */
  readonly acceptLanguage?: string | undefined;
}

/** What to show a reader. */
export interface FoundLanguage {
  readonly language: PageLanguage;
  /** The first country that the wishes name (ISO 3166-1), such as `AT` for `de-AT`: also where there are no texts in that language. */
  readonly region: string | undefined;
}

const languages: ReadonlyMap<string, PageLanguage> = new Map(PAGE_LANGUAGES.map((language) => [language.tag, language]));

/**
 * Finds the language of a page: that of `locale`, else the one the browser likes best of those there are, each with or without its region, else English. A
 * browser that refuses English (`en;q=0`) gets it all the same where it likes no other: a page that can be read in part is better than none.
 *
 * Never throws: what is no language tag is passed over.
 */
export function findPageLanguage({ locale, acceptLanguage }: LanguageWishes): FoundLanguage {
  const tags = [locale, ...readPreferences(acceptLanguage)].map(toLanguageTag).filter((tag) => tag !== undefined);
  const found = tags.map((tag) => languages.get(tag) ?? languages.get(toBareLanguage(tag)));
  return {
    language: found.find((language) => language !== undefined) ?? EN,
    region: tags.map(toCountry).find((region) => region !== undefined),
  };
}

/** By quality, best first, without those of quality 0. */
function readPreferences(acceptLanguage = ''): string[] {
  return new Negotiator({ headers: { 'accept-language': acceptLanguage } }).languages().slice(0, MOST_PREFERENCES);
}

/** A region of letters is a country; one of digits, as in `es-419`, is a part of the world. */
function toCountry(tag: string): string | undefined {
  const { region } = new Intl.Locale(tag);
  return region?.length === 2 ? region : undefined;
}
