import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorOf, makeDelivery, makeVerification, T0 } from '../../test/builders.ts';
import { HOUR, MINUTE } from '../core/duration.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { describeVerification, renderJudged, renderShown, renderVerification } from './render.ts';

const id = `VE${'0'.repeat(32)}`;
const now = T0 + MINUTE;
const deliveries = [
  makeDelivery({ id: 'aa' }),
  makeDelivery({ id: 'bb', channel: 'call', state: 'sending' }),
  makeDelivery({ id: 'cc', state: 'sending', at: T0 + 1 }),
];
const verification = makeVerification({ purpose: 'login', channel: 'call', deliveries, wrong: 2 });

describe('a verification as its holder sees it', () => {
  it('has its times as dates, its destination masked, and what became of each message by now', () => {
    expect(renderVerification(verification, id, T0 + HOUR, now, DEFAULT_LIMITS)).toEqual({
      id,
      to: '+1********71',
      channel: 'call',
      codeLength: 6,
      expiresAt: new Date(T0 + 10 * MINUTE),
      resendAt: new Date(T0 + HOUR),
      deliveries: [
        { id: 'VLaa', channel: 'sms', status: 'sent', at: new Date(T0) },
        { id: 'VLbb', channel: 'call', status: 'unknown', at: new Date(T0) },
        { id: 'VLcc', channel: 'sms', status: 'sending', at: new Date(T0 + 1) },
      ],
    });
  });

  it('is shown to an operator with its state and the guesses left, none once it has ended', () => {
    const shown = renderVerification(verification, id, T0, now, DEFAULT_LIMITS);
    const createdAt = new Date(T0);
    expect(renderShown(verification, shown, DEFAULT_LIMITS)).toEqual({ ...shown, status: 'pending', createdAt, attemptsLeft: 3 });
    const ended = makeVerification({ ...verification, state: 'canceled' });
    expect(renderShown(ended, shown, DEFAULT_LIMITS)).toEqual({ ...shown, status: 'canceled', createdAt, attemptsLeft: 0 });
  });

  it('I9 is told in events without requester, number or code', () => {
    const told = describeVerification(id, makeVerification({ requester: 'ada', purpose: 'login', service: 'shop' }));
    expect(told).toEqual({ id, service: 'shop', purpose: 'login', channel: 'sms', to: '+1********71' });
  });
});

describe('the answer to a guess', () => {
  const judged = (outcome: Parameters<typeof renderJudged>[0], requester?: string) => renderJudged(outcome, () => id, requester);

  it.each([
    [
      { kind: 'wrong', attemptsLeft: 3 },
      { status: 'pending', reason: 'wrong_code', attemptsLeft: 3 },
    ],
    [{ kind: 'used_up' }, { status: 'max_attempts_reached', reason: 'wrong_code' }],
    [{ kind: 'ended', state: 'approved' }, { status: 'already_approved' }],
    [{ kind: 'ended', state: 'expired' }, { status: 'expired' }],
    [{ kind: 'ended', state: 'max_attempts_reached' }, { status: 'max_attempts_reached' }],
    [{ kind: 'ended', state: 'canceled' }, { status: 'canceled' }],
    [{ kind: 'ended', state: 'failed' }, { status: 'failed' }],
    [
      { kind: 'budget_exhausted', retryAt: T0 },
      { status: 'budget_exhausted', retryAt: new Date(T0) },
    ],
    [{ kind: 'destination_blocked' }, { status: 'destination_blocked' }],
    [{ kind: 'not_found' }, { status: 'not_found' }],
  ] as const)('%o is told as %o', (outcome, expected) => {
    expect(judged(outcome)).toEqual(expected);
  });

  it('is an error for a code of the wrong length, which was not counted', () => {
    const error = errorOf(() => judged({ kind: 'wrong_length', expected: 8 }));
    expect([error.code, error.field, error.message]).toEqual(['invalid_code', 'code', '`code` must have 8 digits; the guess was not counted']);
  });

  const approvedAt = T0 + 30_000;
  const approved = makeVerification({ purpose: 'login', channel: 'call', state: 'approved', endedAt: approvedAt });

  it('is a frozen proof of who was approved, for what and when, and it prints masked', () => {
    const result = judged({ kind: 'approved', verification: approved, destination: '+14155552671', approvedAt }, 'ada');
    if (result.status !== 'approved') throw new Error('not approved');
    const { destination, ...proof } = result.proof;
    expect(proof).toEqual({
      ...{ verificationId: id, service: 'default', purpose: 'login', channel: 'call', requester: 'ada' },
      approvedAt: new Date(approvedAt),
    });
    expect([destination.reveal(), destination.masked, destination.kind]).toEqual(['+14155552671', '+1********71', 'phone']);
    expect(Object.isFrozen(result.proof)).toBe(true);
    expect(`${inspect(result, { depth: null })}${JSON.stringify(result)}`).not.toContain('4155552671');
  });

  it('has no requester where there was none', () => {
    const result = judged({ kind: 'approved', verification: approved, destination: '+14155552671', approvedAt });
    if (result.status !== 'approved') throw new Error('not approved');
    expect(Object.keys(result.proof)).toEqual(['verificationId', 'service', 'purpose', 'channel', 'destination', 'approvedAt']);
  });
});
