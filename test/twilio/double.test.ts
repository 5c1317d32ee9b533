import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from './double.ts';
import { connect, outcome, type SdkService } from './sdk.ts';

// How the door behind it behaves is tested in test/twilio-door: here is what a double adds.

const to = '+14155552671';

let clock: FakeClock;
let double: TwilioDouble;
let service: SdkService;

async function open(options: TwilioDoubleOptions = {}): Promise<void> {
  await double?.close();
  clock = createFakeClock();
  double = await createTwilioDouble({ clock, ...options });
  service = connect(double);
}

beforeEach(() => open());
afterEach(() => double.close());

const create = (options: object = {}) => service.verifications.create({ to, channel: 'sms', ...options });

describe('twilio double', () => {
  it('keeps each message, with the code that is right and the form it was asked for with', async () => {
    const { sid } = await create({ customFriendlyName: 'Ada & Co' });
    const params = { To: to, Channel: 'sms', CustomFriendlyName: 'Ada & Co' };
    expect(double.messages).toEqual([{ to, channel: 'sms', code: double.codeFor(to), at: clock.now(), sid, params }]);
    expect(double.requests).toEqual([{ method: 'POST', path: `/v2/Services/${double.serviceSid}/Verifications`, form: params }]);
    expect(await double.verification(sid)).toMatchObject({ status: 'pending' });
    expect(await service.verificationChecks.create({ to, code: double.codeFor(to) })).toMatchObject({ sid, status: 'approved' });
    expect(await double.verification(sid)).toMatchObject({ status: 'approved' });
    expect(() => double.codeFor('+14155552672')).toThrow('no message left for this number');
  });

  it('sends five times at once to a number, one code, where the door wants ten seconds in between; and not a sixth time', async () => {
    const sids = new Set<string>();
    for (let send = 1; send <= 5; send++) sids.add((await create()).sid);
    expect([sids.size, new Set(double.messages.map(({ code }) => code)).size]).toEqual([1, 1]);
    expect(double.messages.map(({ at }) => at)).toEqual(Array(5).fill(clock.now()));
    expect(await outcome(create())).toMatchObject({ status: 429, code: 60203 });
    expect(double.messages).toHaveLength(5);
  });

  it('goes by its clock: what it sent has expired after ten minutes', async () => {
    const { sid } = await create();
    clock.advance(10 * 60_000);
    expect(await outcome(service.verificationChecks.create({ to, code: double.codeFor(to) }))).toMatchObject({ status: 404, code: 20404 });
    expect((await create()).sid).not.toBe(sid);
  });

  it.each([4, 10])('makes codes of %i digits', async (codeLength) => {
    await open({ codeLength });
    await create();
    expect(double.codeFor(to)).toHaveLength(codeLength);
    expect(await service.fetch()).toMatchObject({ codeLength });
  });

  it('knows the rate limits that it was given, and no other', async () => {
    await open({ rateLimits: ['end_user_ip'] });
    expect(await outcome(create({ rateLimits: { end_user_ip: '203.0.113.7' } }))).toBe('answered');
    expect(await outcome(create({ rateLimits: { user: 'ada' } }))).toMatchObject({ status: 400, code: 60200 });
  });
});
