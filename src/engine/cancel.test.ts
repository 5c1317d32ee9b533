import { describe, expect, it } from 'vitest';
import { claimOf, Desk, expectRefusal, makeRecord, makeVerification, runRule, T0 } from '../../test/builders.ts';
import { MINUTE } from '../core/duration.ts';
import { createCancelRule } from './cancel.ts';
import { toFind } from './find-verification.ts';

describe('cancel', () => {
  it('ends a pending verification and says so', () => {
    const other = makeVerification({ entryId: 'other' });
    const record = makeRecord({ verifications: [makeVerification(), other] }, T0 + MINUTE);
    const canceled = makeVerification({ state: 'canceled', endedAt: T0 + MINUTE, sealed: undefined });
    expect(runRule(createCancelRule(toFind(claimOf('entry'))), record)).toEqual({
      record: { ...record, verifications: [canceled, other] },
      outcome: { state: 'canceled' },
      events: [{ type: 'canceled', verification: canceled }],
    });
  });

  it.each(['approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'] as const)('I4 leaves one that is %s as it ended', (state) => {
    const record = makeRecord({ verifications: [makeVerification({ state, endedAt: T0 })] });
    const result = runRule(createCancelRule(toFind(claimOf('entry'))), record);
    expect(result).toEqual({ record, outcome: { state } });
    expect(result.record).toBe(record);
  });

  it.each([{ entryId: 'other' }, { service: 'shop' }, { purpose: 'login' }, { requester: 'ada' }])(
    'finds nothing for %o, and changes nothing',
    (other) => {
      const record = makeRecord({ verifications: [makeVerification()] });
      const result = runRule(createCancelRule(toFind({ ...claimOf('entry'), ...other })), record);
      expect(result).toStrictEqual({ record, outcome: { state: undefined, ended: undefined } });
      expect(result.record).toBe(record);
    },
  );

  it('I5 returns nothing to ladder or budgets', () => {
    const desk = new Desk();
    desk.send();
    const { ladders, shared } = desk.view();
    desk.run(createCancelRule(toFind(claimOf('entry1'))));
    expect(desk.view()).toMatchObject({ ladders, shared });
    expect(expectRefusal(desk.start()).retryAt).toBe(T0 + 2 * MINUTE);
    expect(desk.check('entry1', { right: true })).toEqual({ kind: 'ended', state: 'canceled' });
  });
});
