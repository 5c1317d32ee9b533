import type { Logger } from 'pino';
import { toErrorCause } from '../core/errors.ts';
import type { Sender, SendResult } from '../senders/sender.ts';

/**
 * A sender that leaves a line in the log for each message that it did not surely send: its name, and why as far as names, codes and statuses tell. The caller
 * is told of all senders together, and no cause.
 */
export function observeSender(sender: Sender, logger: Pick<Logger, 'warn'>): Sender {
  const { name, channels } = sender;
  const tell = (status: SendResult['status'], cause: unknown) =>
    logger.warn({ sender: name, outcome: status, ...(cause !== undefined && { cause: toErrorCause(cause) }) }, 'a sender did not surely send');
  return Object.freeze({
    name,
    channels,
    async send(...given: Parameters<Sender['send']>) {
      try {
        const result = await sender.send(...given);
        if (result?.status !== 'sent') tell(result?.status === 'refused' ? 'refused' : 'unknown', toCause(result));
        return result;
      } catch (error) {
        tell('unknown', error);
        throw error;
      }
    },
  });
}

/** Why. What a sender of somebody else's answers may be anything. */
function toCause(result: SendResult): unknown {
  return result?.status === 'refused' ? (result.cause ?? result.error) : undefined;
}
