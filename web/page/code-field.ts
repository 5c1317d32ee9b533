import { digitsOf, readCode } from '../read-code.ts';
import { readWebOtp } from '../read-web-otp.ts';
import type { Voice } from './voice.ts';

/** Makes the field for the code take what people and their devices put into it, and send its form at the last digit. */
export function helpWithCode(voice: Voice): void {
  const input = document.querySelector<HTMLInputElement>('#code');
  if (input !== null) new CodeField(input, voice).listen();
}

class CodeField {
  readonly #input: HTMLInputElement;
  readonly #voice: Voice;
  readonly #length: number;
  /** What is in the field, as 0–9. */
  #digits = '';
  /** The code that was sent by itself: not twice, until it was another. */
  #sent = '';

  constructor(input: HTMLInputElement, voice: Voice) {
    this.#input = input;
    this.#voice = voice;
    this.#length = Number(input.dataset.digits);
  }

  listen(): void {
    const input = this.#input;
    input.addEventListener('beforeinput', (event) => this.#onBeforeInput(event));
    input.addEventListener('input', (event) => this.#onInput(event instanceof InputEvent && event.isComposing));
    input.addEventListener('compositionend', () => this.#onInput(false));
    // A page that goes away lets go of what it waits for by itself.
    void readWebOtp(new AbortController().signal).then((code) => {
      const digits = readCode(code ?? '', this.#length);
      if (digits?.length === this.#length) this.#insert(digits);
    });
  }

  /** What comes in one piece, pasted, dropped or suggested, is read as a whole. */
  #onBeforeInput(event: InputEvent): void {
    const { data, isComposing, inputType } = event;
    if (data === null || isComposing || !inputType.startsWith('insert')) return;
    const { selectionStart, selectionEnd } = this.#input;
    if (data.length > 1) {
      event.preventDefault();
      const digits = readCode(data, this.#length);
      if (digits === undefined) this.#voice.tell(this.#input.dataset.paste ?? '');
      else this.#insert(digits);
    } else if (selectionStart === selectionEnd && this.#digits.length === this.#length) {
      // Another digit would push out one that is there, and make a code of it that nobody typed.
      event.preventDefault();
    }
  }

  #insert(digits: string): void {
    const input = this.#input;
    if (digits.length === this.#length) input.value = digits;
    else input.setRangeText(digits, input.selectionStart ?? 0, input.selectionEnd ?? 0, 'end');
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }

  #onInput(isComposing: boolean): void {
    const input = this.#input;
    const digits = digitsOf(input.value).slice(0, this.#length);
    if (digits !== input.value) {
      // An input method's text is left alone until it is finished.
      if (isComposing) return;
      const caret = digitsOf(input.value.slice(0, input.selectionStart ?? 0)).length;
      input.value = digits;
      input.setSelectionRange(caret, caret);
    }
    if (digits !== this.#digits) this.#sent = '';
    this.#digits = digits;
    if (digits.length < this.#length || digits === this.#sent) return;
    this.#sent = digits;
    input.form?.requestSubmit(input.form.querySelector('button'));
  }
}
