import { readdirSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../../../../core/destination.ts';
import { toLanguageTag } from '../../../../core/language-tag.ts';
import { PAGE_LANGUAGES } from '../page-languages.ts';
import { type PageTextValues, pageTextsIn } from '../page-texts.ts';
import { EN } from './en.ts';
import type { PageLanguage, PageTextKey } from './page-language.ts';

type Elements = ReturnType<IntlMessageFormat['getAst']>;
type Element = Elements[number];
type Plural = Extract<Element, { pluralType?: unknown }>;

const keys = Object.keys(EN.texts) as PageTextKey[];

/** Enough to reach each plural category that a language has below a million. */
const COUNTS = [...Array(21).keys(), 100];

function parse(text: string, tag: string): Elements {
  return new IntlMessageFormat(text, tag).getAst();
}

const isPlural = (element: Element): element is Plural => 'pluralType' in element;

function branchesOf(element: Element): [string, Elements][] {
  return 'options' in element ? Object.entries(element.options).map(([option, { value }]) => [option, value]) : [];
}

/** Each argument with its kind, and the branch of a `select` in which it stands: `channel=call/to`. The categories of a plural are left out. */
function argumentsOf(elements: Elements, branch = ''): string[] {
  const found = elements.flatMap((element) => {
    if (!('value' in element) || element.type === 0) return [];
    const name = `${branch}${element.value}`;
    if (isPlural(element)) return [`${name}, plural`, ...branchesOf(element).flatMap(([, inner]) => argumentsOf(inner, branch))];
    const options = branchesOf(element);
    return [`${name}, ${element.type}`, ...options.flatMap(([option, inner]) => [`${name}=${option}`, ...argumentsOf(inner, `${name}=${option}/`)])];
  });
  return [...new Set(found)].sort();
}

function pluralsOf(elements: Elements): Plural[] {
  return elements.flatMap((element) => [...(isPlural(element) ? [element] : []), ...branchesOf(element).flatMap(([, inner]) => pluralsOf(inner))]);
}

const pluralKeys = keys.filter((key) => pluralsOf(parse(EN.texts[key], 'en')).length > 0);

/** All values, in every combination of what a text may branch by. */
function* sampleValues(): Generator<PageTextValues<PageTextKey>> {
  const fixed = { brand: 'Example', to: '+1 202 555 0142', wait: '1:58', example: '(202) 555-0142' };
  for (const channel of CHANNELS) {
    for (const kind of ['phone', 'email'] as const) {
      for (const count of COUNTS) yield { ...fixed, channel, kind, digits: count, attemptsLeft: count };
    }
  }
}

it('the list of languages has every file of texts, under its own name', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts') && name !== 'page-language.ts');
  expect(PAGE_LANGUAGES.map(({ tag }) => `${tag.toLowerCase()}.ts`).sort()).toEqual(files.sort());
});

describe.each(PAGE_LANGUAGES.map((language): [string, PageLanguage] => [language.tag, language]))('the hosted page in %s', (tag, language) => {
  const { texts, direction, numbers = tag } = language;

  it('names its language as a browser reads it, and the direction of its script', () => {
    expect(toLanguageTag(tag)).toBe(tag);
    expect(toLanguageTag(numbers)).toBe(numbers);
    expect(direction).toBe(/\p{Script=Arabic}|\p{Script=Hebrew}/u.test(Object.values(texts).join('')) ? 'rtl' : 'ltr');
  });

  it('has the keys of English, in their order', () => {
    expect(Object.keys(texts)).toEqual(keys);
  });

  it('takes in each text the arguments of English and no other', () => {
    const read = (of: PageLanguage) => Object.fromEntries(keys.map((key) => [key, argumentsOf(parse(of.texts[key], of.tag))]));
    expect(read(language)).toEqual(read(EN));
  });

  it.each(keys)('holds in %s no markup, straight quotes, controls and stray spaces', (key) => {
    expect(texts[key]).toMatch(/^[^<>"'`]+$/);
    expect(texts[key]).not.toMatch(/^\s|\s$| {2}|\.\.\.|[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
  });

  it.each(pluralKeys)('has in %s the plural categories of its language', (key) => {
    const rules = new Intl.PluralRules(tag);
    for (const { options } of pluralsOf(parse(texts[key], tag))) {
      expect([...rules.resolvedOptions().pluralCategories, 'other']).toEqual(expect.arrayContaining(Object.keys(options)));
      expect(Object.keys(options)).toEqual(expect.arrayContaining(COUNTS.map((count) => rules.select(count))));
    }
  });

  it('says each text whatever the values are', () => {
    const { say } = pageTextsIn(language);
    for (const values of sampleValues()) {
      for (const key of keys) expect(say(key, values), key).toMatch(/^[^{}#]+$/);
    }
  });

  it('writes numbers in Latin digits, as codes are written', () => {
    for (const values of sampleValues()) {
      expect(keys.map((key) => pageTextsIn(language).say(key, values)).join('')).not.toMatch(/(?![0-9])\p{Nd}/u);
    }
  });
});
