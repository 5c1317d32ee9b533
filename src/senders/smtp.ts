import { isSafeReference } from '../core/reference.ts';
import { assertNoFaults, DEFAULT_TIMEOUT } from './faults.ts';
import type { Message, Sender, SendResult } from './sender.ts';
import { toFailedSend } from './smtp/answers.ts';
import { type Delivered, deliver } from './smtp/connection.ts';
import { type SmtpMail, toMail, toMessageId } from './smtp/mail.ts';
import { findFaults, type Mailbox, parseMailbox, parseServer } from './smtp/settings.ts';
import { limitTime } from './time-limit.ts';

export type { SmtpMail } from './smtp/mail.ts';

/** How email is sent: through a server, or through a transport of yours. */
export type SmtpSenderOptions = SmtpSenderSettings & (SmtpServerOptions | { readonly transport: SmtpTransport; readonly url?: undefined });

/** A server; `nodemailer` is loaded on first use. Every message has a connection of its own. */
export interface SmtpServerOptions {
  readonly transport?: undefined;
  /** `smtps://user:password@host:465`, or `smtp://…:587`, which begins TLS by STARTTLS. User and password are percent-encoded. */
  readonly url: string;
  /**
   * Whether to go on where `smtp://` finds no STARTTLS: credentials, addresses and codes can then be read on the way.
   *
   * @defaultValue false; loopback needs none
   */
  readonly allowUnencrypted?: boolean;
  /** Certificates to believe in the place of the system's, in PEM: for a server with an authority of its own. */
  readonly ca?: string | readonly string[];
}

/** What is used of a transport of nodemailer: a pool, say, or a service of its own. It makes sure of encryption itself. */
export interface SmtpTransport {
  /** Resolves once the message was accepted. What it is rejected with is looked at for `responseCode`, `command` and `code`, and is not handed on. */
  sendMail(mail: SmtpMail & { readonly signal: AbortSignal }): Promise<unknown>;
}

/** Settings beside the way out. */
export interface SmtpSenderSettings {
  /** Who the message comes from: `no-reply@example.com`, or `Example <no-reply@example.com>`. */
  readonly from: string;
  /** @defaultValue `'smtp'` */
  readonly name?: string;
  /**
   * How long one send may take, in milliseconds, at most 50 s. The provider's `sendTimeout` ends it as well.
   *
   * @defaultValue 10 000
   */
  readonly timeout?: number;
}

/**
 * Makes a sender of emails over SMTP.
 *
 * `sent` once the server has taken the message on. `refused` if it said no (for good where it answered 5yz to the recipient or the message), and whatever went
 * wrong before it was told any of the message. `unknown` if the connection or the time ended after that. Nothing is repeated. It never throws when sending.
 *
 * @throws {CountersignError} `configuration_invalid`, naming every option at fault and no value.
 * @example
 * const email = createSmtpSender({ url: 'smtps://user:password@smtp.example.com', from: 'Example <no-reply@example.com>' });
 * const provider = createSelfIssuedProvider({ senders: [email], subject: 'Your Example code' });
 */
export function createSmtpSender(options: SmtpSenderOptions): Sender {
  const { name = 'smtp', timeout = DEFAULT_TIMEOUT } = options;
  assertNoFaults(findFaults({ ...options, name, timeout }));
  const from = parseMailbox(options.from) as Mailbox;
  const hand = toWayOut(options, timeout);

  return Object.freeze({
    name,
    channels: Object.freeze(['email'] as const),
    async send(message: Message, { signal }: { readonly signal: AbortSignal }): Promise<SendResult> {
      if (message.to.kind !== 'email') return { status: 'refused', permanent: true };
      const limit = limitTime(timeout, signal);
      try {
        const result = await hand(toMail(message, from), limit.signal);
        if (!result.sent) return toFailedSend(result.error, result.begun);
        const reference = toMessageId(message.deliveryId, from);
        return isSafeReference(reference, message.to, message.code) ? { status: 'sent', reference } : { status: 'sent' };
      } finally {
        limit.end();
      }
    },
  });
}

type Handed = Delivered | { readonly sent: false; readonly error: unknown; readonly begun: undefined };

function toWayOut(options: SmtpSenderOptions, timeout: number): (mail: SmtpMail, signal: AbortSignal) => Promise<Handed> {
  const { transport } = options;
  if (transport !== undefined) return (mail, signal) => handTo(transport, mail, signal);
  const server = parseServer(options);
  if (server === undefined) throw new TypeError('unreachable: the URL was checked');
  return (mail, signal) => deliver(server, mail, timeout, signal);
}

/** Asks a transport of somebody else's, once, and waits no longer than the signal. */
async function handTo(transport: SmtpTransport, mail: SmtpMail, signal: AbortSignal): Promise<Handed> {
  try {
    signal.throwIfAborted();
  } catch (error) {
    return { sent: false, error, begun: false };
  }
  try {
    const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    await Promise.race([transport.sendMail({ ...mail, signal }), late]);
    return { sent: true };
  } catch (error) {
    return { sent: false, error, begun: undefined };
  }
}
