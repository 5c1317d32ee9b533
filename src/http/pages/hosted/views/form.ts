import { type Html, type HtmlValue, html } from '../html.ts';

/** What every form of a visit has. */
export interface FormContext {
  /** Address of the visit, such as `/verify/PS…`. */
  readonly path: string;
  /** Shows that the form is one of ours. */
  readonly token: string;
  /** The second half of the link, until the session is this browser's. */
  readonly link?: string | undefined;
}

/** A form of a visit. @param step its name in `STEPS`. */
export function renderForm(step: string, { path, token, link }: FormContext, content: HtmlValue): Html {
  return html`<form method="post" action="${path}/${step}" data-step="${step}">
<input type="hidden" name="form" value="${token}">${link !== undefined && html`<input type="hidden" name="link" value="${link}">`}
${content}
</form>`;
}

/** Of a button where there is no field: whoever does not see the message hears it with what there is to do about it. */
export function describeButton(isSaid: boolean): Html {
  return html` aria-describedby="message"${isSaid && html` autofocus`}`;
}

/** Where the page's script may say what came of a form, beside which nothing is said yet. */
export const QUIET: Html = html`<p class="message" role="alert"></p>`;

/** What came of the last step, read out when it appears: it is there empty, too, so that nothing moves. @param isAlarm whether it is to be read at once. */
export function renderMessage(message: Html | undefined, isAlarm = true): Html {
  return html`<p class="message" id="message" role="${isAlarm ? 'alert' : 'status'}"${!isAlarm && html` data-good`}>${message}</p>`;
}
