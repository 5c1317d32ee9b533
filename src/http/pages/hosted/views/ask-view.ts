import type { Country } from '../../../../core/countries.ts';
import type { Channel } from '../../../../core/destination.ts';
import { type Html, html } from '../html.ts';
import type { MarkupTexts } from '../markup-texts.ts';
import { describeButton, type FormContext, renderForm, renderMessage } from './form.ts';
import type { View } from './layout.ts';

/** What the question for a number or an address is made of. */
export interface AskContext extends FormContext {
  readonly texts: MarkupTexts;
  readonly brand: string;
  readonly kind: 'phone' | 'email';
  /** Masked, where the caller has given it; else it is asked for. */
  readonly to: string | undefined;
  /** Of this kind. */
  readonly channels: readonly Channel[];
  /** Whether the other kind is offered, too. */
  readonly hasOther: boolean;
  readonly countries: readonly Country[];
  /** What the fields hold. */
  readonly typed: { readonly country: string; readonly number: string; readonly email: string; readonly channel: string };
  readonly message: Html | undefined;
  /** Whether what was typed is at fault. */
  readonly isFault: boolean;
}

/** Asks where the code shall go. */
export function renderAsk(context: AskContext): View {
  const { texts, kind, to, hasOther, brand, message } = context;
  const key = to === undefined ? (kind === 'email' ? 'email' : 'number') : 'confirm';
  const title = key === 'confirm' ? texts('confirm.title', { kind }) : texts(`${key}.title`);
  const lead = key === 'confirm' ? texts('confirm.lead', { brand, to: to ?? '' }) : texts(`${key}.lead`, { brand });
  const field = key === 'confirm' ? undefined : key === 'email' ? renderEmail(context) : renderNumber(context);
  const form = html`${field}${renderMessage(message)}${renderChannels(context)}<button${key === 'confirm' && describeButton(message !== undefined)}>${texts(`${key}.submit`)}</button>`;
  return {
    status: 200,
    title,
    body: html`<p class="lead">${lead}</p>
${renderForm('start', context, html`<input type="hidden" name="with" value="${kind}">${form}`)}
<div class="others">${hasOther && renderOther(context)}${renderForm('cancel', context, html`<button class="plain">${texts('cancel.submit')}</button>`)}</div>`,
  };
}

function renderNumber({ texts, countries, typed, isFault }: AskContext): Html {
  const chosen = countries.find(({ country }) => country === typed.country);
  const options = countries.map(
    ({ country, name, callingCode, example }) =>
      html`<option value="${country}" data-example="${example}"${country === chosen?.country && html` selected`}>${name} (+${callingCode})</option>`,
  );
  return html`<div class="field"><label for="country">${texts('number.country')}</label>
<select id="country" name="country" autocomplete="country"${chosen === undefined && html` autofocus`}>${chosen === undefined && html`<option value="">—</option>`}${options}</select></div>
<div class="field"><label for="number">${texts('number.label')}</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" dir="ltr" maxlength="128" required${chosen !== undefined && html` autofocus`} value="${typed.number}" aria-describedby="${chosen !== undefined && 'example '}message"${isFault && html` aria-invalid="true"`}>
<p class="hint" id="example"${chosen === undefined && html` data-empty`}>${texts('number.example', { example: chosen?.example ?? '' })}</p></div>`;
}

function renderEmail({ texts, typed, isFault }: AskContext): Html {
  return html`<div class="field"><label for="email">${texts('email.label')}</label>
<input id="email" name="email" type="email" inputmode="email" autocomplete="email" dir="ltr" maxlength="320" required autofocus value="${typed.email}" aria-describedby="message"${isFault && html` aria-invalid="true"`}></div>`;
}

/** Only where there is something to choose. */
function renderChannels({ texts, channels, typed }: AskContext): Html | undefined {
  if (channels.length < 2) return undefined;
  const chosen = channels.find((channel) => channel === typed.channel) ?? channels[0];
  const choices = channels.map(
    (channel) =>
      html`<label class="choice"><input type="radio" name="channel" value="${channel}"${channel === chosen && html` checked`}> ${texts(`channel.${channel}`)}</label>`,
  );
  return html`<fieldset><legend>${texts('channel.legend')}</legend>${choices}</fieldset>`;
}

function renderOther(context: AskContext): Html {
  const { texts, kind } = context;
  const other = kind === 'email' ? 'phone' : 'email';
  const text = kind === 'email' ? texts('email.use_phone') : texts('number.use_email');
  return renderForm('ask', context, html`<button class="plain" name="with" value="${other}">${text}</button>`);
}
