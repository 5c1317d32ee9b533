import { describe, expect, it } from 'vitest';
import { pageTextsIn } from './page-texts.ts';
import { AR } from './texts/ar.ts';
import { EN } from './texts/en.ts';
import { FR } from './texts/fr.ts';
import type { PageLanguage } from './texts/page-language.ts';

const to = '+1 202 555 0142';

describe('the texts of a page', () => {
  const { say, parts } = pageTextsIn(EN);

  it('are said with the values that stand in them', () => {
    expect(say('number.country')).toBe('Country');
    expect(say('said.code_length', { digits: 6 })).toBe('The code has 6 digits.');
    expect(say('said.wrong_code', { attemptsLeft: 1 })).toBe('That is not the right code. 1 attempt left.');
    expect(say('change.submit', { kind: 'email' })).toBe('Use another address');
    expect(pageTextsIn(FR).say('said.wrong_code', { attemptsLeft: 2 })).toBe('Ce n’est pas le bon code. Il vous reste 2 tentatives.');
  });

  it('come apart into words and the values to isolate', () => {
    expect(parts('confirm.lead', { brand: 'Example', to })).toEqual([
      { kind: 'value', name: 'brand', text: 'Example' },
      { kind: 'text', text: ' will send a code to ' },
      { kind: 'value', name: 'to', text: to },
      { kind: 'text', text: '.' },
    ]);
  });

  it('come apart inside a branch too, with numbers among the words', () => {
    expect(pageTextsIn(AR).parts('code.lead', { channel: 'sms', digits: 6, to })).toEqual([
      { kind: 'text', text: 'أرسلنا إلى ' },
      { kind: 'value', name: 'to', text: to },
      { kind: 'text', text: ' رسالة نصية تتضمن رمزًا من 6 أرقام.' },
    ]);
  });

  it('say the same in pieces and in one', () => {
    const values = { channel: 'call', digits: 4, to } as const;
    expect(
      parts('code.lead', values)
        .map(({ text }) => text)
        .join(''),
    ).toBe(say('code.lead', values));
  });

  it.each(['<b>Example</b>', '{to}', "'{", '#', '&amp;', '', 'a\u202eb'])('leave the value %j as it is', (brand) => {
    expect(say('back.link', { brand })).toBe(`Back to ${brand}`);
    expect(parts('back.link', { brand })).toEqual([
      { kind: 'text', text: 'Back to ' },
      { kind: 'value', name: 'brand', text: brand },
    ]);
  });

  it('know no tags: what looks like one is words', () => {
    const language: PageLanguage = { ...EN, texts: { ...EN.texts, 'done.lead': 'Close <b>this</b> page.' } };
    expect(pageTextsIn(language).parts('done.lead')).toEqual([{ kind: 'text', text: 'Close <b>this</b> page.' }]);
  });

  it('write numbers in the digits that the language asks for', () => {
    const sayIn = (numbers: string) => pageTextsIn({ ...AR, numbers }).say('said.code_length', { digits: 6 });
    expect(sayIn('ar-u-nu-latn')).toBe('يتكون الرمز من 6 أرقام.');
    expect(sayIn('ar-u-nu-arab')).toBe('يتكون الرمز من ٦ أرقام.');
    expect(pageTextsIn(AR).say('said.code_length', { digits: 6 })).toBe(sayIn('ar-u-nu-latn'));
  });

  it('are compiled when they are first said, once', () => {
    const read: string[] = [];
    const texts = new Proxy(EN.texts, {
      get: (target, key: keyof typeof EN.texts) => {
        read.push(key);
        return target[key];
      },
    });
    const language: PageLanguage = { ...EN, texts };
    expect(pageTextsIn(language)).toBe(pageTextsIn(language));
    expect(read).toEqual([]);
    pageTextsIn(language).say('done.lead');
    pageTextsIn(language).say('done.lead');
    expect(read).toEqual(['done.lead']);
  });

  it('ask by their types for the values that they need', () => {
    // @ts-expect-error: no such key.
    expect(() => say('number.tittle')).toThrow();
    // @ts-expect-error: without `brand`.
    expect(() => say('confirm.lead', { to })).toThrow();
    // @ts-expect-error: without `digits`, which stands in a branch.
    expect(() => say('code.lead', { channel: 'sms', to })).toThrow();
    // @ts-expect-error: no values at all.
    expect(() => say('wait.again')).toThrow();
    // @ts-expect-error: a number is no time left.
    expect(say('wait.again', { wait: 5 })).toContain('5');
  });
});
