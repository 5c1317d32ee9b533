import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { SCOPES } from './api-key.ts';
import { type ApiKeyRecord, createDecoy, decodeApiKey, encodeApiKey, latestOf, toApiKey, toApiKeyKey } from './api-key-record.ts';
import { RECORD_REMEDY } from './record-fault.ts';

const VA = `VA${'0'.repeat(32)}`;
const [HASH, OLD] = ['h'.repeat(43), 'o'.repeat(43)];
const full: ApiKeyRecord = {
  fields: { name: 'shop', service: VA, scopes: ['start', 'check'] },
  createdAt: T0,
  hash: HASH,
  previous: { hash: OLD, until: T0 + 600, rotatedAt: T0 + 100 },
  lastUsedAt: T0 + 50,
  revokedAt: undefined,
};
const packed: readonly unknown[] = [1, T0, 'shop', VA, ['start', 'check'], HASH, [OLD, 600, 100], [50], 0];

const messageOf = (body: string) => {
  const { code, message } = errorOf(() => decodeApiKey(body));
  expect(code).toBe('store_unavailable');
  return message.replace('the record of this API key is ', '').replace(`: ${RECORD_REMEDY}`, '');
};

describe('the record of an API key', () => {
  it('is a list by position, times relative to its making', () => {
    expect(toApiKeyKey('SK1')).toEqual({ kind: 'api_key', partition: 'api_key', id: 'SK1' });
    expect(JSON.parse(encodeApiKey(full))).toEqual(packed);
  });

  it('comes back as it was', () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000 }).map((by) => T0 + by);
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const anyHash = fc.base64String({ minLength: 44, maxLength: 60 }).map((text) => text.replace(/[^A-Za-z0-9]/g, '_').slice(0, 43));
    const anyRecord = fc.record({
      fields: fc.record({
        name: fc.string({ minLength: 1 }),
        service: fc.constantFrom(null, VA),
        scopes: fc.subarray([...SCOPES], { minLength: 1 }),
      }),
      createdAt: fc.constant(T0),
      hash: anyHash,
      previous: maybe(fc.record({ hash: anyHash, until: time, rotatedAt: time })),
      lastUsedAt: maybe(time),
      revokedAt: maybe(time),
    });
    fc.assert(
      fc.property(anyRecord, (given) => {
        const record = given.revokedAt === undefined ? given : { ...given, hash: undefined, previous: undefined };
        expect(decodeApiKey(encodeApiKey(record))).toEqual(record);
      }),
    );
  });

  it('is refused when it is of a newer version, and when it is none of ours', () => {
    expect(messageOf(JSON.stringify(packed.with(0, 2)))).toBe('of a newer version of countersign: update this process');
    for (const body of ['', 'null', '{}', '7', '[', '[]', '[0]', '["1"]', '["2"]']) expect(messageOf(body)).toBe('not one of ours');
  });

  it.each<[string, readonly unknown[]]>([
    ['no time', packed.with(1, null)],
    ['no name', packed.with(2, null)],
    ['another kind of service', packed.with(3, 'default')],
    ['no scopes', packed.with(4, [])],
    ['an unknown scope', packed.with(4, ['root'])],
    ['a short hash', packed.with(5, 'h')],
    ['a hash that is none', packed.with(5, 7)],
    ['an empty hash', packed.with(5, '')],
    ['a previous hash that is short', packed.with(6, ['o', 600, 100])],
    ['a previous secret without an end', packed.with(6, [OLD, null, 100])],
    ['a previous secret with more to it', packed.with(6, [OLD, 600, 100, 1])],
    ['a use before its making', packed.with(7, [-1])],
    ['a use at no time', packed.with(7, ['x'])],
    ['a revoked key with a secret', packed.with(8, [60])],
    ['a good key without a secret', packed.with(5, 0).with(6, 0)],
    ['a revoked key with a previous secret', packed.with(5, 0).with(8, [60])],
    ['less', packed.slice(0, -1)],
    ['more', [...packed, 0]],
  ])('is damaged where it has %s', (_what, changed) => {
    expect(messageOf(JSON.stringify(changed))).toBe('damaged');
  });

  it('has seen the latest of its times', () => {
    expect(latestOf(full)).toBe(T0 + 100);
    expect(latestOf({ ...full, lastUsedAt: T0 + 200 })).toBe(T0 + 200);
    expect(latestOf({ ...full, previous: undefined, lastUsedAt: undefined })).toBe(T0);
    expect(latestOf({ ...full, hash: undefined, previous: undefined, revokedAt: T0 + 300 })).toBe(T0 + 300);
  });

  it('is shown without any hash', () => {
    expect(toApiKey('SK1', full)).toEqual({
      ...{ id: 'SK1', name: 'shop', service: VA, scopes: ['start', 'check'] },
      ...{ createdAt: '2026-01-01T00:00:00.000Z', lastUsedAt: '2026-01-01T00:00:00.050Z', revokedAt: null },
    });
  });

  it('has a decoy that can be read', () => {
    expect(decodeApiKey(createDecoy(VA)).fields.service).toBe(VA);
  });
});
