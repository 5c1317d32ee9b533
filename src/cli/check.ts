import type { Command } from 'commander';
import { parseCode } from '../core/code-input.ts';
import type { CheckResult } from '../service/compose.ts';
import { type Answer, act, type OnExit } from './act.ts';
import { addOwnerOptions, type OwnerOptions, toCommandLine } from './command-options.ts';
import { describeEnd } from './describe-end.ts';
import { describeTime } from './when.ts';

interface CheckOptions extends OwnerOptions {
  readonly attemptId?: string;
}

/** `countersign check <id> <code>` */
export function addCheckCommand(program: Command, onExit: OnExit): void {
  addOwnerOptions(program.command('check').description('judge one guess; a right code is approved once'))
    .argument('<id>', 'the id that start gave (VE and 32 hex digits)')
    .argument('<code>', 'the code as it was typed')
    .option('--attempt-id <id>', 'unguessable, 8 to 128 characters: the same one within 60 s gets the same answer')
    .action(async (id: string, code: string, options: CheckOptions) => {
      const { purpose, requester, attemptId } = options;
      const exit = await act(options, {
        parse: () => parseCode(code),
        ask: (verifier) => verifier.check({ id, code, purpose, requester, attemptId }),
        tell: (result) => describeCheck(result, id, options),
      });
      onExit(exit);
    });
}

function describeCheck(result: CheckResult, id: string, options: OwnerOptions): Answer {
  switch (result.status) {
    case 'approved': {
      const { destination, purpose } = result.proof;
      return { ok: true, text: `Approved: ${destination.masked} is proven for the purpose "${purpose}".` };
    }
    case 'pending': {
      const next = `Next: ${toCommandLine(`check ${id} <code>`, options)}`;
      return { ok: false, text: `Wrong code. ${describeAttempts(result.attemptsLeft)}.\n${next}` };
    }
    case 'budget_exhausted':
      return { ok: false, text: `Too many wrong codes for this destination; nothing was judged. Try again at ${describeTime(result.retryAt)}.` };
    default:
      return { ok: false, text: describeEnd(result.status) };
  }
}

/** `4 attempts left` */
export function describeAttempts(left: number): string {
  return `${left} ${left === 1 ? 'attempt' : 'attempts'} left`;
}
