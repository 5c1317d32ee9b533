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
  const day = accent === null ? '' : toRule(accent);
  const dark = accentDark === null ? '' : `@media(prefers-color-scheme:dark){${toRule(accentDark)}}`;
  const text = day + dark;
  if (text === '') return { styles: new Html(''), source: undefined };
  return { styles: new Html(`<style>${text}</style>`), source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` };
}

function toRule(accent: string): string {
  return `:root{--accent:${accent};--on-accent:${toInk(accent)}}`;
}

/**
 * Black or white, whichever is read better on a colour: the one with the greater contrast has at least 4.5 : 1 on every colour there is
 * (WCAG 2.2 §1.4.3; relative luminance as defined there).
 */
export function toInk(color: string): '#000000' | '#ffffff' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}
