import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Desk, EASY, expectSend, makeDelivery, makeLadder, makePool, makeRecord, makeVerification, runRule, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { nextSendAt } from './claim-send.ts';
import { createClearRule, createEraseRule } from './clear.ts';
import { type CompleteCommand, createCompleteRule } from './complete.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { VerificationRecord } from './record.ts';
import { findLadder } from './resend-ladder.ts';

const requester = 'ada';
const operator = { service: 'default', destination: 'destination-key' };

function complete(record: ReturnType<typeof makeRecord>, given: Partial<CompleteCommand> = {}) {
  return runRule(createCompleteRule({ entryId: 'entry', deliveryId: 'delivery', state: 'sent', ...given }, DEFAULT_LIMITS), record);
}

describe('the end of a send', () => {
  it.each(['sent', 'unknown'] as const)('is written down, and what it claimed stays claimed: %s', (state) => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    desk.clock += 5 * SECOND;
    const outcome = desk.complete(claim, state);
    const delivery = { ...claim.delivery, state };
    const verification = { ...claim.verification, deliveries: [delivery] };
    expect(outcome).toEqual({ verification, resendAt: T0 + 2 * MINUTE });
    expect(desk.events).toEqual([{ type: 'delivered', verification, delivery }]);
    expect(desk.view()).toMatchObject({ verifications: [verification], ladders: [{ step: 1, at: T0 }], shared: { sends: [T0] } });
  });

  it('lets go of the ladder as it was before', () => {
    const desk = new Desk(EASY);
    desk.send({ requester });
    desk.clock += MINUTE / 2;
    const claim = expectSend(desk.start({ requester, purpose: 'login' }));
    const [first] = desk.find('entry1').deliveries;
    expect(first).toEqual({ id: 'delivery1', channel: 'sms', state: 'sent', at: T0, before: undefined });
    expect(desk.complete(claim, 'refused').verification?.deliveries).toEqual([{ ...claim.delivery, state: 'refused', before: undefined }]);
  });

  it('changes only the delivery that it names', () => {
    const others = [makeDelivery({ id: 'a', state: 'unknown' }), makeDelivery({ id: 'b', state: 'refused' })];
    const verification = makeVerification({ deliveries: [others[0]!, makeDelivery({ state: 'sending' }), others[1]!] });
    const bystander = makeVerification({ entryId: 'other', deliveries: [makeDelivery({ state: 'sending' })] });
    const { record } = complete(makeRecord({ verifications: [bystander, verification] }));
    expect(record.verifications).toEqual([bystander, { ...verification, deliveries: [others[0], makeDelivery({ state: 'sent' }), others[1]] }]);
  });

  it.each(['sent', 'refused', 'unknown'] as const)('changes nothing when it is reported a second time, as %s', (second) => {
    for (const first of ['sent', 'refused', 'unknown'] as const) {
      const desk = new Desk();
      const claim = expectSend(desk.start({ requester }));
      const { resendAt } = desk.complete(claim, first);
      const { body } = desk;
      expect(desk.complete(claim, second)).toEqual({ verification: desk.find('entry1'), resendAt });
      expect([desk.wrote, desk.body, desk.events]).toEqual([false, body, []]);
    }
  });

  it.each([
    ['the verification was erased', { entryId: 'other' }, undefined],
    ['it knows no such delivery', { deliveryId: 'other' }, 'entry'],
  ])('changes nothing where %s', (_name, command, found) => {
    const record = makeRecord({ verifications: [makeVerification({ deliveries: [makeDelivery({ state: 'sending' })] })] });
    const result = complete(record, command);
    expect(result.record).toBe(record);
    expect([result.outcome.verification?.entryId, result.outcome.resendAt, result.events]).toEqual([found, T0, undefined]);
  });

  it('says when the next message may go, ladder and budgets counted', () => {
    const record = makeRecord({
      verifications: [makeVerification({ requester, deliveries: [makeDelivery({ state: 'sending' })] })],
      ladders: [makeLadder({ requester, step: 2 })],
      shared: makePool({ sends: [T0] }),
    });
    expect(complete(record).outcome.resendAt).toBe(T0 + 5 * MINUTE);
    expect(complete(record, { state: 'refused' }).outcome.resendAt).toBe(0);
  });
});

describe('a refused send', () => {
  it('gives back what it claimed, so that the same call is allowed at once', () => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    expect(desk.complete(claim, 'refused').resendAt).toBe(0);
    expect(desk.view()).toMatchObject({ ladders: [], shared: { sends: [], returned: { by: requester, at: T0 } } });
    expectSend(desk.start({ requester }));
  });

  it('I17 gives back its place in the budget at whatever time it comes, however soon the ladder is forgotten, so that the same call is allowed at once', () => {
    const waits = fc.array(fc.integer({ min: 1, max: 2 * MINUTE }), { minLength: 1, maxLength: 3 }).map((rungs) => rungs.sort((a, b) => a - b));
    fc.assert(
      fc.property(waits, fc.nat(MINUTE - 1), fc.constantFrom(undefined, requester), fc.nat(3), (ladder, after, name, before) => {
        const desk = new Desk({ ...EASY, ladder });
        for (let sent = 0; sent < before; sent += 1) {
          desk.send({ requester: name });
          desk.clock += 2 * MINUTE;
        }
        const climbed = findLadder(desk.view(), name, desk.limits);
        const claim = expectSend(desk.start({ requester: name }));
        desk.clock += after;
        expect(desk.complete(claim, 'refused').resendAt).toBeLessThanOrEqual(desk.clock);
        expect(desk.view().shared.sends).toHaveLength(before);
        if (after < ladder.at(-1)!)
          expect(findLadder(desk.view(), name, desk.limits)).toEqual(climbed && desk.clock < climbed.at + ladder.at(-1)! ? climbed : undefined);
        expectSend(desk.start({ requester: name }));
      }),
    );
  });

  it.each([
    ['a ladder that is forgotten at once', [1]],
    ['a ladder as long as the spacing', [30 * SECOND]],
    ['the ladder of the defaults', DEFAULT_LIMITS.ladder],
  ])('I5 is given back in turn with one that is not, and again a day later: on %s', (_name, ladder) => {
    const desk = new Desk({ ladder, sendsPerHour: 100, sendsPerDay: 100 });
    const kept = () => desk.view().shared.sends.length;
    for (const expected of [0, 1, 1, 2, 2, 3]) {
      desk.clock = Math.max(desk.clock, nextSendAt(desk.view(), makeVerification({ requester }), desk.limits));
      const claim = expectSend(desk.start({ requester }));
      desk.clock += SECOND;
      desk.complete(claim, 'refused');
      expect(kept()).toBe(expected);
    }
    desk.clock += 2 * DAY;
    desk.send({ requester }, 'refused');
    desk.clock += DAY - 1;
    desk.send({ requester: 'bob' }, 'refused');
    expect(kept()).toBe(1);
    desk.clock += 1;
    desk.run(createClearRule(operator));
    desk.send({ requester }, 'refused');
    desk.clock += DAY;
    desk.send({ requester: 'bob' }, 'refused');
    expect(desk.view().shared).toMatchObject({ sends: [], returned: { by: 'bob', at: desk.clock } });
  });

  it('I5 is never given back twice by the same budgets without one in between that was not, to whom it was given back, for a day', () => {
    const names = fc.constantFrom(undefined, 'ada', 'bob');
    const step = fc.record({
      name: names,
      after: fc.constantFrom(0, 1, SECOND, 30 * SECOND, MINUTE - 1, MINUTE),
      state: fc.constantFrom('refused', 'refused', 'sent', 'unknown'),
    });
    const ladders = fc.constantFrom([1], [SECOND], [30 * SECOND, MINUTE], DEFAULT_LIMITS.ladder);
    fc.assert(
      fc.property(ladders, fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (ladder, steps) => {
        const desk = new Desk({ ...EASY, ladder });
        let last: { name: string | undefined; at: number } | undefined;
        for (const { name, after, state } of steps) {
          desk.clock += SECOND;
          const claim = desk.start({ requester: name });
          if (claim.kind !== 'send') continue;
          desk.clock += after;
          desk.complete(claim, state);
          const isGivenBack = !desk.view().shared.sends.includes(claim.delivery.at);
          if (isGivenBack) expect([state, last === undefined || desk.clock >= last.at + DAY]).toEqual(['refused', true]);
          if (isGivenBack) last = { name, at: desk.clock };
          else if (last?.name === name && after < MINUTE) last = undefined;
        }
      }),
    );
  });

  it('gives back its own place in the budget and no other', () => {
    const desk = new Desk({ ...EASY, ladder: [MINUTE] });
    desk.send({ requester: 'bob' });
    desk.clock += MINUTE;
    const claim = expectSend(desk.start({ requester }));
    desk.clock += MINUTE / 2;
    desk.send({ requester: 'bob' });
    desk.complete(claim, 'refused');
    expect(desk.view().shared.sends).toEqual([T0, T0 + MINUTE + MINUTE / 2]);
  });

  it('gives back to the budgets of a known requester what it took from them', () => {
    const desk = new Desk(EASY);
    desk.send({ requester });
    desk.check('entry1', { requester, right: true });
    desk.clock += MINUTE;
    const claim = expectSend(desk.start({ requester }));
    expect(desk.view().known[0]?.pool.sends).toEqual([T0, T0 + MINUTE]);
    desk.complete(claim, 'refused');
    expect(desk.view()).toMatchObject({ known: [{ pool: { sends: [T0] } }], shared: { sends: [T0] } });
  });

  it('makes the verification fail where no message of it went out', () => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    desk.clock += SECOND;
    const failed = { state: 'failed', endedAt: T0 + SECOND, sealed: undefined };
    expect(desk.complete(claim, 'refused').verification).toMatchObject(failed);
    expect(desk.find('entry1')).toMatchObject(failed);
    expect(desk.check('entry1', { requester, right: true })).toEqual({ kind: 'ended', state: 'failed' });
  });

  it.each([
    ['was sent', 'sent', 0],
    ['may have been', 'unknown', 0],
    ['has been under way for too long to tell', 'sending', MINUTE],
    ['is under way', 'sending', MINUTE - 1],
  ] as const)('leaves the verification pending where another message of it %s', (_name, state, age) => {
    const now = T0 + HOUR;
    const deliveries = [makeDelivery({ id: 'other', state, at: now - age }), makeDelivery({ state: 'sending', at: now })];
    const { outcome } = complete(makeRecord({ verifications: [makeVerification({ deliveries, expiresAt: now + HOUR })] }, now), { state: 'refused' });
    expect(outcome.verification).toMatchObject({ state: 'pending', sealed: 'sealed', endedAt: undefined });
  });

  it.each(['approved', 'canceled', 'expired'] as const)('I4 leaves a verification %s that has ended', (state) => {
    const ended = makeVerification({ state, endedAt: T0, sealed: undefined, deliveries: [makeDelivery({ state: 'sending' })] });
    expect(complete(makeRecord({ verifications: [ended] }), { state: 'refused' }).outcome.verification).toMatchObject({ state, endedAt: T0 });
  });

  it.each([
    ['is still on its way', MINUTE - 1, [], 0],
    ['reads as unknown to others already', MINUTE, [T0], 1],
  ])('gives back nothing when the answer comes after the message %s', (_name, after, sends, step) => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    desk.clock += after;
    const { verification } = desk.complete(claim, 'refused');
    expect(verification).toMatchObject({ state: 'failed', deliveries: [{ state: 'refused' }] });
    expect(desk.view()).toMatchObject({ shared: { sends }, ladders: step === 0 ? [] : [{ step }] });
  });

  it('that comes late leaves the chance of the next to give back as it was', () => {
    const late = makeRecord(
      {
        verifications: [makeVerification({ requester, deliveries: [makeDelivery({ state: 'sending' })] })],
        shared: makePool({ returned: { by: requester, at: T0 } }),
      },
      T0 + MINUTE,
    );
    expect(complete(late, { state: 'sent' }).record.shared).toEqual(late.shared);
    expect(complete(late, { state: 'refused' }).record.shared).toEqual(late.shared);
  });

  it.each([
    ['an operator cleared the destination', (desk: Desk) => desk.run(createClearRule(operator)), []],
    ['the destination was erased', (desk: Desk) => desk.run(createEraseRule(operator)), [T0]],
    ['the requester was approved', (desk: Desk) => desk.check('entry1', { requester, right: true }), [T0]],
  ])('gives back nothing after %s: what it claimed is not there any more', (_name, act, sends) => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    act(desk);
    desk.complete(claim, 'refused');
    expect(desk.view()).toMatchObject({ ladders: [], shared: { sends } });
  });

  it('gives back nothing where the ladder was climbed again meanwhile', () => {
    const record = makeRecord(
      {
        verifications: [makeVerification({ requester, deliveries: [makeDelivery({ state: 'sending' })] })],
        ladders: [makeLadder({ requester, step: 2, at: T0 + SECOND })],
        shared: makePool({ sends: [T0, T0 + SECOND] }),
      },
      T0 + SECOND,
    );
    const result = complete(record, { state: 'refused' }).record;
    expect([result.ladders, result.shared]).toEqual([record.ladders, record.shared]);
  });

  it('keeps its rung and its place in the budget after one that was given back', () => {
    const record = makeRecord({
      verifications: [makeVerification({ requester, deliveries: [makeDelivery({ state: 'sending', before: makeLadder({ requester }) })] })],
      ladders: [makeLadder({ requester, step: 2 })],
      shared: makePool({ sends: [T0], returned: { by: requester, at: T0 - 1 } }),
    });
    const result = complete(record, { state: 'refused' }).record;
    expect([result.ladders, result.shared]).toEqual([record.ladders, makePool({ sends: [T0] })]);
  });

  it.each([
    ['nothing else has happened', {}, [T0 - HOUR]],
    [
      'somebody else has sent',
      { others: [makeVerification({ entryId: 'b', requester: 'bob', deliveries: [makeDelivery({ at: T0 + 1 })] })] },
      [T0 - HOUR],
    ],
    ['it had sent before', { others: [makeVerification({ entryId: 'b', requester, deliveries: [makeDelivery({ at: T0 - HOUR })] })] }, [T0 - HOUR]],
    ['it was approved before', { others: [makeVerification({ entryId: 'b', requester, state: 'approved', endedAt: T0 })] }, [T0 - HOUR]],
    [
      'another of its verifications was canceled',
      { others: [makeVerification({ entryId: 'b', requester, state: 'canceled', endedAt: T0 + 1 })] },
      [T0 - HOUR],
    ],
    ['it has sent again', { others: [makeVerification({ entryId: 'b', requester, deliveries: [makeDelivery({ at: T0 + 1 })] })] }, undefined],
    ['it was approved', { others: [makeVerification({ entryId: 'b', requester, state: 'approved', endedAt: T0 + 1 })] }, undefined],
    ['the destination was cleared', { sends: [T0 - HOUR] }, undefined],
    ['its ladder cannot have been forgotten yet', { ladder: [SECOND + 1] }, undefined],
  ])('where its ladder is gone gives back its place in the budget, or nothing: %s', (_name, given, expected) => {
    const {
      others = [],
      sends = [T0 - HOUR, T0],
      ladder = [SECOND],
    } = given as { others?: VerificationRecord[]; sends?: number[]; ladder?: number[] };
    const before = makeLadder({ requester, at: T0 - HOUR });
    const own = makeVerification({ requester, deliveries: [makeDelivery({ state: 'sending', before })] });
    const record = makeRecord({ verifications: [...others, own], shared: makePool({ sends }) }, T0 + SECOND);
    const rule = createCompleteRule({ entryId: 'entry', deliveryId: 'delivery', state: 'refused' }, { ...DEFAULT_LIMITS, ladder });
    const result = runRule(rule, record).record;
    expect(result.ladders).toEqual([]);
    expect(result.shared).toEqual(
      expected === undefined ? record.shared : makePool({ sends: expected, returned: { by: requester, at: T0 + SECOND } }),
    );
  });

  it('I5 gives back once for all who share the budgets: naming another requester each time asks the carriers no more often', () => {
    const desk = new Desk();
    let asked = 0;
    for (let step = 0; step < 24 * 60; step += 1) {
      for (const attempt of [1, 2, 3]) {
        const outcome = desk.start({ requester: `requester ${step} ${attempt}` });
        if (outcome.kind === 'send') desk.complete(outcome, 'refused');
        if (outcome.kind === 'send') asked += 1;
      }
      desk.clock += MINUTE;
    }
    // The ten sends of a day, and the one that was given back.
    expect(asked).toBe(11);
  });

  it('gives back to a known requester whatever strangers were given back', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.check('entry1', { requester, right: true });
    desk.clock += MINUTE;
    desk.send({ requester: 'bob' }, 'refused');
    desk.send({ requester }, 'refused');
    expect(desk.view()).toMatchObject({
      shared: { sends: [T0], returned: { by: 'bob' } },
      known: [{ pool: { sends: [T0], returned: { by: requester } } }],
      ladders: [],
    });
  });

  it('gives back to a ladder that has been on its last rung: the day is not waited for twice', () => {
    const desk = new Desk({ ladder: [MINUTE, DAY] });
    desk.send({ requester });
    desk.clock += MINUTE;
    desk.send({ requester }, 'refused');
    expect(desk.view().ladders).toEqual([{ requester, step: 1, at: T0 }]);
    expect(expectSend(desk.start({ requester })).resendAt).toBe(T0 + MINUTE + DAY);
  });
});
