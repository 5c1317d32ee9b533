import { describe, expect, it } from 'vitest';
import { claimOf, Desk, EASY, expectRefusal, makeRecord, makeVerification, runRule, T0 } from '../../test/builders.ts';
import { JudgedWorld, TO } from '../../test/providers/judged-world.ts';
import { MINUTE } from '../core/duration.ts';
import { toFind } from './find-verification.ts';
import { createOperatorApprovalRule } from './operator-approval.ts';

const ruleFor = (entryId: string, by?: string) =>
  createOperatorApprovalRule({ find: toFind(claimOf(entryId)), toId: (verification) => `VE-${verification.entryId}`, by });

describe('an approval by an operator', () => {
  it('ends a pending verification, with its entry in the same write and no event', () => {
    const record = makeRecord({ verifications: [makeVerification({ note: 'sealed note' })] }, T0 + MINUTE);
    const approved = makeVerification({ state: 'approved', endedAt: T0 + MINUTE, sealed: undefined, note: undefined });
    const result = runRule(ruleFor('entry', 'SK1'), record);
    expect(result.record).toEqual({ ...record, verifications: [approved] });
    expect([result.outcome, result.events]).toEqual([{ state: 'approved', ended: undefined }, undefined]);
    const data = JSON.stringify({ verificationId: 'VE-entry', purpose: 'default', to: '+1********71', by: 'SK1' });
    expect(result.entries).toEqual([{ at: T0 + MINUTE, service: 'default', type: 'approved_by_operator', destination: 'destination-key', data }]);
  });

  it.each(['approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'] as const)(
    'I4 leaves one that is %s as it ended, unwritten',
    (state) => {
      const record = makeRecord({ verifications: [makeVerification({ state, endedAt: T0 })] });
      const result = runRule(ruleFor('entry'), record);
      expect(result).toEqual({ record, outcome: { state, ended: undefined } });
      expect(result.record).toBe(record);
    },
  );

  it('finds nothing where the verification is another’s', () => {
    const record = makeRecord({ verifications: [makeVerification({ requester: 'ada' })] });
    expect(runRule(ruleFor('entry'), record)).toEqual({ record, outcome: { state: undefined, ended: undefined } });
  });

  it('I3 I5 ends no ladder, clears no run of wrong guesses, gives back nothing and makes nobody known', () => {
    const desk = new Desk();
    const requester = 'ada';
    desk.send({ requester });
    desk.check('entry1', { requester });
    const { ladders, shared, known } = desk.view();
    desk.run(createOperatorApprovalRule({ find: toFind({ ...claimOf('entry1'), requester }), toId: () => 'VE', by: undefined }));
    expect(desk.view()).toMatchObject({ ladders, shared, known: [] });
    expect([known, ladders.length, shared.run, shared.sends.length]).toEqual([[], 1, 1, 1]);
    expect(expectRefusal(desk.start({ requester })).retryAt).toBe(T0 + 2 * MINUTE);
  });

  it('I1 leaves no code to be approved by', () => {
    const desk = new Desk(EASY);
    desk.send();
    desk.run(ruleFor('entry1'));
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'ended', state: 'approved' });
  });

  it('ends the verification at its provider as well, by id and by destination', async () => {
    const world = new JudgedWorld(undefined, { sharePending: true });
    await world.start();
    expect(await world.first.approve({ to: TO }, { by: 'SK1' })).toEqual({ status: 'approved' });
    expect(await world.first.approve({ to: TO })).toEqual({ status: 'approved' });
    expect(world.judge.canceled).toHaveLength(1);
    expect(await world.first.check({ to: TO, code: world.code })).toEqual({ status: 'already_approved' });
    expect(world.heard.map(([name]) => name)).toEqual(['started', 'delivered']);
    const { entries } = await world.store.entries({ limit: 10 }, undefined);
    expect(entries.map(({ type }) => type)).toEqual(['approved_by_operator']);
    expect(JSON.stringify(entries)).not.toContain(TO);
    expect(await world.first.approve({ id: 'VE-none' })).toEqual({ status: 'not_found' });
  });
});
