import { describe, expect, it } from 'vitest';
import { Desk, EASY, makeDelivery, makeLadder, makePool, makeRecord, makeVerification, runRule, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { ageRecord } from './age.ts';
import { createClearRule, createEraseRule } from './clear.ts';
import { createCloseElsewhereRule, findOpenElsewhere, occupiedUntil } from './judge-claim.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { type DestinationRecord, EMPTY_POOL } from './record.ts';

const command = { service: 'shop', destination: 'destination-key' };
const used = makePool({ sends: [T0 - 2], wrong: [T0 - 2], run: 3, runAt: T0 - 2 });
const disabled = makePool({ sends: [T0 - 1], wrong: [T0 - 1], run: 100, runAt: T0 - 1, disabled: true, returned: { by: 'ada', at: T0 - 1 } });
const time = { seen: T0, clock: T0 - MINUTE };

describe('unblock', () => {
  it('begins budgets, runs and ladders anew, and leaves verifications and known requesters', () => {
    const known = [{ requester: 'ada', approvedAt: T0 - 9, pool: disabled }];
    const record = makeRecord({ verifications: [makeVerification({ wrong: 2 })], ladders: [makeLadder()], shared: used, known });
    const entry = { at: T0, service: 'shop', type: 'unblock', destination: 'destination-key', data: '{"by":"SK0"}' };
    expect(runRule(createClearRule({ ...command, by: 'SK0' }), record)).toEqual({
      record: { ...record, ladders: [], shared: EMPTY_POOL, known: [{ requester: 'ada', approvedAt: T0 - 9, pool: EMPTY_POOL }] },
      outcome: { wasBlocked: true, erased: 0, openElsewhere: [] },
      events: [],
      entries: [entry],
    });
  });

  it('begins its time anew where that ran ahead of a clock that was set back, and ends what began in it', () => {
    const attempt = { key: 'attempt', at: T0 - MINUTE, attemptsLeft: 3, sealed: undefined };
    const ahead = { ...attempt, at: T0 };
    const earlier = makeVerification({ entryId: 'earlier', createdAt: T0 - HOUR, attempts: [attempt, ahead] });
    const later = makeVerification({ entryId: 'later', createdAt: T0 - MINUTE + 1 });
    const ended = makeVerification({ entryId: 'ended', createdAt: T0, state: 'canceled', endedAt: T0 });
    const result = runRule(createClearRule(command), makeRecord({ time, verifications: [earlier, later, ended] }));
    const expired = { ...later, state: 'expired', endedAt: T0 - MINUTE, sealed: undefined };
    expect(result.record.time).toEqual({ seen: T0 - MINUTE, clock: T0 - MINUTE });
    expect(result.record.verifications).toEqual([{ ...earlier, attempts: [attempt] }, expired, ended]);
    expect(result.events).toEqual([{ type: 'expired', verification: expired }]);
    expect(result.entries).toMatchObject([{ at: T0 - MINUTE, type: 'unblock' }]);
  });

  it.each([
    ['everyone', disabled, EMPTY_POOL, true],
    ['one known requester', used, disabled, true],
    ['nobody', used, used, false],
  ])('says whether the destination was disabled: for %s', (_name, shared, own, wasBlocked) => {
    const known = [
      { requester: 'ada', approvedAt: T0, pool: EMPTY_POOL },
      { requester: 'bob', approvedAt: T0, pool: own },
    ];
    const record = makeRecord({ shared, known });
    expect(runRule(createClearRule(command), record).outcome).toEqual({ wasBlocked, erased: 0, openElsewhere: [] });
    expect(runRule(createEraseRule(command), record).outcome).toEqual({ wasBlocked, erased: 0, openElsewhere: [] });
  });

  it('I3 opens a destination that was disabled, for the verification that was under way as well', () => {
    const desk = new Desk({ ...EASY, wrongInARow: 3 });
    desk.send();
    for (let guess = 0; guess < 3; guess += 1) desk.check('entry1');
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'destination_blocked' });
    expect(desk.run(createClearRule(command))).toEqual({ wasBlocked: true, erased: 0, openElsewhere: [] });
    expect(desk.check('entry1')).toEqual({ kind: 'wrong', attemptsLeft: 1 });
    expect(desk.check('entry1', { right: true }).kind).toBe('approved');
  });
});

describe('erase', () => {
  it('removes verifications, ladders and requesters, and keeps what was used of all budgets, merged', () => {
    const known = [
      { requester: 'ada', approvedAt: T0, pool: disabled },
      { requester: 'bob', approvedAt: T0, pool: makePool({ sends: [T0 - 5] }) },
    ];
    const record = makeRecord({
      time,
      verifications: [makeVerification(), makeVerification({ entryId: 'b' })],
      ladders: [makeLadder()],
      shared: used,
      known,
    });
    const merged = { sends: [T0 - 5, T0 - 2, T0 - 1], wrong: [T0 - 2, T0 - 1], run: 100, runAt: T0 - 1, disabled: true };
    const shared = { ...merged, returned: { by: undefined, at: T0 - 1 } };
    expect(runRule(createEraseRule({ ...command, by: 'SK0' }), record)).toEqual({
      record: { time, verifications: [], ladders: [], shared, known: [] },
      outcome: { wasBlocked: true, erased: 2, openElsewhere: [] },
      entries: [{ at: T0 - MINUTE, service: 'shop', type: 'erase', destination: 'destination-key', data: '{"by":"SK0"}' }],
    });
  });

  it('I3 hands out no fresh guesses and no fresh sends', () => {
    const desk = new Desk({ ...EASY, wrongPerDay: 3, sendsPerDay: 2 });
    desk.send();
    for (let guess = 0; guess < 3; guess += 1) desk.check('entry1');
    expect(desk.run(createEraseRule(command))).toEqual({ wasBlocked: false, erased: 1, openElsewhere: [] });
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'not_found' });
    desk.clock += MINUTE;
    const { entryId } = desk.send().verification;
    expect(desk.check(entryId, { right: true })).toEqual({ kind: 'budget_exhausted', retryAt: T0 + DAY });
    desk.clock += MINUTE;
    expect(desk.start()).toMatchObject({ kind: 'refused', reason: 'budget_exhausted' });
  });

  it('I5 hands out no second refusal that is given back', () => {
    const desk = new Desk();
    desk.send({ requester: 'ada' }, 'refused');
    desk.run(createEraseRule(command));
    expect(desk.view().shared).toEqual(makePool({ returned: { by: undefined, at: T0 } }));
    expect(desk.expiresAt).toBe(T0 + DAY);
    desk.send({ requester: 'ada' }, 'refused');
    expect(desk.view().shared).toEqual(makePool({ sends: [T0], returned: { by: undefined, at: T0 } }));
  });

  it.each(['sent', 'refused'] as const)(
    'I9 leaves nothing of the destination, the requester or the code in the record of a message that was %s',
    (state) => {
      const desk = new Desk();
      desk.send({ requester: 'ada', masked: '+49*********42', destination: 'exact-key' }, state);
      desk.run(createEraseRule(command));
      for (const trace of ['ada', '+49', 'exact-key', 'sealed', 'entry1', 'delivery1']) expect(desk.body).not.toContain(trace);
    },
  );

  it('I2 I9 keeps of what a provider may have pending what it takes to end it there, and nothing of whose it was', () => {
    const desk = new Desk();
    const judge = { provider: 'twilio', isAlone: true, codeLength: 6 };
    desk.send({ purpose: 'login', requester: 'ada', masked: '+49*********42', judge });
    expect(desk.run(createEraseRule(command))).toMatchObject({ erased: 1, openElsewhere: [{ entryId: 'entry1', sealed: 'sealed for entry1' }] });
    for (const trace of ['ada', '+49', 'sealed', 'login', 'default', '"key"']) expect(desk.body).not.toContain(trace);
    for (const kept of ['entry1', 'destination-key', 'twilio']) expect(desk.body).toContain(kept);
    const before = desk.body;
    expect(desk.run(createEraseRule(command))).toMatchObject({ erased: 0, openElsewhere: [{ entryId: 'entry1' }] });
    expect(desk.body).toBe(before);
    expect(desk.run(createCloseElsewhereRule(['entry1'], DEFAULT_LIMITS))).toBeUndefined();
    for (const trace of ['entry1', 'destination-key', 'twilio']) expect(desk.body).not.toContain(trace);
  });

  describe('what is left for a provider', () => {
    const claim = { provider: 'twilio', isAlone: true, codeLength: 6 };
    const judge = { provider: 'twilio', reference: 'VE1', isOpen: true, asked: [{ id: 'ask', at: T0, attempt: 'guess' }] };
    const next = makeVerification({ entryId: 'next', judge });
    const erase = (record: DestinationRecord) => runRule(createEraseRule(command), record).record;
    const opens = (record: DestinationRecord, now: number) => {
      const aged = ageRecord({ ...record, time: { seen: now, clock: now } }, DEFAULT_LIMITS).record;
      return [findOpenElsewhere(aged, next, claim).length, occupiedUntil(aged, next, claim, DEFAULT_LIMITS)];
    };

    it.each([
      ['ten minutes where ours live shorter', 2 * MINUTE, 10 * MINUTE],
      ['its own life where that is longer', 20 * MINUTE, 20 * MINUTE],
    ])('is there until the last message is too old: %s, and the minute that one may take', (_name, life, theirs) => {
      const last = T0 + MINUTE;
      const deliveries = [makeDelivery({ before: makeLadder({ requester: 'ada' }) }), makeDelivery({ id: 'last', at: last })];
      const record = erase(makeRecord({ verifications: [makeVerification({ expiresAt: T0 + life, deliveries, judge })] }, last));
      expect(opens(record, last + theirs + MINUTE - 1)).toEqual([1, 0]);
      expect(opens(record, last + theirs + MINUTE)).toEqual([0, 0]);
    });

    it('stays through an unblock, for as long as it would have, where time had run ahead as well', () => {
      const ahead = { seen: T0 + DAY, clock: T0 };
      const sending = makeDelivery({ state: 'sending', at: T0 + DAY, before: makeLadder({ requester: 'ada' }) });
      const given = { createdAt: T0 + DAY, expiresAt: T0 + DAY + 10 * MINUTE, deliveries: [sending], judge };
      const erased = erase(makeRecord({ time: ahead, verifications: [makeVerification(given)] }));
      const record = runRule(createClearRule(command), erased).record;
      expect(JSON.stringify(record)).not.toContain('ada');
      expect(opens(record, T0 + SECOND)).toEqual([1, T0 + MINUTE]);
      expect(opens(record, T0 + 11 * MINUTE - 1)).toEqual([1, T0 + MINUTE]);
      expect(opens(record, T0 + 11 * MINUTE)).toEqual([0, 0]);
    });

    it('is nothing where all has ended there', () => {
      const ended = makeVerification({ deliveries: [makeDelivery()], judge: { ...judge, isOpen: false } });
      expect(erase(makeRecord({ verifications: [ended] })).verifications).toEqual([]);
    });
  });

  it('I7 writes a record where none was, which may go at once', () => {
    const desk = new Desk();
    expect(desk.run(createEraseRule(command))).toEqual({ wasBlocked: false, erased: 0, openElsewhere: [] });
    expect([desk.wrote, desk.expiresAt]).toEqual([true, T0]);
  });
});
