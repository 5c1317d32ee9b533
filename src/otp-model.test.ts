import { VerificationInstance } from 'twilio/lib/rest/verify/v2/service/verification.js';
import { VerificationCheckInstance } from 'twilio/lib/rest/verify/v2/service/verificationCheck.js';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { CLAIM, createBreakable, expectThrown, openSeed, PHONE, type Seed, WAITS } from '../test/otp-model/seed.ts';
import type { TwilioFault } from '../test/twilio/double-faults.ts';
import { Forbidden, InternalServerError, type OtpCounter, type OtpModel, TooManyRequests } from './otp-model.ts';

// The behaviour of the class that this grew from, as sentences: each method, each outcome. Its settings, races and files are in test/otp-model/.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Opens a double and sends one code. */
async function sendOne(): Promise<Seed & { readonly otp: OtpModel }> {
  const seed = await openSeed();
  const otp = seed.create();
  await otp.verification();
  return { ...seed, otp };
}

describe('verification', () => {
  it("resolves with Twilio's own object", async () => {
    const { double, create } = await openSeed();
    const verification = await create().verification();
    expect(verification).toBeInstanceOf(VerificationInstance);
    expect(verification).toMatchObject({ status: 'pending', to: PHONE, channel: 'sms', valid: false, sid: double.messages[0]?.sid });
    expectTypeOf<OtpModel['verification']>().returns.resolves.toEqualTypeOf<VerificationInstance>();
    expectTypeOf(verification.status).toBeString();
    expectTypeOf(verification.sid).toBeString();
    expectTypeOf(verification.to).toBeString();
    expectTypeOf(verification.channel).toExtend<string>();
    expectTypeOf(verification.valid).toBeBoolean();
  });

  it('has one message sent, by SMS, to the number as Twilio wants it', async () => {
    const { double, create } = await openSeed();
    await create({}, ' +1 (415) 555-2671 ').verification();
    expect(double.messages).toMatchObject([{ to: PHONE, channel: 'sms' }]);
    expect(double.requests).toHaveLength(1);
  });

  it('sends the same verification again, to the end of its eighth minute', async () => {
    const { clock, double, create } = await openSeed();
    const first = await create().verification();
    clock.advance(8 * MINUTE);
    const second = await create().verification();
    expect(second.sid).toBe(first.sid);
    expect(double.messages.map(({ code }) => code)).toEqual([double.codeFor(PHONE), double.codeFor(PHONE)]);
  });

  it('begins another, and ends the old one at Twilio, where too little of its life is left to type a code in', async () => {
    const { clock, double, create } = await openSeed();
    const first = await create().verification();
    clock.advance(8 * MINUTE + 1);
    const second = await create().verification();
    expect(second).toMatchObject({ status: 'pending', to: PHONE });
    expect(second.sid).not.toBe(first.sid);
    expect((await double.verification(first.sid))?.status).toBe('canceled');
    await create().verificationCheck(double.codeFor(PHONE));
  });

  it('I5 is TooManyRequests within 30 s of the last message, to the millisecond', async () => {
    const { clock, double, otp } = await sendOne();
    const until = clock.now() + 30 * SECOND;
    await expectThrown(otp.verification(), TooManyRequests, 'resend_too_soon', until);
    clock.set(until - 1);
    await expectThrown(otp.verification(), TooManyRequests, 'resend_too_soon', until);
    expect(double.messages).toHaveLength(1);
    clock.set(until);
    await otp.verification();
    expect(double.messages).toHaveLength(2);
  });

  it('I5 I17 is TooManyRequests when the budget of an hour is used up, and says the truth about when it is not', async () => {
    const { clock, double, otp } = await sendOne();
    const first = clock.now();
    for (let more = 0; more < 4; more++) {
      clock.advance(30 * SECOND);
      await otp.verification();
    }
    clock.advance(30 * SECOND);
    // Up to the minute: the budget is shared, and an exact time would say when somebody else was here.
    const until = Math.ceil((first + HOUR) / MINUTE) * MINUTE;
    await expectThrown(otp.verification(), TooManyRequests, 'budget_exhausted', until);
    clock.set(until - 1);
    await expectThrown(otp.verification(), TooManyRequests, 'budget_exhausted', until);
    expect(double.messages).toHaveLength(5);
    clock.set(until);
    await otp.verification();
    expect(double.messages).toHaveLength(6);
  });

  it.each<[number, string, number | undefined]>([
    [60203, 'budget_exhausted', 10 * MINUTE],
    [60212, 'in_progress', 10 * SECOND],
    [20429, 'rate_limited', MINUTE],
    [25109, 'rate_limited', MINUTE],
    [60410, 'guard_denied', 12 * HOUR],
    [60605, 'guard_denied', undefined],
  ])('is TooManyRequests where Twilio refuses with %i', async (error, code, wait) => {
    const { clock, double, create } = await openSeed();
    double.next({ error });
    await expectThrown(create().verification(), TooManyRequests, code, wait === undefined ? undefined : clock.now() + wait);
    expect(double.messages).toEqual([]);
  });

  it('is TooManyRequests while another is under way, and one message leaves', async () => {
    const { clock, double, create } = await openSeed();
    const calls = Array.from({ length: 20 }, () => create().verification());
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(double.requests).toHaveLength(1);
    const { reason } = settled.find((one) => one.status === 'rejected') as PromiseRejectedResult;
    expect(reason).toMatchObject({ status: 429, code: 'in_progress', retryAt: new Date(clock.now() + MINUTE) });
  });

  it.each<[string, Parameters<Seed['create']>[0]]>([
    ['the token is wrong', { twilioAuthToken: 'f'.repeat(32) }],
    ['the service is unknown', { twilioServiceSid: `VA${'0'.repeat(32)}` }],
  ])('is InternalServerError where %s', async (_, options) => {
    const { double, create } = await openSeed();
    const error = await expectThrown(create(options).verification(), InternalServerError, 'configuration_invalid');
    expect(error.message).toMatch(/console/);
    expect(double.messages).toEqual([]);
  });

  it('is InternalServerError where the account is suspended', async () => {
    const { double, create } = await openSeed({ account: 'suspended' });
    await expectThrown(create().verification(), InternalServerError, 'configuration_invalid');
    expect(double.messages).toEqual([]);
  });

  it.each([
    [60205, 'provider_rejected'],
    [60200, 'provider_rejected'],
    [60238, 'provider_rejected'],
    [60223, 'configuration_invalid'],
  ])('is InternalServerError where Twilio does not send to this number at all: %i', async (error, code) => {
    const { double, create } = await openSeed();
    double.next({ error });
    await expectThrown(create().verification(), InternalServerError, code);
    expect(double.messages).toEqual([]);
  });

  it.each<[TwilioFault, number]>([
    [{ status: 500 }, 0],
    [{ status: 502 }, 0],
    [{ status: 503, body: 'no backend' }, 0],
    ['html', 0],
    ['html_ok', 0],
    ['cut_before', 0],
    ['empty', 1],
    ['malformed', 1],
    ['unknown_status', 1],
    ['cut_after', 1],
    ['cut_mid_body', 1],
  ])('I5 is InternalServerError after %j, and no second message leaves within the spacing', async (fault, messages) => {
    const { clock, double, create } = await openSeed();
    double.next(fault);
    const otp = create();
    await expectThrown(otp.verification(), InternalServerError, 'unknown');
    expect(double.messages).toHaveLength(messages);
    const until = clock.now() + 30 * SECOND;
    clock.set(until - 1);
    await expectThrown(otp.verification(), TooManyRequests, 'resend_too_soon', until);
    expect(double.requests).toHaveLength(1);
    clock.set(until);
    await otp.verification();
    expect(double.messages).toHaveLength(messages + 1);
  });

  it.each<[TwilioFault & string, number]>([
    ['hang_before', 0],
    ['hang_after', 1],
  ])(
    'I5 is InternalServerError after 7 s without an answer (%s), which end before the claim of a counter does, and no second message leaves within the spacing',
    async (fault, messages) => {
      const { clock, double, create } = await openSeed();
      await loadSdk(create);
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        double.next(fault);
        const call = expectThrown(create().verification(), InternalServerError, 'unknown');
        await double.whenHung();
        await vi.advanceTimersByTimeAsync(7 * SECOND);
        await call;
      } finally {
        vi.useRealTimers();
      }
      expect(double.messages.filter(({ to }) => to === PHONE)).toHaveLength(messages);
      await expectThrown(create().verification(), TooManyRequests, 'resend_too_soon', clock.now() + 30 * SECOND);
    },
  );

  it('is InternalServerError where nobody listens at all, and the message is not counted', async () => {
    const { double, create } = await openSeed();
    await double.close();
    const otp = create();
    await expectThrown(otp.verification(), InternalServerError, 'provider_unavailable');
    await expectThrown(otp.verification(), InternalServerError, 'provider_unavailable');
  });

  it('I14 is InternalServerError while the store is down, and nothing is sent', async () => {
    const { double, create, store } = await openSeed({ createStore: createBreakable });
    store.begin('down');
    await expectThrown(create().verification(), InternalServerError, 'store_unavailable');
    expect(double.requests).toEqual([]);
  });

  it('I5 is InternalServerError where the store goes down after the message, which counts', async () => {
    const { clock, double, create, store } = await openSeed({ createStore: createBreakable });
    store.begin('breaks');
    await expectThrown(create().verification(), InternalServerError, 'unknown');
    store.end();
    await expectThrown(create().verification(), TooManyRequests, 'in_progress', clock.now() + MINUTE);
    expect(double.messages).toHaveLength(1);
  });
});

describe('verificationCheck', () => {
  it("resolves with Twilio's own object for the right code, once", async () => {
    const { otp, code, double } = await sendOne();
    const check = await otp.verificationCheck(code());
    expect(check).toBeInstanceOf(VerificationCheckInstance);
    expect(check).toMatchObject({ status: 'approved', valid: true, to: PHONE, channel: 'sms', sid: double.messages[0]?.sid });
    expectTypeOf<OtpModel['verificationCheck']>().returns.resolves.toEqualTypeOf<VerificationCheckInstance>();
    expectTypeOf(check.status).toBeString();
    expectTypeOf(check.sid).toBeString();
    expectTypeOf(check.to).toBeString();
    expectTypeOf(check.channel).toExtend<string>();
    expectTypeOf(check.valid).toBeBoolean();
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'already_approved');
  });

  it('takes a code as people type it, and from another model of the same number', async () => {
    const { create, code } = await sendOne();
    const typed = `${code().slice(0, 3)} ${code().slice(3)}`;
    expect(await create({}, '+1 415 555 2671').verificationCheck(typed)).toMatchObject({ status: 'approved' });
  });

  it('I1 approves one of a hundred at once', async () => {
    const { create, code } = await sendOne();
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => create().verificationCheck(code())));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons.every((reason) => reason instanceof Forbidden)).toBe(true);
  });

  it('is Forbidden for a wrong code, five times, and for the right one after that', async () => {
    const { otp, code, wrongCode } = await sendOne();
    for (let guess = 1; guess <= 4; guess++) await expectThrown(otp.verificationCheck(wrongCode()), Forbidden, 'wrong_code');
    await expectThrown(otp.verificationCheck(wrongCode()), Forbidden, 'max_attempts_reached');
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'max_attempts_reached');
  });

  it('I3 I17 is Forbidden when the budget of an hour is used up, whatever was sent again, and says the truth about when it is not', async () => {
    const { clock, otp, code, wrongCode, double } = await sendOne();
    const first = clock.now();
    // The double begins no other for a number whose guesses are used up before that one would have expired.
    for (let guess = 1; guess <= 5; guess++) await expect(otp.verificationCheck(wrongCode())).rejects.toThrow(Forbidden);
    clock.advance(10 * MINUTE);
    await otp.verification();
    for (let guess = 1; guess <= 5; guess++) await expect(otp.verificationCheck(wrongCode())).rejects.toThrow(Forbidden);
    clock.advance(10 * MINUTE);
    await otp.verification();
    const until = Math.ceil((first + HOUR) / MINUTE) * MINUTE;
    const asked = double.requests.length;
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'budget_exhausted', until);
    expect(double.requests).toHaveLength(asked);
    clock.set(until - MINUTE);
    await otp.verification();
    clock.set(until - 1);
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'budget_exhausted', until);
    clock.set(until);
    expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['too short', '123'],
    ['too long', '12345678901'],
    ['huge', '1'.repeat(100_000)],
    ['of letters', 'abcdef'],
    ['followed by NUL', '123456\0'],
    ['missing', undefined],
    ['null', null],
    ['a number', 123_456],
    ['a list', ['1', '2', '3', '4', '5', '6']],
    ['an object', { toString: () => '123456' }],
    ['true', true],
  ])('is Forbidden for a code that is %s, asks nobody and counts nothing', async (_, guess) => {
    const { otp, double, code } = await sendOne();
    for (let time = 0; time < 6; time++) await expectThrown(otp.verificationCheck(guess as string), Forbidden, 'invalid_code');
    expect(double.requests).toHaveLength(1);
    expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it('is Forbidden where nothing is pending: never sent, expired, sent to another number', async () => {
    const { clock, create, otp, code, double } = await sendOne();
    await expectThrown(create({}, '+14155552672').verificationCheck(code()), Forbidden, 'not_found');
    clock.advance(10 * MINUTE);
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'expired');
    clock.advance(25 * HOUR);
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'not_found');
    expect(double.requests).toHaveLength(1);
  });

  it('is Forbidden where Twilio has ended it: approved, canceled or forgotten there', async () => {
    const { double, otp, code } = await sendOne();
    double.next({ error: 20404 });
    await expectThrown(otp.verificationCheck(code()), Forbidden, 'expired');
  });

  it.each<[number, string]>([
    [60202, 'max_attempts_reached'],
    [20003, 'configuration_invalid'],
    [20403, 'configuration_invalid'],
    [60223, 'configuration_invalid'],
    [20429, 'provider_unavailable'],
    [60200, 'provider_rejected'],
  ])('is Forbidden where Twilio refuses with %i, and the guess is not counted', async (error, code) => {
    const seed = await sendOne();
    seed.double.next({ error });
    await expectThrown(seed.otp.verificationCheck(seed.code()), Forbidden, code);
    if (error === 60202) return;
    for (let guess = 1; guess <= 4; guess++) await expectThrown(seed.otp.verificationCheck(seed.wrongCode()), Forbidden, 'wrong_code');
    expect(await seed.otp.verificationCheck(seed.code())).toMatchObject({ status: 'approved' });
  });

  it('is Forbidden with credentials that Twilio refuses', async () => {
    const { create, code } = await sendOne();
    await expectThrown(create({ twilioAuthToken: 'f'.repeat(32) }).verificationCheck(code()), Forbidden, 'configuration_invalid');
  });

  it.each<[TwilioFault]>([[{ status: 500 }], [{ status: 502 }], [{ status: 503, body: 'no backend' }], ['html'], ['html_ok'], ['cut_before']])(
    'is InternalServerError after %j, and the code is still good',
    async (fault) => {
      const { double, otp, code } = await sendOne();
      double.next(fault);
      await expectThrown(otp.verificationCheck(code()), InternalServerError, 'provider_unavailable');
      expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
    },
  );

  it.each<[TwilioFault]>([['empty'], ['malformed'], ['unknown_status'], ['cut_after'], ['cut_mid_body']])(
    'I1 is InternalServerError after %j: Twilio has approved, nobody here was told so, and nobody will be',
    async (fault) => {
      const { double, otp, code } = await sendOne();
      double.next(fault);
      await expectThrown(otp.verificationCheck(code()), InternalServerError, 'provider_unavailable');
      await expectThrown(otp.verificationCheck(code()), Forbidden, 'expired');
    },
  );

  it('is InternalServerError after 10 s without an answer', async () => {
    const { double, otp, code } = await sendOne();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      double.next('hang_before');
      const call = expectThrown(otp.verificationCheck(code()), InternalServerError, 'provider_unavailable');
      await double.whenHung();
      await vi.advanceTimersByTimeAsync(10 * SECOND);
      await call;
    } finally {
      vi.useRealTimers();
    }
    expect(await otp.verificationCheck(code())).toMatchObject({ status: 'approved' });
  });

  it.each<[string, (body: Readonly<Record<string, unknown>>) => Record<string, unknown>]>([
    ['approved, and not valid', (body) => ({ ...body, valid: false })],
    ['of another verification', (body) => ({ ...body, sid: `VE${'0'.repeat(32)}` })],
    ['of another number', (body) => ({ ...body, to: '+14155552672' })],
  ])('I2 is InternalServerError for an answer that is %s', async (_, alter) => {
    const { double, otp, code } = await sendOne();
    double.next({ alter });
    await expectThrown(otp.verificationCheck(code()), InternalServerError, 'provider_unavailable');
  });

  it('I14 is InternalServerError while the store is down, and nothing is approved or asked', async () => {
    const { double, create, code, store } = await openSeed({ createStore: createBreakable });
    await create().verification();
    store.begin('down');
    await expectThrown(create().verificationCheck(code()), InternalServerError, 'store_unavailable');
    expect(double.requests).toHaveLength(1);
  });

  it('I14 is InternalServerError where the store goes down while Twilio is asked: nobody is told of an approval that was not written down', async () => {
    const { create, code, store } = await openSeed({ createStore: createBreakable });
    await create().verification();
    store.begin('breaks');
    await expectThrown(create().verificationCheck(code()), InternalServerError, 'store_unavailable');
  });
});

/** Checks, and adds to, the counter of one pair. */
async function climb(otp: OtpModel): Promise<string> {
  return otp.addCount(await otp.checkCount('sign-up', 'ada'));
}

describe('checkCount', () => {
  it('makes a counter, at 0 and without a wait', async () => {
    const { clock, create } = await openSeed();
    const now = new Date(clock.now());
    const counter = await create().checkCount('sign-up', 'ada');
    expect(counter).toEqual({ id: counter.id, uniqueId: 'sign-up', userId: 'ada', count: 0, expires: now, createdAt: now });
    expect(Number.isSafeInteger(counter.id) && counter.id >= 1).toBe(true);
  });

  it('finds it again by both ids, from any model', async () => {
    const { clock, create } = await openSeed();
    const { id, createdAt } = await create().checkCount('sign-up', 'ada');
    clock.advance(CLAIM);
    expect(await create({}, '+14155552672').checkCount('sign-up', 'ada')).toMatchObject({ id, createdAt });
    const others = [
      await create().checkCount('sign-up', 'bob'),
      await create().checkCount('login', 'ada'),
      await create().checkCount('ada', 'sign-up'),
    ];
    expect(new Set([id, ...others.map((other) => other.id)])).toHaveProperty('size', 4);
  });

  it('keeps no two pairs for one, wherever a separator might stand', async () => {
    const { create } = await openSeed();
    const pairs = [
      ['a', 'b,c'],
      ['a,b', 'c'],
      ['a","b', 'c'],
      ['a\0b', 'c'],
      ['a', 'b\0c'],
      ['\ud800', 'x'],
      ['\udfff', 'x'],
      ['A', 'b,c'],
    ];
    const ids = await Promise.all(pairs.map(async ([unique = '', user = '']) => (await create().checkCount(unique, user)).id));
    expect(new Set(ids).size).toBe(pairs.length);
  });

  it('I5 is TooManyRequests for everybody else until 15 s after it let one through, to the millisecond', async () => {
    const { clock, create } = await openSeed();
    await create().checkCount('sign-up', 'ada');
    const until = clock.now() + CLAIM;
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'in_progress', until);
    clock.set(until - 1);
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'in_progress', until);
    clock.set(until);
    await create().checkCount('sign-up', 'ada');
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'in_progress', until + CLAIM);
  });

  it('I5 I17 waits 2 min, 5 min, 15 min and a day, to the millisecond, and then begins again at 0', async () => {
    const { clock, create } = await openSeed();
    const otp = create();
    const { id, createdAt } = await otp.checkCount('sign-up', 'ada');
    clock.advance(CLAIM);
    for (const [rung, wait] of [...WAITS, ...WAITS].entries()) {
      const counter = await otp.checkCount('sign-up', 'ada');
      expect(counter).toMatchObject({ id, count: rung % 4, createdAt });
      const until = clock.now() + wait;
      expect(await otp.addCount(counter)).toBe(new Date(until).toISOString());
      await expectThrown(otp.checkCount('sign-up', 'ada'), TooManyRequests, 'resend_too_soon', until);
      clock.set(until - 1);
      await expectThrown(otp.checkCount('sign-up', 'ada'), TooManyRequests, 'resend_too_soon', until);
      clock.set(until);
    }
  });

  it('goes by the waits of its settings', async () => {
    const { clock, create } = await openSeed();
    const otp = create({ firstResendDuration: 1, secondResendDuration: 1, thirdResendDuration: 7, fourthResendDuration: 7 });
    for (const wait of [1, 1, 7, 7, 1]) {
      expect(await climb(otp)).toBe(new Date(clock.now() + wait).toISOString());
      clock.advance(wait);
    }
  });

  it('lets nobody through early when the clock is set back', async () => {
    const { clock, create } = await openSeed();
    const until = clock.now() + WAITS[0];
    await climb(create());
    clock.advance(-30 * MINUTE);
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'resend_too_soon', until);
  });

  it('takes whole numbers as ids, as the texts they are', async () => {
    const { clock, create } = await openSeed();
    const { id, uniqueId, userId } = await create().checkCount(7 as unknown as string, 0 as unknown as string);
    expect([uniqueId, userId]).toEqual(['7', '0']);
    clock.advance(CLAIM);
    expect(await create().checkCount('7', '0')).toMatchObject({ id });
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['257 characters long', 'x'.repeat(257)],
    ['missing', undefined],
    ['null', null],
    ['a fraction', 1.5],
    ['not a number', Number.NaN],
    ['beyond what a number holds', 2 ** 60],
    ['an object', {}],
    ['a big integer', 7n],
    ['a symbol', Symbol('ada')],
  ])('is Forbidden for an id that is %s, and makes no counter', async (_, id) => {
    const { create, store } = await openSeed();
    await expectThrown(create().checkCount(id as string, 'ada'), Forbidden, 'invalid_request');
    await expectThrown(create().checkCount('sign-up', id as string), Forbidden, 'invalid_request');
    expect(await store.list('counter', '', undefined, 10)).toEqual([]);
    await create().checkCount('x'.repeat(256), 'y'.repeat(256));
  });
});

describe('addCount', () => {
  it('says in UTC when the next message may follow', async () => {
    const { clock, create } = await openSeed();
    expect(await climb(create())).toBe(new Date(clock.now() + WAITS[0]).toISOString());
  });

  it('begins the wait with the message, and not with the check before it', async () => {
    const { clock, create } = await openSeed();
    const counter = await create().checkCount('sign-up', 'ada');
    clock.advance(CLAIM - 1);
    expect(await create().addCount(counter)).toBe(new Date(clock.now() + WAITS[0]).toISOString());
  });

  it('I5 counts a counter once: TooManyRequests after that, and no rung', async () => {
    const { clock, create } = await openSeed();
    const counter = await create().checkCount('sign-up', 'ada');
    const until = Date.parse(await create().addCount(counter));
    await expectThrown(create().addCount(counter), TooManyRequests, 'conflict', until);
    clock.set(until);
    await expectThrown(create().addCount(counter), TooManyRequests, 'conflict');
    expect(await create().checkCount('sign-up', 'ada')).toMatchObject({ count: 1 });
  });

  it('is TooManyRequests for a copy: the claim is not in it, and it would take the rung of whoever holds one now', async () => {
    const { clock, create } = await openSeed();
    const late = await create().checkCount('sign-up', 'ada');
    clock.advance(15 * SECOND);
    const counter = await create().checkCount('sign-up', 'ada');
    for (const copy of [JSON.parse(JSON.stringify(late)), { ...counter }, structuredClone(counter)]) {
      await expectThrown(create().addCount(copy), TooManyRequests, 'conflict', clock.now() + 15 * SECOND);
    }
    await create().addCount(counter);
  });

  it('I5 counts a message of which nobody can tell whether it left', async () => {
    const { clock, double, create } = await openSeed();
    const counter = await create().checkCount('sign-up', 'ada');
    double.next('cut_after');
    await expectThrown(create().verification(), InternalServerError, 'unknown');
    const until = Date.parse(await create().addCount(counter));
    expect(until).toBe(clock.now() + 2 * MINUTE);
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'resend_too_soon', until);
  });

  it('is TooManyRequests for a counter whose claim has lapsed, and for one that somebody else has claimed since', async () => {
    const { clock, create } = await openSeed();
    const early = await create().checkCount('sign-up', 'ada');
    clock.advance(CLAIM);
    await expectThrown(create().addCount(early), TooManyRequests, 'conflict');
    const late = await create().checkCount('sign-up', 'ada');
    await expectThrown(create().addCount(early), TooManyRequests, 'conflict', clock.now() + CLAIM);
    await create().addCount(late);
  });

  it('is TooManyRequests for a counter that was never checked, or was deleted', async () => {
    const { clock, create } = await openSeed();
    const counter = await create().checkCount('sign-up', 'ada');
    await create().deleteCount(counter.id);
    await expectThrown(create().addCount(counter), TooManyRequests, 'conflict', clock.now() + CLAIM);
    const another = await openSeed();
    await expectThrown(another.create().addCount(counter), TooManyRequests, 'conflict');
  });

  it.each<[string, (counter: OtpCounter) => Partial<OtpCounter>]>([
    ['another count', ({ count }) => ({ count: count + 1 })],
    ['a count below 0', () => ({ count: -1 })],
    ['another end', ({ expires }) => ({ expires: new Date(expires.getTime() - 1) })],
    ['another id', ({ id }) => ({ id: id === 1 ? 2 : id - 1 })],
    ["somebody else's ids", () => ({ userId: 'bob' })],
  ])('is TooManyRequests for a counter with %s, and climbs nothing', async (_, change) => {
    const { clock, create } = await openSeed();
    await create().checkCount('sign-up', 'bob');
    const counter = await create().checkCount('sign-up', 'ada');
    await expect(create().addCount({ ...counter, ...change(counter) })).rejects.toBeInstanceOf(TooManyRequests);
    await expect(create().addCount(Object.assign(counter, change(counter)))).rejects.toBeInstanceOf(TooManyRequests);
    clock.advance(CLAIM);
    for (const user of ['ada', 'bob']) expect(await create().checkCount('sign-up', user)).toMatchObject({ count: 0 });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'counter'],
    ['an id', 7],
    ['an empty object', {}],
    ['a counter without ids', { id: 1, count: 0, expires: new Date() }],
    ['a counter without an end', { id: 1, uniqueId: 'sign-up', userId: 'ada', count: 0 }],
    ['a counter that ends at no time', { id: 1, uniqueId: 'sign-up', userId: 'ada', count: 0, expires: new Date('never') }],
    ['a counter that ends in a symbol', { id: 1, uniqueId: 'sign-up', userId: 'ada', count: 0, expires: Symbol('soon') }],
    ['a counter that ends in a big integer', { id: 1, uniqueId: 'sign-up', userId: 'ada', count: 0, expires: 7n }],
  ])('is Forbidden for %s', async (_, counter) => {
    const { create } = await openSeed();
    await expectThrown(create().addCount(counter as OtpCounter), Forbidden, 'invalid_request');
  });
});

describe('deleteCount', () => {
  it('deletes a counter: the next check makes one at 0, without a wait', async () => {
    const { clock, create } = await openSeed();
    const counter = await create().checkCount('sign-up', 'ada');
    await create().addCount(counter);
    clock.advance(1);
    expect(await create({}, '+14155552672').deleteCount(counter.id)).toBeUndefined();
    const next = await create().checkCount('sign-up', 'ada');
    expect(next).toMatchObject({ id: counter.id, count: 0, createdAt: new Date(clock.now()) });
    expect(await create().addCount(next)).toBe(new Date(clock.now() + WAITS[0]).toISOString());
  });

  it('I5 does not end the claim of one who is sending', async () => {
    const { clock, create } = await openSeed();
    const { id } = await create().checkCount('sign-up', 'ada');
    await create().deleteCount(id);
    await expectThrown(create().checkCount('sign-up', 'ada'), TooManyRequests, 'in_progress', clock.now() + CLAIM);
  });

  it('is Forbidden the second time', async () => {
    const { create } = await openSeed();
    const { id } = await create().checkCount('sign-up', 'ada');
    await create().deleteCount(id);
    await expectThrown(create().deleteCount(id), Forbidden, 'not_found');
  });

  it.each<[unknown]>([[0], [-1], [1.5], [2 ** 60], [2 ** 53], [Number.NaN], [Number.POSITIVE_INFINITY], ['1'], [undefined], [null], [1n], [{}], [1]])(
    'is Forbidden for the id %s',
    async (id) => {
      const { create } = await openSeed();
      await expectThrown(create().deleteCount(id as number), Forbidden, 'not_found');
    },
  );
});

describe('the counter', () => {
  it('is InternalServerError in all three while the store is down', async () => {
    const { create, store } = await openSeed({ createStore: createBreakable });
    const counter = await create().checkCount('sign-up', 'ada');
    store.begin('down');
    await expectThrown(create().checkCount('sign-up', 'bob'), InternalServerError, 'store_unavailable');
    await expectThrown(create().addCount(counter), InternalServerError, 'store_unavailable');
    await expectThrown(create().deleteCount(counter.id), InternalServerError, 'store_unavailable');
    store.end();
    await create().addCount(counter);
  });

  it('is InternalServerError where its record is damaged, and where another pair has its id', async () => {
    const { create, store } = await openSeed();
    const { id } = await create().checkCount('sign-up', 'ada');
    const { id: otherId } = await create().checkCount('sign-up', 'bob');
    const at = (of: number) => ({ kind: 'counter', partition: '', id: String(of) });
    const { body = '' } = await store.read(at(otherId));
    await store.update(at(id), () => ({ result: undefined, next: { body, expiresAt: undefined } }));
    await expectThrown(create().checkCount('sign-up', 'ada'), InternalServerError, 'store_unavailable');
    await store.update(at(id), () => ({ result: undefined, next: { body: '{"v":', expiresAt: undefined } }));
    await expectThrown(create().deleteCount(id), InternalServerError, 'store_unavailable');
  });
});

/** The SDK takes its own time to load, by timers that a test must not stand still. */
async function loadSdk(create: Seed['create']): Promise<void> {
  await create({}, '+14155552679').verification();
}
