import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS, channelsFor, Destination, parseDestination } from './destination.ts';
import { CountersignError } from './errors.ts';

/** The one error that parsing may end in. */
function refusal(input: unknown): CountersignError {
  try {
    parseDestination(input);
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'invalid_destination', status: 400, field: 'to' });
    return error as CountersignError;
  }
  throw new Error('was accepted');
}

describe('a destination', () => {
  it('is a phone number in its exact canonical form', () => {
    const destination = parseDestination('+1 (415) 555-2671');
    expect(destination).toBeInstanceOf(Destination);
    expect(destination).toMatchObject({ kind: 'phone', masked: '+1********71', country: 'US' });
    expect(destination.reveal()).toBe('+14155552671');
    expect(destination.revealFolded()).toBe('+14155552671');
  });

  it('is an email address, as given before its @ and in lower-case ASCII after it', () => {
    const destination = parseDestination('Ada+x@Bücher.de');
    expect(destination).toMatchObject({ kind: 'email', masked: 'A***@xn--bcher-kva.de', country: undefined });
    expect(destination.reveal()).toBe('Ada+x@xn--bcher-kva.de');
    expect(destination.revealFolded()).toBe('ada@xn--bcher-kva.de');
  });

  it.each([
    ['+5491123456789', '+541123456789'],
    ['+551177654321', '+5511977654321'],
    ['+972592123456', '+970592123456'],
    ['A@example.com', 'a@example.com'],
    ['a.da@gmail.com', 'ada+x@googlemail.com'],
  ])('%s and %s are two destinations under one limit', (one, other) => {
    expect(parseDestination(one).reveal()).not.toBe(parseDestination(other).reveal());
    expect(parseDestination(one).revealFolded()).toBe(parseDestination(other).revealFolded());
  });

  it.each([
    ['undefined', undefined, /type undefined/],
    ['null', null, /not null/],
    ['true', true, /type boolean/],
    ['a number', 14155552671, /type number/],
    ['a bigint', 14155552671n, /type bigint/],
    ['an array', ['+14155552671'], /an array/],
    ['two in an array', ['+14155552671', '+14155552672'], /an array/],
    ['an object', { $gt: '' }, /type object/],
    ['an object that prints a number', { toString: () => '+14155552671' }, /type object/],
    ['a String object', new String('+14155552671'), /type object/],
    ['a function', () => '+14155552671', /type function/],
    ['a symbol', Symbol('+14155552671'), /type symbol/],
    ['the empty text', '', /empty/],
    ['10 kB of a phone number', '+1'.padEnd(10_240, '4'), /longer than 320/],
    ['10 kB of an address', `ada@example.com${' '.repeat(10_240)}`, /longer than 320/],
    ['10 kB of @', '@'.repeat(10_240), /longer than 320/],
    ['a phone number with NULs', '\u0000+14155552671\u0000', /phone number.*control/],
    ['an address with NULs', 'ada@example.com\u0000', /email address.*control/],
    ['a phone number and an address', '+14155552671,ada@example.com', /email address.*comma/],
    ['two phone numbers', '+14155552671,+14155552672', /phone number/],
    ['two addresses', 'ada@example.com,eve@example.com', /email address.*comma/],
    ['a word', 'ada', /phone number.*letters/],
  ])('is not %s', (_, input, message) => {
    expect(refusal(input).message).toMatch(message);
  });

  it('is what parsing ends in, or the one error, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 400 }), fc.emailAddress()), (input) => {
        try {
          expect(parseDestination(input)).toBeInstanceOf(Destination);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_destination' });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('is never repeated by a refusal: no four digits in a row of it', () => {
    const noise = fc.constantFrom('', '@', ' ', 'x', ',', '\u0000', '(0)', '@1.2.3.4', '²', '+', ' '.repeat(400));
    fc.assert(
      fc.property(fc.stringMatching(/^\+?[0-9]{4,30}$/), noise, (digits, rest) => {
        try {
          parseDestination(digits + rest);
        } catch (error) {
          const printed = `${inspect(error, { showHidden: true })} ${JSON.stringify(error)}`.replace(/ at .*/g, '');
          for (const [, run] of digits.matchAll(/(?=([0-9]{4}))/g)) expect(printed).not.toContain(run);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a printed destination', () => {
  it('is masked', () => {
    const destination = parseDestination('+14155552671');
    expect(`${destination}`).toBe('+1********71');
    expect(JSON.stringify({ to: destination })).toBe('{"to":"+1********71"}');
    expect(inspect({ to: destination }, { showHidden: true })).toContain('+1********71');
  });

  it.each(['+14155552671', '+5491123456789', 'Ada.Lovelace+x@example.com', 'Ada.Lovelace+x@gmail.com'])('shows %s in no way', (text) => {
    const destination = parseDestination(text);
    const nested = { a: [{ b: new Map([['c', destination]]), d: new Set([destination]), e: destination }] };
    const settings = [{}, { showHidden: true }, { depth: null, showHidden: true }, { customInspect: false, showHidden: true, depth: null }];
    const printings = [
      `${destination}`,
      String(destination),
      // biome-ignore lint/style/useTemplate: concatenation asks for another primitive than a template does.
      '' + (destination as unknown as string),
      [destination].join(),
      JSON.stringify(nested),
      JSON.stringify({ ...destination }),
      JSON.stringify(structuredClone(destination)),
      Object.entries(destination).join(),
      ...settings.flatMap((options) => [inspect(destination, options), inspect(nested, options)]),
      ...['%s', '%d', '%j', '%o', '%O', ''].flatMap((directive) => [format(directive, destination), format(directive, nested)]),
      inspect(new Error('failed', { cause: destination }), { showHidden: true }),
      logged((console) => {
        console.log(destination, nested);
        console.error('failed: %s', destination);
        console.dir(nested, { showHidden: true, depth: null });
        console.table([destination]);
      }),
    ];
    for (const printing of printings) for (const hidden of hiddenParts(destination)) expect(printing.toLowerCase()).not.toContain(hidden);
  });
});

describe('the channels', () => {
  it('of a phone number begin with sms', () => {
    expect(channelsFor('phone')).toEqual(['sms', 'call', 'whatsapp']);
  });

  it('of an address are email', () => {
    expect(channelsFor('email')).toEqual(['email']);
  });

  it('are all of them, of one kind or the other', () => {
    expect([...channelsFor('phone'), ...channelsFor('email')]).toEqual([...CHANNELS]);
  });
});

/** What the mask leaves out, in both spellings. */
function hiddenParts(destination: Destination): string[] {
  return [destination.reveal(), destination.revealFolded()].map((text) =>
    (destination.kind === 'email' ? text.split('@')[0]! : text.slice(3, -2)).toLowerCase(),
  );
}

function logged(use: (console: Console) => void): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  use(new Console(stream, stream));
  return text;
}
