import type { Caller } from './caller.ts';
import { find, make, setText } from './dom.ts';
import { onSubmit, tell, tellRefusal } from './outcome.ts';
import type { Call } from './snippets.ts';

/** Where visits of the hosted page end, in the place of a caller's own site: `src/service/inbox-files.ts` has the same. */
const RETURN_PATH = '/inbox/returned';

/** The button that leads to the hosted page, and what is shown of whoever comes back from there. */
export interface TryPage {
  /** What was begun is gone. */
  reset(): void;
}

/** Makes it work. */
export function createTryPage(caller: Caller): TryPage {
  const [visitForm, link] = [find<HTMLFormElement>('#visit'), find('#link')];
  onSubmit(visitForm, async () => {
    const { ok, answer } = await caller.send(toOpen(caller.returnUrl));
    // Whoever tries a site of their own has put it in the place of the inbox: their visits end there, and ours need a place as well.
    if (answer.field === 'returnUrl') return tell(describeMissing(caller.returnUrl), 'bad');
    if (!ok || answer.url === undefined) return tellRefusal(answer);
    const anchor = make('a', { href: answer.url, target: '_blank', rel: 'noopener' }, 'Open the page in a new tab');
    link.replaceChildren(anchor, ': a link for one person, good for 30 minutes.');
    link.hidden = false;
    tell('', 'plain');
    anchor.focus();
  });
  if (location.pathname === RETURN_PATH) showReturn(caller);
  return {
    reset() {
      link.hidden = true;
    },
  };
}

/** What a caller's server does with whoever comes back. It would compare `state` as well: this page keeps nothing to compare it with. */
function showReturn(caller: Caller): void {
  const query = new URLSearchParams(location.search);
  const result = query.get('result');
  const exchangeForm = find<HTMLFormElement>('#exchange');
  for (const form of ['#start', '#visit']) find(form).hidden = true;
  find('#back').hidden = false;
  exchangeForm.hidden = result === null;
  setText(find('#told'), describeReturn(query));
  if (result === null) return;
  caller.show(toExchange(result));
  onSubmit(exchangeForm, async () => {
    const { ok, answer } = await caller.send(toExchange(result));
    if (!ok) return tellRefusal(answer);
    exchangeForm.hidden = true;
    tell('Approved. The proof is in the answer.', 'good');
    find('#back a').focus();
  });
}

function describeReturn(query: URLSearchParams): string {
  const state = `the state ${query.get('state') ?? '(none)'}`;
  if (!query.has('result')) return `Back from the hosted page, with the error ${query.get('error') ?? '(none)'} and ${state}.`;
  return `Back from the hosted page, with a result and ${state}. Your server compares the state with the one it gave, and exchanges the result within 60 s.`;
}

function describeMissing(returnUrl: string): string {
  return `A visit cannot end here: the service’s page.returnUrls have no ${returnUrl} any more. Add it beside yours, and try again.`;
}

function toOpen(returnUrl: string): Call {
  return { path: '/v1/sessions', body: { returnUrl, state: crypto.randomUUID() } };
}

function toExchange(result: string): Call {
  return { path: '/v1/sessions/exchange', body: { result } };
}
