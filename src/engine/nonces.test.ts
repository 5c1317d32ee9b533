import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createNonces, parseNonce } from './nonces.ts';

const OLD = 'an old secret of at least 32 random bytes';
const NEW = 'a new secret of at least 32 random bytes';
const OWNER = { service: 'VA1', verificationId: 'VE1' };

describe('nonces', () => {
  it('come back for the service and verification they were kept for, the later of two, and are not readable at rest', async () => {
    const store = createMemoryStore();
    const nonces = createNonces({ store, keys: createKeyRing({ secret: OLD }) });
    await nonces.keep(OWNER, 'first', new Date());
    await nonces.keep(OWNER, 'second', new Date());
    expect(await nonces.find(OWNER)).toBe('second');
    expect(await nonces.find({ ...OWNER, service: 'VA2' })).toBeUndefined();
    expect(await nonces.find({ ...OWNER, verificationId: 'VE2' })).toBeUndefined();
    expect(JSON.stringify(await store.list('nonce', '', undefined, 10))).not.toContain('second');
  });

  it('outlive a rotation, and are not taken from another record', async () => {
    const store = createMemoryStore();
    await createNonces({ store, keys: createKeyRing({ secret: OLD }) }).keep(OWNER, 'kept', new Date());
    const rotated = createNonces({ store, keys: createKeyRing({ keys: [{ secret: NEW }, { secret: OLD }] }) });
    expect(await rotated.find(OWNER)).toBe('kept');
    const [listed] = await store.list('nonce', '', undefined, 1);
    const other = { kind: 'nonce', partition: '', id: 'VA1:VE9' };
    await store.update(other, () => ({ result: undefined, next: { body: listed?.body ?? '', expiresAt: undefined } }));
    expect((await rejectionOf(rotated.find({ ...OWNER, verificationId: 'VE9' }))).code).toBe('store_unavailable');
  });

  it('go a quarter of an hour after their verification', async () => {
    let now = T0;
    const store = createMemoryStore({ clock: { now: () => now } });
    const nonces = createNonces({ store, keys: createKeyRing({ secret: OLD }) });
    await nonces.keep(OWNER, 'kept', new Date(T0 + 600_000));
    now = T0 + 1_499_000;
    await store.sweep(10);
    expect(await nonces.find(OWNER)).toBe('kept');
    now = T0 + 1_501_000;
    await store.sweep(10);
    expect(await nonces.find(OWNER)).toBeUndefined();
  });

  it.each([undefined, null, 7, '', 'x'.repeat(129), 'a\0', '\ud800'])('refuse %j', (value) => {
    expect(() => parseNonce(value)).toThrow('`nonce` must be a string of 1 to 128 characters');
  });
});
