import type { Command } from 'commander';
import type { CancelResult } from '../service/compose.ts';
import { type Answer, act, type OnExit } from './act.ts';
import { addOwnerOptions, type OwnerOptions } from './command-options.ts';
import { describeEnd } from './describe-end.ts';

/** `countersign cancel <id>` */
export function addCancelCommand(program: Command, onExit: OnExit): void {
  addOwnerOptions(program.command('cancel').description('end a pending verification; its code is worth nothing from then on'))
    .argument('<id>', 'the id that start gave (VE and 32 hex digits)')
    .action(async (id: string, options: OwnerOptions) => {
      const { purpose, requester } = options;
      const exit = await act(options, {
        ask: (verifier) => verifier.cancel({ id, purpose, requester }),
        tell: describeCancel,
      });
      onExit(exit);
    });
}

/** Another end than `canceled` means that it had ended before: the code that was to be made worthless may have been used. */
function describeCancel({ status }: CancelResult): Answer {
  if (status === 'canceled' || status === 'not_found') return { ok: status === 'canceled', text: describeEnd(status) };
  return { ok: false, text: `Not canceled, it had ended before. ${describeEnd(status)}` };
}
