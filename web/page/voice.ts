/** What the page says while it is open. */
export interface Voice {
  /** Says what came of a form, at once and where it is. */
  tell(text: string, form: HTMLFormElement | null): void;
  /** Takes back what was told, unless it was good. */
  hush(): void;
  /** Says in passing, to whoever listens rather than looks. */
  mention(text: string): void;
}

/** Finds the place for what came of a step, and makes one for the rest. */
export function createVoice(): Voice {
  let message = document.querySelector<HTMLElement>('#message');
  const aside = document.createElement('p');
  aside.className = 'quiet';
  aside.setAttribute('role', 'status');
  document.querySelector('main')?.append(aside);
  const hush = () => {
    if (message?.dataset.good === undefined) message?.replaceChildren();
  };

  return {
    hush,
    tell(text, form) {
      if (message === null) return;
      const place = form?.querySelector<HTMLElement>('.message') ?? message;
      if (place !== message) {
        // There is one, which the field is described by; what was said in the other place is over.
        message.replaceChildren();
        message.removeAttribute('id');
        place.id = 'message';
        message = place;
      }
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
