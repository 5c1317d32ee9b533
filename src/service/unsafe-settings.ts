import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { listSenderNames, UNREAL_SENDERS } from './create-senders.ts';
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

function findSecretProblems({ secret, keys, database }: Settings): readonly Unsafe[] {
  if (secret === undefined && keys === undefined) {
    const problem = 'is missing: set COUNTERSIGN_SECRET to at least 32 random bytes ("openssl rand -base64 48"), and keep it apart from the database';
    return [{ setting: 'secret', problem }];
  }
  const file = isSqlitePath(database) ? readQuietly(`${database}.key`) : undefined;
  const given = [secret, ...(keys ?? []).map((key) => key.secret)];
  if (file === undefined || !given.includes(file)) return [];
  return [{ setting: 'secret', problem: `is the one in ${database}.key, beside the database: whoever copies the one has the other; move it away` }];
}

function findSenderProblems(settings: Settings): readonly Unsafe[] {
  if (settings.provider === 'twilio_verify' || listSenderNames(settings).some((name) => !UNREAL_SENDERS.includes(name))) return [];
  return [{ setting: 'senders', problem: 'reach nobody: set up smtp, twilio, vonage or an HTTP gateway' }];
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
  const isEverywhere = (trustedProxies ?? []).some((entry) => /\/0$/.test(entry));
  if (isEverywhere) return [{ setting: 'trustedProxies', problem: 'trust X-Forwarded-For from everywhere: name the addresses of your proxies' }];
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

function addRange(list: BlockList, entry: string): void {
  if (!isRange(entry)) return;
  const [address = '', bits] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
