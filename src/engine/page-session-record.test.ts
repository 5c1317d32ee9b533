import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { decodePageSession, encodePageSession, type PageSessionEnd, type PageSessionRecord, toPageSessionKey } from './page-session-record.ts';
import { RECORD_REMEDY } from './record-fault.ts';

const HASH = 'h'.repeat(22);
const fresh: PageSessionRecord = {
  ...{ createdAt: T0, seen: T0, service: 'VA1', request: 'sealed', browser: undefined, destinations: [], current: undefined, end: undefined },
  sending: undefined,
};

const anyHash = fc.stringMatching(/^[\w-]{22}$/);
const later = fc.nat(3_000_000).map((by) => T0 + by);
const anyEnd: fc.Arbitrary<PageSessionEnd> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('approved' as const), at: later, claims: fc.string() },
    results: fc.array(fc.record({ hash: anyHash, at: later }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constantFrom('exchanged' as const, 'canceled' as const), at: later }),
);
const anyRecord: fc.Arbitrary<PageSessionRecord> = fc.record({
  ...{ createdAt: fc.constant(T0), seen: later, service: fc.string(), request: fc.string() },
  browser: fc.option(anyHash, { nil: undefined }),
  destinations: fc.array(anyHash, { maxLength: 3 }),
  current: fc.option(fc.record({ verificationId: fc.string(), to: fc.string() }), { nil: undefined }),
  end: fc.option(anyEnd, { nil: undefined }),
  sending: fc.option(later, { nil: undefined }),
});

const messageOf = (body: string) => {
  const { code, message } = errorOf(() => decodePageSession(body));
  expect(code).toBe('store_unavailable');
  return message.replace('the record of this page session is ', '').replace(`: ${RECORD_REMEDY}`, '');
};

describe('the record of a page session', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodePageSession(encodePageSession(record))).toEqual(record);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its form', () => {
    expect(toPageSessionKey('PS1')).toEqual({ kind: 'page_session', partition: '', id: 'PS1' });
    expect(encodePageSession(fresh)).toBe(`[1,${T0},0,"VA1","sealed",0,[],0,0,-1]`);
    const current = { verificationId: 'VE1', to: 'sealed to' };
    const end = { kind: 'approved', at: T0 + 7, claims: 'sealed claims', results: [{ hash: HASH, at: T0 + 8 }] } as const;
    expect(encodePageSession({ ...fresh, seen: T0 + 9, browser: HASH, destinations: [HASH], current, end, sending: T0 + 6 })).toBe(
      `[1,${T0},9,"VA1","sealed","${HASH}",["${HASH}"],["VE1","sealed to"],[0,7,"sealed claims",[["${HASH}",8]]],6]`,
    );
    expect(encodePageSession({ ...fresh, end: { kind: 'exchanged', at: T0 + 1 } })).toContain('0,[1,1],-1]');
    expect(encodePageSession({ ...fresh, end: { kind: 'canceled', at: T0 + 1 } })).toContain('0,[2,1],-1]');
  });

  it('is refused when it is of a newer version, and when it is none of ours', () => {
    expect(messageOf(encodePageSession(fresh).replace('[1', '[2'))).toBe('of a newer version of countersign: update this process');
    for (const body of ['', 'null', '{}', '7', '[', '[]', '[0]', '["1"]', '[null]', '[0.5]', '{"a":1}'])
      expect(messageOf(body)).toBe('not one of ours');
  });

  /** Where each field stands behind the version, and what must not stand there. */
  const SOUND: readonly unknown[] = [1, T0, 0, 'VA1', 'sealed', HASH, [HASH], ['VE1', 'to'], [0, 0, 'claims', [[HASH, 0]]], 0];
  it.each<[what: string, at: number, bad: readonly unknown[]]>([
    ['time', 1, [null, -1, 0.5, '1', 2 ** 53]],
    ['time seen', 2, [null, -1, 0.5, '1']],
    ['service', 3, [null, 0, []]],
    ['request', 4, [null, 0, []]],
    ['browser', 5, [null, 1, '', HASH.slice(1), `${HASH}h`, `${HASH.slice(1)}=`, `${HASH}\n`, [HASH]]],
    ['list of destinations', 6, [null, 0, HASH, {}, [null], [0], [''], [HASH, HASH.slice(1)], [[HASH]]]],
    ['verification', 7, [null, 1, [], ['VE1'], ['VE1', 'to', 0], ['VE1', 0], [0, 'to'], 'VE1', { length: 2 }]],
    ['end', 8, [null, 1, 'x', [], [0], [0, 0], [0, 0, 'claims'], [3, 0], [-1, 0], [1], [1, 0, 'claims', []], [2, -1], ['1', 0], [1, null], {}]],
    [
      'approval',
      8,
      [
        [0, -1, 'claims', []],
        [0, 0, 0, []],
        [0, 0, 'claims', 0],
        [0, 0, 'claims', [], 0],
        [0, 0, 'claims', {}],
      ],
    ],
    ['sending', 9, [null, -2, 0.5, '0', []]],
    ['result', 8, [[HASH], [HASH, -1], [HASH, 0, 0], ['', 0], [HASH.slice(1), 0], [0, 0], HASH, null].map((result) => [0, 0, 'claims', [result]])],
  ])('is damaged where its %s is something else', (_what, at, bad) => {
    expect(decodePageSession(JSON.stringify(SOUND))).toMatchObject({ browser: HASH });
    for (const value of bad) expect(messageOf(JSON.stringify(SOUND.with(at, value))), JSON.stringify(value)).toBe('damaged');
  });

  it('is damaged where something is missing or too much', () => {
    for (const body of [SOUND.slice(0, -1), [...SOUND, 0], [1]]) expect(messageOf(JSON.stringify(body))).toBe('damaged');
  });

  it('repeats nothing of what it cannot read', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (body) => {
        expect(messageOf(body)).not.toContain(body);
        expect(messageOf(JSON.stringify(SOUND.with(2, body)))).toBe('damaged');
      }),
    );
  });
});
