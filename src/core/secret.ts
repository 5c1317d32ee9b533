import { inspect } from 'node:util';

const PLACEHOLDER = '[secret]';

/**
 * A value that cannot print itself: template strings, `String()`, `JSON.stringify`, `console.log` and `util.inspect` all show a placeholder.
 * Whoever needs the text asks for it by name, so that each place where it leaves is found by searching for `reveal`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [Symbol.toPrimitive](): string {
    return PLACEHOLDER;
  }

  [inspect.custom](): string {
    return PLACEHOLDER;
  }
}
