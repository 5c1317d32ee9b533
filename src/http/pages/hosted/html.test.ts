import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Html, type HtmlValue, html } from './html.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** What a browser reads. */
function read(markup: string): string {
  return markup.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? '');
}

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '&lt;', 'a', '$&', '$1') }));

describe('markup', () => {
  it.each<[HtmlValue, string]>([
    ['<b>', '&lt;b&gt;'],
    [`"'&`, '&quot;&#39;&amp;'],
    [0, '0'],
    ['', ''],
    [undefined, ''],
    [false, ''],
    [new Html('<b>'), '<b>'],
    [['<', new Html('<b>'), [1, undefined, ['>']]], '&lt;<b>1&gt;'],
    ['$& $1 $`', '$&amp; $1 $`'],
  ])('holds %j as %s', (value, expected) => {
    expect(html`a${value}b`.markup).toBe(`a${expected}b`);
  });

  it('always reads as what was put in, and never has a bracket or a quote of it', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const { markup } = html`<p title="${one}">${other}</p>`;
        const [, title = '', content = ''] = /^<p title="([^"<>]*)">([^<>"]*)<\/p>$/s.exec(markup) ?? [];
        expect([read(title), read(content)]).toEqual([one, other]);
      }),
    );
  });

  it('escapes once, however often it is nested', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(html`${html`${html`${text}`}`}`.markup).toBe(html`${text}`.markup);
      }),
    );
  });

  it('never takes what only looks like markup of its own for some', () => {
    const forged = JSON.parse('{"markup":"<script>"}') as HtmlValue;
    expect(() => html`${forged}`).toThrow(TypeError);
  });
});
