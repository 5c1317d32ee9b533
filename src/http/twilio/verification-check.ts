import { parseDestination } from '../../core/destination.ts';
import { CountersignError } from '../../core/errors.ts';
import type { Guess, WhichVerification } from '../../engine/results.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { ServiceCheckResult } from '../../engine/service-verifier.ts';
import type { Judged, VerificationView } from '../../engine/verification-view.ts';
import type { Fields } from './fields.ts';
import { type Payment, readPayment, toBinding } from './payment.ts';
import { invalidParameter, notFound, TwilioError } from './twilio-errors.ts';
import { findService, type TwilioCall, type TwilioOperation } from './twilio-operation.ts';
import { toUsedUp } from './used-up.ts';
import { renderCheck, toShown } from './verification-body.ts';

/** Seconds to wait where only an operator can help: as long as a verification lives. */
const BLOCKED_SECONDS = 600;

const check: TwilioOperation = {
  id: 'CreateVerificationCheck',
  method: 'POST',
  path: '/Services/{ServiceSid}/VerificationCheck',
  scope: 'check',
  names: { to: 'To', code: 'Code', id: 'VerificationSid', binding: 'Amount' },
  async handle(call) {
    const { parts, params, fields } = call;
    const service = await findService(call, params.ServiceSid);
    const payment = readPayment(fields, service.psd2);
    const guess = readGuess(fields, payment);
    const which = await readWhich(call, service);
    const verifier = parts.verifierFor(service);
    const { result, view } = await verifier
      .judge({ ...guess, ...which })
      .catch((error: unknown) => toMisread(error, guess.code, () => verifier.view(which)));
    const shown = toShown(judged(result, view, call));
    // An approval forgets what it was bound to, which is what the guess has said.
    const outcome = result.status === 'approved' ? ({ status: 'approved', payment } as const) : ({ status: 'pending' } as const);
    // Twilio's document lists 201 as well; what it answers is 200.
    return { status: 200, body: renderCheck({ ...shown, ...outcome }, service, parts) };
  },
};

/** Guesses. */
export const VERIFICATION_CHECK_OPERATIONS: readonly TwilioOperation[] = [check];

function readGuess(fields: Fields, payment: Payment): Guess {
  fields.text('SnaClientToken');
  const binding = toBinding(payment);
  return { code: fields.required('Code'), ...(binding !== undefined && { binding }) };
}

/** Both may be given; then they have to be the same, and no guess is made where they are not. */
async function readWhich({ parts, fields }: TwilioCall, service: ServiceSettings): Promise<WhichVerification> {
  const [id, to] = [fields.text('VerificationSid'), fields.text('To')];
  if (id !== undefined && !/^VE[0-9a-fA-F]{32}$/.test(id)) throw invalidParameter('VerificationSid');
  if (id === undefined && to === undefined) throw new TwilioError(60221);
  if (id === undefined) return { to: to ?? '' };
  if (to !== undefined) {
    const destination = parseDestination(to);
    const view = await parts.verifierFor(service).view({ id });
    // Of one that has ended the destination is not known any more; it is told by what became of it.
    if (view?.to !== undefined && view.to.reveal() !== destination.reveal()) throw notFound();
  }
  return { id };
}

/** Characters that Twilio takes for a code. */
const CODE_LENGTH = { min: 4, max: 10 } as const;

/**
 * A guess that cannot be the code, by its length or for its letters, is a wrong one as any other to these clients. It was not compared, and is not counted.
 *
 * @throws `error`, where it is another, or where the guess is no code for Twilio either.
 */
async function toMisread(error: unknown, code: string, look: () => Promise<VerificationView | undefined>): Promise<Judged<ServiceCheckResult>> {
  const isMisread = error instanceof CountersignError && error.code === 'invalid_code';
  if (!isMisread || code.length < CODE_LENGTH.min || code.length > CODE_LENGTH.max) throw error;
  const view = await look();
  if (view?.status === 'max_attempts_reached') return { result: { status: 'max_attempts_reached' }, view };
  if (view?.status !== 'pending') throw notFound();
  return { result: { status: 'pending', reason: 'wrong_code', attemptsLeft: view.attemptsLeft }, view };
}

/** The verification of a guess that was compared. @throws {TwilioError} where it was not. */
function judged(result: ServiceCheckResult, view: VerificationView | undefined, { parts }: TwilioCall): VerificationView {
  if (view === undefined) throw notFound();
  switch (result.status) {
    case 'approved':
    case 'pending':
      return view;
    case 'max_attempts_reached':
      // The guess that ends it is a wrong one as any other.
      if (result.reason !== undefined) return view;
      throw toUsedUp(view, parts);
    case 'budget_exhausted':
      throw new TwilioError(60202, { retryAt: result.retryAt, reason: result.status });
    case 'destination_blocked':
      throw new TwilioError(60202, { retrySeconds: BLOCKED_SECONDS, reason: result.status });
    default:
      throw notFound();
  }
}
