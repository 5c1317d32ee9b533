import type { Command } from 'commander';
import { parseDestination } from '../core/destination.ts';
import { act, type OnExit } from './act.ts';
import { addVerifierOptions, type CommonOptions } from './command-options.ts';

/** `countersign erase <to>` */
export function addEraseCommand(program: Command, onExit: OnExit): void {
  addVerifierOptions(program.command('erase').description('for operators: forget the verifications of a destination, pending ones too'))
    .argument('<to>', 'the phone number or email address')
    .action(async (to: string, options: CommonOptions) => {
      const exit = await act(options, {
        parse: () => parseDestination(to),
        ask: (verifier) => verifier.erase({ to, by: 'cli' }),
        tell: ({ verifications }) => {
          const count = `${verifications} ${verifications === 1 ? 'verification' : 'verifications'}`;
          return { ok: true, text: `Erased ${count} of ${parseDestination(to).masked}. What was used of its budgets stays.` };
        },
      });
      onExit(exit);
    });
}
