import { describe, expect, it } from 'vitest';
import { errorOf, makeVerification } from '../../test/builders.ts';
import { createKeyRing, type KeyOptions } from '../core/keys.ts';
import { Secret } from '../core/secret.ts';
import { createVault } from './vault.ts';

const [old, fresh] = ['old secret old secret old secret old', 'new secret new secret new secret new'];
const vaultOf = (options: KeyOptions) => createVault(createKeyRing(options));
const before = vaultOf({ keys: [{ id: 'old', secret: old }] });
const rotated = vaultOf({
  keys: [
    { id: 'new', secret: fresh },
    { id: 'old', secret: old },
  ],
});
const retired = vaultOf({ keys: [{ id: 'new', secret: fresh }], indexSecret: old });
const id = `VE${'0'.repeat(32)}`;
const other = `VE${'1'.repeat(32)}`;
const UNKNOWN_KEY = {
  code: 'configuration_invalid',
  field: 'keys',
  message: expect.stringMatching(/^the key of this verification is not among `keys`: /),
};
const code = { keyId: 'old', length: 6, generation: 0, guessed: false, digest: undefined };

describe('the code of a verification', () => {
  const alive = before.derive(id, code);

  it('is derived anew each time it is needed, and does not print itself', () => {
    expect(alive).toBeInstanceOf(Secret);
    expect(alive.reveal()).toMatch(/^\d{6}$/);
    expect(before.derive(id, code).reveal()).toBe(alive.reveal());
    expect(before.derive(id, { ...code, length: 10 }).reveal()).toMatch(/^\d{10}$/);
  });

  it('I2 is matched by itself alone', () => {
    const submitted = alive.reveal();
    expect(before.matches(id, code, submitted)).toBe(true);
    expect(before.matches(other, code, submitted)).toBe(false);
    expect(before.matches(id, { ...code, generation: 1 }, submitted)).toBe(false);
    expect(before.matches(id, code, String((Number(submitted) + 1) % 1_000_000).padStart(6, '0'))).toBe(false);
    expect(before.matches(id, code, `${submitted}0`)).toBe(false);
    expect(before.matches(id, code, '')).toBe(false);
  });

  it('stays the same when keys rotate, while new ones come from the first', () => {
    expect([before.keyId, rotated.keyId]).toEqual(['old', 'new']);
    expect(rotated.derive(id, code).reveal()).toBe(alive.reveal());
    expect(rotated.matches(id, code, alive.reveal())).toBe(true);
    expect(rotated.derive(id, { ...code, keyId: 'new', length: 10 }).reveal()).not.toBe(rotated.derive(id, { ...code, length: 10 }).reveal());
  });

  it('is neither derived nor judged by a process that does not have its key', () => {
    expect([rotated.knowsKey('old'), retired.knowsKey('old'), retired.knowsKey('new')]).toEqual([true, false, true]);
    for (const act of [() => retired.matches(id, code, alive.reveal()), () => retired.derive(id, code)])
      expect(errorOf(act)).toMatchObject(UNKNOWN_KEY);
  });
});

describe('a code that the caller gave', () => {
  const given = before.toGivenCode(id, '0042');
  const kept = { ...code, ...given };

  it('I9 is kept as a keyed hash for this verification', () => {
    expect(given).toEqual({ keyId: 'old', length: 4, digest: expect.stringMatching(/^[\w-]{22}$/) });
    expect(rotated.toGivenCode(id, '0042').keyId).toBe('new');
    expect(before.toGivenCode(id, '0042')).toEqual(given);
    expect(before.toGivenCode(other, '0042').digest).not.toBe(given.digest);
    expect(before.toGivenCode(id, '0043').digest).not.toBe(given.digest);
  });

  it('I2 is matched by itself alone, and not by the one that would be derived', () => {
    expect(before.matches(id, kept, '0042')).toBe(true);
    expect(before.matches(id, kept, '0043')).toBe(false);
    expect(before.matches(other, kept, '0042')).toBe(false);
    expect(before.matches(id, kept, before.derive(id, kept).reveal())).toBe(false);
    expect(before.matches(id, { ...kept, digest: '' }, '0042')).toBe(false);
  });

  it('is matched after a rotation, and not by a process that does not have its key', () => {
    expect(rotated.matches(id, kept, '0042')).toBe(true);
    expect(errorOf(() => retired.matches(id, kept, '0042'))).toMatchObject(UNKNOWN_KEY);
  });
});

describe('a sealed destination', () => {
  const context = { verificationId: id, service: 'shop', destinationKey: 'exact' };
  const seal = before.createSeal(context, '+14155552671');
  const verification = makeVerification({ service: 'shop', destination: 'exact', sealed: seal(), code });

  it('I9 is the same each time a rule asks for it, and another for each command', () => {
    expect(seal()).toBe(verification.sealed);
    expect(before.createSeal(context, '+14155552671')()).not.toBe(verification.sealed);
    expect(verification.sealed).not.toContain('4155552671');
    expect(Buffer.from(verification.sealed ?? '', 'base64url').includes('4155552671')).toBe(false);
  });

  it('opens for the verification it was sealed for, before and after a rotation', () => {
    expect(before.open(id, verification)).toBe('+14155552671');
    expect(rotated.open(id, verification)).toBe('+14155552671');
  });

  it.each([
    ['another verification', other, {}],
    ['another service', id, { service: 'bank' }],
    ['another destination', id, { destination: 'other' }],
    ['nothing sealed', id, { sealed: undefined }],
    ['nothing in the seal', id, { sealed: '' }],
    ['a seal that was changed', id, { sealed: `${verification.sealed?.startsWith('A') ? 'B' : 'A'}${verification.sealed?.slice(1)}` }],
  ])('does not open for %s', (_name, forId, changed) => {
    const error = errorOf(() => rotated.open(forId, { ...verification, ...changed }));
    expect([error.code, error.message]).toEqual(['store_unavailable', 'the destination of this verification does not open: the record was changed']);
    expect(error.message).not.toContain('4155552671');
  });

  it('is not opened by a process that does not have its key', () => {
    expect(errorOf(() => retired.open(id, verification))).toMatchObject(UNKNOWN_KEY);
  });
});

describe('an attempt', () => {
  const verification = makeVerification();
  const attempt = before.toAttempt(id, 'attempt-1', '123456');
  const sealed = attempt.seal('+14155552671', verification);

  it('I9 is known by keyed hashes: one of the attempt, one of the guess with it', () => {
    for (const key of [attempt.key, attempt.guessKey]) expect(key).toMatch(/^[\w-]{22}$/);
    expect(attempt.key).not.toBe(attempt.guessKey);
    const again = before.toAttempt(id, 'attempt-1', '654321');
    expect(again.key).toBe(attempt.key);
    expect(again.guessKey).not.toBe(attempt.guessKey);
    for (const different of [before.toAttempt(id, 'attempt-2', '123456'), before.toAttempt(other, 'attempt-1', '123456')]) {
      expect(different.key).not.toBe(attempt.key);
      expect(different.guessKey).not.toBe(attempt.guessKey);
    }
  });

  it('opens what it has sealed, also in another process and after a rotation', () => {
    expect(sealed).not.toContain('4155552671');
    for (const vault of [before, rotated]) {
      expect(vault.toAttempt(id, 'attempt-1', 'whatever').open(sealed, verification)).toBe('+14155552671');
      expect(vault.toAttempt(id, 'attempt-1', '123456').guessKey).toBe(attempt.guessKey);
    }
  });

  it.each([
    ['another attempt', () => before.toAttempt(id, 'attempt-2', '123456').open(sealed, verification)],
    ['another verification', () => before.toAttempt(other, 'attempt-1', '123456').open(sealed, verification)],
    ['another service', () => attempt.open(sealed, { ...verification, service: 'bank' })],
    ['another destination', () => attempt.open(sealed, { ...verification, destination: 'other' })],
    ['a seal that was changed', () => attempt.open(`B${sealed.slice(1)}`, verification)],
  ])('does not open for %s', (_name, open) => {
    expect(errorOf(open)).toMatchObject({
      code: 'store_unavailable',
      message: 'the destination of this verification does not open: the record was changed',
    });
  });
});
