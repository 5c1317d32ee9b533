import { AR } from './texts/ar.ts';
import { EN } from './texts/en.ts';
import { ES } from './texts/es.ts';
import { FR } from './texts/fr.ts';
import type { PageLanguage } from './texts/page-language.ts';

/**
 * The languages of the page. To add one:
 *
 * 1. Copy `texts/en.ts` to `texts/de.ts`, name its object `DE`, type it `PageLanguage`, and set `tag` and `direction`.
 * 2. Translate each text. Arguments and the options of `select` stay as they are; a `plural` has the categories of the language
 *    (`new Intl.PluralRules('de').resolvedOptions().pluralCategories`). Say `’` for an apostrophe: `'` quotes in ICU message format.
 * 3. Put `DE` into this list.
 * 4. Put what the message says into `senders/built-in-texts.ts`.
 *
 * The types refuse a text that is missing, and `texts/texts.test.ts` reads the rest.
 */
export const PAGE_LANGUAGES: readonly PageLanguage[] = [EN, FR, ES, AR];
