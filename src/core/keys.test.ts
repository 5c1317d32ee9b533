import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { createKeyRing, hmac, type KeyOptions, shortHash } from './keys.ts';

const [one, two, three] = ['one', 'two', 'three'].map((word) => `${word} `.repeat(8)) as [string, string, string];
const bytesOf = (key: KeyObject) => key.export().toString('hex');
const derive = (secret: string, use: string) => Buffer.from(hkdfSync('sha256', secret, '', `countersign/1/${use}`, 32)).toString('hex');
const faultOf = (options: unknown) => errorOf(() => createKeyRing(options as KeyOptions));

describe('the keys of a secret', () => {
  const ring = createKeyRing({ secret: one });

  it('are HKDF-SHA-256 of it, one for each use, and no two alike', () => {
    const { id, code, seal, digest, proof } = ring.issuing;
    expect(id).toBe(derive(one, 'id').slice(0, 8));
    expect([code, seal, digest, proof].map(bytesOf)).toEqual(['code', 'seal', 'digest', 'proof'].map((use) => derive(one, use)));
    const index = Buffer.from(derive(one, 'index'), 'hex');
    const fromIndex = (use: string) => Buffer.from(hkdfSync('sha256', index, '', `countersign/1/${use}`, 32)).toString('hex');
    const ofIndex = [ring.id, ring.attempt, ring.idempotency, ring.rate].map(bytesOf);
    expect(ofIndex).toEqual(['id', 'attempt', 'idempotency', 'rate'].map(fromIndex));
    expect(new Set([...[code, seal, digest, proof].map(bytesOf), ...ofIndex]).size).toBe(8);
  });

  it('do not change from one version of countersign to the next: every limit and every code under way rests on them', () => {
    expect([ring.issuing.id, ring.fingerprint, ring.limitKey('+14155552671').toString('hex'), ring.destinationKey('+14155552671')]).toEqual([
      'ae2533be',
      '5jic2POLaHXW8d28NxWUDA',
      'dcc1d8dbca1666a2',
      'gNlA95_8Lcev_3tNhKEyhQ',
    ]);
    expect(ring.requesterKey('default', 'ada')).toBe('AdPux18PkAfG_rQcL_QEqA');
  });

  it('are the same for the same secret and others for another', () => {
    const again = createKeyRing({ secret: one });
    expect([again.fingerprint, bytesOf(again.issuing.code)]).toEqual([ring.fingerprint, bytesOf(ring.issuing.code)]);
    const other = createKeyRing({ secret: two });
    expect(other.issuing.id).not.toBe(ring.issuing.id);
    expect(other.fingerprint).not.toBe(ring.fingerprint);
    expect(bytesOf(other.issuing.code)).not.toBe(bytesOf(ring.issuing.code));
  });

  it('I9 do not print', () => {
    const printed = `${inspect(ring, { depth: null, showHidden: true })}${JSON.stringify(ring)}`;
    for (const secret of [one, derive(one, 'code'), derive(one, 'index'), bytesOf(ring.id)]) expect(printed).not.toContain(secret);
  });
});

describe('the hashes that records are found by', () => {
  const ring = createKeyRing({ secret: one });

  it('are 8 bytes for a limit and 22 characters for the rest', () => {
    expect(ring.limitKey('+14155552671')).toHaveLength(8);
    for (const hash of [ring.destinationKey('+14155552671'), ring.requesterKey('default', 'ada'), ring.fingerprint])
      expect(hash).toMatch(/^[\w-]{22}$/);
  });

  it('differ by what is hashed, by what for, and by where one part ends', () => {
    const hashes = [
      ring.limitKey('a').toString('base64url'),
      ring.limitKey('b').toString('base64url'),
      ring.destinationKey('a').slice(0, 11),
      ring.destinationKey('b').slice(0, 11),
      ring.requesterKey('a', 'b').slice(0, 11),
      ring.requesterKey('a', 'c').slice(0, 11),
      ring.requesterKey('ab', '').slice(0, 11),
      ring.requesterKey('', 'ab').slice(0, 11),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('are HMAC-SHA-256, cut to 16 bytes where they are short', () => {
    const mac = createHmac('sha256', ring.attempt).update('text').digest();
    expect(hmac(ring.attempt, 'text')).toEqual(mac);
    expect(shortHash(ring.attempt, 'text')).toBe(mac.subarray(0, 16).toString('base64url'));
  });
});

describe('the hash of an API secret', () => {
  const ring = createKeyRing({ secret: one });

  it('is bound to its key, stays when keys rotate, and does not change from one version of countersign to the next', () => {
    expect(ring.apiSecretHash('SK1', 'secret')).toMatch(/^[\w-]{43}$/);
    expect(ring.apiSecretHash('SK2', 'secret')).not.toBe(ring.apiSecretHash('SK1', 'secret'));
    expect(createKeyRing({ keys: [{ secret: two }, { secret: one }] }).apiSecretHash('SK1', 'secret')).toBe(ring.apiSecretHash('SK1', 'secret'));
    expect(createKeyRing({ secret: two }).apiSecretHash('SK1', 'secret')).not.toBe(ring.apiSecretHash('SK1', 'secret'));
    expect(ring.apiSecretHash('SK1', 'secret')).toBe('diQg4Tzkot64pLgcePk7I82NeQVxvCRTnplIuQyHwSA');
  });
});

describe('the hashes of a resend counter', () => {
  const ring = createKeyRing({ secret: one });
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', String.raw`\\`, '[', '\0', '\ud800', '\udc00', '\ufffd'), maxLength: 4 });

  it('are a whole number for the pair and 22 characters for each of its ids, and tell neither', () => {
    const { id, ...hashes } = ring.counterKey('+14155552671', 'ada');
    expect(Number.isSafeInteger(id)).toBe(true);
    expect(id).toBeGreaterThanOrEqual(1);
    expect(Object.keys(hashes)).toEqual(['uniqueId', 'userId']);
    for (const hash of Object.values(hashes)) expect(hash).toMatch(/^[\w-]{22}$/);
  });

  it('do not change from one version of countersign to the next: every counter is found by them', () => {
    expect(ring.counterKey('+14155552671', 'ada')).toEqual({
      id: 2_814_608_433_713_680,
      uniqueId: 'PCiOa5I31N6B8vbDnp7LbA',
      userId: 'C6DtZn2sQoxZ7OzUli95gg',
    });
  });

  it.each<[name: string, left: [string, string], right: [string, string]]>([
    ['a NUL', ['a\0b', 'c'], ['a', 'b\0c']],
    ['what JSON writes between two', ['a","b', 'c'], ['a', 'b","c']],
    ['nothing', ['ab', ''], ['', 'ab']],
    ['order', ['a', 'b'], ['b', 'a']],
    ['half surrogate pairs', ['\ud800', 'a'], ['\ud801', 'a']],
  ])('differ where two pairs differ by %s alone', (_name, left, right) => {
    expect(ring.counterKey(...left).id).not.toBe(ring.counterKey(...right).id);
  });

  it('differ for any two pairs', () => {
    fc.assert(
      fc.property(fc.tuple(anyText, anyText), fc.tuple(anyText, anyText), (left, right) => {
        const [a, b] = [ring.counterKey(...left), ring.counterKey(...right)];
        expect([a.id === b.id, a.uniqueId === b.uniqueId, a.userId === b.userId]).toEqual([
          left[0] === right[0] && left[1] === right[1],
          left[0] === right[0],
          left[1] === right[1],
        ]);
      }),
    );
  });

  it('differ by what for, and by secret', () => {
    const { id, uniqueId, userId } = ring.counterKey('a', 'a');
    expect(uniqueId).not.toBe(userId);
    expect(createKeyRing({ secret: two }).counterKey('a', 'a')).not.toMatchObject({ id });
    expect(createKeyRing({ secret: two }).counterKey('a', 'a').uniqueId).not.toBe(uniqueId);
  });

  it('I3 stay when keys rotate', () => {
    const rotated = createKeyRing({ keys: [{ secret: two }, { secret: one }] });
    expect(rotated.counterKey('a', 'b')).toEqual(ring.counterKey('a', 'b'));
  });
});

describe('keys that rotate', () => {
  const [a, b, c] = [
    { id: 'a', secret: one },
    { id: 'b', secret: two },
    { id: 'c', secret: three },
  ] as const;
  const ring = createKeyRing({ keys: [c, b, a] });

  it('issue by the first and are all accepted, in their order', () => {
    expect(ring.issuing.id).toBe('c');
    expect(ring.all.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(ring.find('b')).toBe(ring.all[1]);
    expect(bytesOf(ring.find('b')!.code)).toBe(derive(two, 'code'));
    expect([ring.find('d'), ring.find('')]).toEqual([undefined, undefined]);
  });

  it('I3 take what limits are found by from the last, so that a rotation begins none anew', () => {
    const before = createKeyRing({ keys: [a] });
    const found = ({ limitKey, destinationKey, requesterKey, id, attempt, idempotency, rate, fingerprint }: typeof ring) => [
      limitKey('x').toString('hex'),
      destinationKey('x'),
      requesterKey('s', 'x'),
      bytesOf(id),
      bytesOf(attempt),
      bytesOf(idempotency),
      bytesOf(rate),
      fingerprint,
    ];
    expect(found(ring)).toEqual(found(before));
    expect(found(createKeyRing({ secret: one }))).toEqual(found(before));
    const moved = found(createKeyRing({ keys: [a, b] }));
    for (const [position, hash] of found(before).entries()) expect(moved[position]).not.toBe(hash);
  });

  it('go on from a single secret under the id that it had', () => {
    const single = createKeyRing({ secret: one });
    const rotated = createKeyRing({ keys: [b, { id: single.issuing.id, secret: one }] });
    expect(bytesOf(rotated.find(single.issuing.id)!.code)).toBe(bytesOf(single.issuing.code));
    expect(rotated.fingerprint).toBe(single.fingerprint);
  });

  it('have the id that a single secret has where they are given none', () => {
    const ring = createKeyRing({ keys: [{ secret: two }, { secret: one }] });
    expect(ring.all.map(({ id }) => id)).toEqual([two, one].map((secret) => createKeyRing({ secret }).issuing.id));
    expect(bytesOf(ring.find(createKeyRing({ secret: one }).issuing.id)!.seal)).toBe(derive(one, 'seal'));
  });

  it('may all be new where limits are found by a secret of its own', () => {
    const fingerprints = [[a], [b], [c, a]].map((keys) => createKeyRing({ keys, indexSecret: three }).fingerprint);
    expect(new Set(fingerprints).size).toBe(1);
    expect(fingerprints[0]).toBe(createKeyRing({ secret: one, indexSecret: three }).fingerprint);
    // The secret that a deployment began with may become its index secret.
    expect(fingerprints[0]).toBe(createKeyRing({ secret: three }).fingerprint);
  });
});

describe('a bad secret', () => {
  const good = { id: 'a', secret: one };

  it.each([
    ['nothing is given', {}, 'secret', '`secret` is missing: give at least 32 random bytes'],
    ['it is undefined, as an unset variable is', { secret: undefined }, 'secret', '`secret` is missing: give at least 32 random bytes'],
    ['it is empty', { secret: '' }, 'secret', '`secret` is missing: give at least 32 random bytes'],
    ['it is null', { secret: null }, 'secret', '`secret` must be a string'],
    ['it is a number', { secret: 5 }, 'secret', '`secret` must be a string'],
    ['it is bytes', { secret: Buffer.alloc(32) }, 'secret', '`secret` must be a string'],
    ['it has 31 bytes', { secret: 'x'.repeat(31) }, 'secret', '`secret` is shorter than 32 bytes'],
    ['both are given', { secret: one, keys: [good] }, 'secret', 'give either `secret` or `keys`, not both'],
    ['there is no key', { keys: [] }, 'keys', '`keys` must be a list of at least one `{ secret }`'],
    ['keys are no list', { keys: { a: one } }, 'keys', '`keys` must be a list of at least one `{ secret }`'],
    ['keys are null', { keys: null }, 'keys', '`keys` must be a list of at least one `{ secret }`'],
    ['a key is null', { keys: [null] }, 'keys[0].secret', '`keys[0].secret` is missing: give at least 32 random bytes'],
    ['a key is undefined', { keys: [good, undefined] }, 'keys[1].secret', '`keys[1].secret` is missing: give at least 32 random bytes'],
    ['an id is null', { keys: [{ id: null, secret: one }] }, 'keys', '`keys[0].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['an id is empty', { keys: [{ id: '', secret: one }] }, 'keys', '`keys[0].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['a secret without an id is given twice', { keys: [{ secret: one }, { secret: one }] }, 'keys', '`keys[1].id` is used twice'],
    ['an id is no text', { keys: [{ id: 5, secret: one }] }, 'keys', '`keys[0].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['an id is too long', { keys: [good, { id: 'x'.repeat(33), secret: two }] }, 'keys', '`keys[1].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['an id has a space before it', { keys: [{ id: ' a', secret: one }] }, 'keys', '`keys[0].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['an id has a line end behind it', { keys: [{ id: 'a\n', secret: one }] }, 'keys', '`keys[0].id` must be 1 to 32 letters, digits, "-" or "_"'],
    ['a key has no secret', { keys: [good, { id: 'b' }] }, 'keys[1].secret', '`keys[1].secret` is missing: give at least 32 random bytes'],
    ['a secret of keys is short', { keys: [{ id: 'b', secret: 'short' }] }, 'keys[0].secret', '`keys[0].secret` is shorter than 32 bytes'],
    ['an id is used twice', { keys: [good, { id: 'b', secret: two }, { id: 'a', secret: three }] }, 'keys', '`keys[2].id` is used twice'],
    ['the index secret is short', { secret: one, indexSecret: 'short' }, 'indexSecret', '`indexSecret` is shorter than 32 bytes'],
    ['the index secret is empty', { secret: one, indexSecret: '' }, 'indexSecret', '`indexSecret` is missing: give at least 32 random bytes'],
    ['the index secret is null', { secret: one, indexSecret: null }, 'indexSecret', '`indexSecret` must be a string'],
  ])('is configuration_invalid and is not repeated: %s', (_name, options, field, message) => {
    const error = faultOf(options);
    expect([error.code, error.field, error.message]).toEqual(['configuration_invalid', field, message]);
  });

  it('is none with 32 bytes, of whatever characters, or with an id of 32', () => {
    expect(() => createKeyRing({ secret: 'x'.repeat(32) })).not.toThrow();
    expect(() => createKeyRing({ secret: 'ü'.repeat(16) })).not.toThrow();
    expect(() => createKeyRing({ keys: [{ id: 'aZ0_-'.padEnd(32, 'x'), secret: one }] })).not.toThrow();
  });

  it('I9 is in no message, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 31 }), (secret) => {
        const { message } = faultOf({ secret });
        expect(message).toBe('`secret` is shorter than 32 bytes');
      }),
    );
  });
});
