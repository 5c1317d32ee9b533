import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Desk, EASY, type Guess, makePool, makeRecord, makeVerification, runRule, T0, toJudgeCommand } from '../../test/builders.ts';
import { HOUR, MINUTE } from '../core/duration.ts';
import { type Attempt, createJudgeRule } from './judge.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { DestinationRecord, VerificationState } from './record.ts';

const requester = 'ada';

/** An attempt as the vault makes one, without its cryptography: what is sealed for one attempt opens for that one alone. */
function attemptOf(attemptId: string, submitted: string): Attempt {
  return {
    key: `id ${attemptId}`,
    guessKey: `guess ${attemptId} ${submitted}`,
    seal: (destination, { entryId }) => `${attemptId} seals ${destination} of ${entryId}`,
    open(sealed) {
      if (!sealed.startsWith(`${attemptId} seals `)) throw new Error('sealed for another attempt');
      return sealed.split(' ').slice(2, -2).join(' ');
    },
  };
}

function judge(record: DestinationRecord, given: Guess = {}, limits: Partial<Limits> = {}) {
  const command = toJudgeCommand('entry', { open: () => 'the number', ...given });
  return runRule(createJudgeRule(command, { ...DEFAULT_LIMITS, ...limits }), record);
}

/** A comparison that must not be made. */
const unasked = () => {
  throw new Error('compared');
};

describe('check', () => {
  it('approves the code that is alive, and opens the destination for the proof', () => {
    const pending = makeVerification();
    const record = makeRecord({ verifications: [pending] }, T0 + MINUTE);
    const asked: unknown[] = [];
    const result = judge(record, { matches: (code) => asked.push(code) > 0, open: (verification) => `opened ${verification.sealed}` });
    const approved = { ...pending, state: 'approved', endedAt: T0 + MINUTE, sealed: undefined };
    expect(result.outcome).toEqual({ kind: 'approved', verification: approved, destination: 'opened sealed', approvedAt: T0 + MINUTE });
    expect(result.record).toEqual({ ...record, verifications: [approved] });
    expect(result.events).toEqual([
      { type: 'checked', verification: approved, right: true },
      { type: 'approved', verification: approved },
    ]);
    expect(asked).toEqual([pending.code, pending.code]);
  });

  it('I1 approves once: the same code again was approved already', () => {
    const desk = new Desk();
    desk.send();
    expect(desk.check('entry1', { right: true }).kind).toBe('approved');
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'ended', state: 'approved' });
    expect([desk.wrote, desk.events]).toEqual([false, []]);
  });

  it('I3 charges a wrong code to the verification and the destination, and says how many are left', () => {
    const record = makeRecord({ verifications: [makeVerification({ wrong: 1 })] }, T0 + MINUTE);
    const { outcome, record: after, events } = judge(record);
    const guessed = makeVerification({ wrong: 2, code: { ...makeVerification().code, guessed: true } });
    expect(outcome).toEqual({ kind: 'wrong', attemptsLeft: 3 });
    expect(after).toEqual({ ...record, verifications: [guessed], shared: makePool({ wrong: [T0 + MINUTE], run: 1, runAt: T0 + MINUTE }) });
    expect(events).toEqual([{ type: 'checked', verification: guessed, right: false }]);
  });

  it('I3 charges a known requester in its own budgets, and a stranger in those of everyone', () => {
    const known = [{ requester, approvedAt: T0, pool: makePool() }];
    const verifications = [makeVerification({ entryId: 'a', requester }), makeVerification({ entryId: 'b', requester: 'bob' })];
    const record = makeRecord({ known, verifications });
    expect(judge(record, { entryId: 'a', requester }).record).toMatchObject({ shared: { wrong: [] }, known: [{ pool: { wrong: [T0], run: 1 } }] });
    expect(judge(record, { entryId: 'b', requester: 'bob' }).record).toMatchObject({
      shared: { wrong: [T0], run: 1 },
      known: [{ pool: { wrong: [] } }],
    });
  });

  it.each([1, 3, 5])(
    'I3 answers max_attempts_reached to the last of %i wrong guesses itself, and a right code afterwards',
    (guessesPerVerification) => {
      const desk = new Desk({ guessesPerVerification });
      desk.send();
      for (let left = guessesPerVerification - 1; left > 0; left -= 1) expect(desk.check('entry1')).toEqual({ kind: 'wrong', attemptsLeft: left });
      desk.clock += 1;
      expect(desk.check('entry1')).toEqual({ kind: 'used_up' });
      const ended = desk.find('entry1');
      expect(ended).toMatchObject({ state: 'max_attempts_reached', endedAt: T0 + 1, sealed: undefined, wrong: guessesPerVerification });
      expect(desk.events).toEqual([{ type: 'checked', verification: ended, right: false }]);
      expect(desk.check('entry1', { right: true })).toEqual({ kind: 'ended', state: 'max_attempts_reached' });
      expect(desk.view().shared.run).toBe(guessesPerVerification);
    },
  );

  it('I3 goes on counting over resends: a new code brings no new guesses', () => {
    const desk = new Desk(EASY);
    desk.send();
    for (const left of [4, 3, 2, 1]) {
      expect(desk.check('entry1')).toEqual({ kind: 'wrong', attemptsLeft: left });
      desk.clock += MINUTE;
      desk.resend('entry1');
    }
    expect(desk.check('entry1')).toEqual({ kind: 'used_up' });
  });

  it('I2 takes the code of the newest message only, once a wrong guess has been made', () => {
    const desk = new Desk(EASY);
    desk.send();
    const first = (code: { generation: number }) => code.generation === 0;
    desk.check('entry1');
    desk.clock += MINUTE;
    desk.resend('entry1');
    expect(desk.check('entry1', { matches: first }).kind).toBe('wrong');
    expect(desk.check('entry1', { matches: (code) => code.generation === 1 }).kind).toBe('approved');
  });

  it('I8 approves a millisecond before the end of its life and never at it', () => {
    const desk = new Desk();
    const { expiresAt } = desk.send().verification;
    const { body } = desk;
    desk.clock = expiresAt - 1;
    expect(desk.check('entry1', { right: true }).kind).toBe('approved');
    [desk.body, desk.clock] = [body, expiresAt];
    expect(desk.check('entry1', { matches: unasked })).toEqual({ kind: 'ended', state: 'expired' });
    expect(desk.events).toEqual([{ type: 'expired', verification: desk.find('entry1') }]);
    expect(desk.wrote).toBe(true);
  });

  it('I8 approves nothing that was seen expired, when the clock is set back', () => {
    const desk = new Desk();
    const { expiresAt } = desk.send().verification;
    desk.clock = expiresAt;
    desk.check('entry1');
    desk.clock = T0 + 1;
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'ended', state: 'expired' });
  });

  it('I6 leaves everything as it was where the destination does not open', () => {
    const desk = new Desk();
    desk.send();
    const { body } = desk;
    const broken = () => {
      throw new Error('does not open');
    };
    expect(() => desk.check('entry1', { right: true, open: broken })).toThrow('does not open');
    expect(desk.body).toBe(body);
    expect(desk.check('entry1', { right: true }).kind).toBe('approved');
  });
});

describe('check answers in this order', () => {
  const disabled = makePool({ disabled: true, wrong: Array.from({ length: 20 }, () => T0), run: 100, runAt: T0 });
  const exhausted = makePool({ wrong: Array.from({ length: 10 }, () => T0), run: 10, runAt: T0 });
  const ended = (state: VerificationState) => makeVerification({ state, endedAt: T0, sealed: undefined });

  it.each([
    ['id', { entryId: 'other' }],
    ['service', { service: 'shop' }],
    ['purpose', { purpose: 'login' }],
    ['requester', { requester }],
  ])('I2 not_found for another %s, whatever the rest', (_name, other) => {
    const record = makeRecord({ verifications: [ended('approved')], shared: disabled });
    const result = judge(record, { ...other, length: 4, matches: unasked, attempt: attemptOf('again', '1') });
    expect(result).toEqual({ record, outcome: { kind: 'not_found' } });
    expect(result.record).toBe(record);
  });

  it.each(['approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'] as const)('I4 then %s, how it ended', (state) => {
    const record = makeRecord({ verifications: [ended(state)], shared: disabled });
    const result = judge(record, { length: 4, matches: unasked });
    expect(result).toEqual({ record, outcome: { kind: 'ended', state } });
    expect(result.record).toBe(record);
  });

  it.each([5, 7])('then the wrong length: %i digits are not compared and not charged', (length) => {
    const record = makeRecord({ verifications: [makeVerification()], shared: disabled });
    const result = judge(record, { length, matches: unasked });
    expect(result).toEqual({ record, outcome: { kind: 'wrong_length', expected: 6 } });
    expect(result.record).toBe(record);
  });

  it('then destination_blocked, then budget_exhausted, both without comparing', () => {
    const verifications = [makeVerification()];
    const blocked = makeRecord({ verifications, shared: disabled });
    expect(judge(blocked, { matches: unasked })).toEqual({ record: blocked, outcome: { kind: 'destination_blocked' } });
    const limited = makeRecord({ verifications, shared: exhausted }, T0 + HOUR - 1);
    const result = judge(limited, { matches: unasked });
    expect(result).toEqual({ record: limited, outcome: { kind: 'budget_exhausted', retryAt: T0 + HOUR } });
    expect(result.record).toBe(limited);
    expect(judge(makeRecord({ ...limited, time: { seen: T0 + HOUR, clock: T0 + HOUR } }), { right: true }).outcome.kind).toBe('approved');
  });

  it('looks at the budgets of the requester that is known', () => {
    const known = [{ requester, approvedAt: T0, pool: makePool() }];
    const record = makeRecord({ verifications: [makeVerification({ requester })], shared: disabled, known });
    expect(judge(record, { requester, right: true }).outcome.kind).toBe('approved');
  });
});

describe('a repeated attempt', () => {
  const attempt = attemptOf('again', '123456');

  it('I6 at an approval is approved again with the same proof, for a minute, and changes nothing', () => {
    const desk = new Desk();
    desk.send();
    const first = desk.check('entry1', { right: true, attempt });
    expect(first).toMatchObject({ kind: 'approved', destination: 'opened +1********71' });
    for (const after of [0, 1, MINUTE - 1]) {
      desk.clock = T0 + after;
      expect(desk.check('entry1', { right: true, attempt })).toEqual(first);
      expect([desk.wrote, desk.events]).toEqual([false, []]);
    }
    desk.clock = T0 + MINUTE;
    expect(desk.check('entry1', { right: true, attempt })).toEqual({ kind: 'ended', state: 'approved' });
  });

  it('I1 at an approval takes the attempt id: another one was approved already', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { right: true, attempt });
    for (const other of [undefined, attemptOf('other', '123456')]) {
      expect(desk.check('entry1', { right: true, attempt: other })).toEqual({ kind: 'ended', state: 'approved' });
    }
    expect(desk.check('entry1', { right: true, attempt }).kind).toBe('approved');
  });

  it.each([
    ['a wrong code', { right: false, attempt: attemptOf('again', '654321') }],
    ['a code of another length', { length: 5, attempt: attemptOf('again', '12345'), matches: unasked }],
  ])('I1 at an approval takes the code as well: %s takes the chance away, once and for all', (_name, guess) => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { right: true, attempt });
    expect(desk.check('entry1', guess)).toEqual({ kind: 'ended', state: 'approved' });
    expect([desk.wrote, desk.events, desk.find('entry1').attempts]).toEqual([true, [], []]);
    expect(desk.check('entry1', { right: true, attempt })).toEqual({ kind: 'ended', state: 'approved' });
    expect(desk.view().shared).toMatchObject({ wrong: [], run: 0 });
  });

  it('at an approval takes away its own chance and no other memory', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { attempt: attemptOf('other', '111111') });
    desk.check('entry1', { right: true, attempt });
    desk.check('entry1', { right: false, attempt: attemptOf('again', '654321') });
    expect(desk.find('entry1').attempts.map(({ key }) => key)).toEqual(['guess other 111111']);
  });

  it('I3 at a wrong code gets the same answer for a minute, and is charged once', () => {
    const desk = new Desk();
    desk.send();
    const wrong = { kind: 'wrong', attemptsLeft: 4 };
    expect(desk.check('entry1', { attempt })).toEqual(wrong);
    desk.clock += MINUTE - 1;
    expect(desk.check('entry1', { attempt, matches: unasked })).toEqual(wrong);
    expect(desk.wrote).toBe(false);
    desk.clock += 1;
    expect(desk.check('entry1', { attempt })).toEqual({ kind: 'wrong', attemptsLeft: 3 });
    expect(desk.view().shared.wrong).toEqual([T0, T0 + MINUTE]);
  });

  it('with another code is another guess', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { attempt });
    expect(desk.check('entry1', { attempt: attemptOf('again', '111111') })).toEqual({ kind: 'wrong', attemptsLeft: 3 });
    expect(desk.check('entry1', { attempt })).toEqual({ kind: 'wrong', attemptsLeft: 4 });
    expect(desk.check('entry1', { attempt: attemptOf('again', '222222'), right: true }).kind).toBe('approved');
    expect(desk.find('entry1').attempts).toHaveLength(3);
  });

  it('of the last wrong guess is answered as one after it, and so is one from before it', () => {
    const desk = new Desk({ guessesPerVerification: 2 });
    desk.send();
    desk.check('entry1', { attempt });
    const last = attemptOf('last', '111111');
    expect(desk.check('entry1', { attempt: last })).toEqual({ kind: 'used_up' });
    for (const again of [last, attempt]) expect(desk.check('entry1', { attempt: again })).toEqual({ kind: 'ended', state: 'max_attempts_reached' });
    expect(desk.find('entry1')).toMatchObject({ wrong: 2, attempts: [{ key: 'guess again 123456', attemptsLeft: 1, sealed: undefined }] });
  });

  it('of a wrong guess at one that was approved since is told that', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { attempt });
    desk.check('entry1', { right: true });
    expect(desk.check('entry1', { attempt })).toEqual({ kind: 'ended', state: 'approved' });
  });

  it('I9 keeps the destination sealed for that attempt alone, and nothing of an attempt that had no id', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { right: true, attempt });
    const sealed = 'again seals opened +1********71 of entry1';
    expect(desk.find('entry1')).toMatchObject({ sealed: undefined, attempts: [{ key: 'id again', at: T0, attemptsLeft: undefined, sealed }] });
    const other = new Desk();
    other.send();
    other.check('entry1');
    other.check('entry1', { right: true });
    expect(other.find('entry1').attempts).toEqual([]);
  });
});

describe('whatever is guessed, sent and waited for', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('check' as const), right: fc.boolean(), again: fc.boolean() }),
    fc.record({ kind: fc.constant('resend' as const) }),
    fc.record({ kind: fc.constant('wait' as const), by: fc.integer({ min: 1, max: 3 * MINUTE }) }),
  );

  it('I1 I3 I4 a verification is approved at most once, after at most 5 wrong guesses, and never leaves the state it ended in', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const desk = new Desk({ ...EASY, retention: 24 * HOUR });
        desk.send();
        let [approved, wrong] = [0, 0];
        let ended: VerificationState | undefined;
        for (const [position, taken] of steps.entries()) {
          if (taken.kind === 'wait') desk.clock += taken.by;
          else if (taken.kind === 'resend') desk.resend('entry1');
          else {
            const attempt = attemptOf(taken.again ? 'again' : `attempt ${position}`, taken.right ? '123456' : '654321');
            const { kind } = desk.check('entry1', { right: taken.right, attempt });
            if (kind === 'approved' && desk.wrote) approved += 1;
          }
          wrong = desk.find('entry1').wrong;
          const { state } = desk.find('entry1');
          if (ended !== undefined) expect(state).toBe(ended);
          else if (state !== 'pending') ended = state;
        }
        expect(approved).toBe(ended === 'approved' ? 1 : 0);
        expect(wrong).toBeLessThanOrEqual(5);
      }),
      { numRuns: 60 },
    );
  });
});
