import type { Channel } from '../../core/destination.ts';
import type { Delivery, PendingResult } from '../../engine/results.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { VerificationView } from '../../engine/verification-view.ts';
import { toDate } from './dates.ts';
import { type Payment, readNote } from './payment.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** What all answers about a verification are made of. */
export interface ShownVerification {
  readonly sid: string;
  /** In full; null where it has ended, since then nobody knows it any more. */
  readonly to: string | null;
  readonly channel: Channel;
  readonly status: VerificationView['status'];
  readonly payment: Payment;
  readonly deliveries: readonly Delivery[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

type Place = Pick<TwilioParts, 'publicUrl' | 'accountSid'>;

/** Of a view. */
export function toShown(view: VerificationView): ShownVerification {
  const { id, to, channel, status, note, deliveries, createdAt, updatedAt } = view;
  return { sid: id, to: to?.reveal() ?? null, channel, status, payment: readNote(note), deliveries, createdAt, updatedAt };
}

/** Of a start that was answered. It is not looked up again: that might fail when the message has left, and the client would ask once more. */
export function toStarted(result: PendingResult, { to, payment }: { readonly to: string; readonly payment: Payment }): ShownVerification {
  const { id, channel, status, deliveries } = result;
  // One is made with its first delivery, at the same time.
  const [first, last] = [deliveries[0], deliveries.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('a start was answered without a delivery');
  return { sid: id, to, channel, status, payment, deliveries, createdAt: first.at, updatedAt: last.at };
}

/** What creates, fetches and updates answer. */
export function renderVerification(shown: ShownVerification, service: ServiceSettings, place: Place): object {
  return {
    ...renderCommon(shown, service, place),
    lookup: { carrier: null },
    send_code_attempts: shown.deliveries.map(({ id, channel, at }) => ({ time: toDate(at), channel, attempt_sid: id })),
    sna: null,
    url: `${place.publicUrl}/v2/Services/${service.id}/Verifications/${shown.sid}`,
  };
}

/** What a check answers: less, and one field of its own. */
export function renderCheck(shown: ShownVerification, service: ServiceSettings, place: Place): object {
  return { ...renderCommon(shown, service, place), sna_attempts_error_codes: null };
}

function renderCommon(shown: ShownVerification, service: ServiceSettings, { accountSid }: Place): object {
  const { sid, to, channel, status, payment, createdAt, updatedAt } = shown;
  return {
    sid,
    service_sid: service.id,
    account_sid: accountSid,
    to,
    channel,
    status,
    valid: status === 'approved',
    amount: payment.amount,
    payee: payment.payee,
    date_created: toDate(createdAt),
    date_updated: toDate(updatedAt),
  };
}
