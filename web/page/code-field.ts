import { editCode } from '../code-editor.ts';
import { readCode } from '../read-code.ts';
import { readWebOtp } from '../read-web-otp.ts';
import type { Voice } from './voice.ts';

/** Makes the field for the code take what people and their devices put into it, and send its form at the last digit. */
export function helpWithCode(voice: Voice): void {
  const input = document.querySelector<HTMLInputElement>('#code');
  if (input === null) return;
  const length = Number(input.dataset.digits);
  // The code that was sent by itself: not twice, until it was another.
  let sent = '';
  const insert = editCode(input, {
    length: () => length,
    onNoCode: () => voice.tell(input.dataset.paste ?? '', input.form),
    onDigits(digits) {
      if (digits === sent) return;
      sent = '';
      if (digits.length < length) return;
      sent = digits;
      input.form?.requestSubmit(input.form.querySelector('button'));
    },
  });
  // A page that goes away lets go of what it waits for by itself.
  void readWebOtp(new AbortController().signal).then((code) => {
    const digits = readCode(code ?? '', length);
    if (digits?.length === length) insert(digits);
  });
}
