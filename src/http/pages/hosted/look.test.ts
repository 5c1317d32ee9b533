import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toInk, toLook } from './look.ts';

const byte = fc.integer({ min: 0, max: 255 });
const color = fc.tuple(byte, byte, byte).map((parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`);

/** Relative luminance, WCAG 2.2. */
function luminanceOf(value: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(value.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('the look of a page', () => {
  it('always has ink that can be read: at least 4.5 to 1', () => {
    fc.assert(
      fc.property(color, (accent) => {
        expect(contrast(toInk(accent), accent)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it.each([
    ['#ffffff', '#000000'],
    ['#000000', '#ffffff'],
    ['#1a73e8', '#000000'],
    ['#0b57d0', '#ffffff'],
    ['#FF7700', '#000000'],
  ])('has on %s ink of %s', (accent, ink) => {
    expect(toInk(accent)).toBe(ink);
  });

  it('always has an edge that can be told from the card, by day and in the dark: at least 3 to 1', () => {
    fc.assert(
      fc.property(color, fc.option(color), (accent, accentDark) => {
        const edges = [...toLook({ accent, accentDark }).styles.markup.matchAll(/--accent-edge:(#[\da-f]{6})/gi)].map(([, edge = '']) => edge);
        expect(edges).toHaveLength(2);
        for (const [at, card] of ['#ffffff', '#181c24'].entries()) expect(contrast(edges[at] ?? '', card)).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it('is let in by the hash of exactly its text', () => {
    const { styles, source } = toLook({ accent: '#ff7700', accentDark: '#112233' });
    const [, text = ''] = /^<style>(.*)<\/style>$/.exec(styles.markup) ?? [];
    expect(text).toBe(
      ':root{--accent:#ff7700;--on-accent:#000000;--accent-edge:#7f7f7f}@media(prefers-color-scheme:dark){:root{--accent:#112233;--on-accent:#ffffff;--accent-edge:#7f7f7f}}',
    );
    expect(source).toBe(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  });

  it('is nothing where there are no colours', () => {
    expect(toLook({ accent: null, accentDark: null })).toMatchObject({ styles: { markup: '' }, source: undefined });
  });
});
