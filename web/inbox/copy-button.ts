import { make, setText } from './dom.ts';

/** How long a button says that it has copied, in milliseconds. */
const SAID_MS = 2000;

/**
 * A button that copies.
 *
 * @param read what, as it is at the press.
 * @param label what to show beside `Copy`.
 */
export function makeCopyButton(read: () => string, label = ''): HTMLButtonElement {
  const said = make('span', { className: 'said', ariaLive: 'polite' }, 'Copy');
  const button = make('button', { type: 'button', className: 'copy' }, ...(label === '' ? [] : [make('b', {}, label)]), said);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (text: string) => {
    setText(said, text);
    clearTimeout(timer);
    timer = setTimeout(() => setText(said, 'Copy'), SAID_MS);
  };
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(read()).then(
      () => say('Copied'),
      () => say('Not allowed'),
    );
  });
  return button;
}
