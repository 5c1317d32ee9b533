/** What the page says while it is open. */
export interface Voice {
  /** Says what came of a step, at once and where its form is. */
  tell(text: string): void;
  /** Takes back what was told, unless it was good. */
  hush(): void;
  /** Says in passing, to whoever listens rather than looks. */
  mention(text: string): void;
}

/** Finds the place for what came of a step, and makes one for the rest. */
export function createVoice(): Voice {
  const message = document.querySelector<HTMLElement>('#message');
  const aside = document.createElement('p');
  aside.className = 'quiet';
  aside.setAttribute('role', 'status');
  document.querySelector('main')?.append(aside);
  const hush = () => {
    if (message?.dataset.good === undefined) message?.replaceChildren();
  };

  return {
    hush,
    tell(text) {
      if (message === null) return;
      // Written anew even where it is the same text: the same mistake made twice is to be heard twice.
      delete message.dataset.good;
      hush();
      message.setAttribute('role', 'alert');
      message.append(text);
    },
    mention(text) {
      aside.textContent = '';
      aside.textContent = text;
    },
  };
}
