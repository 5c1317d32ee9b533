import { printAs } from './print-as.ts';

/**
 * A value that cannot print itself: template strings, `String()`, `JSON.stringify`, `console.log` and `util.inspect` all show `[secret]`.
 * Whoever needs the text asks for it by name, so that each place where it leaves is found by searching for `reveal`.
 */
export class Secret {
  readonly #value: string;

  static {
    printAs(Secret.prototype, () => '[secret]');
  }

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself. */
  reveal(): string {
    return this.#value;
  }
}
