import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Desk, EASY, expectRefusal, expectSend, type Guess, T0, toJudgeCommand } from '../../test/builders.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { createCancelRule } from './cancel.ts';
import type { Claim } from './claim-send.ts';
import { createEraseRule } from './clear.ts';
import { createCompleteRule } from './complete.ts';
import { toFind } from './find-verification.ts';
import type { Attempt, JudgeOutcome } from './judge.ts';
import { createCloseElsewhereRule, type JudgeClaim } from './judge-claim.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createSettleRule, type ProviderAnswer, type SettleOutcome } from './settle.ts';

const judge: JudgeClaim = { provider: 'twilio', isAlone: true, codeLength: 6 };
const provider = judge.provider;
const APPROVED: ProviderAnswer = { status: 'approved' };
const WRONG: ProviderAnswer = { status: 'wrong' };
const GONE: ProviderAnswer = { status: 'ended', state: 'expired' };
const CUT: ProviderAnswer = { status: 'unknown' };
const DOWN: ProviderAnswer = { status: 'failed' };

/** An attempt without its cryptography. */
function attemptOf(attemptId: string, submitted: string): Attempt {
  return {
    ...{ key: `id ${attemptId}`, guessKey: `guess ${attemptId} ${submitted}` },
    seal: (destination) => `sealed ${destination}`,
    open: (sealed) => sealed.slice(7),
  };
}

/** A desk whose codes another judges. */
class JudgedDesk extends Desk {
  #asked = 0;

  /** Claims a guess; the id to settle it by where it may be asked about. */
  ask(entryId = 'entry1', guess: Guess = {}): { outcome: JudgeOutcome; askId: string } {
    this.#asked += 1;
    const askId = `ask${this.#asked}`;
    return { outcome: this.check(entryId, { provider, askId, ...guess }), askId };
  }

  settle(askId: string, answer: ProviderAnswer, entryId = 'entry1', guess: Guess = {}): SettleOutcome {
    const command = { ...toJudgeCommand(entryId, guess), entryId, askId, answer, digest: () => 'digest' };
    return this.run(createSettleRule(command, this.limits));
  }

  /** A guess from start to end. */
  guess(answer: ProviderAnswer, entryId = 'entry1', guess: Guess = {}): SettleOutcome {
    const { outcome, askId } = this.ask(entryId, guess);
    return outcome.kind === 'ask' ? this.settle(askId, answer, entryId, guess) : outcome;
  }
}

/** A message that was sent, and what the provider says of it. */
function createSettleSent({ verification, delivery }: Claim, reference: string, closedElsewhere: string[] = []) {
  const command = { entryId: verification.entryId, deliveryId: delivery.id, state: 'sent', reference, closedElsewhere } as const;
  return createCompleteRule(command, { ...DEFAULT_LIMITS, ...EASY });
}

/** One verification whose message was sent. */
function openDesk(limits = {}): JudgedDesk {
  const desk = new JudgedDesk({ ...EASY, ...limits });
  desk.send({ judge });
  return desk;
}

describe('a guess that a provider judges', () => {
  it('is charged before it is asked about, and carries where to ask', () => {
    const desk = openDesk();
    const { outcome } = desk.ask();
    expect(outcome).toMatchObject({ kind: 'ask', destination: 'opened +1********71' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 1, state: 'pending', judge: { asked: [{ id: 'ask1', at: T0, attempt: undefined }] } });
    expect(desk.view().shared).toMatchObject({ wrong: [T0], run: 1, runAt: T0, disabled: false });
    expect(desk.events).toEqual([]);
  });

  it('I1 I2 is approved where the provider says so, and given back', () => {
    const desk = openDesk();
    expect(desk.guess(APPROVED)).toMatchObject({ kind: 'approved', destination: 'opened +1********71', approvedAt: T0 });
    expect(desk.find('entry1')).toMatchObject({ wrong: 0, state: 'approved', sealed: undefined, judge: { isOpen: false, asked: [] } });
    expect(desk.view().shared).toMatchObject({ wrong: [], run: 0, disabled: false });
    expect(desk.events.map(({ type }) => type)).toEqual(['checked', 'approved']);
    expect(desk.guess(APPROVED)).toEqual({ kind: 'ended', state: 'approved' });
  });

  it('I3 stays charged where it was wrong, and the fifth ends the verification', () => {
    const desk = openDesk();
    for (const attemptsLeft of [4, 3, 2, 1]) expect(desk.guess(WRONG)).toEqual({ kind: 'wrong', attemptsLeft });
    expect(desk.guess(WRONG)).toEqual({ kind: 'used_up' });
    expect(desk.view().shared).toMatchObject({ wrong: [T0, T0, T0, T0, T0], run: 5 });
    // Theirs may be pending still: it is ended there before another begins.
    expect(desk.find('entry1')).toMatchObject({ state: 'max_attempts_reached', judge: { isOpen: true } });
    expect(desk.guess(APPROVED)).toEqual({ kind: 'ended', state: 'max_attempts_reached' });
  });

  it('I3 is not asked about while five are under way, and is not charged then', () => {
    const desk = openDesk();
    const asked = [1, 2, 3, 4, 5].map(() => desk.ask().askId);
    expect(desk.ask().outcome).toEqual({ kind: 'busy' });
    expect([desk.wrote, desk.view().shared.wrong.length]).toEqual([false, 5]);
    for (const askId of asked.slice(1)) desk.settle(askId, WRONG);
    // The one that is still under way may be right.
    expect(desk.find('entry1').state).toBe('pending');
    expect(desk.ask().outcome).toEqual({ kind: 'busy' });
    expect(desk.settle('ask1', APPROVED)).toMatchObject({ kind: 'approved' });
  });

  it('I3 tells the last of five that all were wrong', () => {
    const desk = openDesk();
    const asked = [1, 2, 3, 4, 5].map(() => desk.ask().askId);
    expect(asked.map((askId) => desk.settle(askId, WRONG).kind)).toEqual(['used_up', 'used_up', 'used_up', 'used_up', 'used_up']);
    expect(desk.find('entry1').state).toBe('max_attempts_reached');
  });

  it('I3 is over where five were asked about and nobody has answered for a minute', () => {
    const desk = openDesk();
    for (let guess = 0; guess < 5; guess += 1) desk.ask();
    desk.clock += MINUTE - 1;
    expect(desk.ask().outcome).toEqual({ kind: 'busy' });
    desk.clock += 1;
    expect(desk.ask().outcome).toEqual({ kind: 'ended', state: 'max_attempts_reached' });
    expect(desk.find('entry1').state).toBe('max_attempts_reached');
  });

  it('I3 is refused in budgets that are used up, those under way counted', () => {
    const desk = openDesk({ wrongPerHour: 2 });
    desk.ask();
    desk.ask();
    expect(desk.ask().outcome).toEqual({ kind: 'budget_exhausted', retryAt: T0 + 60 * MINUTE });
  });

  it('I3 disables after a run that is too long, and not before the last of it is known to be wrong', () => {
    const desk = openDesk({ wrongInARow: 2 });
    desk.guess(WRONG);
    const { askId } = desk.ask();
    expect(desk.ask().outcome).toEqual({ kind: 'destination_blocked' });
    expect(desk.view().shared.disabled).toBe(false);
    desk.settle(askId, WRONG);
    expect(desk.view().shared.disabled).toBe(true);
  });

  it('enables again what another guess disabled while this one, which is right, was under way', () => {
    const desk = openDesk({ wrongInARow: 2 });
    const [first, second] = [desk.ask().askId, desk.ask().askId];
    desk.settle(first, WRONG);
    expect(desk.view().shared.disabled).toBe(true);
    expect(desk.settle(second, APPROVED).kind).toBe('approved');
    expect(desk.view().shared).toMatchObject({ run: 0, disabled: false });
  });

  it('I8 is not approved at its expiry or later, whatever the provider says', () => {
    const desk = openDesk();
    const { askId } = desk.ask();
    desk.clock = T0 + desk.limits.life;
    expect(desk.settle(askId, APPROVED)).toEqual({ kind: 'ended', state: 'expired' });
    expect(desk.find('entry1')).toMatchObject({ state: 'expired', judge: { isOpen: false } });
  });

  it('I4 is not approved where it was canceled meanwhile', () => {
    const desk = openDesk();
    const { askId } = desk.ask();
    desk.run(createCancelRule(toFind({ entryId: 'entry1', service: 'default', purpose: 'default', requester: undefined })));
    expect(desk.settle(askId, APPROVED)).toEqual({ kind: 'ended', state: 'canceled' });
    expect(desk.settle(askId, APPROVED)).toEqual({ kind: 'ended', state: 'canceled' });
  });

  it('is not found where it was erased meanwhile', () => {
    const desk = openDesk();
    const { askId } = desk.ask();
    expect(desk.run(createEraseRule({ service: 'default', destination: 'destination-key' })).openElsewhere).toHaveLength(1);
    expect(desk.settle(askId, APPROVED)).toEqual({ kind: 'not_found' });
  });

  it('keeps what the provider calls the verification', () => {
    const desk = new JudgedDesk(EASY);
    const claim = expectSend(desk.start({ judge }));
    desk.complete(claim, 'unknown');
    expect(desk.find('entry1').judge).toMatchObject({ reference: undefined, isOpen: true });
    desk.guess({ status: 'wrong', reference: 'VE1' });
    expect(desk.find('entry1').judge?.reference).toBe('VE1');
    desk.guess({ status: 'approved', reference: 'VE2' });
    expect(desk.find('entry1').judge?.reference).toBe('VE2');
  });

  it('is given back once where the provider failed, and nothing has changed', () => {
    const desk = openDesk();
    const before = desk.view();
    const { askId } = desk.ask();
    expect(desk.settle(askId, DOWN)).toEqual({ kind: 'unjudged' });
    expect(desk.view()).toEqual(before);
    expect(desk.settle(askId, DOWN)).toEqual({ kind: 'unjudged' });
    expect([desk.wrote, desk.view()]).toEqual([false, before]);
  });

  it('I3 stays charged where nobody can tell whether it was judged', () => {
    const desk = openDesk();
    for (let guess = 0; guess < 4; guess += 1) expect(desk.guess(CUT)).toEqual({ kind: 'unjudged' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 4, state: 'pending' });
    expect(desk.guess(CUT)).toEqual({ kind: 'unjudged' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 5, state: 'max_attempts_reached' });
    expect(desk.view().shared.run).toBe(5);
  });

  it('is given back where theirs had ended, and ours ends with it', () => {
    const desk = openDesk();
    desk.guess(WRONG);
    expect(desk.guess(GONE)).toEqual({ kind: 'ended', state: 'expired' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 1, state: 'expired', judge: { isOpen: false } });
    expect(desk.view().shared).toMatchObject({ wrong: [T0], run: 1 });
    expect(desk.events.map(({ type }) => type)).toEqual(['expired']);
  });

  it.each([
    ['max_attempts_reached', true, []],
    ['canceled', false, ['canceled']],
  ] as const)('where theirs is %s, ours is, and may be pending there: %s', (state, isOpen, events) => {
    const desk = openDesk();
    expect(desk.guess({ status: 'ended', state })).toEqual({ kind: 'ended', state });
    expect(desk.find('entry1')).toMatchObject({ state, judge: { isOpen } });
    expect(desk.events.map(({ type }) => type)).toEqual(events);
  });

  it('I6 ends nothing while another is under way: that one may be what ended theirs', () => {
    const desk = openDesk();
    const [first, second] = [desk.ask().askId, desk.ask().askId];
    expect(desk.settle(second, GONE)).toEqual({ kind: 'busy' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 1, state: 'pending' });
    expect(desk.settle(first, APPROVED).kind).toBe('approved');
  });

  it('a wrong one is not right because another was', () => {
    const desk = openDesk();
    const [first, second] = [desk.ask().askId, desk.ask().askId];
    desk.settle(first, APPROVED);
    expect(desk.settle(second, WRONG)).toEqual({ kind: 'ended', state: 'approved' });
    expect(desk.view().shared).toMatchObject({ wrong: [T0] });
  });

  it('refunds in the budgets that hold the charge, where the requester has become known since', () => {
    const desk = new JudgedDesk(EASY);
    desk.send({ judge, requester: 'ada' });
    const [first, second, third] = [1, 2, 3].map(() => desk.ask('entry1', { requester: 'ada' }).askId);
    desk.settle(first ?? '', APPROVED, 'entry1', { requester: 'ada' });
    expect(desk.view().known).toMatchObject([{ requester: 'ada', pool: { wrong: [] } }]);
    expect(desk.view().shared).toMatchObject({ wrong: [T0, T0], run: 0 });
    desk.settle(second ?? '', DOWN);
    desk.settle(third ?? '', WRONG);
    // The run had ended with the approval: what is given back of it is not taken from another.
    expect(desk.view().shared).toMatchObject({ wrong: [T0], run: 0 });
  });

  it('I3 never refunds more than was charged, and never asks about more than five (any order of answers)', () => {
    const answer = fc.constantFrom(WRONG, DOWN, CUT, GONE, APPROVED);
    const step = fc.oneof(fc.record({ ask: fc.constant(true) }), fc.record({ settle: fc.nat(6), answer }), fc.record({ wait: fc.nat(MINUTE) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const desk = openDesk();
        const open: string[] = [];
        for (const taken of steps) {
          if ('wait' in taken) desk.clock += taken.wait;
          else if ('ask' in taken) {
            const { outcome, askId } = desk.ask();
            if (outcome.kind === 'ask') open.push(askId);
          } else {
            const [askId] = open.splice(taken.settle % Math.max(1, open.length), 1);
            if (askId !== undefined) desk.settle(askId, taken.answer);
          }
          const { shared, verifications } = desk.view();
          const [found] = verifications;
          if (found === undefined) continue;
          expect(found.wrong).toBeGreaterThanOrEqual(found.judge?.asked.length ?? 0);
          expect(found.wrong).toBeLessThanOrEqual(5);
          expect(found.judge?.asked).toHaveLength(open.length);
          expect(shared.wrong.length).toBe(found.wrong);
          expect(shared.run).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the same attempt at a guess that a provider judges', () => {
  const attempt = attemptOf('a', '123456');

  it('is asked about once while it is under way', () => {
    const desk = openDesk();
    const { askId } = desk.ask('entry1', { attempt });
    expect(desk.ask('entry1', { attempt }).outcome).toEqual({ kind: 'busy' });
    expect(desk.ask('entry1', { attempt: attemptOf('a', '654321') }).outcome.kind).toBe('ask');
    desk.settle(askId, WRONG, 'entry1', { attempt });
    expect(desk.ask('entry1', { attempt }).outcome).toEqual({ kind: 'wrong', attemptsLeft: 3 });
  });

  it('I6 is approved again with the same code within a minute, and with no other', () => {
    const desk = openDesk();
    expect(desk.guess(APPROVED, 'entry1', { attempt }).kind).toBe('approved');
    expect(desk.find('entry1').code.digest).toBe('digest');
    expect(desk.guess(GONE, 'entry1', { attempt, matches: ({ digest }) => digest === 'digest' }).kind).toBe('approved');
    expect(desk.guess(GONE, 'entry1', { attempt, matches: () => false })).toEqual({ kind: 'ended', state: 'approved' });
    expect(desk.guess(GONE, 'entry1', { attempt, matches: () => true })).toEqual({ kind: 'ended', state: 'approved' });
  });

  it('I6 that was asked about twice over is approved for both: theirs has ended for the second because the first was right', () => {
    const desk = openDesk();
    const first = desk.ask('entry1', { attempt });
    desk.clock += MINUTE; // The first is slow, and the second is taken for another.
    const second = desk.ask('entry1', { attempt });
    desk.settle(first.askId, APPROVED, 'entry1', { attempt });
    expect(desk.settle(second.askId, GONE, 'entry1', { attempt, matches: () => true }).kind).toBe('approved');
    expect(desk.view().shared.wrong).toEqual([]);
  });

  it('keeps no hash of a code where nobody may ask again', () => {
    const desk = openDesk();
    desk.guess(APPROVED);
    expect(desk.find('entry1').code.digest).toBeUndefined();
  });
});

describe('a provider that keeps one verification for a destination', () => {
  it('I2 begins no other while one is pending, and says from when on it would', () => {
    const desk = new JudgedDesk(EASY);
    desk.send({ judge, requester: 'ada' });
    desk.clock += MINUTE;
    for (const other of [{ requester: 'bob' }, { requester: 'ada', purpose: 'login' }, {}, { requester: 'ada', service: 'shop' }]) {
      const refusal = expectRefusal(desk.start({ judge, ...other }));
      expect(refusal).toMatchObject({ reason: 'in_progress', retryAt: T0 + desk.limits.life, live: undefined });
    }
    expectSend(desk.start({ judge, requester: 'ada' }));
    // A spelling that folds alike is another number there.
    desk.clock += MINUTE;
    expectSend(desk.start({ judge, requester: 'bob', destination: 'another' }));
  });

  it('I17 begins one when the other has ended, to the millisecond', () => {
    const desk = new JudgedDesk(EASY);
    desk.send({ judge, requester: 'ada' });
    desk.clock = T0 + desk.limits.life - 1;
    expectRefusal(desk.start({ judge, requester: 'bob' }));
    desk.clock += 1;
    expectSend(desk.start({ judge, requester: 'bob' }));
  });

  it('I2 has to end theirs first where it may be pending there: what was sent for it would be sent again', () => {
    const desk = new JudgedDesk(EASY);
    const claim = expectSend(desk.start({ judge, requester: 'ada' }));
    desk.run(createSettleSent(claim, 'VE1'));
    desk.clock = T0 + desk.limits.life;
    const next = expectSend(desk.start({ judge, requester: 'bob' }));
    expect(next.openElsewhere).toEqual([{ entryId: 'entry1', reference: 'VE1' }]);
    desk.complete(next, 'refused');
    desk.clock += SECOND;
    // It was not said that it has ended there.
    const again = expectSend(desk.start({ judge, requester: 'eve' }));
    expect(again.openElsewhere).toEqual([{ entryId: 'entry1', reference: 'VE1' }]);
    desk.run(createCloseElsewhereRule(['entry1'], desk.limits));
    expect(desk.find('entry1').judge?.isOpen).toBe(false);
    expect(desk.find('entry2').judge?.isOpen).toBe(false);
  });

  it('has nothing to end where theirs was approved, refused or canceled', () => {
    const desk = openDesk();
    desk.guess(APPROVED);
    desk.clock += MINUTE;
    const second = expectSend(desk.start({ judge }));
    expect(second.openElsewhere).toEqual([]);
    desk.complete(second, 'refused');
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ judge })).openElsewhere).toEqual([]);
  });

  it('ends the old one there when a start renews it', () => {
    const desk = new JudgedDesk({ ...EASY, sharePending: true });
    desk.send({ judge });
    desk.clock = T0 + desk.limits.life - MINUTE + 1;
    const renewed = expectSend(desk.start({ judge }));
    expect(renewed.verification.entryId).toBe('entry2');
    expect(renewed.openElsewhere).toEqual([{ entryId: 'entry1', reference: undefined }]);
  });

  it('writes down what has been ended with the message that left after it', () => {
    const desk = new JudgedDesk(EASY);
    desk.send({ judge, requester: 'ada' });
    desk.clock = T0 + desk.limits.life;
    const next = expectSend(desk.start({ judge, requester: 'bob' }));
    desk.run(createSettleSent(next, 'VE2', ['entry1']));
    expect([desk.find('entry1').judge?.isOpen, desk.find('entry2').judge]).toEqual([false, { provider, reference: 'VE2', isOpen: true, asked: [] }]);
  });

  it('is no matter to one that keeps each apart', () => {
    const desk = new JudgedDesk(EASY);
    const apart = { ...judge, isAlone: false };
    desk.send({ judge: apart, requester: 'ada' });
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ judge: apart, requester: 'bob' })).openElsewhere).toEqual([]);
  });
});

describe('a verification of another provider', () => {
  it('is neither judged nor sent again, and not changed', () => {
    const desk = openDesk();
    desk.clock += MINUTE;
    for (const other of [undefined, 'other']) {
      expect(desk.check('entry1', other === undefined ? {} : { provider: other })).toEqual({ kind: 'judged_elsewhere', provider });
      expect(desk.wrote).toBe(false);
    }
    expect(desk.resend('entry1')).toEqual({ kind: 'judged_elsewhere', provider });
    const { entryId } = desk.send({}).verification;
    expect(desk.resend(entryId, { judge })).toEqual({ kind: 'judged_elsewhere', provider: undefined });
    // Ours is judged by the engine, whoever carries its codes.
    expect(desk.check(entryId, { provider, right: true }).kind).toBe('approved');
  });

  it('is closed by a start that would repeat it', () => {
    const desk = new JudgedDesk({ ...EASY, sharePending: true });
    desk.send({ judge });
    desk.clock += MINUTE;
    expect(expectSend(desk.start({})).verification.entryId).toBe('entry2');
    expect(desk.find('entry1').state).toBe('expired');
  });

  it('has the length of codes that its provider says, and repeats its code after a wrong guess', () => {
    const desk = new JudgedDesk(EASY);
    desk.send({ judge: { ...judge, codeLength: 4 } });
    expect(desk.find('entry1').code).toMatchObject({ length: 4, generation: 0 });
    expect(desk.ask('entry1').outcome).toEqual({ kind: 'wrong_length', expected: 4 });
    desk.guess(WRONG, 'entry1', { length: 4 });
    desk.clock += MINUTE;
    expect(expectSend(desk.resend('entry1', { judge })).verification.code.generation).toBe(0);
  });
});
