import { describe, expect, it } from 'vitest';
import { isPageUrl } from './page-address.ts';

describe('an address of the hosted page', () => {
  it.each(['/verify', '/verify/', '/verify?x', '/verify/PS/x', '/verify/%zz', '/verify#'])('is %s', (url) => {
    expect(isPageUrl(url)).toBe(true);
  });

  it.each(['', '/', '/verifyx', '/VERIFY/', '/v1/verify', 'verify/', '//verify/', '/v2/Services/verify'])('is not %j', (url) => {
    expect(isPageUrl(url)).toBe(false);
  });
});
