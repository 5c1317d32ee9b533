import { describe, expect, it } from 'vitest';
import { createRandomPool } from './random-pool.ts';
import { createApiKeyId, createApiSecret, createServiceId, isApiKeyId, isApiSecret, isServiceId } from './tenant-ids.ts';

const random = createRandomPool();

describe('the ids of services and API keys', () => {
  it('are a prefix and 32 hex digits, and no two the same', () => {
    const ids = Array.from({ length: 1_000 }, () => [createServiceId(random), createApiKeyId(random)]).flat();
    expect(new Set(ids).size).toBe(2_000);
    for (const id of ids) expect([isServiceId(id), isApiKeyId(id)]).toEqual([id.startsWith('VA'), id.startsWith('SK')]);
  });

  it.each(['', 'VA', `VA${'0'.repeat(31)}`, `VA${'0'.repeat(33)}`, `VA${'A'.repeat(32)}`, ` VA${'0'.repeat(32)}`, `VA${'0'.repeat(32)}\n`, 7, null])(
    'are told from what is none: %j',
    (value) => {
      expect([isServiceId(value), isApiKeyId(typeof value === 'string' ? value.replace('VA', 'SK') : value)]).toEqual([false, false]);
    },
  );
});

describe('the secret of an API key', () => {
  it('is 32 letters and digits that do not print', () => {
    const secret = createApiSecret(random);
    expect(isApiSecret(secret.reveal())).toBe(true);
    expect(`${secret}`).toBe('[secret]');
  });

  it('has every character as often as any other: bytes that would favour the first are drawn again', () => {
    const fair = Array.from({ length: 248 }, (_, byte) => createApiSecret((size) => Buffer.alloc(size, byte)).reveal());
    for (const secret of fair) expect(new Set(secret).size).toBe(1);
    const letters = fair
      .map((secret) => secret.charAt(0))
      .sort()
      .join('');
    expect(letters).toMatch(/^(?:([A-Za-z0-9])\1{3}(?!\1)){62}$/);
    for (let byte = 248; byte < 256; byte += 1) {
      let draws = 0;
      const secret = createApiSecret((size) => Buffer.alloc(size, draws++ === 0 ? byte : 61));
      expect([secret.reveal(), draws]).toEqual(['9'.repeat(32), 2]);
    }
  });

  it.each(['', 'a'.repeat(31), 'a'.repeat(33), `${'a'.repeat(31)}-`, `${'a'.repeat(32)}\n`, 7, undefined])(
    'is told from what is none: %j',
    (value) => {
      expect(isApiSecret(value)).toBe(false);
    },
  );
});
