import { HIDDEN_CHARACTER } from '../../core/digits.ts';
import { parseEmail } from '../../core/email.ts';
import { isLoopback } from '../../core/loopback.ts';
import { Secret } from '../../core/secret.ts';
import { type Fault, findFlagFaults, findNameFaults, findTimeoutFaults } from '../faults.ts';

/** A mailbox, taken apart: what is between the angle brackets can be nothing but one address. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** Where an SMTP server is and how it is spoken to. */
export interface SmtpServer {
  readonly host: string;
  /** Undefined for the scheme's own: 465 for `smtps` (RFC 8314 §3.3), 587 for `smtp` (RFC 6409 §3.1). */
  readonly port: number | undefined;
  /** TLS from the first byte on. */
  readonly secure: boolean;
  readonly credentials: { readonly user: string; readonly password: Secret } | undefined;
  /** Whether nothing may be said before TLS is there. */
  readonly requireTls: boolean;
  readonly ca: string | readonly string[] | undefined;
}

/** The settings as they come. */
export interface SmtpSettings {
  readonly name: string;
  readonly from: unknown;
  readonly timeout: number;
  readonly url?: unknown;
  readonly transport?: unknown;
  readonly allowUnencrypted?: boolean | undefined;
  readonly ca?: string | readonly string[] | undefined;
}

export function findFaults({ name, from, timeout, url, transport, allowUnencrypted, ca }: SmtpSettings): Fault[] {
  return [
    ...findNameFaults(name),
    ...(parseMailbox(from) === undefined ? [['from', 'must be an address, alone or as `Name <address>` on one line'] as const] : []),
    ...((url === undefined) === (transport === undefined) ? [['url', 'or `transport` must be given, and not both'] as const] : []),
    ...(url === undefined || parseServer({ url, allowUnencrypted, ca }) !== undefined
      ? []
      : [['url', 'must be smtps:// or smtp://, user and password percent-encoded, a host and at most a port'] as const]),
    ...(transport === undefined || typeof (transport as { sendMail?: unknown } | null)?.sendMail === 'function'
      ? []
      : [['transport', 'must have a method `sendMail`'] as const]),
    ...findFlagFaults('allowUnencrypted', allowUnencrypted),
    ...(ca === undefined || [ca].flat().every((one) => typeof one === 'string')
      ? []
      : [['ca', 'must be a certificate in PEM, or a list of these'] as const]),
    ...findTimeoutFaults(timeout),
  ];
}

/** `Name <address>`, or an address alone; undefined for anything else. Ensure that no header begins in a name (CWE-93). */
export function parseMailbox(value: unknown): Mailbox | undefined {
  if (typeof value !== 'string' || HIDDEN_CHARACTER.test(value)) return undefined;
  const [, quoted, name = quoted, bracketed] = /^(?:"([^"\\<>]*)"|([^"\\<>]*))\s*<([^<>]*)>$/.exec(value) ?? [];
  try {
    return { name: name?.trim() ?? '', address: parseEmail(bracketed ?? value) };
  } catch {
    return undefined;
  }
}

/** The server of a URL; undefined where it is none. On loopback nobody listens in between, so TLS is used there only if it is offered. */
export function parseServer({ url, allowUnencrypted, ca }: Pick<SmtpSettings, 'url' | 'allowUnencrypted' | 'ca'>): SmtpServer | undefined {
  if (typeof url !== 'string' || !/^smtps?:\/\/[^/?#\s]+\/?$/.test(url) || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port, username, password } = new URL(url);
  const [user, secret] = [decode(username), decode(password)];
  if (hostname === '' || user === undefined || secret === undefined || (user === '') !== (secret === '')) return undefined;
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    secure,
    credentials: user === '' ? undefined : { user, password: new Secret(secret) },
    requireTls: !secure && allowUnencrypted !== true && !isLoopback(hostname),
    ca,
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
