import type { Fields } from './fields.ts';
import { invalidParameter, TwilioError } from './twilio-errors.ts';

/** What a code is good for besides: the transaction that its owner was shown (PSD2 RTS Art. 5). */
export interface Payment {
  readonly amount: string | null;
  readonly payee: string | null;
}

/** None, or none that is known any more. */
const NO_PAYMENT: Payment = { amount: null, payee: null };

/** What an engine takes as a binding. */
const MAX_BINDING = 256;

/** @throws {TwilioError} 60206 where it has to be there and is not. */
export function readPayment(fields: Fields, isRequired: boolean): Payment {
  const payment = { amount: fields.text('Amount') ?? null, payee: fields.text('Payee') ?? null };
  if (isRequired && (payment.amount === null || payment.payee === null)) throw new TwilioError(60206);
  if (toText(payment).length > MAX_BINDING)
    throw invalidParameter('Payee', `must have, with Amount, at most ${MAX_BINDING} characters as a JSON list`);
  return payment;
}

/** What the engine binds a code to. Where a client says neither, there is nothing to bind. */
export function toBinding(payment: Payment): string | undefined {
  return payment.amount === null && payment.payee === null ? undefined : toText(payment);
}

/** The payment in the note that came with a binding. */
export function readNote(note: string | undefined): Payment {
  if (note === undefined) return NO_PAYMENT;
  const [amount = null, payee = null] = JSON.parse(note) as readonly (string | null)[];
  return { amount, payee };
}

/** As JSON, since a pair joined by any one character has two readings: "1" to "2 Ltd" and "12" to " Ltd" must not be one. */
function toText({ amount, payee }: Payment): string {
  return JSON.stringify([amount, payee]);
}
