import { afterAll, describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import type { ServiceFields } from '../../src/engine/service-settings.ts';
import { TWILIO_ERROR_CODES } from '../../src/http/twilio/twilio-errors.ts';
import { type RestWorldOptions, TO, wrongCode } from '../http/world.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { createWorld, refusal, type SdkService, type TwilioWorld } from './world.ts';

/** What HTTP refuses before an operation is reached; the SDK cannot be brought to it. See bad-input.test.ts. */
const BEFORE_OPERATIONS = [20004, 20400, 20408, 20413, 20414, 20415, 20431];

interface Story {
  readonly status: number;
  readonly code: number;
  readonly text?: string;
  readonly options?: RestWorldOptions;
  readonly service?: Partial<ServiceFields>;
  ask(world: TwilioWorld, service: SdkService): Promise<unknown>;
}

const create = (service: SdkService, more: object = {}) => service.verifications.create({ to: TO, channel: 'sms', ...more });
const check = (service: SdkService, more: object = {}) => service.verificationChecks.create({ to: TO, code: '123456', ...more });

async function failGuesses(world: TwilioWorld, service: SdkService): Promise<void> {
  await create(service);
  for (let guess = 0; guess < 5; guess += 1) await check(service, { code: wrongCode(world.code()) });
}

const broken = () => {
  throw new CountersignError('store_unavailable', 'the store cannot be reached');
};

const STORIES: Readonly<Record<string, Story>> = {
  'a wrong secret': {
    ...{ status: 401, code: 20003, text: 'Authenticate' },
    ask: (world) => world.client(undefined, 'x'.repeat(32)).verify.v2.services(world.serviceSid).fetch(),
  },
  'a key that may not': {
    ...{ status: 403, code: 20403 },
    async ask(world) {
      const { key, secret } = await world.makeKey(world.serviceSid, ['check']);
      return create(world.client(key.id, secret.reveal()).verify.v2.services(world.serviceSid));
    },
  },
  'nothing to check': { status: 404, code: 20404, ask: (_, service) => check(service) },
  'a send too soon': {
    ...{ status: 429, code: 20429, text: 'Too many requests' },
    async ask(_, service) {
      await create(service);
      return create(service);
    },
  },
  'too many requests of a key': {
    ...{ status: 429, code: 20429, text: 'Too many requests' },
    options: { parts: { rates: { key: { perMinute: 1, burst: 1 }, address: { perMinute: 600, burst: 100 } } } },
    async ask(_, service) {
      await service.fetch();
      return service.fetch();
    },
  },
  'a fault of ours': {
    ...{ status: 500, code: 20500 },
    options: { parts: { verifierFor: () => ({ start: () => Promise.reject(new Error(`${TO} 123456`)) }) as never } },
    ask: (_, service) => create(service),
  },
  'a store that is down': { status: 503, code: 20503, options: { parts: { verifierFor: broken } }, ask: (_, service) => create(service) },
  'a start beyond a rate limit of the service': {
    ...{ status: 429, code: 20429, text: 'Too many requests' },
    async ask(_, service) {
      const { sid } = await service.rateLimits.create({ uniqueName: 'ip' });
      await service.rateLimits(sid).buckets.create({ max: 1, interval: 60 });
      await create(service, { rateLimits: { ip: '203.0.113.9' } });
      return create(service, { to: '+14155552679', rateLimits: { ip: '203.0.113.9' } });
    },
  },
  'a rate limit that nobody made': {
    ...{ status: 400, code: 60200, text: 'Invalid parameter `RateLimits`: names a rate limit that is not there' },
    ask: (_, service) => create(service, { rateLimits: { ip: '203.0.113.9' } }),
  },
  'a rate limit too many': {
    ...{ status: 400, code: 60207 },
    async ask(_, service) {
      for (let made = 0; made < 20; made += 1) await service.rateLimits.create({ uniqueName: `limit-${made}` });
      return service.rateLimits.create({ uniqueName: 'one-more' });
    },
  },
  'a rate limit of a name that is taken': {
    ...{ status: 400, code: 60208 },
    async ask(_, service) {
      await service.rateLimits.create({ uniqueName: 'ip' });
      return service.rateLimits.create({ uniqueName: 'ip' });
    },
  },
  'a rate limit with a name of other characters': {
    ...{ status: 400, code: 60209 },
    ask: (_, service) => service.rateLimits.create({ uniqueName: 'i p' }),
  },
  'a bucket too many': {
    ...{ status: 400, code: 60210 },
    async ask(_, service) {
      const { sid } = await service.rateLimits.create({ uniqueName: 'ip' });
      for (let made = 1; made <= 5; made += 1) await service.rateLimits(sid).buckets.create({ max: 1, interval: made });
      return service.rateLimits(sid).buckets.create({ max: 1, interval: 6 });
    },
  },
  'a bucket of an interval that is taken': {
    ...{ status: 400, code: 60211 },
    async ask(_, service) {
      const { sid } = await service.rateLimits.create({ uniqueName: 'ip' });
      await service.rateLimits(sid).buckets.create({ max: 1, interval: 60 });
      return service.rateLimits(sid).buckets.create({ max: 2, interval: 60 });
    },
  },
  'a token of no page': {
    ...{ status: 400, code: 21481 },
    ask: (world) => world.client().verify.v2.services.page({ pageToken: 'PA1' }),
  },
  'no number': { status: 400, code: 60200, text: 'Invalid parameter `To`', ask: (_, service) => create(service, { to: '+1' }) },
  'a number that no provider delivers to': {
    ...{ status: 400, code: 60200, text: 'Invalid parameter `To`: the provider does not deliver to it' },
    ask(world, service) {
      world.rest.sender.next('refused_permanently');
      return create(service);
    },
  },
  'a provider that cannot be reached': {
    ...{ status: 503, code: 20503 },
    ask(world, service) {
      world.rest.sender.next('refused');
      return create(service);
    },
  },
  'one guess too many': {
    ...{ status: 429, code: 60202, text: 'Max check attempts reached' },
    async ask(world, service) {
      await failGuesses(world, service);
      return check(service);
    },
  },
  'a used-up budget of guesses': {
    ...{ status: 429, code: 60202 },
    options: { deployment: { ...DEPLOYMENT, limits: { ...DEPLOYMENT.limits, wrongPerHour: 2 } } },
    async ask(world, service) {
      await create(service);
      for (let guess = 0; guess < 2; guess += 1) await check(service, { code: wrongCode(world.code()) });
      return check(service, { code: world.code() });
    },
  },
  'one send too many': {
    ...{ status: 429, code: 60203, text: 'Max send attempts reached' },
    async ask(world, service) {
      for (let send = 0; send < 5; send += 1) {
        await create(service);
        world.pass(10_000);
      }
      return create(service);
    },
  },
  'no amount': { status: 400, code: 60206, service: { psd2: true }, ask: (_, service) => create(service, { payee: 'Shop' }) },
  'a send while one is under way': {
    ...{ status: 429, code: 60212 },
    async ask(world, service) {
      let letThrough: (outcome: 'sent') => void = () => undefined;
      const gate = new Promise<'sent'>((resolve) => {
        letThrough = resolve;
      });
      world.rest.sender.next(gate);
      const first = create(service);
      while (world.rest.sender.calls === 0) await new Promise(setImmediate);
      const second = await create(service).catch((error: unknown) => error);
      letThrough('sent');
      await first;
      throw second;
    },
  },
  'a call under PSD2': {
    ...{ status: 400, code: 60214 },
    service: { psd2: true },
    ask: (_, service) => create(service, { channel: 'call', amount: '1', payee: 'Shop' }),
  },
  'a check of nothing': { status: 400, code: 60221, ask: (_, service) => service.verificationChecks.create({ code: '123456' }) },
  'a channel that the service does not use': {
    ...{ status: 400, code: 60223 },
    service: { channels: ['sms'] },
    ask: (_, service) => create(service, { channel: 'call' }),
  },
  'a template': { status: 400, code: 60228, ask: (_, service) => create(service, { templateSid: `HJ${'0'.repeat(32)}` }) },
  'a destination that is disabled': {
    ...{ status: 403, code: 60238 },
    options: { deployment: { ...DEPLOYMENT, limits: { ...DEPLOYMENT.limits, wrongInARow: 5 } } },
    async ask(world, service) {
      await failGuesses(world, service);
      world.pass(600_000);
      return create(service);
    },
  },
  'a guess at a destination that is disabled': {
    ...{ status: 429, code: 60202 },
    options: { deployment: { ...DEPLOYMENT, limits: { ...DEPLOYMENT.limits, wrongInARow: 4 } } },
    async ask(world, service) {
      await create(service);
      for (let guess = 0; guess < 4; guess += 1) await check(service, { code: wrongCode(world.code()) });
      return check(service, { code: world.code() });
    },
  },
  'a message of one’s own': { status: 400, code: 60243, ask: (_, service) => create(service, { customMessage: 'Hello' }) },
  'the guard': {
    ...{ status: 403, code: 60410 },
    options: { guard: { assess: () => ({ allowed: false, rule: 'pumping', detail: 'too many of this prefix' }) } },
    ask: (_, service) => create(service),
  },
  'an app hash in a call': { status: 400, code: 60602, ask: (_, service) => create(service, { channel: 'call', appHash: 'He42w354ol9' }) },
  'a country that is not allowed': { status: 403, code: 60605, service: { allowedCountries: ['DE'] }, ask: (_, service) => create(service) },
};

describe('every error that the door makes of an operation', () => {
  const seen = new Set<number>();

  it.each(Object.entries(STORIES))('is a RestException: %s', async (_, { status, code, text, options, service, ask }) => {
    const world = await createWorld(options, service);
    await world.listen();
    const error = await refusal(ask(world, world.sdk()));
    expect(error).toMatchObject({
      status,
      code,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
      ...(text !== undefined && { message: text }),
    });
    seen.add(code);
  });

  afterAll(() => {
    expect([...seen, ...BEFORE_OPERATIONS].sort()).toEqual([...TWILIO_ERROR_CODES].sort());
  });
});

describe('what is told of an error', () => {
  it('names codes and reasons to whoever observes, and the error itself where it is a fault', async () => {
    const world = await createWorld();
    await world.create();
    await world.create();
    await world.check({ To: TO });
    expect(world.rest.answered.map(({ operation, status, code, reason }) => [operation, status, code, reason])).toEqual([
      ['twilioCreateVerification', 201, undefined, undefined],
      ['twilioCreateVerification', 429, '20429', 'resend_too_soon'],
      ['twilioCreateVerificationCheck', 400, '60200', undefined],
    ]);
    expect(world.rest.failures).toEqual([]);
    const failing = await createWorld({ parts: { verifierFor: broken } });
    await failing.create();
    expect(failing.rest.failures).toEqual([expect.any(CountersignError)]);
  });
});
