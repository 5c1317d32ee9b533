import type { EN } from './en.ts';

/** What the page has a text for. */
export type PageTextKey = keyof (typeof EN)['texts'];

/** One language of the page. A text that is missing, or that English does not have, is a type error. */
export interface PageLanguage {
  /** BCP 47, without a region: also what `lang` says in the page, and the file's name. */
  readonly tag: string;
  readonly direction: 'ltr' | 'rtl';
  /** The tag by which numbers are written, where its digits are others than those of `tag` itself. Codes and phone numbers have Latin digits everywhere. */
  readonly numbers?: string;
  readonly texts: Readonly<Record<PageTextKey, string>>;
}
