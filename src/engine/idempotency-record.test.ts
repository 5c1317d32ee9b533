import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { decodeIdempotency, encodeIdempotency, type IdempotencyState } from './idempotency-record.ts';

const HASH = 'h'.repeat(43);

describe('the record of an idempotency key', () => {
  it('is read as it was written', () => {
    const anyState: fc.Arbitrary<IdempotencyState> = fc.oneof(
      fc.constant({ kind: 'free' as const }),
      fc.record({ kind: fc.constant('running' as const), run: fc.string() }),
      fc.record({ kind: fc.constant('kept' as const), sealed: fc.string() }),
    );
    fc.assert(
      fc.property(fc.nat(), fc.base64String({ minLength: 44, maxLength: 44 }), anyState, (at, base64, state) => {
        const record = { at, body: base64.slice(0, 43).replace(/[+/=]/g, '-'), state };
        expect(decodeIdempotency(encodeIdempotency(record))).toEqual(record);
      }),
    );
  });

  it('keeps its form', () => {
    expect(encodeIdempotency({ at: T0, body: HASH, state: { kind: 'running', run: 'x' } })).toBe(`[1,${T0},"${HASH}",["r","x"]]`);
  });

  it.each([
    ['no JSON', '[1', 'not one of ours'],
    ['another thing', '{"a":1}', 'not one of ours'],
    ['a newer version', `[2,${T0},"${HASH}",0]`, 'newer version'],
    ['no state', `[1,${T0},"${HASH}"]`, 'damaged'],
    ['one thing too many', `[1,${T0},"${HASH}",0,0]`, 'damaged'],
    ['no time', `[1,null,"${HASH}",0]`, 'damaged'],
    ['a time before all times', `[1,-1,"${HASH}",0]`, 'damaged'],
    ['half a hash', `[1,${T0},"${HASH.slice(1)}",0]`, 'damaged'],
    ['no hash', `[1,${T0},0,0]`, 'damaged'],
    ['a state of no name', `[1,${T0},"${HASH}",["x","y"]]`, 'damaged'],
    ['a state without its value', `[1,${T0},"${HASH}",["k"]]`, 'damaged'],
    ['a state with another value', `[1,${T0},"${HASH}",["r",1]]`, 'damaged'],
    ['another state', `[1,${T0},"${HASH}",1]`, 'damaged'],
  ])('is refused with %s', (_name, body, how) => {
    const error = errorOf(() => decodeIdempotency(body));
    expect([error.code, error.message]).toEqual(['store_unavailable', expect.stringContaining(how)]);
  });
});
