import { readFileSync, realpathSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { CountersignError } from '../core/errors.ts';
import { createSenders, listSenderNames, UNREAL_SENDERS } from './create-senders.ts';
import { isSqlitePath } from './open-store.ts';
import type { Settings } from './settings.ts';

/** A setting that production is not begun with, and what to do. */
export interface Unsafe {
  readonly setting: string;
  readonly problem: string;
}

/** Everything that makes settings unfit for production, as far as settings alone tell. */
export function findUnsafeSettings(settings: Settings): readonly Unsafe[] {
  return [...findSecretProblems(settings), ...findSenderProblems(settings), ...findCountryProblems(settings), ...findProxyProblems(settings)];
}

/** Whether an address means this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || LOOPBACK.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** The proxies that are believed. */
export function createProxyList(entries: readonly string[] | undefined): (address: string) => boolean {
  if (entries === undefined) return isLoopbackHost;
  const list = new BlockList();
  for (const entry of entries) addRange(list, entry);
  return (address) => {
    // An IPv4 client of a socket that listens on both comes as `::ffff:…`.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function findSecretProblems({ secret, keys, indexSecret, database }: Settings): readonly Unsafe[] {
  if (secret === undefined && keys === undefined) {
    const problem = 'is missing: set COUNTERSIGN_SECRET to at least 32 random bytes ("openssl rand -base64 48"), and keep it apart from the database';
    return [{ setting: 'secret', problem }];
  }
  const beside = isSqlitePath(database) ? readKeysBeside(database) : [];
  const given = { secret: [secret], keys: (keys ?? []).map((key) => key.secret), indexSecret: [indexSecret] };
  return Object.entries(given).flatMap(([setting, secrets]) => {
    const found = beside.find(({ text }) => secrets.includes(text));
    if (found === undefined) return [];
    return [{ setting, problem: `is the one in ${found.path}, beside the database: whoever copies the one has the other; move it away` }];
  });
}

/** What is in the key files beside a database: beside the path it is given by, and beside the file that a link there leads to. */
function readKeysBeside(database: string): readonly { readonly path: string; readonly text: string }[] {
  const paths = [database, readQuietly(() => realpathSync(database))].filter((path) => path !== undefined);
  return [...new Set(paths)].flatMap((path) => {
    const text = readQuietly(() => readFileSync(`${path}.key`, 'utf8').trim());
    return text === undefined ? [] : [{ path: `${path}.key`, text }];
  });
}

function findSenderProblems(settings: Settings): readonly Unsafe[] {
  if (settings.provider === 'twilio_verify') return [];
  const fault = findSenderFault(settings);
  if (fault !== undefined) return [{ setting: 'senders', problem: `cannot be used: ${fault}` }];
  const names = listSenderNames(settings);
  const unreal = names.filter((name) => UNREAL_SENDERS.includes(name));
  if (unreal.length === names.length) return [{ setting: 'senders', problem: 'reach nobody: set up smtp, twilio, vonage or an HTTP gateway' }];
  if (unreal.length === 0) return [];
  return [{ setting: 'senders', problem: `show codes to whoever runs this: take ${unreal.join(' and ')} out` }];
}

/** Why the senders that are named cannot be made; undefined where they can, or where codes go another way. */
export function findSenderFault(settings: Settings): string | undefined {
  if (settings.provider === 'twilio_verify') return undefined;
  try {
    createSenders(settings);
    return undefined;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return error.message;
  }
}

function findCountryProblems(settings: Settings): readonly Unsafe[] {
  const { allowedCountries, provider } = settings;
  const names = listSenderNames(settings);
  const isMailOnly = provider === 'self_issued' && names.length > 0 && names.every((name) => name === 'smtp');
  if (allowedCountries !== undefined || isMailOnly) return [];
  const problem =
    'is missing: name the countries that your users are in, such as COUNTERSIGN_ALLOWED_COUNTRIES=DE,AT; the rest is where fraud is paid for';
  return [{ setting: 'allowedCountries', problem }];
}

function findProxyProblems({ trustedHops, trustedProxies, host }: Settings): readonly Unsafe[] {
  const faulty = (trustedProxies ?? []).filter((entry) => !isRange(entry));
  if (faulty.length > 0) return [{ setting: 'trustedProxies', problem: 'must be addresses, or ranges such as 10.0.0.0/8' }];
  if (trustedHops === 0) return [];
  if ((trustedProxies ?? []).some(isTooWide)) {
    const problem = `trust X-Forwarded-For from everywhere, or nearly: name the addresses of your proxies, or ranges no wider than /${WIDEST.ipv4} (of IPv6 /${WIDEST.ipv6})`;
    return [{ setting: 'trustedProxies', problem }];
  }
  if (trustedProxies === undefined && !isLoopbackHost(host)) {
    return [{ setting: 'trustedProxies', problem: 'is missing: with trustedHops, name the addresses that your proxies connect from' }];
  }
  return [];
}

function isRange(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)));
}

/** The widest range that is one owner's: nobody holds more of IPv4 in one piece, and of IPv6 no more than a /16 is for anybody's network. */
const WIDEST = { ipv4: 8, ipv6: 16 } as const;

/** Ranges of IPv6 that no router passes on, however wide: RFC 4193 and RFC 4291 §2.5.6. */
const LOCAL = [
  ['fc00::', 7],
  ['fe80::', 10],
] as const;

/** All of IPv4 within IPv6: RFC 4291 §2.5.5.2. */
const MAPPED_BITS = 96;

function isTooWide(entry: string): boolean {
  const [address = '', text] = entry.split('/');
  const isIpv6 = isIP(address) === 6;
  const bits = text === undefined ? (isIpv6 ? 128 : 32) : Number(text);
  if (!isIpv6) return bits < WIDEST.ipv4;
  if (isMapped(entry) && bits < MAPPED_BITS + WIDEST.ipv4) return true;
  return bits < WIDEST.ipv6 && !LOCAL.some(([first, least]) => bits >= least && isWithin(address, first, least));
}

/** Whether a range of IPv6 lies in the addresses of IPv4, or holds them. */
function isMapped(entry: string): boolean {
  const [address = '', bits = '128'] = entry.split('/');
  return isWithin(address, '::ffff:0:0', MAPPED_BITS) || isWithin('::ffff:0:0', address, Number(bits));
}

function isWithin(address: string, first: string, bits: number): boolean {
  const range = new BlockList();
  range.addSubnet(first, bits, 'ipv6');
  return range.check(address, 'ipv6');
}

function addRange(list: BlockList, entry: string): void {
  if (!isRange(entry)) return;
  const [address = '', bits] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

function readQuietly(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
