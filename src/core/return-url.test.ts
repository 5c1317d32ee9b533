import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToQuery, describePatternFault, describeReturnUrlFault, isPlainHost } from './return-url.ts';

const FAULTS = {
  absolute: 'must be an absolute address',
  long: 'is longer than 512 characters',
  spelling: 'must be written as browsers write it: lower-case host, no default port, nothing to be escaped',
  extra: 'may hold no user and no fragment',
  returned: 'may not have result, error, state in its query: they are added there',
  http: 'must be https, unless it is on this machine',
  host: 'must have a host of letters, digits, "-" and "."',
  scheme: 'must be https, or have a scheme with a dot in it: com.example.app:/verified',
} as const;

const SITE = 'https://shop.example/';

describe('an address to return to', () => {
  it.each([
    SITE,
    'https://shop.example',
    'https://shop.example:8443/verified',
    'https://shop.example/a/b;c=d?e=f&g=%20%C3%A9#'.slice(0, -1),
    'https://shop.example/?',
    "https://shop.example/it(s)~[a]'*!$,:@",
    'https://xn--bcher-kva.example/',
    'https://192.0.2.1/',
    'http://localhost:3000/done',
    'http://app.localhost/',
    'http://127.0.0.1/',
    'http://127.1.2.3:8080/',
    'http://[::1]:3000/',
    'com.example.app:/verified',
    'com.example.app://verified',
    'com.example.app:verified',
    'com.example.app:',
    'example.app-1+x:/',
    `${SITE}${'a'.repeat(512 - SITE.length)}`,
  ])('may be %s', (url) => {
    expect(describeReturnUrlFault(url)).toBeUndefined();
  });

  it.each<[keyof typeof FAULTS, readonly unknown[]]>([
    ['returned', [`${SITE}?state=1`, `${SITE}?a=b&result`, `${SITE}?%65rror=x`, 'com.example.app:/verified?state=1']],
    [
      'absolute',
      [
        undefined,
        null,
        7,
        true,
        [SITE],
        { href: SITE },
        '',
        'shop.example',
        '/verified',
        '//evil.example/',
        '\\\\evil.example',
        'https://',
        'https://a b/',
      ],
    ],
    ['long', [`${SITE}${'a'.repeat(513 - SITE.length)}`, `com.example.app:/${'a'.repeat(100_000)}`]],
    [
      'spelling',
      [
        ...['HTTPS://shop.example/', 'https://Shop.example/', 'Com.Example.App:/x', 'https://bücher.example/', 'https://shop.example/é'],
        ...[
          'https://shop.example:443/',
          'http://localhost:80/',
          'http://127.1/',
          'https://0x7f.1/',
          'https://shop.example:/',
          'https://@shop.example/',
        ],
        ...[
          'https:shop.example',
          'https:/shop.example/',
          'https:\\\\shop.example\\',
          'https://shop.example\\@evil.example/',
          'https:///shop.example/',
        ],
        ...[
          ' https://shop.example/',
          'https://shop.example/ ',
          'https://shop.example/\n',
          'ht\ttps://shop.example/',
          'https://shop.\r\nexample/',
          `${SITE}a b`,
        ],
        ...[
          'https://shop.example/a/../b',
          'https://shop.example/./',
          'https://shop.example/%2e%2e/',
          'https://shop.example?a=b',
          `${SITE}\ud800`,
          `${SITE}\0`,
        ],
        // `URL` leaves these as they are.
        ...[
          `${SITE}a|b`,
          `${SITE}a^b`,
          'com.example.app:a b',
          'com.example.app:"><b',
          'com.example.app:\\evil',
          "com.example.app:`'",
          'com.example.app:{}',
        ],
      ],
    ],
    [
      'extra',
      ['https://ada@shop.example/', 'https://ada:pw@shop.example/', 'https://:pw@shop.example/', `${SITE}#`, `${SITE}#top`, 'com.example.app:/x#y'],
    ],
    [
      'http',
      ['http://shop.example/', 'http://localhost.example/', 'http://127.0.0.1.example/', 'http://192.168.1.1/', 'http://[::2]/', 'http://0.0.0.0/'],
    ],
    [
      'host',
      [
        'https://*.example/',
        'https://a;sandbox/',
        'https://a,b.example/',
        "https://'self'/",
        'https://a_b.example/',
        'https://shop.example./',
        'https://[2001:db8::1]/',
      ],
    ],
    [
      'scheme',
      [
        ...[
          'javascript:alert(1)',
          'javascript://shop.example/%0aalert(1)',
          'data:text/html,x',
          'vbscript:x',
          'blob:https://shop.example/1',
          'file:///etc/passwd',
        ],
        ...['about:blank', 'ftp://shop.example/', 'ws://shop.example/', 'wss://shop.example/', 'myapp:/verified', 'mailto:ada@example.com'],
        ...['com.:/x', 'com..app:/x'],
      ],
    ],
  ])('is refused (%s)', (kind, urls) => {
    for (const url of urls) expect(describeReturnUrlFault(url), JSON.stringify(url)?.slice(0, 60)).toBe(FAULTS[kind]);
  });

  it('is what `URL` makes of it, but for one slash, whatever it is', () => {
    const part = fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.string({ unit: 'grapheme-composite', maxLength: 20 }).map((text) => `com.example.app:${text}`),
    );
    fc.assert(
      fc.property(part, (url) => {
        if (describeReturnUrlFault(url) !== undefined) return;
        expect([url, `${url}/`]).toContain(new URL(url).href);
        expect(url).toMatch(/^[!-~]+$/);
        expect(url).not.toMatch(/["<>\\^`{|}#]/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an address that is meant as a pattern', () => {
  it.each([
    'http://localhost:3000/*',
    'https://shop.example/*/done',
    'https://shop.example/a/**',
    'https://shop.example/*?a=b',
    'https://*.shop.example/done',
    'https://*/',
    'com.example.app:/*',
    'com.example.app:*',
  ])('is told as one: %s', (url) => {
    expect(describePatternFault(url)).toBe('is compared character by character, and may hold no pattern: give each address that there is');
  });

  it.each([SITE, 'https://shop.example/a*b', 'https://shop.example/?q=*', 'https://shop.example/?*', '*', null, 7])('is not %s', (url) => {
    expect(describePatternFault(url)).toBeUndefined();
  });
});

describe('a host that a Content-Security-Policy can name', () => {
  it.each<[boolean, readonly string[]]>([
    [true, ['shop.example', 'a', '1.2.3.4', 'xn--bcher-kva.example', '[::1]']],
    [false, ['', '*', '*.example', 'a;b', 'a,b', "'none'", 'a_b', 'a.', '.a', 'a..b', '[::2]', 'A.example', 'a\n']],
  ])('%s', (is, hosts) => {
    for (const host of hosts) expect(isPlainHost(host), host).toBe(is);
  });
});

describe('what is told behind a query', () => {
  it.each([
    ['https://shop.example/v', 'https://shop.example/v?result=r&state=s'],
    ['https://shop.example', 'https://shop.example?result=r&state=s'],
    ['https://shop.example/?', 'https://shop.example/?result=r&state=s'],
    ['https://shop.example/?a=b', 'https://shop.example/?a=b&result=r&state=s'],
    ['https://shop.example/?a=b&', 'https://shop.example/?a=b&result=r&state=s'],
    ['com.example.app:/v', 'com.example.app:/v?result=r&state=s'],
    ['com.example.app:v?a', 'com.example.app:v?a&result=r&state=s'],
  ])('of %s makes %s', (url, told) => {
    expect(addToQuery(url, { result: 'r', error: undefined, state: 's' })).toBe(told);
  });

  it('escapes all that means something in an address', () => {
    expect(addToQuery(SITE, { state: '&=?#+ %/\\"<>\r\né\u{1f600}' })).toBe(
      `${SITE}?state=%26%3D%3F%23%2B%20%25%2F%5C%22%3C%3E%0D%0A%C3%A9%F0%9F%98%80`,
    );
  });

  it('is read there as it was put in, beside what was there, and changes nothing before it', () => {
    const urls = fc.constantFrom(
      'https://shop.example',
      SITE,
      `${SITE}?`,
      `${SITE}?a=b`,
      `${SITE}?a=b&`,
      'http://localhost:3000/x',
      'com.example.app:/v',
      'com.example.app:v?a=b',
    );
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(urls, text, fc.option(text, { nil: undefined }), (url, result, state) => {
        const told = addToQuery(url, { result, state });
        expect(told.startsWith(url)).toBe(true);
        const { origin, pathname, hash, searchParams } = new URL(told);
        const before = new URL(url);
        expect([origin, pathname, hash]).toEqual([before.origin, before.pathname, '']);
        const pairs = [['result', result], ...(state === undefined ? [] : [['state', state]])];
        expect([...searchParams]).toEqual([...before.searchParams, ...pairs]);
        expect(told).toMatch(/^[!-~]+$/);
      }),
      { numRuns: 1_000 },
    );
  });
});
