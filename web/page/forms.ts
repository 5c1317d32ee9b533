import { type End, isEnd, showEnd } from './end.ts';
import type { Voice } from './voice.ts';

/** How long an answer may take, in milliseconds: a message that is handed to one carrier after another takes its time. */
const ANSWER_LIMIT = 30_000;

/** How long the browser may take to go where it was sent, in milliseconds. */
const LEAVE_LIMIT = 10_000;

/** After so many milliseconds it is said that something is under way. */
const MENTION_AFTER = 500;

/** What the message is about: what a person types into, or the button where there is nothing to type. */
const FIELD = '[aria-describedby~=message]';

/** What the server answers to a form: where to go, or what to say. */
interface Answer extends Partial<End> {
  readonly location?: string;
  readonly message?: string;
  /** Whether what was typed is at fault. */
  readonly isFault?: boolean;
}

/** Sends the page's forms without leaving it, each once at a time; what was typed stays where an answer keeps the person here. */
export function sendForms(voice: Voice): void {
  let isUnderWay = false;
  const send = async (form: HTMLFormElement, submitter: HTMLElement | null) => {
    isUnderWay = true;
    voice.hush();
    const ready = holdButtons(submitter);
    const mention = setTimeout(() => voice.mention(document.body.dataset.sending ?? ''), MENTION_AFTER);
    const { location: next, message = document.body.dataset.offline ?? '', isFault = false, ...end } = await ask(form, submitter);
    clearTimeout(mention);
    // Where the browser goes away, nothing may be sent once more until it has; an app's own address leaves the page standing.
    if (next !== undefined) location.assign(next);
    if (next !== undefined && /^(?:https?:|\/)/.test(next)) await leaving();
    isUnderWay = false;
    ready();
    voice.mention('');
    if (next !== undefined && isEnd(end)) showEnd(end, next);
    if (next === undefined) stay(form, message, isFault);
  };
  const stay = (form: HTMLFormElement, message: string, isFault: boolean) => {
    voice.tell(message, form);
    const field = form.querySelector<HTMLElement>(FIELD);
    if (isFault) field?.setAttribute('aria-invalid', 'true');
    field?.focus();
    if (field instanceof HTMLInputElement) field.select();
  };

  document.addEventListener('submit', (event) => {
    const { target: form, submitter } = event;
    if (!(form instanceof HTMLFormElement) || form.dataset.step === undefined) return;
    event.preventDefault();
    if (!isUnderWay) void send(form, submitter);
  });
  document.addEventListener('input', ({ target }) => {
    // What is mended is wrong no longer.
    const field = target instanceof HTMLElement ? target.closest('form')?.querySelector(FIELD) : undefined;
    field?.removeAttribute('aria-invalid');
    if (field) voice.hush();
  });
  // Kept by the browser as it was left, the page would wait for ever for the answer that it has had.
  window.addEventListener('pageshow', ({ persisted }) => persisted && isUnderWay && location.reload());
}

/** Posts a form. Whatever is no answer of ours counts as none. */
async function ask(form: HTMLFormElement, submitter: HTMLElement | null): Promise<Answer> {
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: readFields(form, submitter),
      signal: AbortSignal.timeout(ANSWER_LIMIT),
    });
    return (await response.json()) as Answer;
  } catch {
    return {};
  }
}

/** What the browser would send itself. Not every one that is about knows of the button when it is asked for a form's data. */
function readFields(form: HTMLFormElement, submitter: HTMLElement | null): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  if (submitter instanceof HTMLButtonElement && submitter.name !== '') fields.append(submitter.name, submitter.value);
  return fields;
}

/** Resolves where the browser has not gone away after all: its person stopped it, or what came was no page. */
function leaving(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LEAVE_LIMIT));
}

/** Shows that something is under way. @returns what makes the buttons as they were. */
function holdButtons(submitter: HTMLElement | null): () => void {
  const held = Array.from(document.querySelectorAll('button:not([aria-disabled])'));
  for (const button of held) button.setAttribute('aria-disabled', 'true');
  submitter?.setAttribute('aria-busy', 'true');
  return () => {
    for (const button of held) button.removeAttribute('aria-disabled');
    submitter?.removeAttribute('aria-busy');
  };
}
