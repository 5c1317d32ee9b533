import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markupTextsIn } from './markup-texts.ts';
import { PAGE_LANGUAGES } from './page-languages.ts';
import { isGood, parseSaid, renderSaid, renderWait, SAID, tellSaid, toQuery } from './said.ts';
import { EN } from './texts/en.ts';

const NOW = 1_800_000_000_000;
const VALUES = { now: NOW, kind: 'phone', brand: 'Shop', digits: 6, attemptsLeft: 2 } as const;

describe('what came of a step', () => {
  it('comes back from an address as it was put there, but for what only the record knows', () => {
    for (const what of SAID) {
      for (const until of [undefined, NOW + 1, NOW + 90_000]) {
        const query = Object.fromEntries(new URLSearchParams(toQuery({ what, until, attemptsLeft: 3 })));
        expect(parseSaid(query, NOW)).toEqual(until === undefined ? { what } : { what, until });
        expect(parseSaid({ ...query, of: 'guess' }, NOW)).toEqual({ ...parseSaid(query, NOW), isOfGuess: true });
        expect(toQuery({ what, until, isOfGuess: true })).toBe(`${toQuery({ what, until })}&of=guess`);
      }
    }
  });

  it('is never anything but what is in the list, at a time that is to come', () => {
    const anything = fc.oneof(fc.anything(), fc.constantFrom(...SAID), fc.integer().map(String));
    fc.assert(
      fc.property(anything, anything, (said, until) => {
        const parsed = parseSaid({ said, until }, NOW);
        if (parsed === undefined) return;
        expect(SAID).toContain(parsed.what);
        expect(parsed.until ?? NOW + 1).toBeGreaterThan(NOW);
      }),
    );
  });

  it.each(PAGE_LANGUAGES)('is the same words as markup and as text, in $tag', (language) => {
    const texts = markupTextsIn(language);
    for (const what of SAID) {
      for (const until of [undefined, NOW + 61_000]) {
        const markup = renderSaid({ what, until }, { ...VALUES, texts }).markup;
        const text = tellSaid({ what, until }, { ...VALUES, language });
        expect(markup.replaceAll(/<[^>]*>/g, '')).toBe(text);
        expect(text).not.toMatch(/undefined|[{}]/);
        expect(text.includes('1:01')).toBe(until !== undefined);
      }
    }
  });

  it('is an alarm, but for what is good', () => {
    expect(SAID.filter((what) => isGood({ what }))).toEqual(['sent']);
  });

  it('is never a wait of less than nothing', () => {
    const texts = markupTextsIn(EN);
    expect(renderWait('wait.again', NOW - 5_000, { texts, now: NOW }).markup).toContain('data-left="0"');
    expect(tellSaid({ what: 'too_soon', until: NOW - 5_000 }, { ...VALUES, language: EN })).toContain('0:00');
  });
});
