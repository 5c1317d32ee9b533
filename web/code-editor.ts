import { digitsOf, readCode } from './read-code.ts';

/** What a field for a code is, and who hears of it. */
export interface CodeEditorOptions {
  /** How many digits a code has now. */
  length(): number;
  /** Told after each edit what is in the field, as 0–9. */
  onDigits(digits: string): void;
  /** Told where what was pasted holds no code. */
  onNoCode(): void;
}

/**
 * Keeps a field to the digits of a code, whatever script they are in and however they come.
 *
 * @returns what puts digits into the field as if the person had.
 */
export function editCode(input: HTMLInputElement, { length, onDigits, onNoCode }: CodeEditorOptions): (digits: string) => void {
  const insert = (digits: string) => {
    if (digits.length === length()) input.value = digits;
    else input.setRangeText(digits, input.selectionStart ?? 0, input.selectionEnd ?? 0, 'end');
    input.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
  };
  const tidy = (isComposing: boolean) => {
    const digits = digitsOf(input.value).slice(0, length());
    if (digits !== input.value) {
      // An input method's text is left alone until it is finished.
      if (isComposing) return;
      const caret = digitsOf(input.value.slice(0, input.selectionStart ?? 0)).length;
      input.value = digits;
      input.setSelectionRange(caret, caret);
    }
    onDigits(digits);
  };

  input.addEventListener('beforeinput', (event) => {
    const { data, isComposing, inputType } = event;
    if (data === null || isComposing || !inputType.startsWith('insert')) return;
    const { selectionStart, selectionEnd, value } = input;
    if (data.length > 1) {
      // What comes in one piece, pasted, dropped or suggested, is read as a whole: cut to the field's length first it could not be understood.
      event.preventDefault();
      const digits = readCode(data, length());
      if (digits === undefined) onNoCode();
      else insert(digits);
    } else if (selectionStart === selectionEnd && value.length === length()) {
      // Another digit would push out one that is there, and make a code of it that nobody typed.
      event.preventDefault();
    }
  });
  input.addEventListener('input', (event) => tidy(event instanceof InputEvent && event.isComposing));
  input.addEventListener('compositionend', () => tidy(false));
  return insert;
}
