import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './parse-json.ts';

const parse = (text: string) => parseJson(Buffer.from(text)).value;

describe('bodies', () => {
  it('that are JSON with one reading are read as JSON.parse reads them', () => {
    const sound = fc.jsonValue({ maxDepth: 10 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(sound, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parse(text))).toBe(text);
      }),
    );
  });

  it('keep names apart that are in different objects, and take no value for a name', () => {
    for (const text of [
      '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
      '{"a":"a","b":"a\\":","c":"{\\"a\\":1,\\"a\\":2}"}',
      '[{},{},[]]',
      '{"":1,"a":2}',
      ' { "a" : 1 } ',
    ]) {
      expect(parse(text)).toEqual(JSON.parse(text));
    }
  });

  it.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":1}}', '[{"a" :1,"a"\n:2}]', '{"":1,"":2}', '{"a\\"":1,"a\\u0022":2}'])(
    'refuse a name twice: %s',
    (text) => {
      expect(() => parse(text)).toThrow('the body has a name twice in one object');
    },
  );

  it('are nested twelve deep at most', () => {
    expect(parse('['.repeat(12) + ']'.repeat(12))).toBeInstanceOf(Array);
    expect(() => parse('['.repeat(13) + ']'.repeat(13))).toThrow('nested deeper than 12');
  });

  it('are looked through in a time that grows with their length', () => {
    const body = `{"a":"${'\\"'.repeat(8_000)}"}`;
    const begun = performance.now();
    parse(body);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
