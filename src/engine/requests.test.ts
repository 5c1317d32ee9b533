import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/builders.ts';
import { CHANNELS, type Channel } from '../core/destination.ts';
import { assertReaches, parseCheck, parseDestinationInput, parseName, parseResend, parseStart, parseVerificationInput } from './requests.ts';

const [to, mail] = ['+14155552671', 'ada@example.com'];
const id = `VE${'0'.repeat(32)}`;
const start = (input: unknown, offered: readonly Channel[] = CHANNELS) => parseStart(input, { channels: offered });
const resend = (input: unknown, offered: readonly Channel[] = CHANNELS) => parseResend(input, { channels: offered });
const check = (input: unknown) => parseCheck(input, false);
const which = (input: unknown) => parseVerificationInput(input, false);

const VERBS: readonly (readonly [string, (input: unknown) => unknown, Record<string, unknown>, string])[] = [
  ['start', start, { to }, 'to, channel, purpose, requester, code, locale, binding, note, providerOptions'],
  ['resend', resend, { id }, 'id, channel, purpose, requester, code, locale, providerOptions'],
  ['check', check, { id, code: '123456' }, 'id, to, code, purpose, requester, binding, attemptId'],
  ['cancel, show and approve', which, { id }, 'id, to, purpose, requester'],
  ['unblock and erase', parseDestinationInput, { to, by: 'SK0' }, 'to, by'],
];

describe.each(VERBS)('the input of %s', (verb, parse, good, known) => {
  it('is taken as it is', () => {
    expect(() => parse(good)).not.toThrow();
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', '+14155552671'],
    ['a number', 14155552671],
    ['an array', [{ to, id }]],
    ['a boolean', true],
    ['a function', () => good],
  ])('is refused when it is %s', (_name, input) => {
    const error = errorOf(() => parse(input));
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'input', 'the input must be an object']);
  });

  it('is refused with a field that it does not have: a misspelt `requester` would leave a verification unbound', () => {
    for (const name of ['requestor', 'To', 'limit', 'service']) {
      const error = errorOf(() => parse({ ...good, [name]: 'x' }));
      expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'input', `the input has an unknown field; known are ${known}`]);
    }
  });

  it('is refused when it is empty', () => {
    const error = errorOf(() => parse({}));
    expect([error.code, error.field]).toEqual(
      verb.includes('start') || verb.includes('erase') ? ['invalid_destination', 'to'] : ['invalid_request', 'id'],
    );
  });
});

const OWNED = VERBS.slice(0, 4);

describe.each(OWNED)('the owner in the input of %s', (_verb, parse, good) => {
  it('has the purpose `default` and no requester where none are named', () => {
    expect(parse(good)).toMatchObject({ purpose: 'default', requester: undefined });
    expect(parse({ ...good, purpose: undefined, requester: undefined })).toMatchObject({ purpose: 'default', requester: undefined });
  });

  it.each(['a', 'login', 'change_phone', 'A.b-9', 'x'.repeat(64)])('may have the purpose %s', (purpose) => {
    expect(parse({ ...good, purpose })).toMatchObject({ purpose });
  });

  it.each(['', 'x'.repeat(65), 'a b', 'ä', 'a\0', 'a\n', ' login', 'login ', null, 5, ['login'], {}])('may not have the purpose %o', (purpose) => {
    const error = errorOf(() => parse({ ...good, purpose }));
    const message = '`purpose` must be 1 to 64 letters, digits, "_", "." or "-"';
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'purpose', message]);
  });

  it.each([' ', 'a', 'user:42', 'ü😀', 'x'.repeat(256), '\ufffd'])('may be the requester %o', (requester) => {
    expect(parse({ ...good, requester })).toMatchObject({ requester });
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(257)],
    ['null: a missing account id would leave the verification unbound', null],
    ['a number', 42],
    ['an array', ['ada']],
    ['an object', {}],
    ['false', false],
    ['with NUL in it', 'a\0b'],
    ['with the first half of a surrogate pair', 'a\ud83d'],
    ['with the second half', '\ude00a'],
  ])('may not be a requester that is %s', (_name, requester) => {
    const error = errorOf(() => parse({ ...good, requester }));
    const message = '`requester` must be a string of 1 to 256 characters, well-formed and without NUL';
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'requester', message]);
  });
});

describe.each(VERBS.slice(1, 4))('the id in the input of %s', (verb, parse, good) => {
  it.each([undefined, null, '', 5, [id], {}])('may not be %o', (bad) => {
    const error = errorOf(() => parse({ ...good, id: bad }));
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'id', '`id` must be a string that is not empty']);
  });

  it('is otherwise passed on: what is none is not found', () => {
    expect(parse({ ...good, id: 'x' })).toMatchObject(verb === 'resend' ? { id: 'x' } : { of: 'x' });
  });
});

describe('start', () => {
  it('is parsed whole', () => {
    const input = { to: '+1 (415) 555-2671', channel: 'call', purpose: 'login', requester: 'ada', code: '12 34' };
    const { to: destination, ...rest } = start(input);
    expect(destination.reveal()).toBe(to);
    expect(rest).toEqual({ channel: 'call', purpose: 'login', requester: 'ada', code: '1234' });
  });

  it.each([
    [to, 'sms'],
    [mail, 'email'],
  ])('goes to %s by %s where no channel is named', (destination, channel) => {
    expect(start({ to: destination })).toMatchObject({ channel, code: undefined });
    expect(start({ to: destination, channel: undefined }).channel).toBe(channel);
  });

  it.each([undefined, null, '', 'x', 5, [to], '+1', 'ada@'])('is refused to %o', (bad) => {
    expect(errorOf(() => start({ to: bad }))).toMatchObject({ code: 'invalid_destination', field: 'to' });
    expect(errorOf(() => parseDestinationInput({ to: bad }))).toMatchObject({ code: 'invalid_destination', field: 'to' });
  });

  it.each(['SMS', '', 'fax', null, 5, ['sms'], 'toString'])('is refused by the channel %o', (channel) => {
    for (const parse of [() => start({ to, channel }), () => resend({ id, channel })]) {
      const error = errorOf(parse);
      expect([error.code, error.field]).toEqual(['invalid_request', 'channel']);
      expect(error.message).toBe('`channel` must be one of sms, call, whatsapp, email');
    }
  });

  it.each([
    [mail, 'sms', '`channel` sms does not reach an address'],
    [to, 'email', '`channel` email does not reach a phone number'],
  ] as const)('is refused to %s by %s', (destination, channel, message) => {
    const error = errorOf(() => start({ to: destination, channel }));
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'channel', message]);
  });

  it('is refused by a channel that the provider has no way out for, the default one as well', () => {
    const message = '`channel` sms is not offered here; offered: call, email';
    for (const input of [{ to }, { to, channel: 'sms' }]) {
      const error = errorOf(() => start(input, ['call', 'email']));
      expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'channel', message]);
    }
    expect(start({ to, channel: 'call' }, ['call', 'email']).channel).toBe('call');
    expect(errorOf(() => resend({ id, channel: 'sms' }, ['call'])).message).toBe('`channel` sms is not offered here; offered: call');
  });

  it.each([null, '', '123', '12345678901', 'abcdef', 123456])('is refused with a code of the caller that is %o', (code) => {
    expect(errorOf(() => start({ to, code }))).toMatchObject({ code: 'invalid_code', field: 'code' });
    expect(errorOf(() => resend({ id, code }))).toMatchObject({ code: 'invalid_code', field: 'code' });
  });
});

describe('resend', () => {
  it('is parsed whole, and leaves the channel open where none is named', () => {
    const owner = { purpose: 'login', requester: 'ada' };
    expect(resend({ id, channel: 'call', code: '1234', ...owner })).toEqual({ id, channel: 'call', code: '1234', ...owner });
    expect(resend({ id }, [])).toEqual({ id, channel: undefined, code: undefined, purpose: 'default', requester: undefined });
  });
});

describe('check', () => {
  it('is parsed whole, the code as it is typed', () => {
    const input = { id, code: '123-456', purpose: 'login', requester: 'ada', attemptId: 'attempt-1' };
    const { id: of, ...rest } = input;
    expect(check(input)).toEqual({ ...rest, of, code: '123456' });
    expect(check({ id, code: '1234' }).attemptId).toBeUndefined();
  });

  it('is one by destination with the requester it was started with, or where verifications are shared', () => {
    const { of } = parseCheck({ to, code: '123456', requester: 'ada' }, false);
    expect(of).toMatchObject({ kind: 'phone', masked: '+1********71' });
    expect(parseCheck({ to, code: '123456' }, true).requester).toBeUndefined();
    expect(errorOf(() => check({ to, code: '123456' }))).toMatchObject({ code: 'invalid_request', field: 'requester' });
    expect(errorOf(() => check({ to, id, code: '123456', requester: 'ada' }))).toMatchObject({ code: 'invalid_request', field: 'to' });
    expect(errorOf(() => check({ to: 'nobody', code: '123456', requester: 'ada' })).code).toBe('invalid_destination');
  });

  it.each([undefined, null, '', '12345x', 123456, ['123456'], true])('is refused with the code %o', (code) => {
    expect(errorOf(() => check({ id, code }))).toMatchObject({ code: 'invalid_code', field: 'code' });
  });

  it.each(['x'.repeat(8), 'x'.repeat(128)])('takes an attempt id of 8 to 128 characters: %s', (attemptId) => {
    expect(check({ id, code: '123456', attemptId }).attemptId).toBe(attemptId);
  });

  it.each(['', 'x'.repeat(7), 'x'.repeat(129), null, 12345678, 'attempt-\0', 'attempt-\ud800'])('refuses the attempt id %o', (attemptId) => {
    const error = errorOf(() => check({ id, code: '123456', attemptId }));
    const message = '`attemptId` must be a string of 8 to 128 characters, well-formed and without NUL';
    expect([error.code, error.field, error.message]).toEqual(['invalid_request', 'attemptId', message]);
  });
});

describe('provider options', () => {
  const parseOptions = (options: Readonly<Record<string, unknown>>) => ({ ...options, parsed: true });

  it('are parsed by the provider, as a copy', () => {
    const providerOptions = { locale: 'de' };
    const offer = { channels: CHANNELS, parseOptions };
    expect(parseStart({ to, providerOptions }, offer).options).toEqual({ locale: 'de', parsed: true });
    expect(parseResend({ id, providerOptions }, offer).options).toEqual({ locale: 'de', parsed: true });
    expect(parseStart({ to }, offer).options).toBeUndefined();
  });

  it.each([null, 'de', 1, ['de']])('are refused as %o', (providerOptions) => {
    const error = errorOf(() => parseStart({ to, providerOptions }, { channels: CHANNELS, parseOptions }));
    expect(error).toMatchObject({ code: 'invalid_request', field: 'providerOptions', message: '`providerOptions` must be an object' });
  });

  it('are refused where the provider takes none', () => {
    expect(errorOf(() => start({ to, providerOptions: {} }))).toMatchObject({ code: 'invalid_request', field: 'providerOptions' });
  });

  it('and a code of the caller is, where the provider issues its own', () => {
    const offer = { channels: CHANNELS, check: () => undefined };
    expect(errorOf(() => parseStart({ to, code: '123456' }, offer))).toMatchObject({ code: 'invalid_request', field: 'code' });
    expect(errorOf(() => parseResend({ id, code: '123456' }, offer))).toMatchObject({ code: 'invalid_request', field: 'code' });
  });
});

describe('what an operator names', () => {
  it('is a destination', () => {
    expect(parseDestinationInput({ to: mail }).to.reveal()).toBe(mail);
    expect(which({ id, requester: 'ada' })).toEqual({ of: id, purpose: 'default', requester: 'ada' });
  });
});

describe('an operator', () => {
  it('may be named, and need not be', () => {
    expect(parseDestinationInput({ to, by: 'SK0' }).by).toBe('SK0');
    expect(parseDestinationInput({ to }).by).toBeUndefined();
  });

  it.each([null, '', 5, 'Ada Lovelace', 'SK0:secret', 'a'.repeat(65)])('is not named %o', (by) => {
    expect(errorOf(() => parseDestinationInput({ to, by }))).toMatchObject({ code: 'invalid_request', field: 'by' });
  });
});

describe('a name', () => {
  it('is refused under the field it was given for', () => {
    expect(parseName('default', 'service')).toBe('default');
    expect(errorOf(() => parseName('', 'service')).code).toBe('invalid_request');
    expect(errorOf(() => parseName('', 'service', 'configuration_invalid'))).toMatchObject({ code: 'configuration_invalid', field: 'service' });
    expect(errorOf(() => parseName('', 'service'))).toMatchObject({
      field: 'service',
      message: expect.stringMatching(/^`service` must be 1 to 64 /),
    });
  });
});

describe('a channel', () => {
  it.each([
    ['sms', 'phone', true],
    ['call', 'phone', true],
    ['whatsapp', 'phone', true],
    ['email', 'phone', false],
    ['email', 'email', true],
    ['sms', 'email', false],
  ] as const)('%s reaches a destination of kind %s: %s', (channel, kind, reaches) => {
    if (reaches) expect(() => assertReaches(channel, kind)).not.toThrow();
    else expect(errorOf(() => assertReaches(channel, kind)).code).toBe('invalid_request');
  });
});
