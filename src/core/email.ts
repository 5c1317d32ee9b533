import { domainToASCII } from 'node:url';
import { HIDDEN_CHARACTER } from './digits.ts';
import { CountersignError } from './errors.ts';

/** RFC 5321 §4.5.3.1: 64 octets of local part, and 254 of address so that it fits a path of 256 with its angle brackets. */
const MAX_LOCAL_LENGTH = 64;
const MAX_ADDRESS_LENGTH = 254;

/** RFC 1035 §2.3.4. */
const MAX_LABEL_LENGTH = 63;

/** RFC 5322 §3.2.3: what an atom is made of. */
const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/;

/** RFC 5891 §4.4: letters, digits and hyphens, no hyphen at either end. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * What makes a second recipient, a header or a surprise out of an address, each with its reason. Mail libraries disagree about quotes and
 * comments, so that one of them reads another recipient than the one that was checked.
 */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [HIDDEN_CHARACTER, 'contains a control, bidirectional or invisible character'],
  [/\s/, 'contains white space; give one address with nothing around it'],
  [/[,;]/, 'contains a comma or semicolon; give one address'],
  [/[<>]/, 'contains angle brackets; give the address alone'],
  [/["\\]/, 'contains a quoted local part, which is not accepted'],
  [/[()]/, 'contains a comment, which is not accepted'],
  [/[[\]]/, 'contains an IP address where a domain name must stand'],
  [/@[^@]*@/, 'contains more than one @; give one address'],
  [/^[^@]*$/, 'contains no @'],
];

/**
 * Parses one email address: a dot-atom, `@` and a domain name.
 *
 * @returns the canonical text: the local part as given (RFC 5321 §2.4 leaves its case to the host), the domain in lower-case ASCII. A domain
 *   in another script is shown in its `xn--` form from here on, so that a look-alike can be told.
 * @throws {CountersignError} `invalid_destination` on anything else; the message never repeats the input.
 */
export function parseEmail(input: string): string {
  if (input.length > MAX_ADDRESS_LENGTH) throw invalid(`is longer than ${MAX_ADDRESS_LENGTH} characters`);
  for (const [pattern, fault] of REFUSED) if (pattern.test(input)) throw invalid(fault);
  const [local, domain] = splitAddress(input);
  assertLocalPart(local);
  const address = `${local}@${parseDomain(domain)}`;
  if (address.length > MAX_ADDRESS_LENGTH) throw invalid(`is longer than ${MAX_ADDRESS_LENGTH} characters`);
  return address;
}

function assertLocalPart(local: string): void {
  if (local === '') throw invalid('has nothing before its @');
  if (/[^\p{ASCII}]/u.test(local)) throw invalid('has a letter outside ASCII before its @, which many mail servers cannot deliver to');
  if (local.length > MAX_LOCAL_LENGTH) throw invalid(`has more than ${MAX_LOCAL_LENGTH} characters before its @`);
  for (const atom of local.split('.')) {
    if (atom === '') throw invalid('has a dot at the beginning or end of its local part, or two in a row');
    if (!ATOM.test(atom)) throw invalid('has a character before its @ that needs quoting, which is not accepted');
  }
}

/** Ensure that only letters, digits, hyphens and dots reach `domainToASCII`: it parses like a URL, and would cut `a.com/b` and decode `%41`. */
function parseDomain(typed: string): string {
  if (/[^\p{L}\p{M}\p{Nd}.-]/u.test(typed)) throw invalid('has a character after its @ that no domain name has');
  const domain = domainToASCII(typed);
  const labels = domain.split('.');
  if (labels.length < 2) throw invalid('has no full domain name after its @');
  for (const label of labels) {
    if (label === '') throw invalid('has a dot at the beginning or end of its domain, or two in a row');
    if (label.length > MAX_LABEL_LENGTH) throw invalid(`has a part of more than ${MAX_LABEL_LENGTH} characters in its domain`);
    if (!LABEL.test(label)) throw invalid('has a part in its domain that begins or ends with a hyphen');
  }
  // Numeric at the end is an IPv4 address to a resolver, `127.0.0.1` and `0x7f.1` alike (WHATWG URL, "ends in a number").
  if (/\.\d+$/.test(domain)) throw invalid('contains an IP address where a domain name must stand');
  return domain;
}

/** How a mail host spells one mailbox in several ways. */
interface MailHost {
  readonly domain: RegExp;
  /** The one domain that stands for all of them; by default each stands for itself. */
  readonly as?: string;
  /** Characters in a local part that the host does not look at. */
  readonly ignored?: RegExp;
  /** What begins a tag there, beside the plus. */
  readonly tag?: string;
}

/**
 * Hosts with more than the two rules that go for all. Outlook, Hotmail and Live are absent: there dots count, and one name at two domains may
 * be two people.
 */
const MAIL_HOSTS: readonly MailHost[] = [
  { domain: /^(?:gmail|googlemail)\.com$/, as: 'gmail.com', ignored: /\./g },
  // Older accounts own their name at all three: support.apple.com/118230.
  { domain: /^(?:icloud|me|mac)\.com$/, as: 'icloud.com' },
  // One account has its name at several of them (proton.me/support/addresses-and-aliases), with any punctuation (observed, not documented).
  { domain: /^(?:proton\.me|pm\.me|protonmail\.(?:com|ch))$/, as: 'proton.me', ignored: /[._-]/g },
  // Every mailbox has its name at each of them: yandex.com/support/id/authorization/email.html. There dot and hyphen are one character.
  { domain: /^(?:ya\.ru|yandex\.(?:ru|com|by|kz|ua))$/, as: 'yandex.ru', ignored: /[.-]/g },
  // Disposable addresses are `nickname-keyword`; a Yahoo name itself has no hyphen.
  { domain: /^(?:yahoo\.[a-z]{2,3}(?:\.[a-z]{2})?|(?:ymail|rocketmail|myyahoo)\.com)$/, tag: '-' },
];

/** `tag@user.fastmail.com` is `user+tag@fastmail.com`: fastmail.help, "Plus addressing and subdomain addressing". */
const FASTMAIL_SUBDOMAIN = /^([a-z0-9-]+)\.(fastmail\.(?:com|fm))$/;

/**
 * The spelling that all spellings of one mailbox share: what limits are counted by, never what a message is sent to and never what a code
 * proves.
 *
 * Case and `+tag` are folded for every host, known or not. Most mail for a company's own domain is kept by hosts that have plus-addressing,
 * and to spare those an attacker would have fresh budgets without end against one inbox; where a host does give `a+b` to another person than
 * `a`, these two share their budgets, which is less.
 */
export function foldEmail(address: string): string {
  const [typedLocal, typedDomain] = splitAddress(address.toLowerCase());
  const [, user, fastmail] = FASTMAIL_SUBDOMAIN.exec(typedDomain) ?? [];
  const domain = fastmail ?? typedDomain;
  const host = MAIL_HOSTS.find((candidate) => candidate.domain.test(domain));
  let local = cutTag(user ?? typedLocal, '+');
  if (host?.tag !== undefined) local = cutTag(local, host.tag);
  // A name of ignored characters alone is kept: something must stay to be counted.
  if (host?.ignored !== undefined) local = local.replace(host.ignored, '') || local;
  return `${local}@${host?.as ?? domain}`;
}

/** `a***@example.com`: enough to know one's own address by. */
export function maskEmail(address: string): string {
  const [local, domain] = splitAddress(address);
  return `${local.charAt(0)}***@${domain}`;
}

/** Cuts at the first `mark`; one that begins the text is part of the name. */
function cutTag(local: string, mark: string): string {
  const at = local.indexOf(mark);
  return at > 0 ? local.slice(0, at) : local;
}

function splitAddress(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf('@');
  return [address.slice(0, at), address.slice(at + 1)];
}

function invalid(fault: string): CountersignError {
  return new CountersignError('invalid_destination', `The email address in \`to\` ${fault}`, { field: 'to' });
}
