import { describe, expect, it } from 'vitest';
import { describeOriginFault, describeSubjectFault, describeTemplateFault, toOriginHost } from './message-rules.ts';

describe('the rules of message texts', () => {
  it.each([
    ['{code}', undefined],
    ['Your code:\n{code}', undefined],
    ['{code} {code}', 'exactly once'],
    ['no code', 'exactly once'],
    ['{code} {name}', 'no placeholder'],
    ['{code}\r', 'no control characters'],
    ['{code} \u202e', 'no bidirectional'],
    ['{code} \ud800', 'no control characters'],
    [7, 'must be a text'],
    [null, 'must be a text'],
  ])('take a template or say what is wrong with it: %j', (template, fault) => {
    const found = describeTemplateFault(template);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  it.each([
    ['Your code', undefined],
    [' ', 'must be a text'],
    [undefined, 'must be a text'],
    ['one\ntwo', 'one line'],
    ['{code}', 'no placeholder'],
  ])('take a subject or say what is wrong with it: %j', (subject, fault) => {
    const found = describeSubjectFault(subject);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  it.each([
    ['https://example.com', 'example.com'],
    ['HTTPS://Example.com/', 'example.com'],
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['http://example.com', undefined],
    ['https://example.com:443', undefined],
    ['https://example.com/path', undefined],
    ['https://user@example.com', undefined],
    ['https://exa\tmple.com', undefined],
    ['', undefined],
    [7, undefined],
  ])('take the host of an origin, or say what is wrong with it: %j', (origin, host) => {
    expect(toOriginHost(origin)).toBe(host);
    expect(describeOriginFault(origin) === undefined).toBe(host !== undefined);
  });
});
