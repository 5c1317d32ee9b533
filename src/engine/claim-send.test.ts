import { describe, expect, it } from 'vitest';
import {
  Desk,
  EASY,
  expectRefusal,
  expectSend,
  makeDelivery,
  makeLadder,
  makePool,
  makeRecord,
  makeVerification,
  runRule,
  T0,
} from '../../test/builders.ts';
import { HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { type ClaimCommand, type ClaimOutcome, claimSend, nextSendAt, readDeliveries } from './claim-send.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type DestinationRecord, sendingUntil, type VerificationRecord } from './record.ts';
import type { RuleResult } from './rule.ts';

const command: ClaimCommand = { deliveryId: 'new', channel: 'sms', give: undefined, judge: undefined };

function claim(record: DestinationRecord, verification: VerificationRecord, given: Partial<ClaimCommand> = {}, limits: Partial<Limits> = {}) {
  return runRule(
    (current): RuleResult<ClaimOutcome> => claimSend(current, verification, { ...command, ...given }, { ...DEFAULT_LIMITS, ...limits }),
    record,
  );
}

describe('a claimed send', () => {
  it('takes the rung, the place in the budget and the delivery in one step', () => {
    const { record, outcome } = claim(makeRecord(), makeVerification());
    const delivery = makeDelivery({ id: 'new', state: 'sending' });
    const verification = makeVerification({ deliveries: [delivery] });
    expect(outcome).toEqual({ kind: 'send', verification, delivery, resendAt: T0 + 2 * MINUTE, openElsewhere: [] });
    const ladders = [{ requester: '', step: 1, at: T0 }];
    expect(record).toEqual(makeRecord({ verifications: [verification], ladders, shared: makePool({ sends: [T0] }) }));
  });

  it('keeps the ladder as it was before, so that its rung can be given back', () => {
    const now = T0 + 2 * MINUTE;
    const ladder = makeLadder();
    const { record, outcome } = claim(makeRecord({ ladders: [ladder], shared: makePool({ sends: [T0] }) }, now), makeVerification());
    expect(outcome).toMatchObject({ kind: 'send', delivery: { before: ladder }, resendAt: now + 5 * MINUTE });
    expect(record).toMatchObject({ ladders: [{ step: 2, at: now }], shared: { sends: [T0, now] } });
  });

  it('adds to the deliveries of a verification in its place, and takes the channel of the newest', () => {
    const [before, other] = [makeVerification({ deliveries: [makeDelivery()] }), makeVerification({ entryId: 'other' })];
    const { record, outcome } = claim(makeRecord({ verifications: [before, other] }, T0 + HOUR), before, { channel: 'call' });
    expect(outcome).toMatchObject({
      verification: {
        channel: 'call',
        deliveries: [
          { id: 'delivery', channel: 'sms' },
          { id: 'new', channel: 'call' },
        ],
      },
    });
    expect(record.verifications).toHaveLength(2);
    expect(record.verifications).toContainEqual(other);
  });

  it('counts in the budgets of a requester that is known', () => {
    const known = [{ requester: 'ada', approvedAt: T0, pool: makePool() }];
    const { record } = claim(makeRecord({ known }), makeVerification({ requester: 'ada' }));
    expect(record).toMatchObject({ shared: { sends: [] }, known: [{ pool: { sends: [T0] } }], ladders: [{ requester: 'ada' }] });
  });

  it.each([
    ['the ladder', { ladder: [10 * MINUTE] }, T0 + 10 * MINUTE],
    ['the spacing', { ladder: [1], sendSpacing: 5 * MINUTE }, T0 + 5 * MINUTE],
    ['the budgets', { ladder: [1], sendsPerHour: 1 }, T0 + HOUR],
  ])('says when the next one may be claimed, by %s', (_name, limits, resendAt) => {
    expect(claim(makeRecord(), makeVerification(), {}, limits).outcome).toMatchObject({ resendAt });
  });
});

describe('a refused send', () => {
  const sending = makeVerification({ deliveries: [makeDelivery({ state: 'sending' })] });
  const used = (count: number, at: number) => makePool({ sends: Array.from({ length: count }, () => at) });

  it.each([
    ['resend_too_soon by the ladder', { ladders: [makeLadder()] }, makeVerification(), 'resend_too_soon', 2 * MINUTE, 2 * MINUTE],
    ['resend_too_soon by the spacing', { shared: used(1, T0) }, makeVerification(), 'resend_too_soon', 30 * SECOND, 30 * SECOND],
    ['budget_exhausted by the hour', { shared: used(5, T0) }, makeVerification(), 'budget_exhausted', HOUR, HOUR],
    ['in_progress by a message under way', {}, sending, 'in_progress', MINUTE, 0],
    ['in_progress until the ladder allows another', { ladders: [makeLadder()] }, sending, 'in_progress', 2 * MINUTE, 2 * MINUTE],
    ['in_progress until the budgets do', { shared: used(5, T0) }, sending, 'in_progress', HOUR, HOUR],
    ['budget_exhausted before resend_too_soon', { ladders: [makeLadder()], shared: used(5, T0) }, makeVerification(), 'budget_exhausted', HOUR, HOUR],
    [
      'resend_too_soon when that is longer',
      { ladders: [makeLadder({ requester: '', step: 4 })], shared: used(5, T0 - 50 * MINUTE) },
      makeVerification(),
      'resend_too_soon',
      15 * MINUTE,
      15 * MINUTE,
    ],
  ])('I17 is refused for as long as the longest limit: %s', (_name, given, verification, reason, wait, resendWait) => {
    const record = makeRecord(given, T0 + 1);
    const live = verification.deliveries.length > 0 ? verification : undefined;
    const resendAt = resendWait === 0 ? 0 : T0 + resendWait;
    const result = claim(record, verification);
    expect(result).toEqual({ record, outcome: { kind: 'refused', reason, retryAt: T0 + wait, live, resendAt } });
    expect(result.record).toBe(record);
    expect(claim(makeRecord(given, T0 + wait - 1), verification).outcome.kind).toBe('refused');
    expect(claim(makeRecord(given, T0 + wait), verification).outcome.kind).toBe('send');
  });

  it('is not in_progress any more from the moment on at which the message reads as unknown', () => {
    const ladders = [makeLadder()];
    const verifications = [sending];
    expect(claim(makeRecord({ ladders, verifications }, T0 + MINUTE - 1), sending).outcome).toMatchObject({ reason: 'in_progress' });
    expect(claim(makeRecord({ ladders, verifications }, T0 + MINUTE), sending).outcome).toMatchObject({ reason: 'resend_too_soon' });
  });

  it('is resend_too_soon, and not budget_exhausted, where both end at once', () => {
    const record = makeRecord({ ladders: [makeLadder({ requester: 'ada', step: 1 })], shared: used(5, T0) }, T0 + 1);
    const outcome = claim(record, makeVerification({ requester: 'ada' }), {}, { ladder: [HOUR] }).outcome;
    expect(outcome).toMatchObject({ reason: 'resend_too_soon', retryAt: T0 + HOUR });
  });

  it('is destination_blocked before anything else, with no time at which it is not', () => {
    const record = makeRecord({ shared: makePool({ disabled: true, sends: [T0] }), ladders: [makeLadder()] });
    const outcome = { kind: 'refused', reason: 'destination_blocked', retryAt: undefined, live: undefined, resendAt: T0 };
    expect(claim(record, sending)).toEqual({ record, outcome });
  });

  it('is destination_blocked only for who shares the disabled budgets', () => {
    const known = [{ requester: 'ada', approvedAt: T0, pool: makePool() }];
    const record = makeRecord({ shared: makePool({ disabled: true }), known });
    expect(claim(record, makeVerification({ requester: 'ada' })).outcome.kind).toBe('send');
    expect(claim(record, makeVerification({ requester: 'bob' })).outcome).toMatchObject({ reason: 'destination_blocked' });
  });
});

describe('the code of a send', () => {
  const code = { keyId: 'key', length: 6, generation: 0, guessed: false, digest: undefined };
  const live = (given: object = {}) => makeVerification({ code: { ...code, ...given }, deliveries: [makeDelivery({ at: T0 - HOUR })] });
  const codeAfter = (verification: VerificationRecord, given: Partial<ClaimCommand> = {}, limits: Partial<Limits> = {}) =>
    claim(makeRecord({ verifications: [verification] }), verification, given, limits).outcome;
  const give = (entryId: string) => ({ digest: `digest for ${entryId}`, length: 4, keyId: 'newer' });

  it('is the first one for the first message, whatever the policy', () => {
    expect(claim(makeRecord(), makeVerification(), {}, { resendPolicy: 'rotate' }).outcome).toMatchObject({ verification: { code } });
  });

  it('is repeated by a resend while nobody has guessed wrong', () => {
    expect(codeAfter(live({ generation: 3 }))).toMatchObject({ verification: { code: { generation: 3, guessed: false } } });
  });

  it('I2 moves on after a wrong guess, and the next resend repeats again', () => {
    expect(codeAfter(live({ generation: 3, guessed: true }))).toMatchObject({ verification: { code: { ...code, generation: 4, guessed: false } } });
  });

  it.each([true, false])('I2 moves on with every resend under `rotate`, guessed: %s', (guessed) => {
    expect(codeAfter(live({ guessed }), {}, { resendPolicy: 'rotate' })).toMatchObject({ verification: { code: { generation: 1, guessed: false } } });
  });

  it("is the caller's own when it brings one, hashed for the verification that is alive", () => {
    const outcome = codeAfter(live({ generation: 2, guessed: true }), { give });
    const given = { keyId: 'newer', length: 4, generation: 2, guessed: false, digest: 'digest for entry' };
    expect(outcome).toMatchObject({ verification: { code: given } });
  });

  it("must be brought again where it was the caller's own: it is kept nowhere", () => {
    const own = live({ digest: 'digest' });
    const record = makeRecord({ verifications: [own] });
    expect(claim(record, own)).toEqual({ record, outcome: { kind: 'code_needed' } });
    expect(claim(record, own, { give }).outcome.kind).toBe('send');
  });

  it('need not be brought again where nothing was sent with it yet', () => {
    expect(claim(makeRecord(), makeVerification({ code: { ...code, digest: 'digest' } })).outcome.kind).toBe('send');
  });
});

describe('deliveries', () => {
  const deliveries = [
    makeDelivery({ id: 'a', state: 'sending', at: T0 }),
    makeDelivery({ id: 'b', state: 'sending', at: T0 + 10 * SECOND }),
    makeDelivery({ id: 'c', state: 'sent', at: T0 + 20 * SECOND }),
  ];

  it('are under way until a minute after the last that is sending', () => {
    expect(sendingUntil(makeVerification({ deliveries }), DEFAULT_LIMITS)).toBe(T0 + 70 * SECOND);
    expect(sendingUntil(makeVerification({ deliveries: [deliveries[2]!] }), DEFAULT_LIMITS)).toBe(0);
    expect(sendingUntil(makeVerification(), DEFAULT_LIMITS)).toBe(0);
  });

  it('read as unknown a minute after they left without an answer', () => {
    const read = (now: number) => readDeliveries(makeVerification({ deliveries }), now, DEFAULT_LIMITS).map(({ state }) => state);
    expect(read(T0 + MINUTE - 1)).toEqual(['sending', 'sending', 'sent']);
    expect(read(T0 + MINUTE)).toEqual(['unknown', 'sending', 'sent']);
    expect(readDeliveries(makeVerification({ deliveries }), T0, DEFAULT_LIMITS)).toEqual(deliveries);
  });
});

describe('the time of the next send', () => {
  it.each([
    ['nothing was sent', {}, 0],
    ['the ladder refuses longest', { ladders: [makeLadder({ requester: 'ada', step: 3 })], shared: makePool({ sends: [T0] }) }, T0 + 15 * MINUTE],
    ['the spacing does', { shared: makePool({ sends: [T0] }) }, T0 + 30 * SECOND],
    ['the budgets do', { ladders: [makeLadder({ requester: 'ada' })], shared: makePool({ sends: [T0, T0, T0, T0, T0] }) }, T0 + HOUR],
  ])('is the latest of ladder, spacing and budgets: %s', (_name, given, expected) => {
    expect(nextSendAt(makeRecord(given), makeVerification({ requester: 'ada' }), DEFAULT_LIMITS)).toBe(expected);
  });

  it('is that of the budgets of a known requester', () => {
    const sends = Array.from({ length: 10 }, (_, hour) => T0 + hour * 2 * HOUR);
    const known = [{ requester: 'ada', approvedAt: T0, pool: makePool({ sends }) }];
    expect(nextSendAt(makeRecord({ known }), makeVerification({ requester: 'ada' }), DEFAULT_LIMITS)).toBe(T0 + 18 * HOUR + 30 * SECOND);
    expect(nextSendAt(makeRecord({ shared: makePool({ sends }) }), makeVerification({ requester: 'ada' }), DEFAULT_LIMITS)).toBe(T0 + 24 * HOUR);
  });
});

describe('the sends of one verification', () => {
  const owned = { requester: 'ada' };

  it('I5 I17 are counted without those that were refused, and hold until it expires, also where it would have been renewed', () => {
    const desk = new Desk({ ...EASY, ladder: [], sendsPerVerification: 2 });
    desk.send(owned);
    desk.clock += MINUTE;
    desk.complete(expectSend(desk.start(owned)), 'refused');
    desk.clock += MINUTE;
    expect(desk.send(owned).verification.entryId).toBe('entry1');
    for (const clock of [T0 + 3 * MINUTE, T0 + 10 * MINUTE - 1]) {
      desk.clock = clock;
      expect(expectRefusal(desk.start(owned))).toMatchObject({ reason: 'budget_exhausted', retryAt: T0 + 10 * MINUTE });
      expect(expectRefusal(desk.resend('entry1', owned))).toMatchObject({ reason: 'budget_exhausted', retryAt: T0 + 10 * MINUTE });
    }
    desk.clock += 1;
    expect(expectSend(desk.start(owned)).verification.entryId).not.toBe('entry1');
  });

  it('give a refused one its slot back where there is no ladder', () => {
    const desk = new Desk({ ...EASY, ladder: [] });
    const claim = expectSend(desk.start(owned));
    desk.clock += SECOND;
    desk.complete(claim, 'refused');
    expect(desk.view()).toMatchObject({ ladders: [], shared: { sends: [] } });
  });
});

describe('a verification whose guesses are used up', () => {
  const useUp = (limits: Partial<Limits>, owner: { requester?: string } = { requester: 'ada' }) => {
    const desk = new Desk({ ...EASY, ladder: [], guessesPerVerification: 1, holdUsedUp: true, ...limits });
    desk.send(owner);
    desk.clock += MINUTE;
    expect(desk.check('entry1', owner)).toEqual({ kind: 'used_up' });
    return desk;
  };

  it('holds back its owner’s next one until it would have expired', () => {
    const desk = useUp({});
    const refusal = expectRefusal(desk.start({ requester: 'ada' }));
    expect(refusal).toMatchObject({ reason: 'budget_exhausted', retryAt: T0 + 10 * MINUTE, resendAt: T0 + 10 * MINUTE, live: undefined });
    expectSend(desk.start({ requester: 'bob' }));
  });

  it('I17 holds nobody for longer than it is remembered', () => {
    const desk = useUp({ retention: MINUTE });
    expect(expectRefusal(desk.start({ requester: 'ada' })).retryAt).toBe(T0 + 2 * MINUTE);
    desk.clock = T0 + 2 * MINUTE;
    expectSend(desk.start({ requester: 'ada' }));
  });

  it.each([
    ['where nobody is named and nothing is shared', {}, {}],
    ['where the limits do not say so', { holdUsedUp: false }, { requester: 'ada' }],
  ])('holds nobody %s', (_where, limits, owner) => {
    expectSend(useUp(limits, owner).start(owner));
  });
});
