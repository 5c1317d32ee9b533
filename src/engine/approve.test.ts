import { describe, expect, it } from 'vitest';
import { Desk, EASY, expectSend, makeLadder, makePool, makeRecord, makeVerification, T0 } from '../../test/builders.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import { approveRequester } from './approve.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { EMPTY_POOL, type KnownRequester } from './record.ts';

const requester = 'ada';
const now = T0 + HOUR;

/** Known since an hour ago, oldest first. */
function knownOf(names: string): KnownRequester[] {
  return [...names].map((name, position) => ({ requester: name, approvedAt: T0 + position, pool: makePool({ sends: [T0 + position] }) }));
}

const namesIn = (known: readonly KnownRequester[]) => known.map((other) => other.requester).join('');

describe('an approval', () => {
  it('ends the run of wrong guesses and returns nothing else to the budgets', () => {
    const shared = makePool({ sends: [T0], wrong: [T0, T0], run: 2, runAt: T0 });
    const record = makeRecord({ shared }, now);
    expect(approveRequester(record, undefined, DEFAULT_LIMITS)).toEqual({ ...record, shared: { ...shared, run: 0, runAt: 0 } });
  });

  it("ends the requester's own ladder and no other", () => {
    const ladders = [makeLadder(), makeLadder({ requester }), makeLadder({ requester: 'bob' })];
    const left = (name: string | undefined) =>
      approveRequester(makeRecord({ ladders }, now), name, DEFAULT_LIMITS).ladders.map((ladder) => ladder.requester);
    expect(left(requester)).toEqual(['', 'bob']);
    expect(left(undefined)).toEqual([requester, 'bob']);
  });

  it('makes the requester known, with budgets of its own that nobody has used', () => {
    const shared = makePool({ sends: [T0], wrong: [T0], run: 1, runAt: T0 });
    const after = approveRequester(makeRecord({ shared }, now), requester, DEFAULT_LIMITS);
    expect(after.known).toEqual([{ requester, approvedAt: now, pool: EMPTY_POOL }]);
    expect(after.shared).toEqual({ ...shared, run: 0, runAt: 0 });
  });

  it('makes a requester that is known the newest, and keeps what it has used', () => {
    const known = knownOf('abc');
    const b = { ...known[1]!, pool: makePool({ sends: [T0], wrong: [T0], run: 1, runAt: T0 }) };
    const shared = makePool({ run: 3, runAt: T0 });
    const after = approveRequester(makeRecord({ known: [known[0]!, b, known[2]!], shared }, now), 'b', DEFAULT_LIMITS);
    expect(namesIn(after.known)).toBe('acb');
    expect(after.known[2]).toEqual({ requester: 'b', approvedAt: now, pool: makePool({ sends: [T0], wrong: [T0] }) });
    expect(after.shared).toEqual(shared);
  });

  it('makes nobody known where there was no requester, or where none is kept', () => {
    const record = makeRecord({ known: knownOf('a') }, now);
    expect(approveRequester(record, undefined, DEFAULT_LIMITS).known).toEqual(record.known);
    expect(approveRequester(record, requester, { ...DEFAULT_LIMITS, knownRequesters: 0 }).known).toEqual(record.known);
  });

  it.each([
    ['there is room', 'abcd', 'abcdz', [] as number[]],
    ['five are known: the oldest goes', 'abcde', 'bcdez', [T0]],
    ['more are known than the limits say now', 'abcdefg', 'defgz', [T0, T0 + 1, T0 + 2]],
  ])('keeps the 5 newest, and what the others have used counts for everyone: %s', (_name, before, after, sends) => {
    const record = approveRequester(makeRecord({ known: knownOf(before), shared: makePool({ sends: [T0 + 9] }) }, now), 'z', DEFAULT_LIMITS);
    expect(namesIn(record.known)).toBe(after);
    expect(record.shared.sends).toEqual([...sends, T0 + 9]);
  });

  it('keeps only the newest where the limits say one', () => {
    const record = approveRequester(makeRecord({ known: knownOf('ab') }, now), 'z', { ...DEFAULT_LIMITS, knownRequesters: 1 });
    expect([namesIn(record.known), record.shared.sends]).toEqual(['z', [T0, T0 + 1]]);
  });

  it('I3 keeps a destination disabled for everyone when the one that was disabled for is pushed out', () => {
    const known = [{ requester: 'a', approvedAt: T0, pool: makePool({ disabled: true, run: 100, runAt: T0 }) }];
    const record = approveRequester(makeRecord({ known }, now), 'z', { ...DEFAULT_LIMITS, knownRequesters: 1 });
    expect(record.shared).toMatchObject({ disabled: true, run: 100 });
  });
});

describe('a known requester', () => {
  it('sends up to 20 in a day where strangers have used up theirs, and they cannot use up its own', () => {
    const desk = new Desk({ ...EASY, sendsPerDay: 10, knownSendsPerDay: 20 });
    desk.send({ requester });
    desk.check('entry1', { requester, right: true });
    for (let sent = 1; sent < 10; sent += 1) {
      desk.clock += MINUTE;
      desk.send();
    }
    desk.clock += MINUTE;
    expect(desk.start()).toMatchObject({ reason: 'budget_exhausted' });
    for (let sent = 1; sent < 20; sent += 1) {
      desk.clock += MINUTE;
      desk.send({ requester });
    }
    desk.clock += MINUTE;
    expect(desk.start({ requester })).toMatchObject({ reason: 'budget_exhausted' });
  });

  it('I5 has sent what it had sent before it was approved: approval returns nothing to the budget', () => {
    const desk = new Desk();
    desk.send({ requester: 'eve' });
    desk.clock += MINUTE;
    const { entryId } = desk.send({ requester }).verification;
    desk.check(entryId, { requester, right: true });
    expect(desk.view()).toMatchObject({ known: [{ requester, pool: { sends: [T0 + MINUTE] } }], shared: { sends: [T0, T0 + MINUTE] } });
    desk.clock += 30 * SECOND - 1;
    expect(desk.start({ requester })).toMatchObject({ reason: 'resend_too_soon', retryAt: desk.clock + 1 });
    desk.clock += 1;
    expectSend(desk.start({ requester }));
  });

  it('is approved where strangers have guessed until the destination was disabled for them', () => {
    const desk = new Desk({ ...EASY, wrongInARow: 3 });
    desk.send({ requester });
    desk.check('entry1', { requester, right: true });
    desk.clock += MINUTE;
    desk.send({ requester: 'eve' });
    for (let guess = 0; guess < 3; guess += 1) desk.check('entry2', { requester: 'eve' });
    expect(desk.check('entry2', { requester: 'eve' })).toEqual({ kind: 'destination_blocked' });
    const own = desk.send({ requester }).verification.entryId;
    expect(desk.check(own, { requester, right: true }).kind).toBe('approved');
  });

  it('is known for 180 days after its approval, to the millisecond, and then one of all', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.check('entry1', { requester, right: true });
    desk.clock = T0 + 180 * DAY - 1;
    desk.send({ requester });
    expect(desk.view()).toMatchObject({ known: [{ requester, pool: { sends: [desk.clock] } }], shared: EMPTY_POOL });
    desk.clock += 1;
    expect(desk.view()).toMatchObject({ known: [], shared: { sends: [desk.clock - 1] } });
  });

  it('is known as long again from its next approval', () => {
    const record = makeRecord(
      { known: [{ requester, approvedAt: T0, pool: EMPTY_POOL }], verifications: [makeVerification({ requester })] },
      T0 + DAY,
    );
    expect(approveRequester(record, requester, DEFAULT_LIMITS).known[0]?.approvedAt).toBe(T0 + DAY);
  });
});
