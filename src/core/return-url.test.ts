import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToQuery, describeReturnUrlFault, toFormTarget } from './return-url.ts';

describe('an address that people are sent back to', () => {
  it.each([
    'https://shop.example.com',
    'https://shop.example.com/',
    'https://shop.example.com/a?b=c&d',
    'http://127.0.0.1:3000/back',
    'http://localhost/back',
    'http://[::1]:3000/back',
    'com.example.app:/verified',
  ])('may be %s', (url) => {
    expect(describeReturnUrlFault(url)).toBeUndefined();
  });

  it.each([
    '',
    'shop.example.com',
    '/back',
    '//shop.example.com',
    'http://shop.example.com/',
    'https://Shop.example.com/',
    'https://shop.example.com:443/',
    'https://shop.example.com/a b',
    'https://shop.example.com/\r\nset-cookie: a=b',
    'https://shop.example.com/é',
    'https://shop.example.com/"',
    'https://ada@shop.example.com/',
    'https://ada:b@shop.example.com/',
    'https://shop.example.com/#a',
    'https://shop.example.com/#',
    'https:shop.example.com',
    'https:\\\\shop.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/x',
    'app:/verified',
    'javascript.x:alert(1)//\n',
    `https://shop.example.com/${'a'.repeat(500)}`,
    null,
    ['https://shop.example.com/'],
  ])('may not be %j', (url) => {
    expect(describeReturnUrlFault(url)).toEqual(expect.any(String));
  });

  it.each([
    ['https://shop.example.com/a?b', 'https://shop.example.com'],
    ['https://shop.example.com:8443/', 'https://shop.example.com:8443'],
    ['http://127.0.0.1:3000/a', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000/a', 'http:'],
    ['com.example.app:/verified', 'com.example.app:'],
  ])('of %s is in a policy as %s', (url, source) => {
    expect(toFormTarget(url)).toBe(source);
  });

  it('always takes what is told behind what it has, and gives it back as it was', () => {
    const urls = ['https://shop.example.com', 'https://shop.example.com/?', 'https://shop.example.com/?a=1', 'https://shop.example.com/?a=1&'];
    fc.assert(
      fc.property(fc.constantFrom(...urls), fc.string({ unit: 'grapheme' }), (url, state) => {
        const told = addToQuery(url, { result: 'r', state, error: undefined });
        expect(told.startsWith(url)).toBe(true);
        expect(told.slice(url.length)).toMatch(/^[?&]?result=r&state=[\w.!~*'()%-]*$/);
        expect([...new URL(told).searchParams].filter(([name]) => name !== 'a')).toEqual([
          ['result', 'r'],
          ['state', state],
        ]);
      }),
    );
  });
});
