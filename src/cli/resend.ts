import type { Command } from 'commander';
import type { ResendResult } from '../service/compose.ts';
import { type Answer, act, type OnExit } from './act.ts';
import { addSendOptions, type OwnerOptions, type SendOptions } from './command-options.ts';
import { describeEnd } from './describe-end.ts';
import { describeSend } from './describe-send.ts';

/** `countersign resend <id>` */
export function addResendCommand(program: Command, onExit: OnExit): void {
  addSendOptions(program.command('resend').description('send a pending verification again; its life is not extended'))
    .argument('<id>', 'the id that start gave (VE and 32 hex digits)')
    .action(async (id: string, options: SendOptions) => {
      const { channel, purpose, requester } = options;
      const exit = await act(options, {
        ask: (verifier) => verifier.resend({ id, channel, purpose, requester }),
        tell: (result) => describeResend(result, options),
      });
      onExit(exit);
    });
}

function describeResend(result: ResendResult, options: OwnerOptions): Answer {
  if (result.status === 'pending' || result.status === 'refused') return describeSend(result, options);
  return { ok: false, text: describeEnd(result.status) };
}
