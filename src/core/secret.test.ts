import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

/** Every way a value gets into a log, an error or a response, as text. */
function printings(value: object): string[] {
  const nested = { a: [{ b: new Map([['c', value]]), d: new Set([value]), e: value }] };
  const settings = [
    {},
    { showHidden: true },
    { depth: null },
    { showHidden: true, depth: null },
    { customInspect: false, showHidden: true, depth: null },
  ];
  return [
    `${value}`,
    String(value),
    value.toString(),
    value.toLocaleString(),
    // biome-ignore lint/style/useTemplate: concatenation asks for another primitive than a template does.
    '' + (value as unknown as string),
    [value].join(),
    JSON.stringify(value),
    JSON.stringify(nested),
    JSON.stringify({ ...value }),
    JSON.stringify(structuredClone(value)),
    Object.entries(value).join(),
    Reflect.ownKeys(value).map(String).join(),
    ...settings.flatMap((options) => [inspect(value, options), inspect(nested, options)]),
    ...['%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c', ''].flatMap((directive) => [format(directive, value), format(directive, nested)]),
    ...logged((console) => {
      console.log(value, nested);
      console.error('failed: %s', value);
      console.dir(nested, { showHidden: true, depth: null });
      console.table([value, nested]);
    }),
    inspect(new Error('failed', { cause: value }), { showHidden: true }),
    inspect(Object.assign(new Error('failed'), { value })),
  ];
}

function logged(use: (console: Console) => void): string[] {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  use(new Console(stream, stream));
  return lines;
}

describe('a secret', () => {
  it('is revealed when asked by name', () => {
    expect(new Secret('hunter2').reveal()).toBe('hunter2');
  });

  it('prints a placeholder', () => {
    const secret = new Secret('hunter2');
    expect(`${secret}`).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(inspect({ secret }, { showHidden: true })).toBe('{ secret: [secret] }');
    expect(Number(secret)).toBeNaN();
  });

  it('is printed in no way', () => {
    fc.assert(
      // Letters that no placeholder, name or directive around it has.
      fc.property(fc.stringMatching(/^[QXZ0-9]{6,40}$/), (text) => {
        for (const printing of printings(new Secret(text))) expect(printing).not.toContain(text);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused where another class asks it to print', () => {
    expect(() => Secret.prototype.reveal.call({} as Secret)).toThrow(TypeError);
  });
});
