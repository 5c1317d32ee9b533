import { CountersignError } from '../../core/errors.ts';
import type { WhichVerification } from '../../engine/results.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { VerificationView } from '../../engine/verification-view.ts';
import { assertScope } from '../authentication.ts';
import { readCreate } from './create-params.ts';
import { toSendRefusal } from './send-refusal.ts';
import { invalidParameter, notFound } from './twilio-errors.ts';
import { findService, type TwilioCall, type TwilioOperation } from './twilio-operation.ts';
import { toUsedUp } from './used-up.ts';
import { renderVerification, toShown, toStarted } from './verification-body.ts';

const create: TwilioOperation = {
  id: 'CreateVerification',
  method: 'POST',
  path: '/Services/{ServiceSid}/Verifications',
  scope: 'start',
  names: { to: 'To', channel: 'Channel', code: 'CustomCode', locale: 'Locale', binding: 'Amount' },
  async handle(call) {
    const { parts, params, fields } = call;
    const service = await findService(call, params.ServiceSid);
    const { to, payment, rateValues, start } = readCreate(fields, service);
    const rates = await parts.sendRates.count(service.id, rateValues);
    if (rates.status === 'unknown_name') throw invalidParameter('RateLimits', 'names a rate limit that is not there');
    if (rates.status === 'refused') throw toSendRefusal({ reason: 'rate_limited', retryAt: rates.retryAt });
    const started = await parts.verifierFor(service).start(start);
    if (started.status === 'refused') throw toSendRefusal(started, rates.fullUntil);
    return { status: 201, body: renderVerification(toStarted(started, { to: to.reveal(), payment }), service, parts) };
  },
};

const fetch: TwilioOperation = {
  id: 'FetchVerification',
  method: 'GET',
  path: '/Services/{ServiceSid}/Verifications/{Sid}',
  scope: 'read',
  async handle(call) {
    const { service, view } = await findVerification(call);
    return { status: 200, body: renderVerification(toShown(view), service, call.parts) };
  },
};

const update: TwilioOperation = {
  id: 'UpdateVerification',
  method: 'POST',
  path: '/Services/{ServiceSid}/Verifications/{Sid}',
  scope: 'any',
  async handle(call) {
    const { fields, key, parts } = call;
    fields.required('Status');
    const status = fields.oneOf('Status', ['approved', 'canceled']);
    // To say that a code was right is an operator's act: it takes no code.
    assertScope(key, status === 'approved' ? 'admin' : 'start');
    const { service, view } = await findVerification(call);
    const verifier = parts.verifierFor(service);
    const ended = status === 'approved' ? await verifier.approve({ id: view.id }, { by: key.id }) : await verifier.cancel({ id: view.id });
    if (ended.status === 'max_attempts_reached') throw toUsedUp(view, parts);
    if (ended.status !== status) throw notFound();
    const after = await verifier.view({ id: view.id });
    // The destination is forgotten with the end; who ended it may see it once more.
    const shown = { ...toShown(view), status, ...(after !== undefined && { updatedAt: after.updatedAt }) };
    return { status: 200, body: renderVerification(shown, service, parts) };
  },
};

/** Codes that are sent, and what became of them. */
export const VERIFICATION_OPERATIONS: readonly TwilioOperation[] = [create, fetch, update];

/**
 * The verification that a path names, by its id or by its destination. One that was approved or has expired is there no more, and one whose guesses are used up
 * only for as long as it would have lived.
 */
async function findVerification(call: TwilioCall): Promise<{ readonly service: ServiceSettings; readonly view: VerificationView }> {
  const { parts, params } = call;
  const service = await findService(call, params.ServiceSid);
  const view = await lookUp(() => parts.verifierFor(service).view(toWhich(params.Sid ?? '')));
  const isOver = view === undefined || view.status === 'approved' || view.status === 'expired';
  if (isOver || (view.status === 'max_attempts_reached' && parts.now() >= view.expiresAt.getTime())) throw notFound();
  return { service, view };
}

function toWhich(sid: string): WhichVerification {
  return /^VE[0-9a-fA-F]{32}$/.test(sid) ? { id: sid } : { to: sid };
}

/** A path that is neither an id nor a destination names nothing; it is no parameter at fault. */
async function lookUp<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw error instanceof CountersignError && error.code === 'invalid_destination' ? notFound() : error;
  }
}
