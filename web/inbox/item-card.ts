import { makeCopyButton } from './copy-button.ts';
import { make, setText } from './dom.ts';
import { formatClock, formatLeft } from './format-time.ts';
import type { Item, Message, Refusal, Verification } from './news.ts';

/** One item of the list, as it is shown. */
export interface Card {
  readonly element: HTMLLIElement;
  readonly verificationId: string | undefined;
  /** Shows what became of its verification, as of now. */
  update(verification: Verification | undefined): void;
}

const CHANNELS = { sms: 'SMS', call: 'Call', whatsapp: 'WhatsApp', email: 'Email' } as const;

const STATES: Readonly<Record<string, string>> = {
  pending: 'Pending',
  approved: 'Approved',
  expired: 'Expired',
  max_attempts_reached: 'No attempts left',
  canceled: 'Canceled',
};

/** Makes the card of an item. */
export function makeCard(item: Item): Card {
  return item.kind === 'message' ? makeMessageCard(item) : makeRefusalCard(item);
}

function makeMessageCard(message: Message): Card {
  const { channel, to, subject, code, verificationId } = message;
  const state = make('span', { className: 'state' });
  const facts = make('span', { className: 'facts' });
  const about = make('p', { className: 'about' }, state, facts);
  const letterHead = subject === undefined ? [] : [make('p', { className: 'subject', dir: 'auto' }, subject)];
  const element = make(
    'li',
    { className: `item ${channel}` },
    makeHead(`${CHANNELS[channel] ?? channel} to ${to}`, message.at),
    make('div', { className: 'body' }, ...letterHead, make('p', { className: 'text', dir: 'auto' }, ...markCode(message))),
    makeCopyButton(() => code, code),
    about,
    ...(verificationId === undefined ? [] : [make('p', { className: 'id' }, verificationId)]),
  );
  return {
    element,
    verificationId,
    update(verification) {
      about.hidden = verification === undefined;
      if (verification === undefined) return;
      const status = verification.status === 'pending' && formatLeft(verification.expiresAt) === undefined ? 'expired' : verification.status;
      state.dataset.state = status;
      setText(state, STATES[status] ?? status);
      setText(facts, describe({ ...verification, status }));
    },
  };
}

/** What is left: guesses, the wait for the next message, life. */
function describe({ status, purpose, attemptsLeft, resendAt, expiresAt }: Verification): string {
  const told = purpose === 'default' ? [] : [`for ${purpose}`];
  if (status === 'pending') {
    const wait = formatLeft(resendAt);
    told.push(attemptsLeft === 1 ? '1 attempt left' : `${attemptsLeft} attempts left`);
    told.push(wait === undefined ? 'may be sent again' : `may be sent again in ${wait}`);
    told.push(`expires in ${formatLeft(expiresAt)}`);
  }
  return told.join(' · ');
}

/** The text with its code set apart. */
function markCode({ text, code }: Message): readonly (Node | string)[] {
  const at = text.indexOf(code);
  return at < 0 ? [text] : [text.slice(0, at), make('strong', {}, code), text.slice(at + code.length)];
}

function makeRefusalCard({ to, at, reason, rule }: Refusal): Card {
  const why = rule === undefined ? reason : `${reason} (${rule})`;
  const element = make(
    'li',
    { className: 'item refusal' },
    makeHead(`Not sent to ${to}`, at),
    make('p', { className: 'about' }, make('code', {}, why)),
  );
  return { element, verificationId: undefined, update: () => undefined };
}

function makeHead(title: string, at: string): HTMLElement {
  return make('div', { className: 'line' }, make('h3', {}, title), make('time', { dateTime: at }, formatClock(at)));
}
