import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountersignError, ERROR_CODES, type ErrorCode, toErrorCause } from './errors.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe('the table of errors', () => {
  it.each([
    ['invalid_destination', 400, false],
    ['invalid_code', 400, false],
    ['invalid_request', 400, false],
    ['unauthorized', 401, false],
    ['forbidden', 403, false],
    ['not_found', 404, false],
    ['conflict', 409, true],
    ['provider_unavailable', 503, true],
    ['provider_rejected', 422, false],
    ['store_unavailable', 503, true],
    ['configuration_invalid', 500, false],
  ] as const)('gives %s the status %i', (code, status, retryable) => {
    const error = new CountersignError(code, 'what happened');
    expect(error).toMatchObject({ name: 'CountersignError', code, status, retryable, docs: `docs/errors/${code}.md`, message: 'what happened' });
  });

  it('has these codes and no other', () => {
    expect(CODES).toHaveLength(11);
    for (const code of CODES) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});

describe('an error', () => {
  it('is an Error, so that a catch and a log know it', () => {
    const error = new CountersignError('not_found', 'no such thing');
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('CountersignError: no such thing');
    expect(error.stack).toContain('no such thing');
  });

  it('names the field at fault, where there is one', () => {
    expect(new CountersignError('invalid_code', 'bad', { field: 'code' })).toHaveProperty('field', 'code');
    expect(new CountersignError('invalid_code', 'bad').field).toBeUndefined();
    expect(new CountersignError('invalid_code', 'bad')).not.toHaveProperty('cause');
  });

  it('is code, message, field and page in JSON: no stack and no cause', () => {
    const error = new CountersignError('store_unavailable', 'down', { field: 'url', cause: new Error('secret') });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'store_unavailable',
      message: 'down',
      field: 'url',
      docs: 'docs/errors/store_unavailable.md',
    });
    expect(JSON.parse(JSON.stringify(new CountersignError('conflict', 'twice')))).toEqual({
      code: 'conflict',
      message: 'twice',
      docs: 'docs/errors/conflict.md',
    });
  });

  it('carries a copy of its cause, never the object', () => {
    const cause = Object.assign(new TypeError('to +14155552671 with token abc'), { code: 'ECONNRESET', status: 502, config: { auth: 'abc' } });
    const error = new CountersignError('provider_unavailable', 'no answer', { cause });
    expect(error.cause).toEqual({ name: 'TypeError', code: 'ECONNRESET', status: 502 });
    expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/4155552671|abc/);
  });
});

describe('the copy of a cause', () => {
  it.each([
    ['an error', new RangeError('x'), { name: 'RangeError' }],
    ['an error of the system', Object.assign(new Error('x'), { code: 'ENOTFOUND' }), { name: 'Error', code: 'ENOTFOUND' }],
    ['an error of SQLite', Object.assign(new Error('x'), { code: 'SQLITE_BUSY' }), { name: 'Error', code: 'SQLITE_BUSY' }],
    ['an error of Twilio', { name: 'RestException', code: 20_404, status: 404 }, { name: 'RestException', code: '20404', status: 404 }],
    ['a negative code', { name: 'SystemError', code: -104 }, { name: 'SystemError', code: '-104' }],
    ['undefined', undefined, { name: 'undefined' }],
    ['null', null, { name: 'object' }],
    ['a text', '+14155552671', { name: 'string' }],
    ['a number', 14155552671, { name: 'number' }],
    ['a function', () => '+14155552671', { name: 'function' }],
    ['an empty object', {}, { name: 'Error' }],
    ['a name that is a number', { name: '+14155552671' }, { name: 'Error' }],
    ['a name with a digit', { name: 'Error4155' }, { name: 'Error' }],
    ['a long name', { name: 'A'.repeat(41) }, { name: 'Error' }],
    ['a name that is no text', { name: ['Error'] }, { name: 'Error' }],
    ['a code that is a phone number', { name: 'E', code: 14155552671 }, { name: 'E' }],
    ['a code that is a one-time code', { name: 'E', code: '123456' }, { name: 'E' }],
    ['a six-digit code as a number', { name: 'E', code: 123_456 }, { name: 'E' }],
    ['a code that is not a number', { name: 'E', code: Number.NaN }, { name: 'E' }],
    ['a status that is none', { name: 'E', status: 14155552671 }, { name: 'E' }],
    ['a status too small', { name: 'E', status: 99 }, { name: 'E' }],
    ['a status too large', { name: 'E', status: 600 }, { name: 'E' }],
    ['a status that is a text', { name: 'E', status: '404' }, { name: 'E' }],
  ])('of %s', (_, cause, copy) => {
    expect(toErrorCause(cause)).toEqual(copy);
  });

  it('never holds what an SDK put into its error', () => {
    const marker = fc.stringMatching(/^[0-9]{6,15}$/);
    fc.assert(
      fc.property(marker, fc.constantFrom('message', 'name', 'code', 'status', 'config', 'cause', 'stack'), (digits, property) => {
        for (const value of [digits, `+${digits}`, Number(digits), { auth: digits }, [digits]]) {
          const printed = inspect(toErrorCause({ name: 'Error', [property]: value }), { showHidden: true, depth: null });
          // As a number, a marker of zeros and five digits is a short number: what may be kept.
          if (!(typeof value === 'number' && value < 100_000)) expect(printed).not.toContain(digits);
        }
      }),
    );
  });
});
