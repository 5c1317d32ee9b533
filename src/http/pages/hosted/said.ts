import type { Destination } from '../../../core/destination.ts';
import { MAX_WAIT } from '../../../core/duration.ts';
import { formatWait } from './format-wait.ts';
import { type Html, html } from './html.ts';
import type { MarkupTexts } from './markup-texts.ts';
import { pageTextsIn } from './page-texts.ts';
import type { PageLanguage } from './texts/page-language.ts';

/** What came of the last step, where a page has to say so. */
export const SAID = [
  'wrong_code',
  'code_length',
  'sent',
  'in_progress',
  'too_soon',
  'budget_exhausted',
  'guesses_exhausted',
  'guard_denied',
  'destination_blocked',
  'number_invalid',
  'email_invalid',
  'numbers_used_up',
  'not_delivered',
  'try_again',
  'form_stale',
] as const;

/** One thing to say, and from when on it is otherwise. */
export interface Said {
  readonly what: (typeof SAID)[number];
  /** Milliseconds since 1970. */
  readonly until?: number | undefined;
  /** Of a wrong code; where it is not said, what is known of the verification counts. */
  readonly attemptsLeft?: number | undefined;
  /** Whether it came of a guess, and not of a message that was asked for. */
  readonly isOfGuess?: boolean | undefined;
}

/** What a text may have to name. */
export interface SaidContext {
  readonly texts: MarkupTexts;
  readonly now: number;
  readonly kind: Destination['kind'];
  readonly brand: string;
  readonly digits: number;
  readonly attemptsLeft: number;
}

const FAULTS: readonly Said['what'][] = ['wrong_code', 'code_length', 'number_invalid', 'email_invalid'];

/** Whether what was typed is at fault, and not a limit or the world. */
export function isFault({ what }: Said): boolean {
  return FAULTS.includes(what);
}

/** What is said of good things is no alarm. */
export function isGood({ what }: Said): boolean {
  return what === 'sent';
}

/** What is said, as markup. */
export function renderSaid({ what, until }: Said, { texts, now, ...values }: SaidContext): Html {
  // Of a text that is not known before it is said the type asks for all that any of them needs.
  const text = texts(`said.${what}`, values);
  return until === undefined ? text : html`${text} ${renderWait('wait.again', until, { texts, now })}`;
}

/** What is said, as text: for the page's script, which puts no markup into the page. */
export function tellSaid(
  { what, until }: Said,
  { language, now, ...values }: Omit<SaidContext, 'texts'> & { readonly language: PageLanguage },
): string {
  const { say } = pageTextsIn(language);
  const text = say(`said.${what}`, values);
  return until === undefined ? text : `${text} ${say('wait.again', { wait: formatWait(until - now) })}`;
}

/** A wait that the page's script counts down. @param until milliseconds since 1970. */
export function renderWait(
  key: 'wait.again' | 'resend.wait' | 'ended.wait' | 'quick.lead',
  until: number,
  { texts, now }: Pick<SaidContext, 'texts' | 'now'>,
): Html {
  const left = Math.max(0, until - now);
  return html`<span data-left="${left}">${texts(key, { wait: formatWait(left) })}</span>`;
}

/** As the address of a page carries it: nothing of a person, and nothing that is not in the list. */
export function toQuery({ what, until, isOfGuess }: Said): string {
  return `?said=${what}${until === undefined ? '' : `&until=${until}`}${isOfGuess ? '&of=guess' : ''}`;
}

/** What an address asks to say. Anybody can write one, and so it may say nothing but what is in the list, and no wait that no limit has. */
export function parseSaid(query: unknown, now: number): Said | undefined {
  const { said, until, of } = query as { readonly said?: unknown; readonly until?: unknown; readonly of?: unknown };
  const what = SAID.find((known) => known === said);
  if (what === undefined) return undefined;
  const time = typeof until === 'string' && /^\d{1,15}$/.test(until) ? Number(until) : 0;
  // A wait that is over is nothing to say any more.
  if (time > 0 && time <= now) return undefined;
  return { what, ...(time > now && time <= now + MAX_WAIT && { until: time }), ...(of === 'guess' && { isOfGuess: true }) };
}
