import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBrowserCookie, toBrowserCookie } from './browser-cookie.ts';

const ID = `PS${'0'.repeat(32)}`;
const OTHER_ID = `PS${'1'.repeat(32)}`;
const SECRET = 'a'.repeat(22);
const NAME = `__Host-countersign-${ID}`;
const PLACE = { id: ID, isSecure: true };

describe('the cookie of a browser', () => {
  it.each([
    ['alone', `${NAME}=${SECRET}`, SECRET],
    ['among others', `a=b; ${NAME}=${SECRET}; c=d`, SECRET],
    ['of another session', `__Host-countersign-${OTHER_ID}=${SECRET}`, undefined],
    ['that any host next to it may set', `countersign-${ID}=${SECRET}`, undefined],
    ['whose name has another case', `__host-countersign-${ID}=${SECRET}`, undefined],
    ['too short', `${NAME}=${SECRET.slice(1)}`, undefined],
    ['too long', `${NAME}=${SECRET}a`, undefined],
    ['with other characters', `${NAME}=${SECRET.slice(1)}+`, undefined],
    ['with a line break behind it', `${NAME}=${SECRET}%0A`, undefined],
    ['twice: the first counts', `${NAME}=${SECRET}; ${NAME}=${'b'.repeat(22)}`, SECRET],
    ['that is none', '', undefined],
    ['of no request', undefined, undefined],
  ])('is read %s', (_, header, expected) => {
    expect(readBrowserCookie(header, PLACE)).toBe(expected);
  });

  it('is read under the name that it was set by', () => {
    for (const isSecure of [true, false]) {
      const [pair = ''] = toBrowserCookie(SECRET, { id: ID, isSecure, inFrame: false }).split(';');
      expect(readBrowserCookie(pair, { id: ID, isSecure })).toBe(SECRET);
      expect(readBrowserCookie(pair, { id: ID, isSecure: !isSecure })).toBeUndefined();
    }
  });

  it('never throws, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        const found = readBrowserCookie(header, PLACE);
        expect(found === undefined || /^[\w-]{22}$/.test(found)).toBe(true);
      }),
    );
    for (const id of ['__proto__', 'constructor', '']) expect(readBrowserCookie(`${NAME}=${SECRET}`, { id, isSecure: true })).toBeUndefined();
  });
});
