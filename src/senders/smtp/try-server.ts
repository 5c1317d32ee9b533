import { toConnectionOptions } from './connection.ts';
import { loadNodemailer } from './load.ts';
import type { SmtpServer } from './settings.ts';

/**
 * Connects to a server, begins TLS and logs in, all as a send does, and sends nothing. Never rejects.
 *
 * @returns what stood in the way, undefined where nothing did. It may repeat the server's reply: hand on its code and no more.
 */
export async function tryServer(server: SmtpServer, timeout: number): Promise<unknown> {
  try {
    const { createTransport } = await loadNodemailer(() => import('nodemailer'));
    const { credentials } = server;
    // Without `forceAuth` it is content with a server that offers no login, where a send is not.
    const login = credentials && { auth: { user: credentials.user, pass: credentials.password.reveal() }, forceAuth: true };
    await createTransport({ ...toConnectionOptions(server, timeout), ...login }).verify();
    return undefined;
  } catch (error) {
    return error ?? new Error('unknown');
  }
}
