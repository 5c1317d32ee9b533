import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { loadNodemailer } from './load.ts';
import type { SmtpMail } from './mail.ts';
import type { SmtpServer } from './settings.ts';

/** What happened to one message, as far as a connection can tell. */
export type Delivered = { readonly sent: true } | { readonly sent: false; readonly error: unknown; readonly begun: boolean };

/**
 * The part of the whole time within which a server must have let itself be connected to, greeted and, where it does, begun TLS: a dead one is then known to
 * have been told nothing, and the next sender has its turn.
 */
const SETUP_SHARE = 0.6;

/**
 * Hands one message to a server over a connection of its own. Never rejects.
 *
 * Not nodemailer's transport but its connection: the transport says of a cut connection neither whether it was before or after the message was begun. Here
 * the message is a stream that nobody reads before the server has asked for it.
 */
export async function deliver(server: SmtpServer, mail: SmtpMail, timeout: number, signal: AbortSignal): Promise<Delivered> {
  let begun = false;
  let connection: SMTPConnection | undefined;
  const closeNow = () => connection?.close();
  try {
    const { connect, compose } = await load();
    const raw = await compose(mail);
    signal.throwIfAborted();
    connection = connect(toConnectionOptions(server, timeout));
    const content = new Readable({
      read() {
        begun = true;
        this.push(raw);
        this.push(null);
      },
    });
    const envelope = { from: mail.envelope.from, to: [...mail.envelope.to], size: raw.length };
    await converse(connection, server, envelope, content, signal);
    return { sent: true };
  } catch (error) {
    return { sent: false, error, begun };
  } finally {
    closeNow();
  }
}

type Envelope = Parameters<SMTPConnection['send']>[0];

/** Connects, says who we are, and hands the message over. */
function converse(
  connection: SMTPConnection,
  { credentials }: SmtpServer,
  envelope: Envelope,
  content: Readable,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    connection.on('error', reject);
    connection.once('end', () => reject(new Error('the connection has ended')));
    const send = () => connection.send(envelope, content, (error) => (error ? reject(error) : resolve()));
    connection.connect((error?: unknown) => {
      if (error) return reject(error);
      if (credentials === undefined) return send();
      const { user, password } = credentials;
      connection.login({ user, pass: password.reveal() }, (refused) => (refused ? reject(refused) : send()));
    });
  });
}

/** How a server is spoken to. @param timeout of one answer, in milliseconds. */
export function toConnectionOptions(
  { host, port, secure, requireTls, ca }: SmtpServer,
  timeout: number,
): NonNullable<ConstructorParameters<typeof SMTPConnection>[0]> {
  const setup = Math.ceil(timeout * SETUP_SHARE);
  return {
    host,
    port,
    secure,
    requireTLS: requireTls,
    connectionTimeout: setup,
    greetingTimeout: setup,
    dnsTimeout: setup,
    socketTimeout: timeout,
    // An answer about one message has a few lines.
    maxResponseSize: 64 * 1024,
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: [ca].flat() }) },
  };
}

async function load() {
  const [{ default: Connection }, { default: MailComposer }] = await loadNodemailer(() =>
    Promise.all([import('nodemailer/lib/smtp-connection'), import('nodemailer/lib/mail-composer')]),
  );
  return {
    connect: (options: ConstructorParameters<typeof Connection>[0]) => new Connection(options),
    compose: (mail: SmtpMail): Promise<Buffer> =>
      new MailComposer({ ...mail, envelope: { ...mail.envelope, to: [...mail.envelope.to] } }).compile().build(),
  };
}
