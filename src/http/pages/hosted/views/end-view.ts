import { html } from '../html.ts';
import type { MarkupTexts } from '../markup-texts.ts';
import { renderWait } from '../said.ts';
import type { View } from './layout.ts';

/** How a visit can end, or not begin. */
export type EndName = 'done' | 'canceled' | 'late' | 'elsewhere' | 'gone' | 'cookies' | 'trouble' | 'quick';

const STATUSES: Readonly<Record<EndName, number>> = {
  done: 200,
  canceled: 200,
  late: 200,
  elsewhere: 409,
  gone: 404,
  cookies: 403,
  trouble: 503,
  quick: 429,
};

/** What an end is told with. */
export interface EndContext {
  readonly texts: MarkupTexts;
  readonly brand: string;
  /** Where the caller waits to hear of it. */
  readonly back?: string | undefined;
  /** Of `quick`: from when on, in milliseconds since 1970. */
  readonly until?: number | undefined;
  readonly now: number;
}

/** Says how a visit ended, and where to go on. */
export function renderEnd(name: EndName, { texts, brand, back, until, now }: EndContext): View {
  // The same address once more: that of a form leads to its page.
  const canTryAgain = name === 'trouble' || name === 'quick';
  const lead = name === 'quick' ? renderWait('quick.lead', until ?? now, { texts, now }) : texts(`${name}.lead`, { brand });
  return {
    status: STATUSES[name],
    title: texts(`${name}.title`),
    body: html`<p class="lead" data-end="${name}">${lead}</p>
${canTryAgain && html`<p class="back"><a href="">${texts('trouble.submit')}</a></p>`}
${back !== undefined && html`<p class="back"><a href="${back}">${texts('back.link', { brand })}</a></p>`}`,
  };
}
