import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyStep, Desk, deepFreeze, EASY, errorOf, makePool, makeRecord, makeVerification, T0, takeStep } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE } from '../core/duration.ts';
import type { Claim } from './claim-send.ts';
import { decideRecord, viewRecord } from './decide-record.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createRecord, type DestinationRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import type { Rule } from './rule.ts';

const limits = DEFAULT_LIMITS;
const look: Rule<DestinationRecord> = (record) => ({ record, outcome: record });
const change: Rule<string> = (record) => ({ record: { ...record, shared: makePool({ sends: [record.time.seen] }) }, outcome: 'changed' });

function decide<O>(rule: Rule<O>, record: DestinationRecord | undefined, clock: number) {
  return decideRecord((aged) => rule(deepFreeze(aged)), limits)(record && encodeRecord(record), clock);
}

describe('a rule on a record', () => {
  it('begins with an empty record where the store has none, and writes none where it changes nothing', () => {
    expect(decide(look, undefined, T0)).toEqual({ result: { outcome: createRecord(T0), events: [], now: T0 } });
  });

  it("writes what it changes, until when it matters on the store's clock", () => {
    const { result, next } = decide(change, undefined, T0);
    expect(result).toEqual({ outcome: 'changed', events: [], now: T0 });
    expect(next?.expiresAt).toBe(T0 + DAY + MINUTE);
    expect(decodeRecord(next?.body ?? '')).toEqual(makeRecord({ shared: makePool({ sends: [T0] }) }));
  });

  it('I8 is decided at the latest time it has seen, where the clock was set back, and kept by that', () => {
    const { result, next } = decide(change, makeRecord(), T0 - HOUR);
    expect(result.now).toBe(T0);
    expect(next?.expiresAt).toBe(T0 + DAY + MINUTE);
    expect(decodeRecord(next?.body ?? '').time.seen).toBe(T0);
  });

  it('I3 writes without an end where the destination is disabled', () => {
    const { next } = decide(change, makeRecord({ known: [{ requester: 'ada', approvedAt: T0, pool: makePool({ disabled: true }) }] }), T0);
    expect(next).toEqual({ body: next?.body, expiresAt: undefined });
  });

  it('hands on events and entries of the rule, and no entries where nothing is written', () => {
    const verification = makeVerification();
    const entry = { at: T0, service: 'default', type: 'erase', destination: 'key', data: '{}' };
    const event = { type: 'canceled' as const, verification };
    const told = decide((record) => ({ ...change(record), events: [event], entries: [entry] }), undefined, T0);
    expect([told.result.events, told.entries]).toEqual([[event], [entry]]);
    expect(Object.keys(decide(change, undefined, T0))).toEqual(['result', 'next']);
  });

  it('I7 writes that a requester was seen forgotten: a clock that is set back gives it no budgets of its own again', () => {
    const known = [{ requester: 'ada', approvedAt: T0, pool: makePool({ sends: [T0] }) }];
    const { next } = decideRecord((record) => ({ record, outcome: undefined }), limits)(encodeRecord(makeRecord({ known })), T0 + limits.knownFor);
    expect(decodeRecord(next?.body ?? '')).toMatchObject({ known: [], time: { seen: T0 + limits.knownFor } });
  });

  it('I8 writes that a verification was seen expired, though the rule changes nothing, and says so once, before its own events', () => {
    const record = makeRecord({ verifications: [makeVerification()] });
    const expired = makeVerification({ state: 'expired', endedAt: T0 + limits.life, sealed: undefined });
    const event = { type: 'canceled' as const, verification: makeVerification({ entryId: 'other' }) };
    const first = decide((aged) => ({ ...look(aged), events: [event] }), record, T0 + limits.life);
    expect(first.result.events).toEqual([{ type: 'expired', verification: expired }, event]);
    const written = decodeRecord(first.next?.body ?? '');
    expect(written.verifications).toEqual([expired]);
    const again = decide(look, written, T0 + limits.life + 1);
    expect([again.result.events, again.next]).toEqual([[], undefined]);
  });

  it('I8 is decided neither before the clock nor before a time that was decided at and written, however the clock goes', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 2, maxLength: 30 }), (steps) => {
        const desk = new Desk();
        const claims: Claim[] = [];
        let written = 0;
        for (const step of steps) {
          takeStep(desk, step, claims);
          // An operator begins the time of a record anew.
          if (step.kind === 'clear') written = 0;
          const { seen, clock } = desk.view().time;
          expect([seen, clock]).toEqual([Math.max(written, desk.clock), desk.clock]);
          if (desk.wrote) written = seen;
          desk.wrote = false;
        }
      }),
    );
  });

  it('writes nothing where only time has passed: what is gone by that is gone at the next look as well', () => {
    const record = makeRecord({ shared: makePool({ sends: [T0] }), verifications: [makeVerification({ state: 'canceled', endedAt: T0 })] });
    const { next, result } = decide(look, record, T0 + 2 * DAY);
    expect([next, result.outcome]).toEqual([undefined, createRecord(T0 + 2 * DAY)]);
  });

  it('throws what a rule throws, and refuses a body that is not a record', () => {
    const broken: Rule<never> = () => {
      throw new Error('broken');
    };
    expect(() => decide(broken, undefined, T0)).toThrow('broken');
    expect(errorOf(() => decideRecord(look, limits)('{}', T0)).code).toBe('store_unavailable');
  });
});

describe('a look at a record', () => {
  it('shows it as it is at the time it was read', () => {
    const body = encodeRecord(makeRecord({ verifications: [makeVerification()] }));
    const view = viewRecord({ body, now: T0 + limits.life }, limits);
    expect(view.time.seen).toBe(T0 + limits.life);
    expect(view.verifications).toMatchObject([{ state: 'expired' }]);
    expect(viewRecord({ body, now: T0 - 1 }, limits).time).toEqual({ seen: T0, clock: T0 - 1 });
    expect(viewRecord({ body: undefined, now: T0 }, limits)).toEqual(createRecord(T0));
  });
});

describe('a record that has ended', () => {
  const strictLimits: Partial<Limits> = { ...EASY, ladder: [MINUTE, HOUR], retention: 5 * MINUTE, knownRequesters: 2, knownFor: DAY, wrongInARow: 6 };

  /** Every time is told from the record's own: that is what a clock that was set back differs by. */
  const fromNow = (outcome: unknown, seen: number) =>
    JSON.stringify(outcome, (_name, value) => (typeof value === 'number' && value > 1e12 ? value - seen : value));

  it('I3 I5 decides as if it had never been, from the time on that it was written with', () => {
    const anyLimits = fc.constantFrom<Partial<Limits>>({}, EASY, strictLimits, {
      ...strictLimits,
      ladder: [30 * DAY],
      retention: DAY,
      wrongInARow: 100,
    });
    let ended = 0;
    fc.assert(
      fc.property(anyLimits, fc.array(anyStep, { minLength: 1, maxLength: 30 }), anyStep, fc.nat(DAY), (given, steps, last, after) => {
        const desk = new Desk(given);
        const claims: Claim[] = [];
        for (const step of steps) takeStep(desk, step, claims);
        if (desk.body === undefined || desk.expiresAt === undefined) return;
        ended += 1;
        desk.clock = desk.expiresAt + after;
        const none = new Desk(given, desk.clock);
        const seen = desk.view().time.seen;
        const [onRecord, onNothing] = [takeStep(desk, last, [...claims]), takeStep(none, last, [...claims])].map(renameIds);
        expect(fromNow(onRecord, last.kind === 'wait' ? 0 : seen)).toBe(fromNow(onNothing, last.kind === 'wait' ? 0 : none.view().time.seen));
      }),
      { numRuns: 300 },
    );
    expect(ended).toBeGreaterThan(100);
  });

  /** Ids are counted per desk. */
  function renameIds(outcome: unknown): unknown {
    return outcome === undefined ? undefined : JSON.parse(JSON.stringify(outcome).replace(/(entry|delivery)\d+/g, '$1'));
  }
});
