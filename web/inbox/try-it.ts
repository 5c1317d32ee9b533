import type { CountersignCode } from '../code-input.ts';
import { makeCopyButton } from './copy-button.ts';
import { find, make, setText } from './dom.ts';
import type { Access } from './news.ts';
import { type Call, LANGUAGES } from './snippets.ts';

/** The form that starts and checks. */
export interface TryIt {
  /** Hands it what it calls with. Another key is another server: what was begun is gone. */
  open(access: Access): void;
}

/** What the service answered, as far as the form reads it. */
interface Answer {
  readonly status?: string | number;
  readonly id?: string;
  readonly codeLength?: number;
  readonly resendAt?: string;
  readonly retryAt?: string;
  readonly attemptsLeft?: number;
  readonly detail?: string;
  readonly reason?: string;
}

/** Makes the form of the page work. */
export function createTryIt(): TryIt {
  const [startForm, checkForm] = [find<HTMLFormElement>('#start'), find<HTMLFormElement>('#check')];
  const [code, outcome, shownRequest, shownAnswer] = [find<CountersignCode>('countersign-code'), find('#outcome'), find('#request'), find('#answer')];
  let access: Access | undefined;
  /** The verification that the second form is for, with what its start was asked with. */
  let begun: { readonly id: string; readonly fields: Fields } | undefined;
  let call = toStart(readFields(startForm));
  let language = 'curl';

  const showRequest = () => {
    if (access !== undefined) setText(shownRequest, LANGUAGES[language]?.(call, { url: location.origin, access }) ?? '');
  };
  const send = async (next: Call): Promise<{ readonly ok: boolean; readonly answer: Answer }> => {
    call = next;
    showRequest();
    const response = await fetch(call.path, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(access?.apiKey ?? '')}`, 'content-type': 'application/json' },
      body: JSON.stringify(call.body),
    });
    const answer = (await response.json()) as Answer;
    setText(shownAnswer, `${response.status} ${response.statusText}\n${JSON.stringify(answer, undefined, 2)}`);
    return { ok: response.ok, answer };
  };
  const tell = (text: string, kind: 'good' | 'bad' | 'plain') => {
    outcome.dataset.kind = kind;
    setText(outcome, text);
  };
  /** A request that did not come through says so, and changes nothing. */
  const attempt = (work: () => Promise<void>) => {
    work().catch(() => tell('The service did not answer. Is `countersign dev` running?', 'bad'));
  };
  const showSent = ({ codeLength, resendAt }: Answer) => {
    if (codeLength !== undefined) code.setAttribute('length', String(codeLength));
    if (resendAt !== undefined) code.setAttribute('resend-at', resendAt);
  };

  const start = async () => {
    const fields = readFields(startForm);
    const { ok, answer } = await send(toStart(fields));
    if (!ok || answer.id === undefined) return tell(describeRefusal(answer), 'bad');
    begun = { id: answer.id, fields };
    checkForm.reset();
    code.error = '';
    showSent(answer);
    checkForm.hidden = false;
    tell('Sent. Its code is in the inbox.', 'plain');
    code.focus();
  };
  const resend = async () => {
    if (begun === undefined) return;
    const { ok, answer } = await send(toResend(begun.id, begun.fields));
    if (answer.retryAt !== undefined) code.setAttribute('resend-at', answer.retryAt);
    if (!ok) return tell(describeRefusal(answer), 'bad');
    if (answer.status !== 'pending') return close(String(answer.status));
    showSent(answer);
    tell('Sent again.', 'plain');
  };
  const check = async () => {
    if (begun === undefined) return;
    const { ok, answer } = await send(toCheck(begun.id, begun.fields, code.value));
    if (!ok) return tell(describeRefusal(answer), 'bad');
    if (answer.status !== 'pending') return close(String(answer.status));
    const { attemptsLeft = 0 } = answer;
    code.error = `Wrong code. ${attemptsLeft === 1 ? '1 attempt' : `${attemptsLeft} attempts`} left.`;
    tell('', 'plain');
  };
  const close = (status: string) => {
    const hadFocus = checkForm.contains(document.activeElement);
    checkForm.hidden = true;
    begun = undefined;
    tell(status === 'approved' ? 'Approved. The proof is in the answer.' : `Over: ${status}.`, status === 'approved' ? 'good' : 'bad');
    if (hadFocus) startForm.querySelector('button')?.focus();
  };

  startForm.addEventListener('input', () => {
    call = toStart(readFields(startForm));
    showRequest();
  });
  onSubmit(startForm, () => attempt(start));
  onSubmit(checkForm, () => attempt(check));
  code.addEventListener('resend', () => attempt(resend));
  find('#languages').append(
    ...Object.keys(LANGUAGES).map((name) => {
      const radio = make('input', { type: 'radio', name: 'language', value: name, checked: name === language });
      radio.addEventListener('change', () => {
        language = name;
        showRequest();
      });
      return make('label', {}, radio, make('span', {}, name));
    }),
  );
  find('#copy-request').append(makeCopyButton(() => shownRequest.textContent ?? ''));

  return {
    open(given) {
      const isOther = access !== undefined && access.apiKey !== given.apiKey;
      access = given;
      if (isOther) {
        checkForm.hidden = true;
        begun = undefined;
        tell('', 'plain');
        setText(shownAnswer, 'None yet.');
        call = toStart(readFields(startForm));
      }
      showRequest();
    },
  };
}

type Fields = Readonly<Record<'to' | 'channel' | 'requester', string>>;

function readFields(form: HTMLFormElement): Fields {
  const data = new FormData(form);
  const read = (name: string) => String(data.get(name) ?? '').trim();
  return { to: read('to'), channel: read('channel'), requester: read('requester') };
}

function toStart({ to, channel, requester }: Fields): Call {
  const parameters = { to, channel: channel || (to.includes('@') ? 'email' : 'sms') };
  return { path: '/v1/verifications', body: given({ to, channel, requester }), twilio: { resource: 'verifications', parameters } };
}

function toResend(id: string, fields: Fields): Call {
  const { requester } = fields;
  return { path: `/v1/verifications/${id}/resend`, body: given({ requester }), twilio: toStart(fields).twilio };
}

function toCheck(id: string, { to, requester }: Fields, code: string): Call {
  return {
    path: `/v1/verifications/${id}/check`,
    body: given({ code, requester }),
    twilio: { resource: 'verificationChecks', parameters: { to, code } },
  };
}

/** An empty field is one that is not given. */
function given(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

function describeRefusal({ reason, detail = 'The service refused.', retryAt }: Answer): string {
  const until = retryAt === undefined ? '' : ` (from ${new Date(retryAt).toLocaleTimeString()} on)`;
  return `${reason === undefined ? '' : `${reason}: `}${detail}${until}`;
}

function onSubmit(form: HTMLFormElement, act: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
}
