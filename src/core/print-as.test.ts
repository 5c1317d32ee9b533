import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { printAs } from './print-as.ts';

class Hidden {
  readonly label: string;
  readonly secret = 'hunter2';

  static {
    printAs(Hidden.prototype, ({ label }) => `<${label}>`);
  }

  constructor(label: string) {
    this.label = label;
  }
}

describe('a class that prints as a text', () => {
  const hidden = new Hidden('a');

  it('prints so wherever it is made a text, with the text of each instance', () => {
    expect([`${hidden}`, String(hidden), hidden.toString(), [hidden, new Hidden('b')].join()]).toEqual(['<a>', '<a>', '<a>', '<a>,<b>']);
    expect(JSON.stringify({ deep: [hidden] })).toBe('{"deep":["<a>"]}');
    expect(inspect({ deep: [hidden] })).toBe('{ deep: [ <a> ] }');
    expect([format('%s', hidden), format('%o', hidden), format('%O', hidden), format('%j', hidden), format(hidden)]).toEqual([
      '<a>',
      '<a>',
      '<a>',
      '"<a>"',
      '<a>',
    ]);
    expect((hidden as unknown as number) + 1).toBe('<a>1');
  });

  it('cannot be made to print otherwise by accident: its methods are not listed and not writable', () => {
    for (const name of ['toString', 'toJSON', Symbol.toPrimitive, inspect.custom]) {
      expect(Object.getOwnPropertyDescriptor(Hidden.prototype, name)).toMatchObject({ enumerable: false, writable: false, configurable: false });
    }
    expect(() => Object.assign(hidden, { toJSON: () => 'hunter2' })).toThrow(TypeError);
  });

  it('is printed so for classes that extend it', () => {
    class Louder extends Hidden {}
    expect(`${new Louder('c')}`).toBe('<c>');
  });
});
