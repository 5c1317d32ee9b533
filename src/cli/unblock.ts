import type { Command } from 'commander';
import { parseDestination } from '../core/destination.ts';
import { act, type OnExit } from './act.ts';
import { addVerifierOptions, type CommonOptions } from './command-options.ts';

/** `countersign unblock <to>` */
export function addUnblockCommand(program: Command, onExit: OnExit): void {
  addVerifierOptions(program.command('unblock').description('for operators: enable a disabled destination and begin its budgets anew'))
    .argument('<to>', 'the phone number or email address')
    .action(async (to: string, options: CommonOptions) => {
      const exit = await act(options, {
        parse: () => parseDestination(to),
        ask: (verifier) => verifier.unblock({ to, by: 'cli' }),
        tell: ({ wasBlocked }) => {
          const before = wasBlocked ? 'was disabled and is enabled again' : 'was not disabled';
          return { ok: true, text: `${parseDestination(to).masked} ${before}; its budgets and waits begin anew.` };
        },
      });
      onExit(exit);
    });
}
