import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, makeDelivery, makeLadder, makePool, makeRecord, makeVerification, T0 } from '../../test/builders.ts';
import { CHANNELS } from '../core/destination.ts';
import {
  type AttemptRecord,
  type DeliveryRecord,
  type DestinationRecord,
  EMPTY_POOL,
  type JudgeRecord,
  type LadderRecord,
  type Pool,
  type RecordTime,
  type VerificationRecord,
} from './record.ts';
import { decodeRecord, encodeRecord, RECORD_SCHEMA } from './record-codec.ts';
import { RECORD_REMEDY } from './record-fault.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const count = fc.nat(1_000);
const text = fc.string({ unit: 'binary', maxLength: 8 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const anyLadder: fc.Arbitrary<LadderRecord> = fc.record({ requester: text, step: count, at: time });
const anyPool: fc.Arbitrary<Pool> = fc
  .record({
    ...{ sends: fc.array(time), wrong: fc.array(time), run: count, runAt: time, disabled: fc.boolean() },
    returned: maybe(fc.record({ by: maybe(text), at: time })),
  })
  .map((pool) => (pool.run === 0 ? { ...pool, runAt: 0 } : pool));
const anyDelivery: fc.Arbitrary<DeliveryRecord> = fc.record({
  ...{ id: text, channel: fc.constantFrom(...CHANNELS), at: time, before: maybe(anyLadder) },
  state: fc.constantFrom('sending', 'sent', 'refused', 'unknown'),
});
const anyAttempt: fc.Arbitrary<AttemptRecord> = fc.record({
  key: text,
  at: time,
  attemptsLeft: maybe(fc.integer({ min: 1, max: 99 })),
  sealed: maybe(text),
});
const anyJudge: fc.Arbitrary<JudgeRecord> = fc.record({
  ...{ provider: text, reference: maybe(text), isOpen: fc.boolean() },
  asked: fc.array(fc.record({ id: text, at: time, attempt: maybe(text) }), { maxLength: 3 }),
});
const anyVerification: fc.Arbitrary<VerificationRecord> = fc.record({
  ...{ entryId: text, service: text, purpose: text, requester: maybe(text), destination: text, masked: text },
  channel: fc.constantFrom(...CHANNELS),
  state: fc.constantFrom('pending', 'approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'),
  ...{ createdAt: time, expiresAt: time, endedAt: maybe(time), wrong: count, sealed: maybe(text) },
  code: fc.record({ keyId: text, length: count, generation: count, guessed: fc.boolean(), digest: maybe(text) }),
  ...{ deliveries: fc.array(anyDelivery, { maxLength: 3 }), attempts: fc.array(anyAttempt, { maxLength: 3 }) },
  ...{ judge: maybe(anyJudge), binding: maybe(text), note: maybe(text) },
});
const anyTime: fc.Arbitrary<RecordTime> = time.map((seen) => ({ seen, clock: seen }));
const anyRecord: fc.Arbitrary<DestinationRecord> = fc.record({
  time: anyTime,
  verifications: fc.array(anyVerification, { maxLength: 3 }),
  ladders: fc.array(anyLadder, { maxLength: 3 }),
  shared: anyPool,
  known: fc.array(fc.record({ requester: text, approvedAt: time, pool: anyPool }), { maxLength: 3 }),
});

/** A record with something in each of its places. */
const full = makeRecord({
  verifications: [
    makeVerification({
      requester: 'ada',
      endedAt: T0 + 1,
      code: { keyId: 'key', length: 6, generation: 2, guessed: true, digest: 'digest' },
      wrong: 1,
      deliveries: [makeDelivery(), makeDelivery({ state: 'sending', before: makeLadder({ requester: 'ada' }) })],
      attempts: [
        { key: 'wrong', at: T0, attemptsLeft: 4, sealed: undefined },
        { key: 'right', at: T0, attemptsLeft: undefined, sealed: 'sealed' },
      ],
      ...{ binding: 'bound', note: 'sealed note' },
      judge: {
        ...{ provider: 'judge', reference: 'reference', isOpen: true },
        asked: [
          { id: 'one', at: T0, attempt: 'attempt' },
          { id: 'two', at: T0, attempt: undefined },
        ],
      },
    }),
  ],
  ladders: [makeLadder()],
  shared: makePool({ sends: [T0], wrong: [T0], run: 1, runAt: T0, returned: { by: 'ada', at: T0 } }),
  known: [{ requester: 'ada', approvedAt: T0, pool: makePool({ sends: [T0], disabled: true, returned: { by: undefined, at: T0 } }) }],
});

/** Every place of a JSON text that something may stand in, as a path. */
function placesIn(value: unknown, path: readonly number[] = []): (readonly number[])[] {
  return Array.isArray(value) ? [path, ...value.flatMap((part, position) => placesIn(part, [...path, position]))] : [path];
}

/** A JSON value with one place of it changed; `undefined` takes it out of its list. */
function replaceAt(value: unknown, [position, ...rest]: readonly number[], by: unknown): unknown {
  if (position === undefined) return by;
  const parts = [...(value as unknown[])];
  if (rest.length === 0 && by === undefined) return parts.toSpliced(position, 1);
  return parts.with(position, replaceAt(parts[position], rest, by));
}

/** Ensure that every time and count is a whole number, every name a text, every list a list: what a limit compares with `undefined` always passes. */
function expectSound(record: DestinationRecord): void {
  const { verifications, ladders, shared, known } = record;
  const pools = [shared, ...known.map(({ pool }) => pool)];
  const deliveries = verifications.flatMap((verification) => verification.deliveries);
  const everyLadder = [...ladders, ...deliveries.flatMap(({ before }) => before ?? [])];
  const attempts = verifications.flatMap((verification) => verification.attempts);
  const numbers = [
    ...[record.time.seen, record.time.clock, ...known.map(({ approvedAt }) => approvedAt)],
    ...pools.flatMap((pool) => [...pool.sends, ...pool.wrong, pool.run, pool.runAt, pool.returned?.at ?? 0]),
    ...everyLadder.flatMap(({ step, at }) => [step, at]),
    ...verifications.flatMap(({ createdAt, expiresAt, endedAt, wrong, code }) => [
      createdAt,
      expiresAt,
      endedAt ?? 0,
      wrong,
      code.length,
      code.generation,
    ]),
    ...[...deliveries, ...attempts].map(({ at }) => at),
    ...attempts.map(({ attemptsLeft }) => attemptsLeft ?? 1),
  ];
  const texts = [
    ...verifications.flatMap((v) => [
      v.entryId,
      v.service,
      v.purpose,
      v.requester ?? '',
      v.destination,
      v.masked,
      v.channel,
      v.state,
      v.sealed ?? '',
      v.binding ?? '',
      v.note ?? '',
    ]),
    ...verifications.flatMap(({ code }) => [code.keyId, code.digest ?? '']),
    ...deliveries.flatMap(({ id, channel, state }) => [id, channel, state]),
    ...[...everyLadder, ...known].map(({ requester }) => requester),
    ...pools.map(({ returned }) => returned?.by ?? ''),
    ...attempts.flatMap(({ key, sealed }) => [key, sealed ?? '']),
  ];
  const flags = [...pools.map(({ disabled }) => disabled), ...verifications.map(({ code }) => code.guessed)];
  expect(numbers.filter((value) => !Number.isInteger(value))).toEqual([]);
  expect(texts.filter((value) => typeof value !== 'string')).toEqual([]);
  expect(flags.filter((value) => typeof value !== 'boolean')).toEqual([]);
}

describe('the text of a record', () => {
  it('gives back every record that was written', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeRecord(encodeRecord(record))).toEqual(record);
      }),
    );
  });

  it('gives back whether each thing is absent or empty', () => {
    expect(decodeRecord(encodeRecord(full))).toEqual(full);
    expect(decodeRecord(encodeRecord(makeRecord()))).toEqual(makeRecord());
    const bare = makeRecord({ verifications: [makeVerification({ requester: '', sealed: '' })] });
    expect(decodeRecord(encodeRecord(bare))).toEqual(bare);
    expect(decodeRecord(encodeRecord(makeRecord())).shared).toBe(EMPTY_POOL);
  });

  it('is short: names are places, times are told from its own, and what is empty is a zero', () => {
    expect(encodeRecord(makeRecord())).toBe(`[1,${T0},[],[],0,[]]`);
    const record = makeRecord({
      ladders: [makeLadder({ at: T0 - 5 })],
      shared: makePool({ sends: [T0 - 5], run: 0, runAt: 9 }),
      known: [
        { requester: 'ada', approvedAt: T0 - 9, pool: makePool({ wrong: [T0 - 1], run: 1, runAt: T0 - 1, returned: { by: 'ada', at: T0 - 2 } }) },
      ],
    });
    expect(encodeRecord(record)).toBe(`[1,${T0},[],[["",1,-5]],[[-5],[],0,0,0],[["ada",-9,[[],[-1],1,-1,0,["ada",-2]]]]]`);
  });

  it('is of the second version where a verification has a binding or a note, so that nobody judges by half of it', () => {
    expect(JSON.parse(encodeRecord(full))[0]).toBe(RECORD_SCHEMA);
    for (const given of [{ binding: 'bound' }, { note: 'sealed note' }]) {
      const record = makeRecord({ verifications: [makeVerification(), makeVerification(given)] });
      expect(JSON.parse(encodeRecord(record))[0]).toBe(2);
      expect(decodeRecord(encodeRecord(record))).toEqual(record);
    }
  });

  it('is of the first version everywhere else, as processes of the version before read and write it', () => {
    const verifications = [
      makeVerification(),
      ...full.verifications.map((verification) => ({ ...verification, binding: undefined, note: undefined })),
    ];
    const body = encodeRecord(makeRecord({ verifications }));
    expect(JSON.parse(body)[0]).toBe(1);
    expect(JSON.parse(body)[2].map((packed: unknown[]) => packed.length)).toEqual([16, 17]);
    expect(decodeRecord(body).verifications).toEqual(verifications);
  });
});

describe('a text that is no record', () => {
  it.each([
    ['empty', '', 'not one of ours'],
    ['no JSON', 'countersign', 'not one of ours'],
    ['an object', '{"0":1,"length":7}', 'not one of ours'],
    ['null', 'null', 'not one of ours'],
    ['a number', '1', 'not one of ours'],
    ['a text', '"[1,0,[],[],0,[]]"', 'not one of ours'],
    ['an empty list', '[]', 'not one of ours'],
    ['of a version that is a text', '["1",0,[],[],0,[]]', 'not one of ours'],
    ['of a version that never was', '[0,0,[],[],0,[]]', 'not one of ours'],
    ['of a newer version that is a text', '["2",0,[],[],0,[]]', 'not one of ours'],
    ['of a newer version', '[3,0,[],[],0,[]]', 'of a newer version of countersign: update this process'],
    ['cut short', '[1,0,[],[],0]', 'damaged'],
    ['nested deeper than a stack', '['.repeat(1_000_000), 'not one of ours'],
  ])('is refused, never guessed at: %s', (_name, body, how) => {
    const error = errorOf(() => decodeRecord(body));
    expect([error.code, error.message]).toEqual([
      'store_unavailable',
      `the record of this destination is ${how}${how.startsWith('of a newer') ? '' : `: ${RECORD_REMEDY}`}`,
    ]);
  });

  it('is refused where it is cut off anywhere', () => {
    const body = encodeRecord(full);
    for (let length = 0; length < body.length; length += 1) {
      expect(errorOf(() => decodeRecord(body.slice(0, length))).code).toBe('store_unavailable');
    }
  });

  const packed: unknown = JSON.parse(encodeRecord(full));
  const places = placesIn(packed).slice(1);

  it.each([
    ['null', null],
    ['a fraction', 0.5],
    ['a number too large to count with', 2 ** 53],
    ['true', true],
    ['an object', {}],
    ['a list in a list', [[]]],
  ])('I3 gives no record that limits cannot be counted by, with %s in any place', (_name, by) => {
    let refused = 0;
    for (const place of places) {
      const body = JSON.stringify(replaceAt(packed, place, by));
      try {
        expectSound(decodeRecord(body));
      } catch (error) {
        expect(error).toMatchObject({ name: 'CountersignError', code: 'store_unavailable' });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(places.length / 2);
  });

  it('I3 gives no record that limits cannot be counted by, whatever is changed in it', () => {
    const change = fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.integer(), fc.constantFrom(-1, 0, 1, 2, 4, 6, '', []));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...places), change), { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = packed;
        for (const [place, by] of changes)
          if (placesIn(changed).some((other) => other.join() === place.join())) changed = replaceAt(changed, place, by);
        try {
          expectSound(decodeRecord(JSON.stringify(changed)));
        } catch (error) {
          expect(error).toMatchObject({ name: 'CountersignError', code: 'store_unavailable' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['its channel', [2, 0, 6], 4],
    ['its state', [2, 0, 7], 6],
    ['the state of a delivery', [2, 0, 13, 0, 2], 4],
    ['the channel of a delivery', [2, 0, 13, 0, 1], -1],
    ['the position of a state', [2, 0, 7], '0'],
    ['when it ended', [2, 0, 10], undefined],
    ['its wrong guesses', [2, 0, 12], null],
    ['its sealed destination', [2, 0, 14], 1],
    ['its binding', [2, 0, 17], 1],
    ['its note', [2, 0, 18], null],
    ['the ladder before a delivery', [2, 0, 13, 1, 4], null],
    ['the requester', [2, 0, 3], null],
    ['the sends of a budget', [4, 0], 0],
    ['a budget', [4], 1],
    ['the run of a budget', [4, 2], '1'],
    ['the time of a run', [4, 3], null],
    ['what was given back', [4, 5], null],
    ['to whom', [4, 5, 0], null],
    ['when', [4, 5, 1], '0'],
    ['the budgets of a known requester', [5, 0, 2], null],
  ])('is refused where %s is none that is known', (_name, place, by) => {
    const error = errorOf(() => decodeRecord(JSON.stringify(replaceAt(packed, place, by))));
    expect([error.code, error.message]).toEqual(['store_unavailable', `the record of this destination is damaged: ${RECORD_REMEDY}`]);
  });

  it.each([
    ['disabled', [4, 4], { shared: { disabled: true } }],
    ['guessed at', [2, 0, 11, 3], { verifications: [{ code: { guessed: true } }] }],
  ])('takes what is not plainly a no for a yes: %s', (_name, place, expected) => {
    for (const by of [1, 2, null, 'x']) expect(decodeRecord(JSON.stringify(replaceAt(packed, place, by)))).toMatchObject(expected);
  });
});
