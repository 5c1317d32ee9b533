import type { PageSettings } from '../../../../engine/page-settings.ts';
import { type Html, html } from '../html.ts';
import { toLook } from '../look.ts';
import type { MarkupTexts } from '../markup-texts.ts';
import { pageTextsIn } from '../page-texts.ts';
import type { PageLanguage } from '../texts/page-language.ts';

/** A page, ready to leave. */
export interface RenderedPage {
  readonly status: number;
  readonly markup: string;
  /** Of the style that it holds, for its Content-Security-Policy. */
  readonly styleSource: string | undefined;
}

/** What surrounds every view. */
export interface LayoutContext {
  readonly language: PageLanguage;
  readonly texts: MarkupTexts;
  /** Undefined where nobody knows whose page it is. */
  readonly page: PageSettings | undefined;
  /** Where the two files are. */
  readonly assets: { readonly script: string; readonly styles: string };
}

/** One view: what is between the brand and the end of the page. */
export interface View {
  readonly status: number;
  readonly title: Html;
  readonly body: Html;
}

/** Puts a view into its page. */
export function renderPage({ status, title, body }: View, { language, page, assets }: LayoutContext): RenderedPage {
  const { styles, source } = toLook(page ?? { accent: null, accentDark: null });
  const { say } = pageTextsIn(language);
  const { markup } = html`<!doctype html>
<html lang="${language.tag}" dir="${language.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}${page && html` · ${page.brand}`}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.styles}">
${styles}
<script type="module" src="${assets.script}"></script>
</head>
<body data-offline="${say('script.offline')}" data-sending="${say('script.sending')}">
<main>
${page && renderBrand(page)}
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  return { status, markup, styleSource: source };
}

/** A picture of fixed height, so that nothing moves when it is there. */
function renderBrand({ brand, logo }: PageSettings): Html {
  return html`<header>${logo === null ? html`<bdi>${brand}</bdi>` : html`<img src="${logo}" alt="${brand}" height="40">`}</header>`;
}
