import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { COUNTER_SCHEMA, decodeCounter, encodeCounter } from './counter-codec.ts';
import type { CounterRecord } from './counter-record.ts';
import { RECORD_REMEDY } from './record-fault.ts';

const full: CounterRecord = {
  seen: T0,
  uniqueId: 'unique',
  userId: 'user',
  claim: { id: 'claim', at: T0 - 1 },
  rung: { count: 1, expires: T0 + 5, createdAt: T0 - 7 },
};
const packed: readonly unknown[] = [1, T0, 'unique', 'user', ['claim', -1], [1, 5, -7]];

/** The list with one place of it changed; `undefined` takes it out. */
function replaceAt(value: unknown, [position, ...rest]: readonly number[], by: unknown): unknown {
  if (position === undefined) return by;
  const parts = value as readonly unknown[];
  const changed = replaceAt(parts[position], rest, by);
  return changed === undefined ? parts.toSpliced(position, 1) : parts.with(position, changed);
}

const messageOf = (body: string) => {
  const error = errorOf(() => decodeCounter(body));
  expect(error.code).toBe('store_unavailable');
  return error.message.replace('the record of this resend counter is ', '').replace(`: ${RECORD_REMEDY}`, '');
};

describe('the record of a resend counter', () => {
  it('is a short list, times relative to its own', () => {
    expect(JSON.parse(encodeCounter(full))).toEqual(packed);
    expect(encodeCounter({ ...full, claim: undefined, rung: undefined })).toBe(`[1,${T0},"unique","user",0,0]`);
    expect(COUNTER_SCHEMA).toBe(1);
  });

  it('comes back as it was', () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const anyRecord = fc
      .record({
        ...{ seen: time, uniqueId: fc.string(), userId: fc.string() },
        claim: maybe(fc.record({ id: fc.string(), at: time })),
        rung: maybe(fc.record({ count: fc.nat(20), expires: time, createdAt: time })),
      })
      .map((record) => ({ ...record, seen: Math.max(record.seen, record.claim?.at ?? 0) }));
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeCounter(encodeCounter(record))).toEqual(record);
      }),
    );
  });

  it.each(['', 'null', '{}', '"x"', '7', '[', '[]', '[0]', '["1"]', '[null]', '[1.5]'])('is refused when it is not one of ours: %s', (body) => {
    expect(messageOf(body)).toMatch(/^(not one of ours|of a newer version.*)$/);
  });

  it('is refused when it is of a newer version, never guessed at', () => {
    expect(messageOf(JSON.stringify(packed.with(0, 2)))).toBe('of a newer version of countersign: update this process');
    for (const body of ['[0]', '["2"]']) expect(messageOf(body)).toBe('not one of ours');
  });

  it.each([
    ['the time', [1]],
    ['the unique id', [2]],
    ['the user id', [3]],
    ['the claim', [4]],
    ["the claim's id", [4, 0]],
    ["the claim's time", [4, 1]],
    ['the rung', [5]],
    ['the count', [5, 0]],
    ['the end of the wait', [5, 1]],
    ['the beginning', [5, 2]],
  ])('is damaged where something else stands in the place of %s', (_name, path) => {
    for (const by of [null, true, {}, 1.5, '1e3', [[]], Number.MAX_SAFE_INTEGER + 1, undefined]) {
      if (typeof by === 'string' && ['2', '3', '4,0'].includes(path.join())) continue;
      expect([by, messageOf(JSON.stringify(replaceAt(packed, path, by)))]).toEqual([by, 'damaged']);
    }
  });

  it.each([
    ['has more than it knows of', [...packed, 0]],
    ['has less', packed.slice(0, -1)],
    ['has a count below the foot', replaceAt(packed, [5, 0], -1)],
    ['has a claim from later than it has seen, which would live too long', replaceAt(packed, [4, 1], 1)],
    ['has a claim with more to it', replaceAt(packed, [4], ['claim', -1, 0])],
    ['has a rung with more to it', replaceAt(packed, [5], [1, 5, -7, 0])],
  ])('is damaged when it %s', (_name, changed) => {
    expect(messageOf(JSON.stringify(changed))).toBe('damaged');
  });

  it('has a claim of this very moment', () => {
    expect(decodeCounter(JSON.stringify(replaceAt(packed, [4, 1], 0))).claim).toEqual({ id: 'claim', at: T0 });
  });

  it('repeats nothing of what it cannot read', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (body) => {
        expect(errorOf(() => decodeCounter(body)).message).not.toContain(body);
      }),
    );
  });
});
