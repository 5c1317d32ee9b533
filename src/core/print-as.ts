import { inspect } from 'node:util';

/**
 * Makes every way of printing a class's instances show `print`'s text: template strings and `String()`, `JSON.stringify`, `console.log` and
 * `util.inspect`, however deep the instance is nested. Called once per class, from its static block.
 */
export function printAs<T extends object>(prototype: T, print: (instance: T) => string): void {
  const method = {
    value(this: T): string {
      return print(this);
    },
  };
  for (const name of ['toString', 'toJSON', Symbol.toPrimitive, inspect.custom]) Object.defineProperty(prototype, name, method);
}
