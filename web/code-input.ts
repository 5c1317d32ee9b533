import { editCode } from './code-editor.ts';
import css from './code-input.css?inline';
import { FormField } from './form-field.ts';
import { digitsOf, readCode } from './read-code.ts';
import { readWebOtp } from './read-web-otp.ts';
import { ResendButton } from './resend-button.ts';

/** The last digit is there. Cancelable: with `preventDefault()` an `autosubmit` does not submit the form. */
export type CompleteEvent = CustomEvent<{ readonly code: string }>;

/** What `<countersign-code>` tells, beside `input` and `change`. */
export interface CountersignCodeEventMap extends HTMLElementEventMap {
  complete: CompleteEvent;
  resend: CustomEvent<null>;
}

/** The element's own attributes, as a framework's types want them. `{length}` and `{time}` in texts are replaced. */
export interface CountersignCodeAttributes {
  /** In a form: the name of the code in what is sent. */
  name?: string;
  /** The code at first and after a reset. */
  value?: string;
  /** How many digits, 4–10. @defaultValue `6` */
  length?: number | string;
  /** What went wrong; the element removes it at the next edit. */
  error?: string;
  disabled?: boolean;
  readonly?: boolean;
  required?: boolean;
  /** Submits the form at the last digit, once. */
  autosubmit?: boolean;
  /** Reads the code from an SMS to this site, where the browser can. */
  webotp?: boolean;
  /** ISO-8601: from when on a new code may be asked for. Without it there is no button. */
  'resend-at'?: string;
  label?: string;
  'resend-label'?: string;
  'resend-wait-label'?: string;
  'missing-message'?: string;
  'incomplete-message'?: string;
  'paste-message'?: string;
}

/** Every text that is not given as an attribute. */
const TEXTS = {
  label: 'Verification code',
  'resend-label': 'Send a new code',
  'resend-wait-label': 'Send a new code in {time}',
  'missing-message': 'Enter the code.',
  'incomplete-message': 'Enter all {length} digits.',
  'paste-message': 'There is no code of {length} digits in this text.',
} as const;

/**
 * `<countersign-code>`: one field for a one-time code, form-associated, that autofill and screen readers know for what it is.
 *
 * @example
 * ```html
 * <form method="post" action="/check">
 *   <countersign-code name="code" required autosubmit webotp></countersign-code>
 * </form>
 * ```
 */
export class CountersignCode extends FormField {
  static readonly observedAttributes: readonly string[] = [
    'value',
    'length',
    'error',
    'readonly',
    'required',
    'webotp',
    'resend-at',
    ...Object.keys(TEXTS),
  ];

  readonly #label = document.createElement('slot');
  readonly #input = document.createElement('input');
  readonly #message = document.createElement('p');
  readonly #insert = editCode(this.#input, {
    length: () => this.length,
    onDigits: (digits) => this.#onDigits(digits),
    onNoCode: () => {
      this.#isPasteEmpty = true;
      this.#render();
    },
  });
  readonly #resend = new ResendButton(() => this.#askAgain());
  /** The code as the form has it. */
  #value = '';
  /** The code that `complete` told last, and the one that was submitted for it: neither is done twice. */
  #told = '';
  #submitted = '';
  /** Whether the person has typed: until then the attribute `value` is the value. */
  #isEdited = false;
  /** Whether what was pasted last held no code. */
  #isPasteEmpty = false;
  #listening: AbortController | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    // Neither a style element nor markup as text: both would need an exception in a strict Content-Security-Policy.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const label = document.createElement('label');
    label.htmlFor = 'input';
    label.part.add('label');
    this.#label.name = 'label';
    label.append(this.#label);
    Object.assign(this.#input, { id: 'input', type: 'text', inputMode: 'numeric', autocomplete: 'one-time-code', enterKeyHint: 'done' });
    this.#input.part.add('input');
    Object.assign(this.#message, { id: 'message', role: 'alert' });
    this.#message.part.add('message');
    root.append(label, this.#input, this.#message, this.#resend.element);
    this.#listen();
  }

  connectedCallback(): void {
    window.addEventListener('pageshow', this.#comeBack);
    // A property that was set before the element was defined hides the one of the class.
    for (const key of ['value', 'error', 'length', 'disabled', 'readOnly', 'required'] as const) {
      if (!Object.hasOwn(this, key)) continue;
      const given = this[key];
      delete (this as Partial<this>)[key];
      Object.assign(this, { [key]: given });
    }
    this.#render();
    this.#hear();
  }

  disconnectedCallback(): void {
    window.removeEventListener('pageshow', this.#comeBack);
    this.#resend.stop();
    this.#listening?.abort();
  }

  attributeChangedCallback(name: string): void {
    if (name === 'value' && !this.#isEdited) this.#keep(this.getAttribute('value') ?? '');
    if (name === 'webotp') this.#hear();
    if (name === 'error') {
      this.#submitted = '';
      // Written anew even where it is the same text: the same mistake made twice is to be heard twice.
      this.#message.textContent = '';
    }
    this.#render();
  }

  formResetCallback(): void {
    this.#isEdited = false;
    this.#told = this.#submitted = '';
    this.#isPasteEmpty = false;
    this.removeAttribute('error');
    this.#keep(this.getAttribute('value') ?? '');
    this.#render();
  }

  formDisabledCallback(isDisabled: boolean): void {
    this.#input.disabled = this.#resend.element.disabled = isDisabled;
  }

  /** The digits so far, as 0–9. Setting it tells nobody, as with any field. */
  get value(): string {
    return this.#value;
  }

  set value(value: string) {
    this.#isEdited = true;
    this.#keep(value);
    this.#render();
  }

  /** How many digits, 4–10. */
  get length(): number {
    return Math.min(Math.max(Math.trunc(Number(this.getAttribute('length') || 6)) || 6, 4), 10);
  }

  set length(length: number | string) {
    this.setAttribute('length', String(length));
  }

  /** What went wrong, `''` where nothing did. */
  get error(): string {
    return this.getAttribute('error') ?? '';
  }

  set error(error: string | null | undefined) {
    if (error) this.setAttribute('error', error);
    else this.removeAttribute('error');
  }

  override addEventListener<K extends keyof CountersignCodeEventMap>(
    type: K,
    listener: (this: CountersignCode, event: CountersignCodeEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  override addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options);
  }

  /** What was sent from a page that was left and kept may be sent from it again. */
  #comeBack = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.#submitted = '';
  };

  #listen(): void {
    const input = this.#input;
    // The one event of a field that does not leave a shadow root by itself.
    input.addEventListener('change', () => this.dispatchEvent(new Event('change', { bubbles: true })));
    // A field in a shadow root belongs to no form, so Enter is brought to it here.
    input.addEventListener('keydown', ({ key, isComposing }) => {
      if (key === 'Enter' && !isComposing && (this.#submitted === '' || this.#submitted !== this.#value)) this.#submit();
    });
  }

  #onDigits(digits: string): void {
    const wasPasteEmpty = this.#isPasteEmpty;
    this.#isEdited = true;
    this.#isPasteEmpty = false;
    if (digits !== this.#value) {
      this.#told = this.#submitted = '';
      this.removeAttribute('error');
      this.#keep(digits);
      this.#render();
    } else if (wasPasteEmpty) this.#render();
    if (digits.length === this.length && digits !== this.#told) this.#complete(digits);
  }

  #complete(code: string): void {
    this.#told = code;
    this.#listening?.abort();
    const event: CompleteEvent = new CustomEvent('complete', { detail: { code }, bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(event) || !this.hasAttribute('autosubmit')) return;
    this.#submitted = code;
    this.#submit();
  }

  /** As the browser does it at Enter: by the form's first button, and not at all where that one is disabled. */
  #submit(): void {
    const { form } = this.internals;
    const button = Array.from(form?.elements ?? []).find((element) => element.matches('button[type=submit], button:not([type]), input[type=submit]'));
    if (!button?.matches(':disabled')) form?.requestSubmit(button as HTMLElement | undefined);
  }

  #askAgain(): void {
    this.dispatchEvent(new CustomEvent('resend', { bubbles: true, composed: true }));
    this.#hear();
    this.#input.focus();
  }

  /** Listens for a message, where that is wished for: once, however often it is asked to. */
  #hear(): void {
    if (!this.isConnected || !this.hasAttribute('webotp')) this.#listening?.abort();
    else if (this.#listening === undefined || this.#listening.signal.aborted) {
      const listening = new AbortController();
      this.#listening = listening;
      void readWebOtp(listening.signal).then((code) => {
        if (this.#listening === listening) this.#listening = undefined;
        const digits = readCode(code ?? '', this.length);
        if (digits !== undefined && !this.#input.readOnly && !this.#input.disabled) this.#insert(digits);
      });
    }
  }

  #keep(value: string): void {
    this.#value = digitsOf(value).slice(0, this.length);
    if (this.#input.value !== this.#value) this.#input.value = this.#value;
    this.internals.setFormValue(this.#value);
  }

  #text(name: keyof typeof TEXTS): string {
    return (this.getAttribute(name) ?? TEXTS[name]).replace('{length}', String(this.length));
  }

  #render(): void {
    const { error, required } = this;
    const message = error || (this.#isPasteEmpty ? this.#text('paste-message') : '');
    this.#label.textContent = this.#text('label');
    Object.assign(this.#input, { required, readOnly: this.readOnly });
    if (error) this.#input.setAttribute('aria-invalid', 'true');
    else this.#input.removeAttribute('aria-invalid');
    if (message) this.#input.setAttribute('aria-describedby', 'message');
    else this.#input.removeAttribute('aria-describedby');
    // Only what has changed is written: what is written is announced.
    if (this.#message.textContent !== message) this.#message.textContent = message;
    this.#resend.update({
      at: this.getAttribute('resend-at'),
      label: this.#text('resend-label'),
      waitLabel: this.#text('resend-wait-label'),
    });
    this.#validate();
  }

  /** Says whether this can be a code. Whether it is the right one, `error` says, and does not keep the form from being sent again. */
  #validate(): void {
    const { length } = this.#value;
    if (length === 0 && this.required) this.internals.setValidity({ valueMissing: true }, this.#text('missing-message'), this.#input);
    else if (length > 0 && length < this.length) this.internals.setValidity({ tooShort: true }, this.#text('incomplete-message'), this.#input);
    else this.internals.setValidity({});
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'countersign-code': CountersignCode;
  }
}

if (globalThis.customElements && !customElements.get('countersign-code')) customElements.define('countersign-code', CountersignCode);
