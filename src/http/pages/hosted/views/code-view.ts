import type { Channel, Destination } from '../../../../core/destination.ts';
import type { VerificationState } from '../../../../engine/record.ts';
import { type Html, html } from '../html.ts';
import type { MarkupTexts } from '../markup-texts.ts';
import { pageTextsIn } from '../page-texts.ts';
import { renderWait } from '../said.ts';
import type { PageLanguage } from '../texts/page-language.ts';
import { describeButton, type FormContext, QUIET, renderForm, renderMessage } from './form.ts';
import type { View } from './layout.ts';

/** What the question for the code is made of. */
export interface CodeContext extends FormContext {
  readonly language: PageLanguage;
  readonly texts: MarkupTexts;
  readonly brand: string;
  readonly kind: Destination['kind'];
  /** As the person typed it, or masked where the caller has given it. */
  readonly to: string;
  readonly channel: Channel;
  /** By which a code may be sent again. */
  readonly channels: readonly Channel[];
  readonly digits: number;
  readonly status: VerificationState;
  /** From when on a code may be sent again, in milliseconds since 1970. */
  readonly resendAt: number;
  readonly canChange: boolean;
  readonly message: Html | undefined;
  readonly isGood: boolean;
  /** Whether the message is of a guess; else it is of a message that was asked for, and stands where one is. */
  readonly isOfGuess: boolean;
  /** Whether what was typed is at fault. */
  readonly isFault: boolean;
  /** Names the verification to its own browser. */
  readonly mark: string;
  readonly now: number;
}

/** Asks for the code, or says how it ended and offers a new one. */
export function renderCode(context: CodeContext): View {
  const { texts, brand, kind, to, channel, digits, status, canChange, message, isGood, isOfGuess } = context;
  const isPending = status === 'pending';
  const ended = status === 'pending' ? undefined : texts(`ended.${status === 'approved' ? 'already_approved' : status}`);
  const said = renderMessage(message === undefined ? ended : html`${message}${ended && html` ${ended}`}`, !isPending || !isGood);
  const isOfSending = message !== undefined && !isOfGuess;
  return {
    status: 200,
    title: texts(isPending ? 'code.title' : 'ended.title'),
    body: html`${isPending && html`<p class="lead">${texts('code.lead', { channel, digits, to })}</p>`}
${isPending ? renderForm('check', context, renderCodeField(context, isOfSending ? QUIET : said)) : said}
${renderSendAgain(context, isOfSending ? said : QUIET)}
<div class="others">${canChange && renderForm('change', context, html`<button class="plain">${texts('change.submit', { kind })}</button>`)}${renderForm('cancel', context, html`<button class="plain">${texts('cancel.submit')}</button>`)}</div>
${isPending && html`<p class="notice">${texts('code.notice', { brand })}</p>`}`,
  };
}

/** One field, which autofill and screen readers know for what it is. It takes a few more characters than the code has: people paste `123-456`. */
function renderCodeField({ texts, language, digits, isFault, mark }: CodeContext, message: Html): Html {
  const { say } = pageTextsIn(language);
  return html`<input type="hidden" name="about" value="${mark}"><div class="field"><label for="code">${texts('code.label')}</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" enterkeyhint="done" dir="ltr" maxlength="64" required autofocus spellcheck="false" data-digits="${digits}" data-paste="${say('script.paste', { digits })}" aria-describedby="message"${isFault && html` aria-invalid="true"`}></div>
${message}<button>${texts('code.submit')}</button>`;
}

/** The limits say from when on. Without a script the page stays as it is and the button may be pressed too early: then it is told how long. */
function renderSendAgain(context: CodeContext, message: Html): Html {
  const { texts, status, channel, channels, resendAt, now } = context;
  const isPending = status === 'pending';
  const isWaiting = resendAt > now;
  const [first, ...others] = [...channels].sort((one, other) => Number(other === channel) - Number(one === channel));
  const buttons = isPending
    ? [
        first && html`<button class="second" name="channel" value="${first}">${texts('resend.submit', { channel: first })}</button>`,
        others.map((other) => html`<button class="second" name="channel" value="${other}">${texts('resend.other', { channel: other })}</button>`),
      ]
    : html`<button${describeButton(true)}>${texts('ended.submit')}</button>`;
  return renderForm(
    isPending ? 'resend' : 'again',
    context,
    html`${isPending && message}<div class="wait"><p class="waiting"${!isWaiting && html` hidden`}>${renderWait(isPending ? 'resend.wait' : 'ended.wait', resendAt, context)}</p><p class="ready"${isWaiting && html` hidden`}>${isPending && texts('resend.ready')}</p></div>
<div class="buttons">${buttons}</div>`,
  );
}
