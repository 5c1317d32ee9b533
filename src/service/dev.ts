import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHANNELS } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import type { VerifierEvent } from '../engine/verifiers.ts';
import { type Arrival, createInbox, type Inbox } from '../http/pages/inbox/inbox.ts';
import { createInboxPages } from '../http/pages/inbox/inbox-pages.ts';
import type { Message, Sender } from '../senders/sender.ts';
import { type Environment, readEnvironment } from './config.ts';
import { RETURN_PATH, readInboxFiles } from './inbox-files.ts';
import { findFreePort, toHttpUrl } from './server.ts';
import { createService, type Service } from './service.ts';
import { isLoopbackHost } from './unsafe-settings.ts';

/** How the service is tried out. */
export interface DevOptions {
  readonly host: string;
  /** Undefined for 8080, or any other that is free. */
  readonly port: number | undefined;
  /** Takes each message that would have gone out, with the line that checks its code. */
  readonly print: (text: string) => unknown;
}

/** A service for trying out, that listens. */
export interface Dev extends Pick<Service, 'logger'> {
  /** The API, and to a browser the inbox. */
  readonly url: string;
  /** Whether it is not on the port of custom, because something else is. */
  readonly isElsewhere: boolean;
  /** `SK…:secret`, as HTTP Basic authentication takes it. */
  readonly apiKey: string;
  /** The id `VA…` of the service that the key is for: it may change that one. */
  readonly service: string;
  /** The line that starts a verification. */
  readonly startLine: string;
  /** Ends it, and removes all that it kept. */
  close(): Promise<void>;
}

/** Kept for fiction. */
const FICTION = '+12025550143';

const DEFAULT_PORT = 8080;

/**
 * Starts a service for trying out: a SQLite file in a temporary folder, a secret that nobody keeps, and messages that are shown and not sent, in the terminal
 * and in an inbox at `/`.
 *
 * @throws {CountersignError} `configuration_invalid` where it might be taken for production.
 */
export async function startDev({ host, port, print }: DevOptions, environment: Environment = readEnvironment()): Promise<Dev> {
  assertNoProduction(host, environment);
  const folder = makeFolder();
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  try {
    const listening = { host, port: await findPort(host, port) };
    const settings = {
      ...{ ...listening, database: join(folder, 'dev.db') },
      ...({ secret: randomBytes(48).toString('base64'), logLevel: 'silent' } as const),
    };
    const inbox = createInbox(Date.now);
    const desk = createDesk(print, inbox);
    const files = readInboxFiles();
    const service = await createService(settings, { senders: [desk.sender], hasMetricsListener: false, onEvent: desk.hear });
    const returnUrl = `${toHttpUrl(host, listening.port)}${RETURN_PATH}`;
    const { apiKey, serviceSid } = await createTenant(service, { name: 'dev', page: { brand: 'Example shop', returnUrls: [returnUrl] } });
    const twilio = await createTenant(service, { name: 'dev, to clients of Twilio', compatibility: 'twilio' });
    await service.app.register(createInboxPages({ inbox, files, access: { apiKey, returnUrl, twilio }, isLoopback: isLoopbackHost }));
    const { url } = await service.listen();
    const toLine = (path: string, body: unknown) =>
      `curl -s -u ${apiKey} ${url}${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
    desk.open((verificationId, code) => toLine(`/v1/verifications/${verificationId}/check`, { code }));
    const close = async () => {
      await service.close();
      removeFolder();
    };
    const isElsewhere = port === undefined && listening.port !== DEFAULT_PORT;
    const startLine = toLine('/v1/verifications', { to: FICTION });
    return { url, isElsewhere, apiKey, service: serviceSid, startLine, close, logger: service.logger };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

/** A service, with a key that may do everything for it. */
async function createTenant({ tenants }: Service, settings: object): Promise<{ readonly serviceSid: string; readonly apiKey: string }> {
  const { id } = await tenants.createService(settings);
  const { key, secret } = await tenants.createKey({ name: 'dev', service: id, scopes: ['start', 'check', 'read', 'admin'] });
  return { serviceSid: id, apiKey: `${key.id}:${secret.reveal()}` };
}

interface Desk {
  readonly sender: Sender;
  readonly hear: (event: VerifierEvent) => void;
  /** From now on messages come with the line that checks them. */
  open(toLine: (verificationId: string, code: string) => string): void;
}

/** Shows messages, in the terminal with the line to type next. A sender does not learn of verifications: which one it is for is heard just before. */
function createDesk(print: DevOptions['print'], inbox: Inbox): Desk {
  const verifications = new Map<string, string>();
  let toLine: ((verificationId: string, code: string) => string) | undefined;
  return {
    hear(occurred) {
      if (occurred.name === 'started') verifications.set(occurred.event.deliveryId, occurred.event.id);
      inbox.hear(occurred);
    },
    open(line) {
      toLine = line;
    },
    sender: Object.freeze({
      name: 'dev',
      channels: CHANNELS,
      async send(message: Message) {
        const id = verifications.get(message.deliveryId);
        verifications.delete(message.deliveryId);
        inbox.receive(toArrival(message, id));
        await print(format(message, id === undefined ? undefined : toLine?.(id, message.code.reveal())));
        return { status: 'sent' } as const;
      },
    }),
  };
}

function toArrival({ deliveryId, channel, to, subject, text, code }: Message, verificationId: string | undefined): Arrival {
  return { id: deliveryId, verificationId, channel, to: to.reveal(), subject, text: text.reveal(), code: code.reveal() };
}

/** One string, so that two messages at once never mix their lines. */
function format({ to, channel, subject, text }: Message, line: string | undefined): string {
  const lines = [
    `\n----- nothing was sent: ${channel} to ${to.masked} -----`,
    ...(subject === undefined ? [] : [`Subject: ${subject}`, '']),
    text.reveal(),
    '----- end of message -----',
    ...(line === undefined ? [] : ['', 'Check it:', '', line]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Ensure that what shows codes to whoever looks is never taken for the real thing. */
function assertNoProduction(host: string, { NODE_ENV }: Environment): void {
  if (NODE_ENV?.trim().toLowerCase() === 'production') {
    throw new CountersignError('configuration_invalid', '`dev` shows every code: with NODE_ENV=production use `countersign serve`', {
      field: 'NODE_ENV',
    });
  }
  if (!isLoopbackHost(host)) {
    throw new CountersignError('configuration_invalid', '`dev` shows every code, and so listens on this machine alone: 127.0.0.1 or ::1', {
      field: 'host',
    });
  }
}

/** The port that was asked for; else that of custom, or any that is free. It is known before anything listens: the hosted page leads back to it. */
async function findPort(host: string, asked: number | undefined): Promise<number> {
  if (asked !== undefined) return findFreePort(host, asked, '--port');
  return findFreePort(host, DEFAULT_PORT).catch(() => findFreePort(host, 0, '--port'));
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'countersign-dev-'));
  } catch (cause) {
    const message = 'no temporary folder can be made: give this user write permission on the one of the system, or set TMPDIR';
    throw new CountersignError('configuration_invalid', message, { cause });
  }
}
