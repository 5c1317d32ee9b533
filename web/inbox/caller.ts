import { makeCopyButton } from './copy-button.ts';
import { find, make, setText } from './dom.ts';
import type { Access } from './news.ts';
import type { Answer } from './outcome.ts';
import { type Call, LANGUAGES } from './snippets.ts';

/** Calls the service, and shows each call as it is written in a program, with its answer. */
export interface Caller {
  /** Where visits of the hosted page end that are begun here; empty before `open`. */
  readonly returnUrl: string;
  /** Hands it what it calls with. Whether that is another server's than before: then what was begun is gone. */
  open(access: Access): boolean;
  /** Shows a call that is not made yet. */
  show(call: Call): void;
  send(call: Call): Promise<{ readonly ok: boolean; readonly answer: Answer }>;
}

/** Makes the part of the page that shows request and answer. @param first what is shown at first. */
export function createCaller(first: Call): Caller {
  const [shownRequest, shownAnswer] = [find('#request'), find('#answer')];
  let access: Access | undefined;
  let call = first;
  let language = 'curl';

  const refresh = () => {
    if (access !== undefined) setText(shownRequest, LANGUAGES[language]?.(call, { url: location.origin, access }) ?? '');
  };
  const show = (next: Call) => {
    call = next;
    refresh();
  };
  find('#languages').append(
    ...Object.keys(LANGUAGES).map((name) => {
      const radio = make('input', { type: 'radio', name: 'language', value: name, checked: name === language });
      radio.addEventListener('change', () => {
        language = name;
        refresh();
      });
      return make('label', {}, radio, make('span', {}, name));
    }),
  );
  find('#copy-request').append(makeCopyButton(() => shownRequest.textContent ?? ''));

  return {
    get returnUrl() {
      return access?.returnUrl ?? '';
    },
    open(given) {
      const isOther = access !== undefined && access.apiKey !== given.apiKey;
      access = given;
      if (isOther) setText(shownAnswer, 'None yet.');
      refresh();
      return isOther;
    },
    show,
    async send(next) {
      show(next);
      const response = await fetch(next.path, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(access?.apiKey ?? '')}`, 'content-type': 'application/json' },
        body: JSON.stringify(next.body),
      });
      const answer = (await response.json()) as Answer;
      setText(shownAnswer, `${response.status} ${response.statusText}\n${JSON.stringify(answer, undefined, 2)}`);
      return { ok: response.ok, answer };
    },
  };
}
