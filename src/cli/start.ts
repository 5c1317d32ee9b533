import type { Command } from 'commander';
import { parseDestination } from '../core/destination.ts';
import { act, type OnExit } from './act.ts';
import { addSendOptions, type SendOptions } from './command-options.ts';
import { describeSend } from './describe-send.ts';

/** `countersign start <to>` */
export function addStartCommand(program: Command, onExit: OnExit): void {
  addSendOptions(
    program
      .command('start')
      .description('begin a verification: a code goes out, by Twilio Verify where its settings are there, and else is printed here'),
  )
    .argument('<to>', 'a phone number such as +14155552671, or an email address')
    .action(async (to: string, options: SendOptions) => {
      const { channel, purpose, requester } = options;
      const exit = await act(options, {
        parse: () => parseDestination(to),
        ask: (verifier) => verifier.start({ to, channel, purpose, requester }),
        tell: (result) => describeSend(result, options),
      });
      onExit(exit);
    });
}
