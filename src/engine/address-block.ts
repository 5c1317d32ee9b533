import { isIPv4, isIPv6 } from 'node:net';

/** What IPv6 wraps an IPv4 address in, as groups: mapped (RFC 4291 §2.5.5.2), and the well-known prefix of NAT64 (RFC 6052 §2.1). */
const WRAPPED = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * Whom requests from a client address are counted for: an IPv4 address; of an IPv6 address its /64, the least that a subscriber is given (RFC 6177), within
 * which it may change with every request. However it is spelt, one block has one text. Undefined for what is no address.
 */
export function toAddressBlock(address: string): string | undefined {
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = toGroups(address);
  if (WRAPPED.includes(groups.slice(0, 6).join(':'))) return groups.slice(6).flatMap(toBytes).join('.');
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function toGroups(address: string): readonly string[] {
  // A zone (RFC 4007) names an interface of this machine.
  const [plain = ''] = address.split('%');
  const dotted = /[\d.]+\.\d+$/.exec(plain)?.[0];
  const [head = '', tail] = (dotted === undefined ? plain : plain.slice(0, -dotted.length) + fromDotted(dotted)).split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}

function fromDotted(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function toBytes(group: string): readonly number[] {
  const value = Number.parseInt(group, 16);
  return [Math.floor(value / 256), value % 256];
}
