import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { PAGE, PLAIN_FIELDS } from '../../test/tenants-world.ts';
import { type PageSettings, pageCheck, storedPageCheck, toPageSettings } from './page-settings.ts';
import { readStoredFields } from './parse-service.ts';

/** The smallest picture there is: one pixel. */
const PNG = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  toChunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])),
  toChunk('IDAT', deflateSync(Buffer.from([0, 0]))),
  toChunk('IEND', Buffer.alloc(0)),
]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);
const WEBP = Buffer.concat([Buffer.from('RIFF'), Buffer.from([26, 0, 0, 0]), Buffer.from('WEBPVP8L')]);
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>');
const picture = (type: string, bytes: Buffer) => `data:image/${type};base64,${bytes.toString('base64')}`;
/** A PNG of as many characters: 22 of them and four more each time, so that the most are 12 298. */
const padded = (length: number) => `data:image/png;base64,iVBORw0KGgo${'A'.repeat(length - 'data:image/png;base64,iVBORw0KGgo'.length)}`;

const HTTPS = 'https://shop.example/';
const given = { brand: 'Shop', returnUrls: [HTTPS] };
const faultsOf = (page: unknown) => pageCheck(page, 'page').map(({ field, problem }) => `${field} ${problem}`);
const fieldsOf = (page: unknown) => pageCheck(page, 'page').map(({ field }) => field);
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://shop.example/${index}`);
const sites = (count: number) => Array.from({ length: count }, (_, index) => `https://shop${index}.example`);

describe('a hosted page', () => {
  it.each<[field: keyof PageSettings, good: readonly unknown[], bad: readonly unknown[]]>([
    [
      'brand',
      ['x', 'x'.repeat(64), 'Größe 7 · 店 <b>'],
      ['', ' x', 'x ', 'x'.repeat(65), 'a\nb', 'a\0', 'a\u202eb', 'a\u200bb', '\ud800', 7, null, ['x']],
    ],
    ['returnUrls', [[HTTPS], [HTTPS, 'com.example.app:/v'], urls(20)], [[], [HTTPS, HTTPS], urls(21), HTTPS, null, {}, [7], Array(1), [HTTPS, null]]],
    [
      'frameAncestors',
      [[], ['https://shop.example'], ['https://shop.example/', 'https://shop.example:8443', 'http://localhost:3000', 'http://[::1]'], sites(20)],
      [
        ...[null, 'https://shop.example', {}, [7], Array(1), sites(21), ['https://a.example', 'https://a.example']],
        // One origin, twice.
        ...[
          ['https://a.example', 'https://a.example/'],
          ['https://a.example', 'HTTPS://A.example:443'],
        ],
        ...[['http://shop.example'], ['https://shop.example/x'], ['https://shop.example/?x'], ['https://shop.example/#x'], ['*'], ["'self'"], ['']],
        ...[['https://ada@shop.example'], ['https://:pw@shop.example'], ['com.example.app:/x'], ['https:'], ['shop.example']],
        // What means more in a Content-Security-Policy than one site.
        ...[['https://*'], ['https://*.example'], ['https://a;sandbox'], ['https://a,b'], ['https://[2001:db8::1]']],
      ],
    ],
    [
      'logo',
      [null, picture('png', PNG), picture('jpeg', JPEG), picture('webp', WEBP), picture('svg+xml', SVG), padded(12_298)],
      [
        ...['', 7, true, [picture('png', PNG)], 'https://shop.example/logo.png', 'javascript:alert(1)', 'data:text/html;base64,PGI+', 'data:,x'],
        ...[picture('gif', Buffer.from('GIF89a')), picture('png', JPEG), picture('jpeg', WEBP), picture('webp', PNG), 'data:image/png;base64,'],
        ...[
          picture('svg+xml', Buffer.alloc(0)),
          `data:image/svg+xml,${SVG}`,
          `data:image/svg+xml;utf8,${SVG}`,
          picture('PNG', PNG),
          picture('png;x=y', PNG),
        ],
        ...[
          `${picture('png', PNG)}"`,
          `${picture('png', PNG)},"onerror="x`,
          ` ${picture('png', PNG)}`,
          `${picture('png', PNG)}\n`,
          `${picture('svg+xml', SVG)},`,
        ],
        ...[['png', PNG] as const, ['jpeg', JPEG] as const, ['webp', WEBP] as const, ['svg+xml', SVG] as const].map(
          ([type, bytes]) => `javascript:x//${picture(type, bytes)}`,
        ),
        'data:image/png;base64,iVBORw0KGgoA""==',
        ...[
          'data:image/png;base64,iVBORw0KGgo',
          'data:image/png;base64,iVBORw0KGgoA=',
          'data:image/png;base64,iVBORw0KGgo-',
          'data:image/png;base64,iVBORw0KGgo%3D',
        ],
        ...[padded(12_302)],
      ],
    ],
    ...(['accent', 'accentDark'] as const).map(
      (field) =>
        [
          field,
          [null, '#1a73e8', '#FFFFFF'],
          ['', '#fff', '1a73e8', '#1a73e8ff', '#1a73eg', 'red', '#1a73e8;', ' #1a73e8', '#1a73e8\n', 7, ['#1a73e8']],
        ] as [keyof PageSettings, readonly unknown[], readonly unknown[]],
    ),
  ])('takes %s as it is said to be, and names it where it is not', (field, good, bad) => {
    for (const value of good) expect(faultsOf({ ...given, [field]: value }), JSON.stringify(value)).toEqual([]);
    for (const value of bad) {
      const [first, ...others] = fieldsOf({ ...given, [field]: value });
      expect([first?.split('.').slice(0, 2).join('.'), others], JSON.stringify(value)?.slice(0, 80)).toEqual([`page.${field}`, []]);
    }
  });

  it('says of each address what is wrong with it, and where it stands', () => {
    const returnUrls = [HTTPS, 'http://shop.example/', 'javascript:alert(1)', 'HTTPS://shop.example/', 'http://localhost:3000/*'];
    expect(faultsOf({ ...given, returnUrls })).toEqual([
      'page.returnUrls.1 must be https, unless it is on this machine',
      'page.returnUrls.2 must be https, or have a scheme with a dot in it: com.example.app:/verified',
      'page.returnUrls.3 must be written as browsers write it: lower-case host, no default port, nothing to be escaped',
      'page.returnUrls.4 is compared character by character, and may hold no pattern: give each address that there is',
    ]);
  });

  it('says what each field must be', () => {
    const bad = { brand: '', returnUrls: [], frameAncestors: ['*'], logo: 'x', accent: 'red', accentDark: 'red' };
    expect(faultsOf(bad)).toEqual([
      'page.brand must be 1 to 64 visible characters, without space at either end',
      'page.returnUrls must be a list of 1 to 20 different addresses',
      'page.frameAncestors must be a list of at most 20 different origins: https:// and a host',
      'page.logo must be a data: address of a PNG, JPEG, WebP or SVG in base64, at most 12300 characters',
      'page.accent must be a colour such as #1a73e8',
      'page.accentDark must be a colour such as #1a73e8',
    ]);
  });

  it('names what is missing, unknown and at fault, all at once, and repeats no value', () => {
    expect(fieldsOf({})).toEqual(['page.brand', 'page.returnUrls']);
    expect(fieldsOf({ accent: 'private', colour: 'private', constructor: 1, '`\n': 2 })).toEqual([
      ...['page.brand', 'page.returnUrls', 'page.accent', 'page.colour', 'page.constructor', 'page.(a field of another name)'],
    ]);
    expect(faultsOf({ ...given, brand: 'private\n', logo: 'private', frameAncestors: ['private'], returnUrls: ['private'] }).join()).not.toContain(
      'private',
    );
    for (const value of [7, 'x', [], [given], true]) expect(faultsOf(value)).toEqual(['page must be an object']);
  });
});

describe('the settings of a page', () => {
  it('have defaults for all but brand and addresses', () => {
    expect(toPageSettings({ brand: 'Shop', returnUrls: PAGE.returnUrls })).toEqual(PAGE);
  });

  it('are a copy, frozen all the way down', () => {
    const [returnUrls, frameAncestors] = [[HTTPS], ['https://shop.example']];
    const page = toPageSettings({ ...given, returnUrls, frameAncestors });
    returnUrls.push('https://evil.example/');
    frameAncestors.push('https://evil.example');
    expect([page.returnUrls, page.frameAncestors]).toEqual([[HTTPS], ['https://shop.example']]);
    expect([page, page.returnUrls, page.frameAncestors].every(Object.isFrozen)).toBe(true);
  });

  it('name sites as a Content-Security-Policy does, and addresses as they were given', () => {
    const page = toPageSettings({
      ...given,
      returnUrls: ['https://shop.example'],
      frameAncestors: ['https://shop.example/', 'HTTPS://A.example:443'],
    });
    expect([page.returnUrls, page.frameAncestors]).toEqual([['https://shop.example'], ['https://shop.example', 'https://a.example']]);
  });

  it('come back from a store as they were, also where a character is not known any more', () => {
    const full = {
      ...{ brand: 'Shop', returnUrls: [HTTPS, 'com.example.app:/v'], frameAncestors: ['https://shop.example/', 'http://localhost:3000'] },
      ...{ logo: picture('png', PNG), accent: '#1A73E8', accentDark: '#000000' },
    };
    for (const input of [given, full]) {
      expect(faultsOf(input)).toEqual([]);
      const page = toPageSettings(input);
      const kept = JSON.parse(JSON.stringify(page));
      expect(storedPageCheck(kept, 'page')).toEqual([]);
      expect(readStoredFields({ ...PLAIN_FIELDS, page: kept })?.page).toEqual(page);
    }
    const brand = 'a\u{e0080}';
    expect([fieldsOf({ ...given, brand }), storedPageCheck({ ...PAGE, brand }, 'page')]).toEqual([['page.brand'], []]);
  });

  it('are not read where something else stands in them', () => {
    for (const bad of [
      { brand: 7 },
      { returnUrls: ['javascript:alert(1)'] },
      { frameAncestors: ['https://*'] },
      { logo: 'x' },
      { accent: 'x' },
      { more: 1 },
    ])
      expect(readStoredFields({ ...PLAIN_FIELDS, page: { ...PAGE, ...bad } }), JSON.stringify(bad)).toBeUndefined();
  });
});

/** A chunk of a PNG: how long it is, what it is, and a sum over both (PNG 3rd ed. §5.3). */
function toChunk(type: string, data: Buffer): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
