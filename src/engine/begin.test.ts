import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyStep, Desk, EASY, expectRefusal, expectSend, makeVerification, T0, takeStep } from '../../test/builders.ts';
import { HOUR, MINUTE, SECOND } from '../core/duration.ts';
import type { Claim } from './claim-send.ts';
import type { Limits } from './limits.ts';

const requester = 'ada';
const give = (entryId: string) => ({ digest: `digest for ${entryId}`, length: 4, keyId: 'newer' });

describe('start', () => {
  it('makes a verification of what it is given', () => {
    const desk = new Desk();
    const { verification } = expectSend(desk.start({ requester, purpose: 'login', service: 'shop', channel: 'call', keyId: 'k2', life: 5 * MINUTE }));
    const made = makeVerification({ entryId: 'entry1', requester, purpose: 'login', service: 'shop', channel: 'call', sealed: 'sealed for entry1' });
    const delivery = { id: 'delivery1', channel: 'call', state: 'sending', at: T0, before: undefined };
    expect(verification).toEqual({ ...made, expiresAt: T0 + 5 * MINUTE, code: { ...made.code, keyId: 'k2' }, deliveries: [delivery] });
    expect(desk.find('entry1')).toEqual(verification);
    expect([desk.events, desk.entries]).toEqual([[], []]);
  });

  it("keeps the length, the key and the hash of a code of the caller's", () => {
    const { verification } = expectSend(new Desk().start({ give }));
    expect(verification.code).toEqual({ keyId: 'newer', length: 4, generation: 0, guessed: false, digest: 'digest for entry1' });
  });

  it.each([4, 10])('issues codes of %i digits where the limits say so', (codeLength) => {
    expect(expectSend(new Desk({ codeLength }).start()).verification.code.length).toBe(codeLength);
  });

  it('sends the pending verification of the same requester again: same id, same code, life not extended', () => {
    const desk = new Desk();
    const first = desk.send({ requester });
    desk.clock += 2 * MINUTE;
    const { verification } = expectSend(desk.start({ requester, channel: 'whatsapp' }));
    expect(verification).toMatchObject({
      entryId: 'entry1',
      channel: 'whatsapp',
      expiresAt: first.verification.expiresAt,
      code: first.verification.code,
    });
    expect(verification.deliveries).toHaveLength(2);
    expect(desk.view().verifications).toHaveLength(1);
  });

  it.each([
    ['service', { service: 'shop' }],
    ['purpose', { purpose: 'login' }],
    ['destination', { destination: 'other' }],
    ['requester', { requester: 'bob' }],
  ])('I2 makes a new one for another %s, beside the one that is pending', (_name, other) => {
    const desk = new Desk(EASY);
    desk.send({ requester });
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ requester, ...other })).verification.entryId).toBe('entry2');
    expect(desk.view().verifications.map(({ state }) => state)).toEqual(['pending', 'pending']);
  });

  it('without a requester always makes a new one: the id of the other is held by someone else', () => {
    const desk = new Desk(EASY);
    desk.send();
    desk.clock += MINUTE;
    expect(expectSend(desk.start()).verification.entryId).toBe('entry2');
    expect(desk.find('entry1').state).toBe('pending');
    expect(expectRefusal(desk.start()).live).toBeUndefined();
  });

  it('without a requester repeats the pending one where they are shared, and only one without a requester', () => {
    const desk = new Desk({ ...EASY, sharePending: true });
    desk.send({ requester });
    desk.clock += MINUTE;
    desk.send();
    desk.clock += MINUTE;
    expect(expectSend(desk.start()).verification.entryId).toBe('entry2');
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ requester })).verification.entryId).toBe('entry1');
  });

  it.each([
    [
      'canceled',
      (desk: Desk) =>
        desk.run((record) => ({
          record: { ...record, verifications: record.verifications.map((v) => ({ ...v, state: 'canceled' as const, endedAt: T0 })) },
          outcome: 0,
        })),
    ],
    ['approved', (desk: Desk) => desk.check('entry1', { requester, right: true })],
  ])('I4 makes a new one after the last was %s', (_name, end) => {
    const desk = new Desk(EASY);
    desk.send({ requester });
    end(desk);
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ requester })).verification.entryId).toBe('entry2');
  });
});

describe('start with little life left', () => {
  const life = 10 * MINUTE;

  it('repeats the pending one with 2 minutes left', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += life - 2 * MINUTE;
    expect(expectSend(desk.start({ requester })).verification.entryId).toBe('entry1');
    expect(desk.events).toEqual([]);
  });

  it('I4 closes it as expired with less, and begins a new one on the same ladder and budgets', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += life - 2 * MINUTE + 1;
    const { verification, resendAt } = expectSend(desk.start({ requester }));
    expect(verification).toMatchObject({ entryId: 'entry2', createdAt: desk.clock, expiresAt: desk.clock + life });
    expect(resendAt).toBe(desk.clock + 5 * MINUTE);
    const closed = { ...desk.find('entry1') };
    expect(closed).toMatchObject({ state: 'expired', endedAt: desk.clock, sealed: undefined });
    expect(desk.events).toEqual([{ type: 'expired', verification: closed }]);
    expect(desk.view().shared.sends).toEqual([T0, desk.clock]);
  });

  it('leaves the old one as it is where the limits refuse a new one', () => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += 7 * MINUTE;
    desk.send({ requester });
    desk.clock += 2 * MINUTE;
    const live = desk.find('entry1');
    const refused = { kind: 'refused', reason: 'resend_too_soon', retryAt: T0 + 12 * MINUTE, live, resendAt: T0 + 12 * MINUTE };
    expect(desk.start({ requester })).toEqual(refused);
    expect([desk.wrote, desk.events]).toEqual([false, []]);
    expect(desk.check('entry1', { requester, right: true }).kind).toBe('approved');
  });

  it('closes one whose key is accepted no longer, and begins a new one', () => {
    const desk = new Desk(EASY);
    desk.send({ requester, keyId: 'retired' });
    desk.clock += MINUTE;
    desk.knowsKey = (keyId) => keyId === 'key';
    expect(expectSend(desk.start({ requester })).verification).toMatchObject({ entryId: 'entry2', code: { keyId: 'key' } });
    expect(desk.find('entry1')).toMatchObject({ state: 'expired', endedAt: desk.clock });
    desk.clock += MINUTE;
    expect(expectSend(desk.start({ requester })).verification.entryId).toBe('entry2');
  });

  it('answers in_progress while a message of the old one is under way, and does not close it', () => {
    const desk = new Desk({ ...EASY, renewBefore: 2 * MINUTE });
    desk.send({ requester });
    desk.clock += life - 2 * MINUTE;
    expectSend(desk.start({ requester }));
    desk.clock += MINUTE - 1;
    expect(expectRefusal(desk.start({ requester }))).toMatchObject({ reason: 'in_progress', retryAt: desk.clock + 1, live: { entryId: 'entry1' } });
    desk.clock += 1;
    expect(expectSend(desk.start({ requester })).verification.entryId).toBe('entry4');
  });
});

describe('start with a message under way', () => {
  it('I5 is refused as in_progress until the message is a minute old, and its outcome unknown', () => {
    const desk = new Desk({ ...EASY, sendSpacing: 1 });
    expectSend(desk.start({ requester }));
    for (const after of [0, 1, MINUTE - 1]) {
      desk.clock = T0 + after;
      const live = desk.find('entry1');
      expect(desk.start({ requester })).toEqual({ kind: 'refused', reason: 'in_progress', retryAt: T0 + MINUTE, live, resendAt: T0 + 1 });
    }
    desk.clock = T0 + MINUTE;
    expectSend(desk.start({ requester }));
    expect(desk.view().shared.sends).toEqual([T0, T0 + MINUTE]);
  });

  it('is refused for the rest of the ladder once the message was sent', () => {
    const desk = new Desk();
    const claim = expectSend(desk.start({ requester }));
    expect(expectRefusal(desk.start({ requester })).reason).toBe('in_progress');
    desk.complete(claim);
    expect(expectRefusal(desk.start({ requester }))).toMatchObject({ reason: 'resend_too_soon', retryAt: T0 + 2 * MINUTE });
  });
});

describe("start with a code of the caller's", () => {
  it('asks for it again where one is pending, and hashes what is brought for that one', () => {
    const desk = new Desk(EASY);
    desk.send({ requester, give });
    desk.clock += MINUTE;
    expect(desk.start({ requester })).toEqual({ kind: 'code_needed' });
    expect(desk.wrote).toBe(false);
    expect(expectSend(desk.start({ requester, give })).verification.code.digest).toBe('digest for entry1');
  });

  it('changes a derived code for the one that is brought', () => {
    const desk = new Desk(EASY);
    desk.send({ requester });
    desk.clock += MINUTE;
    const code = { keyId: 'newer', length: 4, generation: 0, guessed: false, digest: 'digest for entry1' };
    expect(expectSend(desk.start({ requester, give })).verification.code).toEqual(code);
  });
});

describe('resend', () => {
  it('sends a pending verification again: same code, life not extended, the channel of the last message', () => {
    const desk = new Desk();
    const { verification } = desk.send({ channel: 'call' });
    desk.clock += 2 * MINUTE;
    const again = expectSend(desk.resend('entry1')).verification;
    expect(again).toMatchObject({ channel: 'call', expiresAt: verification.expiresAt, code: verification.code });
    expect(again.deliveries.map(({ id, channel }) => [id, channel])).toEqual([
      ['delivery1', 'call'],
      ['delivery2', 'call'],
    ]);
  });

  it('goes by another channel where one is named', () => {
    const desk = new Desk(EASY);
    desk.send();
    desk.clock += MINUTE;
    expect(expectSend(desk.resend('entry1', { channel: 'whatsapp' })).delivery.channel).toBe('whatsapp');
    desk.clock += MINUTE;
    expect(expectSend(desk.resend('entry1')).delivery.channel).toBe('whatsapp');
  });

  it('I5 I17 is refused until the rung has passed, with the verification that is alive', () => {
    const desk = new Desk();
    desk.send();
    desk.clock += 2 * MINUTE - 1;
    const live = desk.find('entry1');
    expect(desk.resend('entry1')).toEqual({ kind: 'refused', reason: 'resend_too_soon', retryAt: T0 + 2 * MINUTE, live, resendAt: T0 + 2 * MINUTE });
    expect(desk.wrote).toBe(false);
    desk.clock += 1;
    expectSend(desk.resend('entry1'));
  });

  it.each([
    ['requester', { requester: 'bob' }],
    ['purpose', { purpose: 'login' }],
    ['service', { service: 'shop' }],
    ['id', { entryId: 'other' }],
  ])('I2 finds nothing for another %s, and charges nothing', (_name, other) => {
    const desk = new Desk();
    desk.send({ requester });
    desk.clock += HOUR / 12;
    expect(desk.resend('entry1', { requester, ...other })).toEqual({ kind: 'not_found' });
    expect(desk.wrote).toBe(false);
    expectSend(desk.resend('entry1', { requester }));
  });

  it('I4 answers how a verification ended, and sends nothing', () => {
    const desk = new Desk();
    desk.send();
    desk.check('entry1', { right: true });
    desk.clock += 5 * MINUTE;
    expect(desk.resend('entry1')).toEqual({ kind: 'ended', state: 'approved' });
    expect(desk.wrote).toBe(false);
  });

  it('I8 answers expired at the end of its life, and finds nothing after the retention', () => {
    const desk = new Desk();
    const { expiresAt } = desk.send().verification;
    desk.clock = expiresAt;
    expect(desk.resend('entry1')).toEqual({ kind: 'ended', state: 'expired' });
    desk.clock = expiresAt + 24 * HOUR - 1;
    expect(desk.resend('entry1')).toEqual({ kind: 'ended', state: 'expired' });
    desk.clock += 1;
    expect(desk.resend('entry1')).toEqual({ kind: 'not_found' });
  });

  it.each([
    ['is sent with 2 minutes of life left', 8 * MINUTE, 'send'],
    ['ends with less', 8 * MINUTE + 1, 'ended'],
  ])('%s', (_name, after, kind) => {
    const desk = new Desk();
    desk.send();
    desk.clock += after;
    expect(desk.resend('entry1').kind).toBe(kind);
    const ended = kind === 'ended';
    expect(desk.find('entry1')).toMatchObject({ state: ended ? 'expired' : 'pending', endedAt: ended ? desk.clock : undefined });
    expect(desk.events).toEqual(ended ? [{ type: 'expired', verification: desk.find('entry1') }] : []);
    expect(desk.view().shared.sends).toHaveLength(ended ? 1 : 2);
  });

  it.each([
    ['in_progress', 8 * MINUTE, MINUTE - 1],
    ['resend_too_soon', 5 * MINUTE, 5 * MINUTE - 1],
  ])('leaves the code that is out good while it is refused as %s, with however little life left', (reason, at, after) => {
    const desk = new Desk();
    desk.send();
    desk.clock += at;
    expectSend(desk.resend('entry1'));
    desk.clock += after;
    expect(expectRefusal(desk.resend('entry1'))).toMatchObject({ reason, live: { entryId: 'entry1' } });
    expect(desk.wrote).toBe(false);
    expect(desk.check('entry1', { right: true }).kind).toBe('approved');
  });

  it("asks for a code of the caller's again", () => {
    const desk = new Desk(EASY);
    desk.send({ give });
    desk.clock += 30 * SECOND;
    expect(desk.resend('entry1')).toEqual({ kind: 'code_needed' });
    expect(expectSend(desk.resend('entry1', { give })).verification.code.digest).toBe('digest for entry1');
  });

  it('I2 carries a new code after a wrong guess, under the same maximum of guesses', () => {
    const desk = new Desk(EASY);
    desk.send();
    desk.check('entry1');
    desk.clock += MINUTE;
    expect(expectSend(desk.resend('entry1')).verification).toMatchObject({ wrong: 1, code: { generation: 1, guessed: false } });
    desk.clock += MINUTE;
    expect(expectSend(desk.resend('entry1')).verification.code.generation).toBe(1);
  });
});

describe('the time that a refused start is told', () => {
  it('I17 is truthful, on a clock that was set back as well: just before it the same start is refused, at it it is sent', () => {
    const anyLimits = fc.constantFrom<Partial<Limits>>({}, EASY, { sendsPerHour: 1 }, { sharePending: true });
    const anyRequester = fc.constantFrom(undefined, 'ada', 'zoe');
    let refused = 0;
    fc.assert(
      fc.property(anyLimits, fc.array(anyStep, { minLength: 2, maxLength: 30 }), anyRequester, (limits, steps, asking) => {
        const desk = new Desk(limits);
        const claims: Claim[] = [];
        for (const step of steps) takeStep(desk, step, claims);
        const outcome = desk.start({ requester: asking });
        if (outcome.kind !== 'refused' || outcome.retryAt === undefined) return;
        refused += 1;
        desk.clock = outcome.retryAt - 1;
        expectRefusal(desk.start({ requester: asking }));
        desk.clock += 1;
        expectSend(desk.start({ requester: asking }));
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(30);
  });
});
