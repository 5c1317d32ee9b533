import { IntlMessageFormat } from 'intl-messageformat';
import type { Channel, Destination } from '../../../core/destination.ts';
import type { EN } from './texts/en.ts';
import type { PageLanguage, PageTextKey } from './texts/page-language.ts';

/** Values that a page sets apart from the text around them, because their direction may be another. */
const ISOLATED = ['brand', 'to', 'wait', 'example'] as const;

type IsolatedName = (typeof ISOLATED)[number];

interface Arguments extends Readonly<Record<IsolatedName, string>> {
  readonly digits: number;
  readonly attemptsLeft: number;
  readonly kind: Destination['kind'];
  readonly channel: Channel;
}

/** The arguments that a text names, read from the English one: `{to}`, or `{digits, plural, …}`. */
type NamesIn<Text extends string> = {
  [Name in keyof Arguments]: Text extends `${string}{${Name}}${string}` | `${string}{${Name},${string}` ? Name : never;
}[keyof Arguments];

/** What a text needs to be told. Of several keys, what any of them needs. */
export type PageTextValues<Key extends PageTextKey> = Pick<Arguments, NamesIn<(typeof EN)['texts'][Key]>>;

/** The values that a text needs, where it needs any. */
export type Given<Key extends PageTextKey> = [keyof PageTextValues<Key>] extends [never] ? [] : [values: PageTextValues<Key>];

/** A piece of a text: its words, or a value among them for the page to isolate (`<bdi>`). Neither is escaped, and neither holds markup. */
export type PageTextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: IsolatedName; readonly text: string };

/** The page's texts in one language. */
export interface PageTexts {
  readonly language: PageLanguage;
  /** A text in one piece, for where there is no markup, such as a title. */
  say<Key extends PageTextKey>(key: Key, ...values: Given<Key>): string;
  /** The same with `brand`, `to`, `wait` and `example` as pieces of their own, so that `+1 202…` stays in order in a text written from right to left. */
  parts<Key extends PageTextKey>(key: Key, ...values: Given<Key>): readonly PageTextPart[];
}

const made = new WeakMap<PageLanguage, PageTexts>();

/**
 * The page's texts in a language. Each is compiled when it is first said, and kept.
 *
 * @example
 * const { say, parts } = pageTextsIn(findPageLanguage({ acceptLanguage: 'fr' }).language);
 * say('back.link', { brand: 'Example' });         // 'Retour à Example'
 * parts('wait.again', { wait: '1:58' })[1];       // { kind: 'value', name: 'wait', text: '1:58' }
 */
export function pageTextsIn(language: PageLanguage): PageTexts {
  const texts = made.get(language) ?? createPageTexts(language);
  made.set(language, texts);
  return texts;
}

function createPageTexts(language: PageLanguage): PageTexts {
  const compiled = new Map<PageTextKey, IntlMessageFormat>();

  function parts<Key extends PageTextKey>(key: Key, ...[values]: Given<Key>): PageTextPart[] {
    const message = compiled.get(key) ?? compile(language, key);
    compiled.set(key, message);
    return message
      .formatToParts<PageTextPart>(setApart(values))
      .map(({ value }) => (typeof value === 'string' ? { kind: 'text', text: value } : value));
  }

  return {
    language,
    parts,
    say: (key, ...values) =>
      parts(key, ...values)
        .map(({ text }) => text)
        .join(''),
  };
}

function compile({ tag, numbers = tag, texts }: PageLanguage, key: PageTextKey): IntlMessageFormat {
  return new IntlMessageFormat(texts[key], numbers, undefined, { ignoreTag: true });
}

/** Values as objects come out of the formatter as they went in; as strings they would melt into the words around them. */
function setApart(values: Partial<Arguments> = {}): Record<string, string | number | PageTextPart> {
  const given: Record<string, string | number | PageTextPart> = { ...values };
  for (const name of ISOLATED) {
    const text = values[name];
    if (text !== undefined) given[name] = { kind: 'value', name, text };
  }
  return given;
}
