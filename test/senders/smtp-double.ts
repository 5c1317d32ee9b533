import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A message as a server took it on. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Who logged in. */
  readonly user: string | undefined;
  readonly secure: boolean;
  /** Headers and text, as they came over the wire. */
  readonly raw: string;
}

/** A real SMTP server on loopback. */
export interface SmtpDouble {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** How many connections there were. */
  readonly connections: number;
  /** Ends every connection at once, without a word; not those of a server with TLS. */
  cut(): void;
  close(): Promise<void>;
}

/** An answer of the server's own: a code, and what it says. */
export function reply(responseCode: number, message = 'no'): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** Takes every message on, unless `options` say otherwise. Without a key and a certificate it offers no TLS. */
export async function startSmtpDouble(options: SMTPServerOptions = {}): Promise<SmtpDouble> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    ...(options.key === undefined && { disabledCommands: ['STARTTLS'], allowInsecureAuth: true }),
    async onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false || mailFrom === null ? '' : mailFrom.address;
      const user = session.user === undefined ? undefined : String(session.user);
      mails.push({ from, to: rcptTo.map(({ address }) => address), user, secure: session.secure, raw: Buffer.concat(chunks).toString('utf8') });
      callback();
    },
    ...options,
  });
  server.server.on('connection', (socket: Socket) => {
    connections += 1;
    // Not under TLS: to destroy the socket beneath a handshake that failed ends the whole process (Node 20).
    if (options.key === undefined) sockets.add(socket);
  });
  // What a client does to a connection is the test's business.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    get connections() {
      return connections;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
