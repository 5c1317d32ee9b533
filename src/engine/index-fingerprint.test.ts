import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { createKeyRing } from '../core/keys.ts';
import { decideExpireAll, decideFingerprint, FINGERPRINT_KEY } from './index-fingerprint.ts';

const [one, two] = ['one secret one secret one secret one', 'two secret two secret two secret two'];

describe('the fingerprint of the index secret', () => {
  it('is written for ever where the store has none', () => {
    expect(decideFingerprint('abc')(undefined, 0)).toEqual({
      result: { expireBefore: 0 },
      next: { body: '{"fingerprint":"abc"}', expiresAt: undefined },
    });
    expect(FINGERPRINT_KEY).toEqual({ kind: 'meta', partition: '', id: 'index-secret' });
  });

  it('is left as it is where it is the same', () => {
    expect(decideFingerprint('abc')('{"fingerprint":"abc"}', 0)).toStrictEqual({ result: { expireBefore: 0 } });
  });

  it.each(['{"fingerprint":"other"}', '{}', '', 'null', '[]'])('I3 is refused where the store was begun with another: %s', (body) => {
    const error = errorOf(() => decideFingerprint('abc')(body, 0));
    expect([error.code, error.field]).toEqual(['configuration_invalid', 'indexSecret']);
    expect(error.message).toMatch(
      /^this store was begun with another `indexSecret` \(by default it comes from the last of `keys`, or from `secret`\):/,
    );
    for (const secret of ['abc', 'other']) expect(error.message).not.toContain(secret === 'other' ? '"other"' : secret);
  });

  it('keeps from when on verifications are good, and never earlier than before', () => {
    const begun = decideFingerprint('abc')(undefined, 0).next?.body;
    const first = decideExpireAll('abc')(begun, 1_000);
    expect(first.result).toEqual({ expireBefore: 1_000 });
    expect(decideFingerprint('abc')(first.next?.body, 5_000)).toEqual({ result: { expireBefore: 1_000 } });
    expect(decideExpireAll('abc')(first.next?.body, 500).result).toEqual({ expireBefore: 1_000 });
    expect(decideExpireAll('abc')(undefined, 7).next?.body).toBe('{"fingerprint":"abc","expireBefore":7}');
    expect(errorOf(() => decideExpireAll('other')(begun, 1_000)).code).toBe('configuration_invalid');
    expect(decideFingerprint('abc')('{"fingerprint":"abc","expireBefore":"soon"}', 0).result).toEqual({ expireBefore: 0 });
  });

  it('stays the same when a key is put before the others, and is another when the last one is changed', () => {
    const of = (keys: { id: string; secret: string }[]) => createKeyRing({ keys }).fingerprint;
    const first = { id: 'a', secret: one };
    const stored = decideFingerprint(of([first]))(undefined, 0).next?.body;
    expect(decideFingerprint(of([{ id: 'b', secret: two }, first]))(stored, 0)).toEqual({ result: { expireBefore: 0 } });
    expect(errorOf(() => decideFingerprint(of([first, { id: 'b', secret: two }]))(stored, 0)).code).toBe('configuration_invalid');
  });
});
