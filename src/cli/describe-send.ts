import type { PendingVerification, RefusedResult, StartResult } from '../service/compose.ts';
import type { Answer } from './act.ts';
import { type OwnerOptions, toCommandLine } from './command-options.ts';
import { describeTime } from './when.ts';

const REASONS: Readonly<Record<RefusedResult['reason'], string>> = {
  resend_too_soon: 'Too soon after the last message',
  in_progress: 'A message is under way, or another verification of this destination has to end first',
  budget_exhausted: 'No more messages to this destination for now',
  rate_limited: 'Too many requests',
  guard_denied: 'The guard refuses this message',
  destination_blocked: 'This destination is disabled after too many wrong codes: see "npx countersign unblock --help"',
};

/** What a start or resend came to. */
export function describeSend(result: StartResult, options: OwnerOptions): Answer {
  if (result.status === 'pending') return { ok: true, text: describeSent(result, options) };
  const { reason, retryAt, detail, verification } = result;
  const again = retryAt && `; try again at ${describeTime(retryAt)}`;
  const lines = [`Refused (${reason}). ${REASONS[reason]}${detail ? `: ${detail}` : ''}${again ?? ''}.`];
  if (verification !== undefined) lines.push(`The code that was sent still counts: ${toCommandLine(`check ${verification.id} <code>`, options)}`);
  return { ok: false, text: lines.join('\n') };
}

function describeSent({ id, to, channel, codeLength, expiresAt, resendAt, deliveries }: PendingVerification, options: OwnerOptions): string {
  const doubt = deliveries.at(-1)?.status === 'sent' ? '' : ' Whether its message got through cannot be told.';
  return [
    `Pending: a code of ${codeLength} digits, by ${channel}, for ${to}.${doubt}`,
    `  id       ${id}`,
    `  expires  ${describeTime(expiresAt)}`,
    `  resend   from ${describeTime(resendAt)}`,
    `Next: ${toCommandLine(`check ${id} <code>`, options)}`,
  ].join('\n');
}
