import { createHash } from 'node:crypto';
import type { PageSettings } from '../../../engine/page-settings.ts';
import { Html } from './html.ts';

/** What a service's page has of its own: the colours of its buttons, as a style sheet of one rule or two. */
export interface Look {
  /** Empty where the service has no colours. */
  readonly styles: Html;
  /** As a Content-Security-Policy lets it in: by its hash, so that no other style in the page counts (CSP3 §6.7.3.3). */
  readonly source: string | undefined;
}

/** The look of a page. Colours passed their check when they were set: a `#` and six hexadecimal digits. */
export function toLook({ accent, accentDark }: Pick<PageSettings, 'accent' | 'accentDark'>): Look {
  const day = accent === null ? '' : toRule(accent, CARDS.day);
  const byNight = accentDark ?? accent;
  const dark = byNight === null ? '' : `@media(prefers-color-scheme:dark){${toRule(byNight, CARDS.dark)}}`;
  const text = day + dark;
  if (text === '') return { styles: new Html(''), source: undefined };
  return { styles: new Html(`<style>${text}</style>`), source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` };
}

/** What buttons lie on: `--card` of the page's style sheet. */
const CARDS = { day: '#ffffff', dark: '#181c24' } as const;

function toRule(accent: string, card: string): string {
  return `:root{--accent:${accent};--on-accent:${toInk(accent)};--accent-edge:${isSeenOn(card, accent) ? accent : MIDDLE}}`;
}

/** Half of the light there is: it is seen on both cards. */
const MIDDLE = '#7f7f7f';

/** Ensure that the edge of a button can be told from what it lies on: at 3 : 1 (WCAG 2.2 §1.4.11). */
function isSeenOn(card: string, accent: string): boolean {
  const [light = 0, dark = 0] = [toLuminance(card), toLuminance(accent)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05) >= 3;
}

/**
 * Black or white, whichever is read better on a colour: the one with the greater contrast has at least 4.5 : 1 on every colour there is
 * (WCAG 2.2 §1.4.3; relative luminance as defined there).
 */
export function toInk(color: string): '#000000' | '#ffffff' {
  const luminance = toLuminance(color);
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}

function toLuminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
