import { describe, expect, it } from 'vitest';
import { makeDelivery, makeRecord, makeVerification, T0 } from '../../test/builders.ts';
import { createRecord, EMPTY_POOL, endVerification, readDeliveryState, replaceVerification } from './record.ts';

describe('a record', () => {
  it('begins with nothing but its time', () => {
    expect(createRecord(T0)).toEqual({ time: { seen: T0, clock: T0 }, verifications: [], ladders: [], shared: EMPTY_POOL, known: [] });
    expect(EMPTY_POOL).toEqual({ sends: [], wrong: [], run: 0, runAt: 0, disabled: false, returned: undefined });
  });

  it('has one verification replaced, in its place, and the others kept', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((entryId) => makeVerification({ entryId }));
    const changed = makeVerification({ entryId: 'b', wrong: 1 });
    const record = makeRecord({ verifications: [a!, b!, c!] });
    expect(replaceVerification(record, changed).verifications).toEqual([a, changed, c]);
    expect(record.verifications).toEqual([a, b, c]);
  });

  it('I9 lets go of the sealed destination when a verification ends, and keeps the rest', () => {
    const pending = makeVerification({ wrong: 2 });
    expect(endVerification(pending, 'canceled', T0 + 5)).toEqual({ ...pending, state: 'canceled', endedAt: T0 + 5, sealed: undefined });
  });
});

describe('a delivery', () => {
  it.each([
    ['sending', 59_999, 'sending'],
    ['sending', 60_000, 'unknown'],
    ['sent', 60_000, 'sent'],
    ['refused', 60_000, 'refused'],
    ['unknown', 0, 'unknown'],
  ] as const)('that is %s reads after %i ms as %s', (state, after, expected) => {
    expect(readDeliveryState(makeDelivery({ state }), T0 + after, 60_000)).toBe(expected);
  });
});
