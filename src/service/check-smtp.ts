import { CountersignError } from '../core/errors.ts';
import { parseServer } from '../senders/smtp/settings.ts';
import { tryServer } from '../senders/smtp/try-server.ts';
import type { Finding } from './finding.ts';
import type { Settings } from './settings.ts';

type Found = Omit<Finding, 'name'>;

/** As much of what stood in the way as is looked at: never its message, which repeats what the server says. */
interface SmtpFault {
  readonly code?: unknown;
  /** That of the socket beneath. */
  readonly originalCode?: unknown;
  /** The server's reply code (RFC 5321 §4.2), where it was a reply. */
  readonly responseCode?: unknown;
  readonly command?: unknown;
}

const OK = 'it takes the user and password';
const OK_WITHOUT = 'it is there and greets; no user and password are set';

/** Logs in at the mail server and leaves again (nodemailer's `verify`). @param timeout of one answer, in milliseconds. */
export async function checkSmtp({ smtp }: Settings, timeout: number): Promise<Finding> {
  const server = parseServer(smtp);
  // Its settings were found at fault before this was asked.
  if (server === undefined) return { name: 'smtp', status: 'unknown', text: 'smtp.url is none' };
  const fault = await tryServer(server, timeout);
  if (fault !== undefined) return { name: 'smtp', ...toSmtpFault(fault) };
  return { name: 'smtp', status: 'ok', text: server.credentials === undefined ? OK_WITHOUT : OK };
}

/** What an operator is told, and does. */
export function toSmtpFault(fault: unknown): Found {
  if (fault instanceof CountersignError) return { status: 'fault', text: fault.message };
  const { code, originalCode, responseCode, command } = fault as SmtpFault;
  if (typeof responseCode === 'number' && responseCode < 500) return { status: 'unknown', text: `it answered ${responseCode}: try again later` };
  const codes = `${code} ${originalCode}`;
  return { status: 'fault', text: FAULTS.find(([pattern]) => pattern.test(`${command} ${codes}`))?.[1] ?? toOther(responseCode) };
}

/** By command, nodemailer's code and the socket's; the first that fits says what to do. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/EAUTH/, 'it refuses the login: compare user and password, each percent-encoded in smtp.url, with what its console says'],
  [/CERT|UNABLE_TO_/, 'its certificate is not believed: use the host name that is in it, or name its authority in NODE_EXTRA_CA_CERTS'],
  [/^STARTTLS/, 'it offers no encryption: use smtps:// and the port for that, or smtp.allowUnencrypted where nobody listens on the way'],
  [/WRONG_VERSION/, 'it does not begin TLS at once, as smtps:// says: use smtp://, or its other port'],
  [/EDNS/, 'its name is not found: look at the host in smtp.url and at DNS'],
  [/ETIMEDOUT/, 'it does not answer in time: look at scheme, host, port and firewall'],
];

function toOther(responseCode: unknown): string {
  if (typeof responseCode === 'number') return `it answered ${responseCode}: ask whoever runs it whether this machine may send there`;
  return 'it cannot be reached from here, or is no mail server: look at host, port and firewall';
}
