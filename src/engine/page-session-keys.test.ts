import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import {
  createFormToken,
  createPageSecret,
  isFormToken,
  isLinkSecret,
  isPageSecret,
  toBrowserHash,
  toLinkSecret,
  toPageAttemptId,
  toPageMark,
  toResultHash,
} from './page-session-keys.ts';

const key = createKeyRing({ secret: 'a secret of at least 32 random bytes' }).session;
const otherKey = createKeyRing({ secret: 'another secret of at least 32 random bytes' }).session;
const random = createRandomPool();
const [ID, OTHER_ID] = [`PS${'1'.repeat(32)}`, `PS${'2'.repeat(32)}`];
const [BROWSER, OTHER_BROWSER] = ['b'.repeat(22), 'c'.repeat(22)];
const GIVEN = { id: ID, browser: BROWSER };

/** Every way to change one character of a text, or to have one more or less. */
const spoilt = (text: string) => [
  ...Array.from(text, (character, at) => text.slice(0, at) + (character === 'A' ? 'B' : 'A') + text.slice(at + 1)),
  ...[text.slice(1), text.slice(0, -1), `${text}A`, `A${text}`, `${text}=`, `${text}\n`, ` ${text}`, text.toUpperCase(), ''],
];

describe('the secret in a link', () => {
  it('is the same each time, 22 characters, and another for each session and deployment', () => {
    const secret = toLinkSecret(key, ID);
    expect(secret).toMatch(/^[\w-]{22}$/);
    expect(toLinkSecret(key, ID)).toBe(secret);
    expect(new Set([secret, toLinkSecret(key, OTHER_ID), toLinkSecret(otherKey, ID)]).size).toBe(3);
  });

  it('opens its session and no other, and nothing else opens it', () => {
    const secret = toLinkSecret(key, ID);
    expect(isLinkSecret(key, ID, secret)).toBe(true);
    expect([isLinkSecret(key, OTHER_ID, secret), isLinkSecret(otherKey, ID, secret), isLinkSecret(key, ID, ID)]).toEqual([false, false, false]);
    for (const guess of spoilt(secret)) expect(isLinkSecret(key, ID, guess), guess).toBe(false);
  });
});

describe('a secret that is made up', () => {
  it('is 22 characters of 128 random bits', () => {
    const made = Array.from({ length: 1_000 }, () => createPageSecret(random));
    expect(new Set(made).size).toBe(1_000);
    expect(made.every(isPageSecret)).toBe(true);
    expect(createPageSecret((size) => Buffer.alloc(size, 0xff))).toBe(Buffer.alloc(16, 0xff).toString('base64url'));
  });

  it.each([
    undefined,
    null,
    7,
    '',
    ['a'.repeat(22)],
    'a'.repeat(21),
    'a'.repeat(23),
    `${'a'.repeat(22)}\n`,
    `${'a'.repeat(21)}=`,
    `${'a'.repeat(21)}.`,
  ])('is not %j', (value) => {
    expect(isPageSecret(value)).toBe(false);
  });

  it('is kept as a hash that is of one use, one session and one deployment', () => {
    const hashes = [
      ...[
        toBrowserHash(key, ID, BROWSER),
        toBrowserHash(key, OTHER_ID, BROWSER),
        toBrowserHash(key, ID, OTHER_BROWSER),
        toBrowserHash(otherKey, ID, BROWSER),
      ],
      ...[
        toResultHash(key, ID, BROWSER),
        toResultHash(key, OTHER_ID, BROWSER),
        toResultHash(key, ID, OTHER_BROWSER),
        toResultHash(otherKey, ID, BROWSER),
      ],
      ...[toLinkSecret(key, ID), toLinkSecret(key, `${ID}\0${BROWSER}`)],
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[\w-]{22}$/);
    expect([toBrowserHash(key, ID, BROWSER), toResultHash(key, ID, BROWSER)]).toEqual([hashes[0], hashes[4]]);
  });
});

describe('the attempt id of a guess', () => {
  it('is the same for the same digits from the same browser, and for nothing else', () => {
    const given = { ...GIVEN, guess: '123456' };
    const ids = [given, { ...given, id: OTHER_ID }, { ...given, browser: OTHER_BROWSER }, { ...given, guess: '123457' }];
    expect(new Set([...ids, ...ids].map((each) => toPageAttemptId(key, each))).size).toBe(4);
    // As long as an attempt id has to be, and nothing that can be told from it.
    expect(toPageAttemptId(key, given)).toMatch(/^[\w-]{22}$/);
    expect(toPageAttemptId(otherKey, given)).not.toBe(toPageAttemptId(key, given));
  });
});

describe('what a form says it is about', () => {
  it('is the same for one verification in one browser’s session, and tells nothing of it', () => {
    const given = { ...GIVEN, verificationId: 'VE1' };
    const others = [
      { ...given, verificationId: 'VE2' },
      { ...given, id: OTHER_ID },
      { ...given, browser: OTHER_BROWSER },
    ];
    expect(toPageMark(key, given)).toMatch(/^[\w-]{22}$/);
    expect(new Set([given, given, ...others].map((each) => toPageMark(key, each))).size).toBe(4);
    expect(toPageMark(otherKey, given)).not.toBe(toPageMark(key, given));
  });
});

describe('a form’s token', () => {
  it('is another each time, in all of its parts, and good each time', () => {
    const tokens = Array.from({ length: 200 }, () => createFormToken(key, GIVEN, random));
    expect(tokens.every((token) => isFormToken(key, GIVEN, token))).toBe(true);
    for (const part of [0, 16])
      expect(new Set(tokens.map((token) => Buffer.from(token, 'base64url').toString('hex', part, part + 16))).size).toBe(200);
  });

  it('holds its secret under the mask, also where the mask is used again by its source', () => {
    const mask = Buffer.alloc(16, 7);
    const token = createFormToken(key, GIVEN, () => mask);
    const bytes = Buffer.from(token, 'base64url');
    mask.fill(0);
    const bare = Buffer.from(
      createFormToken(key, GIVEN, () => mask),
      'base64url',
    ).subarray(16);
    expect(bytes.subarray(16)).toEqual(Buffer.from(bare.map((byte) => byte ^ 7)));
    expect(bare.equals(Buffer.alloc(16))).toBe(false);
    expect(mask).toEqual(Buffer.alloc(16));
  });

  it('is no other browser’s, session’s or deployment’s', () => {
    const token = createFormToken(key, GIVEN, random);
    expect(isFormToken(key, { ...GIVEN, browser: OTHER_BROWSER }, token)).toBe(false);
    expect(isFormToken(key, { ...GIVEN, id: OTHER_ID }, token)).toBe(false);
    expect(isFormToken(otherKey, GIVEN, token)).toBe(false);
  });

  it('is refused with any character changed, and of any other form', () => {
    // The last of 43 characters has two bits that say nothing: an A there is a zero, whatever they are.
    const token = createFormToken(key, GIVEN, random);
    for (const guess of spoilt(token)) {
      if (Buffer.from(guess, 'base64url').equals(Buffer.from(token, 'base64url')) && guess.length === 43) continue;
      expect(isFormToken(key, GIVEN, guess), guess).toBe(false);
    }
    for (const value of [undefined, null, 7, true, {}, [token], '', BROWSER, toLinkSecret(key, ID)])
      expect(isFormToken(key, GIVEN, value)).toBe(false);
    // A mask alone, and a secret that is nothing.
    for (const byte of [0, 255]) expect(isFormToken(key, GIVEN, Buffer.alloc(32, byte).toString('base64url'))).toBe(false);
  });

  it('is made up by nobody', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(isFormToken(key, GIVEN, Buffer.from(bytes).toString('base64url'))).toBe(false);
      }),
    );
  });
});
