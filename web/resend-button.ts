import { formatWait } from './format-wait.ts';

/** How long a press keeps the button from the next one, in milliseconds: until the page has had its server's answer. */
const PRESS_MS = 3000;

/** What the button is told. */
export interface ResendState {
  /** ISO-8601: from when on it may be pressed; `null` where there is no button. A time that cannot be read is over: the server decides. */
  readonly at: string | null;
  readonly label: string;
  /** `{time}` stands for what is left, as `m:ss`. */
  readonly waitLabel: string;
}

/** A button that counts down to the moment from which on it may be pressed. While it waits it can still be reached with the keyboard. */
export class ResendButton {
  readonly element: HTMLButtonElement = document.createElement('button');
  #state: ResendState = { at: null, label: '', waitLabel: '' };
  #pressedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onPress: () => void) {
    this.element.type = 'button';
    this.element.part.add('resend');
    this.element.addEventListener('click', () => {
      if (this.#left() > 0) return;
      this.#pressedAt = Date.now();
      onPress();
      this.#tick();
    });
  }

  update(state: ResendState): void {
    this.#state = state;
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #left(): number {
    const at = Date.parse(this.#state.at ?? '') || 0;
    return Math.max(at, this.#pressedAt + PRESS_MS) - Date.now();
  }

  #tick(): void {
    const { at, label, waitLabel } = this.#state;
    const left = this.#left();
    const isWaiting = left > 0;
    this.stop();
    this.element.hidden = at === null;
    if (isWaiting) this.element.setAttribute('aria-disabled', 'true');
    else this.element.removeAttribute('aria-disabled');
    this.element.textContent = isWaiting ? waitLabel.replace('{time}', formatWait(left)) : label;
    if (isWaiting && this.element.isConnected) this.#timer = setTimeout(() => this.#tick(), left % 1000 || 1000);
  }
}
