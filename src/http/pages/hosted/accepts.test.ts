import { describe, expect, it } from 'vitest';
import { acceptsGzip, isScript } from './accepts.ts';

describe('what a browser takes', () => {
  it.each([
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['br,gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['gzip;q=0.001', true],
    ['gzip; q=0', false],
    ['gzip;q=0.000, br', false],
    ['xgzip', false],
    ['x-gzip', false],
    ['br', false],
    ['', false],
    [undefined, false],
  ])('of encodings %j: gzip is %s', (header, expected) => {
    expect(acceptsGzip({ headers: header === undefined ? {} : { 'accept-encoding': header } })).toBe(expected);
  });

  it.each([
    ['application/json', true],
    ['text/html,application/xhtml+xml,application/json;q=0.9', false],
    ['application/json, text/html', false],
    ['*/*', false],
    [undefined, false],
  ])('%j: is the page’s script: %s', (accept, expected) => {
    expect(isScript({ headers: accept === undefined ? {} : { accept } })).toBe(expected);
  });
});
