import { CHANNELS, type Channel } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { isChannelList } from './channel-list.ts';
import type { Message, Sender } from './sender.ts';

/** How a console sender prints. */
export interface ConsoleSenderOptions {
  /**
   * Takes one whole message at a time, line feeds included.
   *
   * @defaultValue writes to `process.stdout`
   */
  readonly write?: (text: string) => unknown;
  /**
   * The channels it stands in for.
   *
   * @defaultValue all of them
   */
  readonly channels?: readonly Channel[];
}

/**
 * A sender that prints the message instead of sending it. For development only: **this is the one place in this package that prints a code**,
 * on purpose, and whoever reads the output can finish the verification. Never let it into a process whose output is collected.
 *
 * The destination is printed masked; the text as it would arrive.
 *
 * @throws {CountersignError} `configuration_invalid`, naming `write` or `channels`.
 * @example
 * const provider = createSelfIssuedProvider({ senders: [createConsoleSender()] });
 */
export function createConsoleSender({ write = (text) => process.stdout.write(text), channels = CHANNELS }: ConsoleSenderOptions = {}): Sender {
  if (typeof write !== 'function') throw new CountersignError('configuration_invalid', '`write` must be a function', { field: 'write' });
  if (!isChannelList(channels)) {
    throw new CountersignError('configuration_invalid', `\`channels\` must be a list of ${CHANNELS.join(', ')}`, { field: 'channels' });
  }
  return Object.freeze({
    name: 'console',
    channels: Object.freeze([...channels]),
    async send(message: Message) {
      await write(format(message));
      return { status: 'sent' } as const;
    },
  });
}

/** One string, so that two messages at once never mix their lines. */
function format({ to, channel, subject, text }: Message): string {
  const lines = [
    '',
    `----- DEVELOPMENT ONLY, nothing was sent: ${channel} to ${to.masked} -----`,
    ...(subject === undefined ? [] : [`Subject: ${subject}`, '']),
    text.reveal(),
    '----- end of message -----',
    '',
  ];
  return lines.join('\n');
}
