import { html } from './html.ts';
import { toPageHeaders } from './page-headers.ts';
import { pageTextsIn } from './page-texts.ts';
import { EN } from './texts/en.ts';

/** A page for what was refused before anybody could tell whose it is. */
export interface PlainPage {
  readonly headers: Readonly<Record<string, string>>;
  /** The content type. */
  readonly type: string;
  readonly text: string;
}

/** What a link that somebody cut or changed comes to: such a path was none of ours, whatever is done again. */
const WRONG_LINK: readonly number[] = [400, 404, 414];

/** Renders what Fastify or Node refuse of the hosted page: in English, as nobody has read the request, and without a file that would be asked for. */
export function renderPageRefusal(status: number): PlainPage {
  const { say } = pageTextsIn(EN);
  const [title, lead] = WRONG_LINK.includes(status) ? [say('gone.title'), say('gone.lead')] : [say('trouble.title'), say('trouble.lead')];
  const { markup } = html`<!doctype html>
<html lang="${EN.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${lead}</p>
</main>
</body>
</html>
`;
  return { headers: toPageHeaders({ page: undefined, styleSource: undefined }), type: 'text/html; charset=utf-8', text: markup };
}
