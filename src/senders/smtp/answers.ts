import { CountersignError, toErrorCause } from '../../core/errors.ts';
import type { SendResult } from '../sender.ts';
import { wasNeverConnected } from '../was-never-connected.ts';

/** As much of what nodemailer throws as is looked at. Its message repeats the server's reply, which repeats the address: none of it is handed on. */
interface SmtpError {
  /** The server's reply code (RFC 5321 §4.2), where it was a reply. */
  readonly responseCode?: unknown;
  /** Which command it answers. */
  readonly command?: unknown;
  readonly code?: unknown;
  readonly timeoutType?: unknown;
}

/** Timeouts that nodemailer names, of before anything of a message is said. */
const BEFORE_A_MESSAGE: readonly unknown[] = ['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT'];

/**
 * What became of a message whose sending failed.
 *
 * @param begun whether the server was told any of the message's content; undefined where the transport is somebody else's and does not say.
 */
export function toFailedSend(error: unknown, begun: boolean | undefined): SendResult {
  if (error instanceof CountersignError) return { status: 'refused', permanent: false, error };
  const { responseCode, command, code, timeoutType } = (error ?? {}) as SmtpError;
  const told = { cause: toErrorCause({ ...toErrorCause(error), status: responseCode }), ...toProblem(error) };
  // A reply of 4yz or 5yz ends a transaction without the message being taken on (RFC 5321 §4.2.1), also where the connection ends right after it.
  if (typeof responseCode === 'number' && responseCode >= 400 && responseCode < 600) {
    const isOfMessage = command === 'RCPT TO' || command === 'DATA';
    return { status: 'refused', permanent: isOfMessage && responseCode >= 500, ...told };
  }
  const isBefore =
    begun === false || wasNeverConnected(error) || BEFORE_A_MESSAGE.includes(timeoutType) || code === 'EDNS' || code === 'EAUTH' || code === 'ETLS';
  return isBefore ? { status: 'refused', permanent: false, ...told } : { status: 'unknown' };
}

/** What an operator has to put right, if that is what it is. 4yz codes pass by themselves. */
function toProblem(error: unknown): { readonly error: CountersignError } | undefined {
  const { responseCode, command, code } = (error ?? {}) as SmtpError;
  const isForGood = typeof responseCode !== 'number' || responseCode >= 500;
  if (!isForGood) return undefined;
  const [field, problem] =
    code === 'EAUTH'
      ? ['url', 'the SMTP server refuses the credentials, or the way they are given']
      : command === 'STARTTLS'
        ? ['url', 'the SMTP server offers no encryption, and nothing is sent without (`allowUnencrypted` permits it)']
        : command === 'MAIL FROM' && responseCode !== undefined
          ? ['from', 'the SMTP server does not take messages from this address']
          : [];
  if (field === undefined || problem === undefined) return undefined;
  return { error: new CountersignError('configuration_invalid', problem, { field, cause: error }) };
}
