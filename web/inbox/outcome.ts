import { find, setMarked } from './dom.ts';

/** What the service answered, as far as the forms read it. */
export interface Answer {
  readonly status?: string | number;
  readonly id?: string;
  readonly url?: string;
  readonly codeLength?: number;
  readonly resendAt?: string;
  readonly retryAt?: string;
  readonly attemptsLeft?: number;
  readonly detail?: string;
  readonly field?: string;
  readonly reason?: string;
}

/** Says what came of a form, below it. @param text code in it is between backticks, and `the answer` leads there. */
export function tell(text: string, kind: 'good' | 'bad' | 'plain'): void {
  const outcome = find('#outcome');
  outcome.dataset.kind = kind;
  setMarked(outcome, text);
}

/** Says why the service did nothing. */
export function tellRefusal({ reason, detail = 'The service refused', retryAt }: Answer): void {
  const until = retryAt === undefined ? '' : ` (from ${new Date(retryAt).toLocaleTimeString()} on)`;
  tell(`${reason === undefined ? '' : `${reason}: `}${detail}${until}. See the answer.`, 'bad');
}

/** Acts in the place of a form's own submit. A request that did not come through says so, and changes nothing. */
export function onSubmit(form: HTMLFormElement, act: () => Promise<void>): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(act);
  });
}

/** Acts; a request that did not come through says so. */
export function attempt(act: () => Promise<void>): void {
  act().catch(() => tell('The service did not answer. Is `countersign dev` running?', 'bad'));
}
