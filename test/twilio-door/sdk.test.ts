import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { TWILIO_OPERATIONS } from '../../src/http/twilio/operations.ts';
import { TO, wrongCode } from '../http/world.ts';
import { createWorld, refusal, type SdkClient, type SdkService, type TwilioWorld } from './world.ts';

/** Sees the address last, as Twilio's own page on custom clients has it. */
class Redirecting extends twilio.RequestClient {
  readonly #to: URL;

  constructor(to: string) {
    super();
    this.#to = new URL(to);
  }

  override request<T>(options: Parameters<typeof twilio.RequestClient.prototype.request<T>>[0]) {
    const uri = new URL(options.uri);
    if (uri.hostname === 'verify.twilio.com') {
      uri.protocol = this.#to.protocol;
      uri.host = this.#to.host;
    }
    return super.request<T>({ ...options, uri: uri.href });
  }
}

type Connect = (world: TwilioWorld) => SdkClient;

const WAYS: readonly (readonly [string, Connect])[] = [
  ['its base URL', (world) => world.client()],
  [
    'a client of its own',
    (world) =>
      twilio(world.key.key.id, world.key.secret.reveal(), {
        ...{ region: '', edge: '', accountSid: world.parts.accountSid },
        httpClient: new Redirecting(world.url) as never,
      }),
  ],
];

async function walkRateLimits(service: SdkService): Promise<void> {
  const { rateLimits } = service;
  const limit = await rateLimits.create({ uniqueName: 'end_user_ip', description: 'by address' });
  expect(limit).toMatchObject({ uniqueName: 'end_user_ip', description: 'by address' });
  expect((await rateLimits(limit.sid).fetch()).toJSON()).toEqual(limit.toJSON());
  expect(await rateLimits(limit.sid).update({ description: 'otherwise' })).toMatchObject({ uniqueName: 'end_user_ip', description: 'otherwise' });
  expect((await rateLimits.list()).map(({ sid }) => sid)).toEqual([limit.sid]);
  const { buckets } = rateLimits(limit.sid);
  const bucket = await buckets.create({ max: 5, interval: 60 });
  expect(bucket).toMatchObject({ max: 5, interval: 60, rateLimitSid: limit.sid });
  expect((await buckets(bucket.sid).fetch()).toJSON()).toEqual(bucket.toJSON());
  expect(await buckets(bucket.sid).update({ max: 6 })).toMatchObject({ max: 6, interval: 60 });
  expect((await buckets.list()).map(({ sid }) => sid)).toEqual([bucket.sid]);
  expect(await buckets(bucket.sid).remove()).toBe(true);
  expect(await rateLimits(limit.sid).remove()).toBe(true);
}

async function walkAttempts({ verify }: SdkClient, verifyServiceSid: string): Promise<void> {
  const { verificationAttempts, verificationAttemptsSummary } = verify.v2;
  const attempts = await verificationAttempts.list({ verifyServiceSid, 'channelData.to': TO });
  expect(attempts.map(({ conversionStatus }) => conversionStatus)).toEqual(['converted', 'unconverted', 'converted']);
  const [first] = attempts;
  expect(first).toMatchObject({ channel: 'sms', serviceSid: verifyServiceSid, price: null, channelData: { to: '+1********71' } });
  expect((await verificationAttempts(first?.sid ?? '').fetch()).toJSON()).toEqual(first?.toJSON());
  const summary = await verificationAttemptsSummary().fetch({ verifyServiceSid });
  expect(summary).toMatchObject({ totalAttempts: 3, totalConverted: 2, totalUnconverted: 1, conversionRatePercentage: '66.666666667' });
}

describe.each(WAYS)('the official SDK, pointed here by %s', (_, connect) => {
  it('goes through every operation that is offered, and each answer is as Twilio describes it', async () => {
    const world = await createWorld();
    await world.listen();
    const { services } = connect(world).verify.v2;

    const made = await services.create({ friendlyName: 'Shop', codeLength: 8, customCodeEnabled: true });
    expect(made).toMatchObject({
      friendlyName: 'Shop',
      codeLength: 8,
      customCodeEnabled: true,
      psd2Enabled: false,
      accountSid: world.parts.accountSid,
    });
    expect(made.dateCreated).toBeInstanceOf(Date);
    expect((await services(made.sid).fetch()).toJSON()).toEqual(made.toJSON());
    const changed = await services(made.sid).update({ friendlyName: 'Till', codeLength: 6 });
    expect(changed).toMatchObject({ friendlyName: 'Till', codeLength: 6, customCodeEnabled: true });
    expect((await services.list()).map(({ sid }) => sid).sort()).toEqual([world.serviceSid, made.sid].sort());

    const { verifications, verificationChecks } = services(made.sid);
    const pending = await verifications.create({ to: TO, channel: 'sms' });
    expect(pending).toMatchObject({ to: TO, channel: 'sms', status: 'pending', valid: false, serviceSid: made.sid, amount: null, payee: null });
    expect(pending.sendCodeAttempts).toEqual([
      { time: '2026-01-01T00:00:00Z', channel: 'sms', attempt_sid: expect.stringMatching(/^VL[0-9a-f]{32}$/) },
    ]);
    const bySid = await verifications(pending.sid).fetch();
    const byNumber = await verifications(TO).fetch();
    expect(bySid.toJSON()).toEqual(pending.toJSON());
    expect(byNumber.toJSON()).toEqual(pending.toJSON());
    expect(await verificationChecks.create({ to: TO, code: wrongCode(world.code()) })).toMatchObject({
      status: 'pending',
      valid: false,
      sid: pending.sid,
    });
    const approved = await verificationChecks.create({ verificationSid: pending.sid, code: world.code() });
    expect(approved).toMatchObject({ status: 'approved', valid: true, sid: pending.sid, to: TO, snaAttemptsErrorCodes: null });

    world.pass(60_000);
    const canceled = await verifications.create({ to: TO, channel: 'sms' });
    expect(canceled.sid).not.toBe(pending.sid);
    expect(await verifications(canceled.sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled', valid: false, to: TO });
    expect(await verifications(canceled.sid).fetch()).toMatchObject({ status: 'canceled', sid: canceled.sid });
    world.pass(60_000);
    await verifications.create({ to: TO, channel: 'sms' });
    expect(await verifications(TO).update({ status: 'approved' })).toMatchObject({ status: 'approved', valid: true, to: TO });

    await walkRateLimits(services(made.sid));
    await walkAttempts(connect(world), made.sid);

    expect(await services(made.sid).remove()).toBe(true);
    expect([...world.succeeded].sort()).toEqual(TWILIO_OPERATIONS.map(({ id }) => id).sort());
    const withBodies = TWILIO_OPERATIONS.filter(({ method }) => method !== 'DELETE').map(({ id }) => id);
    expect([...world.contract.validated.keys()].sort()).toEqual(withBodies.sort());
  });

  it('lists over several pages', async () => {
    const world = await createWorld();
    await world.listen();
    const sids = [world.serviceSid];
    for (let made = 1; made < 7; made += 1) sids.push(await world.makeService({ name: `Shop ${made}` }));
    await world.rest.makeService({ name: 'not of this door' });
    const { services } = connect(world).verify.v2;
    const listed = await services.list({ pageSize: 3 });
    expect(listed.map(({ sid }) => sid)).toEqual(sids.sort());
    const first = await services.page({ pageSize: 3 });
    const second = await first.nextPage();
    const third = await second?.nextPage();
    expect([first, second, third].map((page) => page?.instances.length)).toEqual([3, 3, 1]);
    expect(await third?.nextPage()).toBeUndefined();
    expect((await services.list({ limit: 5 })).length).toBe(5);
  });

  it('throws a RestException with Twilio’s code and text', async () => {
    const world = await createWorld();
    await world.listen();
    const service = connect(world).verify.v2.services(world.serviceSid);
    await service.verifications.create({ to: TO, channel: 'sms' });
    expect(await refusal(service.verifications.create({ to: TO, channel: 'sms' }))).toMatchObject({ status: 429, code: 20429 });
    expect(await refusal(service.verificationChecks.create({ to: '+14155550123', code: '123456' }))).toEqual({
      ...{ status: 404, code: 20404, moreInfo: 'https://www.twilio.com/docs/errors/20404' },
      message: `The requested resource /v2/Services/${world.serviceSid}/VerificationCheck was not found`,
    });
    expect(await refusal(service.webhooks.list())).toMatchObject({
      status: 404,
      code: 20404,
      message: expect.stringContaining('Not offered here'),
    });
    expect(await refusal(service.entities('someone').fetch())).toMatchObject({ status: 404, code: 20404 });
  });
});
