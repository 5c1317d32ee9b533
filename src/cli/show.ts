import type { Command } from 'commander';
import type { ShowResult } from '../service/compose.ts';
import { type Answer, act, type OnExit } from './act.ts';
import { describeAttempts } from './check.ts';
import { addOwnerOptions, type OwnerOptions } from './command-options.ts';
import { describeEnd } from './describe-end.ts';
import { describeTime } from './when.ts';

/** `countersign show <id>` */
export function addShowCommand(program: Command, onExit: OnExit): void {
  addOwnerOptions(program.command('show').description('what is known of a verification; changes nothing'))
    .argument('<id>', 'the id that start gave (VE and 32 hex digits)')
    .action(async (id: string, options: OwnerOptions) => {
      const { purpose, requester } = options;
      const exit = await act(options, {
        ask: (verifier) => verifier.show({ id, purpose, requester }),
        tell: describeShow,
      });
      onExit(exit);
    });
}

function describeShow(result: ShowResult): Answer {
  if (result.status === 'not_found') return { ok: false, text: describeEnd(result.status) };
  const { status, to, channel, codeLength, createdAt, expiresAt, resendAt, attemptsLeft, deliveries } = result;
  const lines = [
    `${status}: a code of ${codeLength} digits, by ${channel}, for ${to}`,
    `  started  ${describeTime(createdAt)}`,
    `  expires  ${describeTime(expiresAt)}`,
    ...(status === 'pending' ? [`  resend   from ${describeTime(resendAt)}`, `  checks   ${describeAttempts(attemptsLeft)}`] : []),
    ...deliveries.map((delivery) => `  message  ${delivery.status} by ${delivery.channel}, ${describeTime(delivery.at)}, ${delivery.id}`),
  ];
  return { ok: true, text: lines.join('\n') };
}
