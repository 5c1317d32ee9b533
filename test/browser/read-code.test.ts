import { describe, expect, it } from 'vitest';
import { digitsOf, readCode, toAsciiDigits } from '../../web/read-code.ts';

describe('digits', () => {
  it('of every script are 0–9', () => {
    const zeros = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7f6, 0x1e950, 0x1fbf0];
    for (const zero of zeros) {
      const row = String.fromCodePoint(...Array.from({ length: 10 }, (_, value) => zero + value));
      expect(toAsciiDigits(row), zero.toString(16)).toBe('0123456789');
    }
  });

  it('are what is left without what stands between them', () => {
    expect(digitsOf('١٢٣-４５６ ²½①x')).toBe('123456');
  });
});

describe('a code in a text', () => {
  it.each([
    ['123456', '123456'],
    [' 123-456\n', '123456'],
    ['123 456', '123456'],
    ['1 2 3 4 5 6', '123456'],
    ['123\u2013456', '123456'],
    ['\u2067١٢٣٤٥٦\u2069', '123456'],
    ['1234', '1234'],
    ['Your code is 123456.', '123456'],
    ['G-123456 is your code.', '123456'],
    ['123 456 is your code. It is good for 10 minutes.', '123456'],
    ['Code: 123-456, not 12-34', '123456'],
    ['您的验证码是123456，请勿告诉他人', '123456'],
    ['رمزك هو ١٢٣٤٥٦', '123456'],
    ['123456 is your code. Again: 123456', '123456'],
    ['654321 is your number, 111222 your order.\n\n@shop.example #123456', '123456'],
    ['654321 is your number. @shop.example #123456', '123456'],
    ['123456 is your code. Questions? +1 202 555 0143', '123456'],
    ['123456 is your code for 1,234,567.00 on 2026-11-25', '123456'],
  ])('is found: %j', (text, code) => {
    expect(readCode(text, 6)).toBe(code);
  });

  it.each([
    [''],
    ['hello'],
    ['1234567'],
    ['123-4567'],
    ['12345678'],
    ['Your code is 12345.'],
    ['Your code is 1234567.'],
    ['123456 or 654321'],
    ['123 456 or 654 321'],
    ['order A123456'],
    ['order 123456b'],
    ['call +1 202 555 0143'],
    ['call 555-123456'],
    ['paid 123456.50'],
    ['paid 1,123456'],
    ['@shop.example #1234567'],
  ])('is not guessed: %j', (text) => {
    expect(readCode(text, 6)).toBeUndefined();
  });

  it.each([4, 5, 6, 7, 8, 9, 10])('is found at %i digits', (length) => {
    const code = '1234567890'.slice(0, length);
    expect(readCode(`Your code: ${code}. Never tell it.`, length)).toBe(code);
    expect(readCode(`Your code: ${code.slice(0, 2)}-${code.slice(2)}`, length)).toBe(code);
  });
});
