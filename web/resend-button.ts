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
    this.element.textContent = isWaiting ? waitLabel.replace('{time}', formatTime(left)) : label;
    if (isWaiting && this.element.isConnected) this.#timer = setTimeout(() => this.#tick(), left % 1000 || 1000);
  }
}

/** `0:29`, `12:00`, `23:59:59`; a second that has begun is shown whole, so that 0:00 is never a wait. */
function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}:${two(minutes % 60)}` : minutes}:${two(seconds % 60)}`;
}
