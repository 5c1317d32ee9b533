import type { CountersignCode } from '../code-input.ts';
import type { Caller } from './caller.ts';
import { find } from './dom.ts';
import { type Answer, attempt, onSubmit, tell, tellRefusal } from './outcome.ts';
import type { Call } from './snippets.ts';

/** The form that starts and checks. */
export interface TryIt {
  /** What was begun is gone. */
  reset(): void;
}

/** Makes the form of the page work. */
export function createTryIt(caller: Caller): TryIt {
  const [startForm, checkForm, code] = [find<HTMLFormElement>('#start'), find<HTMLFormElement>('#check'), find<CountersignCode>('countersign-code')];
  /** The verification that the second form is for, with what its start was asked with. */
  let begun: { readonly id: string; readonly fields: Fields } | undefined;

  const showSent = ({ codeLength, resendAt }: Answer) => {
    if (codeLength !== undefined) code.setAttribute('length', String(codeLength));
    if (resendAt !== undefined) code.setAttribute('resend-at', resendAt);
  };

  const start = async () => {
    const fields = readFields(startForm);
    const { ok, answer } = await caller.send(toStart(fields));
    if (!ok || answer.id === undefined) return tellRefusal(answer);
    begun = { id: answer.id, fields };
    checkForm.reset();
    code.error = '';
    showSent(answer);
    checkForm.hidden = false;
    tell('Sent. Its code is in the inbox, its id in the answer.', 'plain');
    code.focus();
  };
  const resend = async () => {
    if (begun === undefined) return;
    const { ok, answer } = await caller.send(toResend(begun.id, begun.fields));
    if (answer.retryAt !== undefined) code.setAttribute('resend-at', answer.retryAt);
    if (!ok) return tellRefusal(answer);
    if (answer.status !== 'pending') return close(String(answer.status));
    showSent(answer);
    tell('Sent again. See the answer.', 'plain');
  };
  const check = async () => {
    if (begun === undefined) return;
    const { ok, answer } = await caller.send(toCheck(begun.id, begun.fields, code.value));
    if (!ok) return tellRefusal(answer);
    if (answer.status !== 'pending') return close(String(answer.status));
    const { attemptsLeft = 0 } = answer;
    code.error = `Wrong code. ${attemptsLeft === 1 ? '1 attempt' : `${attemptsLeft} attempts`} left.`;
    tell('See the answer.', 'plain');
  };
  const close = (status: string) => {
    const hadFocus = checkForm.contains(document.activeElement);
    checkForm.hidden = true;
    begun = undefined;
    tell(
      status === 'approved' ? 'Approved. The proof is in the answer.' : `Over: ${status}. See the answer.`,
      status === 'approved' ? 'good' : 'bad',
    );
    if (hadFocus) startForm.querySelector('button')?.focus();
  };

  startForm.addEventListener('input', () => caller.show(toStart(readFields(startForm))));
  onSubmit(startForm, start);
  onSubmit(checkForm, check);
  code.addEventListener('resend', () => attempt(resend));

  return {
    reset() {
      checkForm.hidden = true;
      begun = undefined;
      tell('', 'plain');
      caller.show(toStart(readFields(startForm)));
    },
  };
}

/** The call that the form would make as it is. */
export function readStart(): Call {
  return toStart(readFields(find<HTMLFormElement>('#start')));
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
