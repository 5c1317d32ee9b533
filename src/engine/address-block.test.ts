import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAddressBlock } from './address-block.ts';

describe('the block of a client address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1%eth0', '192.0.2.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['64:ff9b:1::192.0.2.1', '64:ff9b:1:0::/64'],
    ['::192.0.2.1', '0:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['2001:DB8:0:1:FFFF:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['2001:0db8:0000:0001:0000:0000:0000:0001', '2001:db8:0:1::/64'],
    ['2001:db8::1:0:0:0:1', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:2:3:192.0.2.1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (address, block) => {
    expect(toAddressBlock(address)).toBe(block);
  });

  it.each([
    ...[
      '',
      ' ',
      'x',
      'localhost',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '01.2.3.4',
      '0x1.2.3.4',
      '1.2.3.4 ',
      '1.2.3.4:80',
      '[::1]',
      '1.2.3.4, 5.6.7.8',
    ],
    ...[':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::12345', '::1/64', '::ffff:1.2.3', '::%', '::1\0', '１.2.3.4'],
  ])('%j is no address', (address) => {
    expect(toAddressBlock(address)).toBeUndefined();
  });

  it('is one however an address is spelt, and two for two networks', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 0x2000, max: 0x3fff }), group, group, group),
        fc.tuple(group, group, group, group),
        fc.nat(3),
        (network, host, at) => {
          const groups = [...network, ...host].map((value) => value.toString(16));
          const spellings = [groups.join(':'), groups.map((text) => text.padStart(4, '0').toUpperCase()).join(':')];
          const zeroed = groups.map((text, index) => (index === at + 4 ? '0' : text));
          const shortened = `${zeroed.slice(0, at + 4).join(':')}::${zeroed.slice(at + 5).join(':')}`;
          const blocks = [...spellings, zeroed.join(':'), shortened].map(toAddressBlock);
          expect(new Set(blocks).size).toBe(1);
          const other = groups.map((text, index) => (index === at ? (network[at]! ^ 1).toString(16) : text)).join(':');
          expect(toAddressBlock(other)).not.toBe(blocks[0]);
        },
      ),
    );
  });
});
