import twilio from 'twilio';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { credentialsOf, TO, TwilioWorld } from '../../test/twilio/provider-world.ts';
import { parseDestination } from '../core/destination.ts';
import { createTwilioVerifyProvider, type TwilioClient, type TwilioVerifyOptions } from './twilio-verify.ts';

const hex = (prefix: string) => prefix + '0123456789abcdef'.repeat(2);
const settings = { accountSid: hex('AC'), authToken: 'a'.repeat(32), serviceSid: hex('VA') };

let world: TwilioWorld;

beforeEach(async () => {
  world = await TwilioWorld.open();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.double.close();
});

const invalid = (options: unknown) => errorOf(() => createTwilioVerifyProvider(options as TwilioVerifyOptions));

describe('Twilio Verify: its settings', () => {
  it.each<[string, object, string, string]>([
    ['no account', { accountSid: undefined }, 'accountSid', '`accountSid` must be AC and 32 hex digits'],
    ['an account of another kind', { accountSid: hex('SK') }, 'accountSid', '`accountSid` must be AC and 32 hex digits'],
    ['no token', { authToken: undefined }, 'authToken', '`authToken` must be a text without spaces'],
    ['an empty token', { authToken: '' }, 'authToken', '`authToken` must be a text without spaces'],
    ['a token with a line break', { authToken: 'a\nb' }, 'authToken', '`authToken` must be a text without spaces'],
    ['no service', { serviceSid: undefined }, 'serviceSid', '`serviceSid` must be VA and 32 hex digits'],
    ['a service that is too short', { serviceSid: 'VA0123' }, 'serviceSid', '`serviceSid` must be VA and 32 hex digits'],
    ['codes that are too short', { codeLength: 3 }, 'codeLength', '`codeLength` must be a whole number from 4 to 10'],
    ['codes that are too long', { codeLength: 11 }, 'codeLength', '`codeLength` must be a whole number from 4 to 10'],
    ['half a digit', { codeLength: 4.5 }, 'codeLength', '`codeLength` must be a whole number from 4 to 10'],
    ['no time', { timeout: 0 }, 'timeout', '`timeout` must be a whole number of milliseconds, at most 50000'],
    ['too much time', { timeout: 50_001 }, 'timeout', '`timeout` must be a whole number of milliseconds, at most 50000'],
    ['a base URL that is none', { baseUrl: 'verify' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a base URL that is no text', { baseUrl: 1 }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['another protocol', { baseUrl: 'ftp://example.com' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a path', { baseUrl: 'https://example.com/v2' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['credentials in it', { baseUrl: 'https://a:b@example.com' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a password in it alone', { baseUrl: 'https://:b@example.com' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a fragment', { baseUrl: 'https://example.com/#a' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a query', { baseUrl: 'https://example.com?a=b' }, 'baseUrl', '`baseUrl` must be an http or https URL without a path'],
    ['a client that is none', { client: {} }, 'client', '`client` is not a client of the twilio package'],
    ['a client that is nothing', { client: null }, 'client', '`client` is not a client of the twilio package'],
    ['a listener that is none', { onAnswer: 'log' }, 'onAnswer', '`onAnswer` must be a function'],
    ['defaults that are none', { defaults: 'de' }, 'defaults', '`defaults` must be an object'],
    ['defaults with a fault', { defaults: { locale: 'a b' } }, 'defaults', '`defaults.locale` must be a language tag such as "de" or "pt-BR"'],
  ])('are refused with %s', (_name, given, field, message) => {
    expect(invalid({ ...settings, ...given })).toMatchObject({ code: 'configuration_invalid', field, message });
  });

  it('are all named at once, and their values never', () => {
    const faulty = { accountSid: 'AC4155552671', authToken: 'to ken', serviceSid: 'VA1', baseUrl: 'x:y', codeLength: 1, timeout: -1, onAnswer: 1 };
    const { message, field } = invalid({ ...faulty, defaults: { riskCheck: 'off' } });
    const named = [...message.matchAll(/`([\w.]+)`/g)].map(([, name]) => name);
    expect(named).toEqual(['accountSid', 'authToken', 'baseUrl', 'serviceSid', 'codeLength', 'timeout', 'onAnswer', 'defaults.riskCheck']);
    expect(field).toBe('accountSid');
    expect(message).not.toMatch(/4155552671|to ken|x:y/);
  });

  it('are all missing where nothing is given', () => {
    for (const nothing of [{}, undefined, null]) {
      expect(invalid(nothing).message).toMatch(/^`accountSid` .*`authToken` .*`serviceSid` /);
    }
  });

  it('make a provider that says what it is, loads nothing and cannot be changed', () => {
    const provider = createTwilioVerifyProvider({ ...settings, codeLength: 8 });
    expect(provider).toMatchObject({ name: 'twilio_verify', codeLength: 8, isolation: 'destination' });
    expect(provider.channels).toEqual(['sms', 'call', 'whatsapp', 'email']);
    expect([createTwilioVerifyProvider(settings).codeLength, Object.isFrozen(provider)]).toEqual([6, true]);
  });
});

describe('Twilio Verify: the way of one code', () => {
  it.each([
    ['sms', TO],
    ['call', TO],
    ['whatsapp', TO],
    ['email', 'Ada.Lovelace@example.com'],
  ] as const)('goes by %s', async (channel, to) => {
    const sent = await world.send(undefined, to, channel);
    const [{ sid, params } = { sid: '', params: {} }] = world.double.messages;
    expect(sent).toEqual({ status: 'sent', sender: 'twilio_verify', reference: sid });
    expect(params).toEqual({ To: parseDestination(to).reveal(), Channel: channel });
    const code = world.double.codeFor(parseDestination(to).reveal());
    expect(await world.ask(code, sid, to)).toEqual({ status: 'approved', reference: sid });
    expect(world.double.requests.at(-1)?.form).toEqual({ VerificationSid: sid, Code: code });
  });

  it('is found by its destination where its reference was lost', async () => {
    await world.send();
    const sid = world.double.messages[0]?.sid;
    expect(await world.ask(world.wrong())).toEqual({ status: 'wrong', reference: sid });
    expect(await world.ask(world.double.codeFor(TO))).toEqual({ status: 'approved', reference: sid });
    expect(world.double.requests.at(-1)?.form).toEqual({ To: TO, Code: world.double.codeFor(TO) });
  });

  it('is found by an address that comes back in lower case', async () => {
    const to = 'Ada@Example.com';
    await world.send(undefined, to, 'email');
    const code = world.double.codeFor(parseDestination(to).reveal());
    world.double.next({ alter: (body) => ({ ...body, to: String(body.to).toLowerCase() }) });
    expect(await world.ask(code, undefined, to)).toMatchObject({ status: 'approved' });
  });

  it.each([
    ['its reference', TO, true],
    ['its number', TO, false],
    ['its address', 'ada+news@example.com', false],
    ['an address that is no part of a path as it is', 'or/and?no#100%@example.com', false],
  ])('ends by %s, and is gone the second time', async (_name, to, isKnown) => {
    await world.send(undefined, to, to === TO ? 'sms' : 'email');
    const { sid = '' } = world.double.messages[0] ?? {};
    const end = () => world.end(isKnown ? sid : undefined, to);
    expect(await end()).toEqual({ status: 'canceled' });
    expect((await world.double.verification(sid))?.status).toBe('canceled');
    // The double says once more that it is canceled.
    world.double.next({ error: 20404 });
    expect(await end()).toEqual({ status: 'gone' });
    expect(await world.ask(world.double.codeFor(to), sid, to)).toEqual({ status: 'ended', state: 'expired' });
  });

  it('is repeated while it lives, under the same reference', async () => {
    const [first, second] = [await world.send(), await world.send(undefined, TO, 'call')];
    expect(second).toEqual(first);
    expect(world.double.messages.map(({ channel, code }) => [channel, code])).toEqual([
      ['sms', world.double.codeFor(TO)],
      ['call', world.double.codeFor(TO)],
    ]);
  });
});

describe('Twilio Verify: what is passed through', () => {
  const given = {
    locale: 'pt-BR',
    rateLimits: { end_user_ip: '203.0.113.7' },
    customFriendlyName: 'Ada & Co',
    deviceIp: '2001:db8::1',
    riskCheck: 'disable',
    tags: { campaign: 'spring', 'with space': 'ü' },
  } as const;
  const asForm = {
    Locale: 'pt-BR',
    RateLimits: '{"end_user_ip":"203.0.113.7"}',
    CustomFriendlyName: 'Ada & Co',
    DeviceIp: '2001:db8::1',
    RiskCheck: 'disable',
    Tags: '{"campaign":"spring","with space":"ü"}',
  };

  it('is each option by its name', async () => {
    await world.double.close();
    world = await TwilioWorld.open({ double: { rateLimits: Object.keys(given.rateLimits) } });
    await world.verifier.start({ to: TO, providerOptions: given });
    expect(world.double.messages[0]?.params).toEqual({ To: TO, Channel: 'sms', ...asForm });
  });

  it('is what every message is sent with, where its start says nothing else', async () => {
    await world.double.close();
    world = await TwilioWorld.open({ provider: { defaults: { locale: 'de', riskCheck: 'enable' } } });
    const started = await world.verifier.start({ to: TO, providerOptions: { locale: 'fr', tags: undefined } });
    expect(world.double.messages[0]?.params).toEqual({ To: TO, Channel: 'sms', Locale: 'fr', RiskCheck: 'enable' });
    world.clock.advance(2 * 60_000);
    if (started.status === 'pending') await world.verifier.resend({ id: started.id, providerOptions: { deviceIp: '192.0.2.1' } });
    expect(world.double.messages[1]?.params).toEqual({ To: TO, Channel: 'sms', Locale: 'de', RiskCheck: 'enable', DeviceIp: '192.0.2.1' });
  });

  it.each<[string, unknown]>([
    ['locale', 'not a tag'],
    ['locale', ''],
    ['locale', 7],
    ['rateLimits', 'ip'],
    ['rateLimits', null],
    ['rateLimits', ['203.0.113.7']],
    ['rateLimits', { 'no spaces': '1' }],
    ['rateLimits', { ip: 1 }],
    ['rateLimits', { ip: '' }],
    ['rateLimits', new Map([['ip', '203.0.113.7']])],
    ['customFriendlyName', ''],
    ['customFriendlyName', 'x'.repeat(31)],
    ['customFriendlyName', 'a\nb'],
    ['deviceIp', '203.0.113'],
    ['deviceIp', 1],
    ['riskCheck', 'off'],
    ['tags', Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`tag${index}`, 'x']))],
    ['tags', { tag: 'x'.repeat(129) }],
    ['tags', { ['x'.repeat(129)]: 'x' }],
    ['tags', { tag: undefined }],
    ['tags', new Date()],
  ])('is refused by name and without its value: %s %o', async (name, value) => {
    const error = await world.verifier.start({ to: TO, providerOptions: { [name]: value } }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid_request', field: 'providerOptions' });
    expect((error as Error).message).toMatch(new RegExp(`^\`providerOptions.${name}\` must be `));
    if (typeof value === 'string' && value !== '' && value !== 'ip') expect((error as Error).message).not.toContain(value);
    expect(world.double.requests).toEqual([]);
  });

  it('is nothing else', async () => {
    for (const name of ['customCode', 'To', '__proto__', 'toString']) {
      const providerOptions = JSON.parse(`{"${name}":"4155552671"}`);
      const error = await world.verifier.start({ to: TO, providerOptions }).catch((thrown: unknown) => thrown);
      const known = Object.keys(given).join(', ');
      expect(error).toMatchObject({ code: 'invalid_request', message: `\`providerOptions\` has an unknown option; known are ${known}` });
    }
  });
});

describe('Twilio Verify: a client that is handed in', () => {
  it('is used as it is', async () => {
    const client = twilio(world.double.accountSid, world.double.authToken, { region: '', edge: '' });
    client.verify.baseUrl = world.double.baseUrl;
    const provider = createTwilioVerifyProvider({ client, serviceSid: world.double.serviceSid });
    const request = { to: parseDestination(TO), verificationId: hex('VE') };
    expect(await provider.send({ ...request, channel: 'sms', deliveryId: hex('VL') })).toMatchObject({ status: 'sent' });
    expect(await provider.cancel({ ...request, reference: undefined })).toEqual({ status: 'canceled' });
  });

  it.each([
    [
      'throws at once',
      () => {
        throw Object.assign(new Error(TO), { code: 'ECONNREFUSED' });
      },
      { status: 'refused' },
    ],
    ['answers nothing', async () => undefined, { status: 'unknown' }],
    ['answers null', async () => null, { status: 'unknown' }],
    ['answers no promise', () => ({ sid: hex('VE'), status: 'pending' }), { status: 'sent', reference: hex('VE') }],
    ['answers a sid that is none', async () => ({ sid: TO, status: 'pending' }), { status: 'unknown' }],
    ['rejects with nothing', () => Promise.reject(undefined), { status: 'unknown' }],
    ['rejects with a text', () => Promise.reject(TO), { status: 'unknown' }],
    ['names no parameter', () => Promise.reject({ status: 400, code: 60200 }), { status: 'refused', permanent: true }],
    ['names no error', () => Promise.reject({ status: 400, code: '60200' }), { status: 'refused', permanent: true }],
  ])('and %s is not believed more than it says', async (_name, create, expected) => {
    const service = { verifications: Object.assign(() => ({ update: create }), { create }), verificationChecks: { create } };
    const client = { verify: { v2: { services: () => service } } } as unknown as TwilioClient;
    const provider = createTwilioVerifyProvider({ client, serviceSid: hex('VA') });
    const sent = await provider.send({ to: parseDestination(TO), channel: 'sms', verificationId: hex('VE'), deliveryId: hex('VL') });
    expect(sent).toMatchObject(expected);
  });
});

describe('Twilio Verify: the SDK', () => {
  it('is loaded again at the next call where it did not load', async () => {
    vi.doMock('twilio', () => {
      throw new Error('out of file handles');
    });
    const broken = { code: 'configuration_invalid', message: expect.stringMatching(/^the Twilio Verify provider needs the package twilio/) };
    expect(await world.send()).toMatchObject({ status: 'refused', permanent: false, error: broken });
    expect(await world.ask('123456')).toMatchObject({ status: 'failed', error: broken });
    expect(await world.end()).toEqual({ status: 'failed' });
    vi.doUnmock('twilio');
    expect(await world.send()).toMatchObject({ status: 'sent' });
  });
});

describe('Twilio Verify: the listener of its answers', () => {
  it("is given Twilio's own objects", async () => {
    const answers: { status?: string; sid?: string }[] = [];
    await world.double.close();
    world = await TwilioWorld.open({ provider: { onAnswer: (answer) => answers.push(answer as object) } });
    await world.send();
    await world.ask(world.wrong());
    await world.end();
    world.double.next({ error: 20404 });
    await world.end();
    expect(answers.map(({ status }) => status)).toEqual(['pending', 'pending', 'canceled']);
    expect(answers[0]?.sid).toBe(world.double.messages[0]?.sid);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error(TO);
      },
    ],
    ['rejects', () => Promise.reject(new Error(TO))],
  ])('changes nothing where it %s', async (_name, onAnswer) => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      const provider = createTwilioVerifyProvider({ ...credentialsOf(world.double), onAnswer });
      const request = { to: parseDestination(TO), channel: 'sms', verificationId: hex('VE'), deliveryId: hex('VL') } as const;
      expect(await provider.send(request)).toMatchObject({ status: 'sent' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });
});
