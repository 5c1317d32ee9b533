import { describe, expect, it } from 'vitest';
import { findClientAddress } from './client-address.ts';

describe('the address of a client', () => {
  it.each([
    ['the connection’s, where no proxy is trusted', '9.9.9.9', 0, '10.0.0.1'],
    ['the connection’s, where no header came', undefined, 1, '10.0.0.1'],
    ['what the one proxy saw', '1.1.1.1, 9.9.9.9', 1, '9.9.9.9'],
    ['what the outer of two saw', '6.6.6.6, 9.9.9.9, 10.0.0.2', 2, '9.9.9.9'],
    ['the outermost there is, where there are fewer than trusted', '9.9.9.9', 3, '9.9.9.9'],
    ['of several headers one', ['6.6.6.6', '9.9.9.9'], 1, '9.9.9.9'],
    ['of IPv6 too', '2001:db8::1', 1, '2001:db8::1'],
    ['the connection’s, where a proxy wrote no address', 'unknown', 1, '10.0.0.1'],
    ['the connection’s, where it is empty', '', 1, '10.0.0.1'],
  ])('is %s', (_, forwarded, hops, address) => {
    expect(findClientAddress('10.0.0.1', forwarded, hops)).toBe(address);
  });
});
