import { type Html, html } from './html.ts';
import { type Given, pageTextsIn } from './page-texts.ts';
import type { PageLanguage, PageTextKey } from './texts/page-language.ts';

/** The page's texts as markup. */
export type MarkupTexts = <Key extends PageTextKey>(key: Key, ...values: Given<Key>) => Html;

/** Names, numbers and times are kept apart from the direction of the text around them; numbers and times run from left to right everywhere. */
export function markupTextsIn(language: PageLanguage): MarkupTexts {
  const { parts } = pageTextsIn(language);
  return (key, ...values) => {
    const pieces = parts(key, ...values).map((part) => {
      if (part.kind === 'text') return part.text;
      return part.name === 'brand' ? html`<bdi>${part.text}</bdi>` : html`<bdi dir="ltr" data-value="${part.name}">${part.text}</bdi>`;
    });
    return html`${pieces}`;
  };
}
