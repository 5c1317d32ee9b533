import { isPageUrl } from './pages/hosted/page-address.ts';
import { renderPageRefusal } from './pages/hosted/plain-page.ts';
import { renderProblem, toProblem } from './problem.ts';
import { isTwilioUrl } from './twilio/safe-path.ts';
import { toTwilioError } from './twilio/to-twilio-error.ts';
import { renderTwilioError } from './twilio/twilio-errors.ts';

/** What is answered where no route was found, or no request was understood. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The content type. */
  readonly type: string;
  readonly text: string;
}

/** Where a request was going, as far as that is known. */
export interface RefusalContext {
  /** Empty where nobody can tell. */
  readonly url: string;
  readonly publicUrl: string;
  readonly requestId: string;
}

/** Renders what Fastify or Node refuse, in the words of the interface that was asked. */
export function renderRefusal(error: unknown, { url, publicUrl, requestId }: RefusalContext): Refusal {
  if (isTwilioUrl(url)) {
    const { status, headers, body } = renderTwilioError(toTwilioError(error), { url, now: 0 });
    return { status, headers, type: 'application/json; charset=utf-8', text: JSON.stringify(body) };
  }
  const { status, headers, body } = renderProblem(toProblem(error), { publicUrl, requestId, now: 0 });
  if (isPageUrl(url)) {
    const page = renderPageRefusal(status);
    return { ...page, status, headers: { ...headers, ...page.headers } };
  }
  return { status, headers, type: 'application/problem+json', text: JSON.stringify(body) };
}
