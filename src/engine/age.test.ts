import { describe, expect, it } from 'vitest';
import { deepFreeze, makeLadder, makePool, makeRecord, makeVerification, T0 } from '../../test/builders.ts';
import { DAY, MINUTE } from '../core/duration.ts';
import { ageRecord, recordEndsAt } from './age.ts';
import { LOG_WINDOW } from './budgets.ts';
import { DEFAULT_LIMITS, RUN_RETENTION } from './limits.ts';
import { type DestinationRecord, EMPTY_POOL, type Pool, type VerificationRecord } from './record.ts';

const limits = DEFAULT_LIMITS;

/** The record after a wait from {@link T0}. */
function age(record: Partial<DestinationRecord>, after: number) {
  return deepFreeze(ageRecord(makeRecord(record, T0 + after), limits));
}

const ageOne = (verification: VerificationRecord, after: number) => age({ verifications: [verification] }, after).record.verifications[0];

describe('a verification with time', () => {
  const pending = makeVerification();
  const expired = makeVerification({ state: 'expired', endedAt: T0 + limits.life, sealed: undefined });

  it('I8 expires exactly at the end of its life, whenever that is seen', () => {
    expect(age({ verifications: [pending] }, limits.life - 1)).toMatchObject({ record: { verifications: [pending] }, expired: [] });
    for (const after of [limits.life, limits.life + MINUTE]) {
      expect(age({ verifications: [pending] }, after)).toMatchObject({ record: { verifications: [expired] }, expired: [expired] });
    }
  });

  it('is said to have expired once, and even when it is forgotten in the same moment', () => {
    expect(age({ verifications: [expired] }, limits.life + 1).expired).toEqual([]);
    expect(age({ verifications: [pending] }, limits.life + DAY)).toMatchObject({ record: { verifications: [] }, expired: [expired] });
  });

  it.each(['approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'] as const)(
    'I4 that is %s is kept for a day after it ended, and stays that',
    (state) => {
      const ended = makeVerification({ state, endedAt: T0 + MINUTE, sealed: undefined });
      expect(ageOne(ended, MINUTE + DAY - 1)).toEqual(ended);
      expect(ageOne(ended, MINUTE + DAY)).toBeUndefined();
    },
  );

  it('is kept for a day after its life where nobody has seen it end', () => {
    expect(ageOne(pending, limits.life + DAY - 1)).toEqual(expired);
    expect(ageOne(pending, limits.life + DAY)).toBeUndefined();
  });

  it('forgets what was answered to an attempt after a minute, and no sooner', () => {
    const attempts = [0, 10].map((at) => ({ key: `key ${at}`, at: T0 + at, attemptsLeft: 3, sealed: undefined }));
    const guessed = makeVerification({ attempts });
    expect(ageOne(guessed, MINUTE - 1)).toBe(guessed);
    expect(ageOne(guessed, MINUTE)).toEqual({ ...guessed, attempts: [attempts[1]] });
    expect(ageOne(guessed, MINUTE + 9)?.attempts).toEqual([attempts[1]]);
    expect(ageOne(guessed, MINUTE + 10)?.attempts).toEqual([]);
  });
});

describe('a record with time', () => {
  it('forgets each ladder after its longest wait', () => {
    const ladders = [makeLadder(), makeLadder({ requester: 'ada', at: T0 + 1 })];
    expect(age({ ladders }, DAY - 1).record.ladders).toEqual(ladders);
    expect(age({ ladders }, DAY).record.ladders).toEqual([ladders[1]]);
    expect(age({ ladders }, DAY + 1).record.ladders).toEqual([]);
  });

  it('forgets in the budgets of everyone and of each known requester what is a day and a minute old', () => {
    const pool = makePool({ sends: [T0, T0 + 1], wrong: [T0] });
    const known = [{ requester: 'ada', approvedAt: T0, pool }];
    const after = makePool({ sends: [T0 + 1] });
    expect(age({ shared: pool, known }, LOG_WINDOW - 1).record).toMatchObject({ shared: pool, known });
    expect(age({ shared: pool, known }, LOG_WINDOW).record).toMatchObject({
      shared: after,
      known: [{ requester: 'ada', approvedAt: T0, pool: after }],
    });
  });

  it('I5 counts for everyone what a requester was given back that is known no longer, for the rest of the day', () => {
    const [first, last] = [T0 + 180 * DAY - 5, T0 + 180 * DAY - 4];
    const known = [{ requester: 'ada', approvedAt: T0, pool: makePool({ returned: { by: 'ada', at: last } }) }];
    const shared = makePool({ returned: { by: 'bob', at: first } });
    expect(age({ known, shared }, 180 * DAY).record).toMatchObject({ known: [], shared: { returned: { by: 'ada', at: last } } });
    expect(age({ known, shared }, 181 * DAY - 5).record.shared.returned).toEqual({ by: 'ada', at: last });
    expect(age({ known, shared }, 181 * DAY - 4).record.shared).toBe(EMPTY_POOL);
  });

  it('I3 keeps a run of wrong guesses for 400 days after the last', () => {
    const shared = makePool({ run: 99, runAt: T0 });
    expect(age({ shared }, RUN_RETENTION - 1).record.shared).toEqual(shared);
    expect(age({ shared }, RUN_RETENTION).record.shared).toBe(EMPTY_POOL);
    expect(RUN_RETENTION).toBe(400 * DAY);
  });

  it('I3 counts for everyone what a requester has used that is known no longer', () => {
    const own = makePool({ sends: [T0 + 180 * DAY - 2], run: 7, runAt: T0 + 180 * DAY - 2, disabled: true });
    const known = [
      { requester: 'ada', approvedAt: T0, pool: own },
      { requester: 'bob', approvedAt: T0 + 1, pool: EMPTY_POOL },
    ];
    const shared = makePool({ sends: [T0 + 180 * DAY - 3] });
    expect(age({ known, shared }, 180 * DAY - 1).record).toMatchObject({ known, shared });
    const merged = makePool({ sends: [T0 + 180 * DAY - 3, T0 + 180 * DAY - 2], run: 7, runAt: T0 + 180 * DAY - 2, disabled: true });
    expect(age({ known, shared }, 180 * DAY).record).toEqual(makeRecord({ known: [known[1]!], shared: merged }, T0 + 180 * DAY));
  });
});

describe('the end of a record', () => {
  const endOf = (record: Partial<DestinationRecord>) => recordEndsAt(makeRecord(record), limits);
  const knownWith = (pool: Pool) => [{ requester: 'ada', approvedAt: T0 - 179 * DAY, pool }];

  it.each([
    ['now, where it holds nothing', {}, 0],
    ['a day after the life of what is pending', { verifications: [makeVerification()] }, limits.life + DAY],
    ['a day after the end of what has ended', { verifications: [makeVerification({ state: 'canceled', endedAt: T0 + 5 })] }, DAY + 5],
    ['after the longest wait of a ladder', { ladders: [makeLadder({ at: T0 + 7 })] }, DAY + 7],
    ['when its sends have left every window', { shared: makePool({ sends: [T0 - 5, T0] }) }, DAY + MINUTE],
    ['when its wrong guesses have', { shared: makePool({ wrong: [T0 - 5, T0 - 1] }) }, DAY + MINUTE - 1],
    ['at the later of the two', { shared: makePool({ sends: [T0 - 5], wrong: [T0 - 9] }) }, DAY + MINUTE - 5],
    ['400 days after the last wrong guess of a run', { shared: makePool({ wrong: [T0], run: 1, runAt: T0 }) }, 400 * DAY],
    ['when the logs end, where the run ends before', { shared: makePool({ sends: [T0], run: 1, runAt: T0 - 400 * DAY }) }, DAY + MINUTE],
    ['a day after a send was given back', { shared: makePool({ returned: { by: 'ada', at: T0 + 3 } }) }, DAY + 3],
    ['when its logs end, where that is later', { shared: makePool({ sends: [T0], returned: { by: 'ada', at: T0 } }) }, DAY + MINUTE],
    ['when its requester is known no longer', { known: knownWith(EMPTY_POOL) }, DAY],
    ['with the budgets of a known requester', { known: knownWith(makePool({ run: 1, runAt: T0 })) }, 400 * DAY],
    ['at the latest of all', { verifications: [makeVerification()], ladders: [makeLadder()], known: knownWith(EMPTY_POOL) }, limits.life + DAY],
  ])('is %s', (_name, record, after) => {
    expect(endOf(record)).toBe(T0 + after);
  });

  it('I3 never comes where somebody is disabled', () => {
    expect(endOf({ shared: makePool({ disabled: true }) })).toBeUndefined();
    expect(endOf({ known: knownWith(makePool({ disabled: true })) })).toBeUndefined();
  });
});

describe('a store whose verifications were all ended', () => {
  it('I8 has none that was begun before, to the millisecond, and those begun since go on', () => {
    const verifications = [
      makeVerification({ entryId: 'old', createdAt: T0 + MINUTE - 1 }),
      makeVerification({ entryId: 'new', createdAt: T0 + MINUTE }),
    ];
    const { record, expired } = ageRecord(makeRecord({ verifications }, T0 + 2 * MINUTE), DEFAULT_LIMITS, T0 + MINUTE);
    expect(record.verifications.map(({ entryId, state, endedAt }) => [entryId, state, endedAt])).toEqual([
      ['old', 'expired', T0 + MINUTE],
      ['new', 'pending', undefined],
    ]);
    expect(expired.map(({ entryId }) => entryId)).toEqual(['old']);
  });

  it('I4 leaves what had ended as it ended, and the end that came first', () => {
    const verifications = [makeVerification({ state: 'approved', endedAt: T0 }), makeVerification({ entryId: 'gone', expiresAt: T0 + 1 })];
    const { record } = ageRecord(makeRecord({ verifications }, T0 + 2 * MINUTE), DEFAULT_LIMITS, T0 + MINUTE);
    expect(record.verifications.map(({ state, endedAt }) => [state, endedAt])).toEqual([
      ['approved', T0],
      ['expired', T0 + 1],
    ]);
  });
});
