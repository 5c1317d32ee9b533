import { parseCode } from '../../../core/code-input.ts';
import { type Channel, channelsFor, type Destination, parseDestination } from '../../../core/destination.ts';
import { CountersignError } from '../../../core/errors.ts';
import { addToQuery } from '../../../core/return-url.ts';
import { parseTypedPhone } from '../../../core/typed-number.ts';
import type { ClaimOutcome } from '../../../engine/page-session-acts.ts';
import type { RefusedResult, StartResult } from '../../../engine/results.ts';
import type { ServiceCheckResult } from '../../../engine/service-verifier.ts';
import { toKeptApproval } from '../../rest/check-answers.ts';
import type { PageParts } from './page-parts.ts';
import type { Said } from './said.ts';
import { type OpenSession, toVisitor, type Visit } from './visit.ts';

/** What a person has typed or chosen, by the names of the fields. */
export type PageForm = Pick<URLSearchParams, 'get'>;

/** A form that came from its own page, and the session that it is for. */
export interface Step {
  readonly visit: Visit;
  readonly session: OpenSession;
  readonly form: PageForm;
  /** Whether the link came along, so that the session may become this browser's. */
  readonly hasLink: boolean;
  readonly parts: PageParts;
}

/** What comes of a step. */
export type StepResult =
  /** The visit's page, as it is now. */
  | { readonly kind: 'go'; readonly said?: Said; readonly ask?: 'email' | 'phone' }
  /** Back to the caller. */
  | { readonly kind: 'leave'; readonly name: 'done' | 'canceled'; readonly url: string }
  /** The form as it was, with something said about it. */
  | { readonly kind: 'stay'; readonly said: Said }
  /** The page of a visit that is not to be gone on with. */
  | { readonly kind: 'end'; readonly page: 'gone' | 'elsewhere' };

/** The name of a step: what its form says and its address ends with. */
export type StepName = 'ask' | 'start' | 'again' | 'resend' | 'check' | 'change' | 'cancel';

/** Every step of a visit, by its name. */
export const STEPS: Readonly<Record<StepName, (step: Step) => Promise<StepResult>>> = { ask, start, again, resend, check, change, cancel };

/** Shows the form for the other kind of destination. */
async function ask(step: Step): Promise<StepResult> {
  const claimed = await claim(step, undefined);
  return claimed ?? { kind: 'go', ask: step.form.get('with') === 'email' ? 'email' : 'phone' };
}

/** Sends a code to where the caller or the person has said. */
async function start(step: Step): Promise<StepResult> {
  const { request } = step.session;
  if (request.to !== undefined) return claimAndStart(step, undefined, request.to);
  const isEmail = step.form.get('with') === 'email';
  const isOffered = channelsOf(step.session, isEmail ? 'email' : 'phone').length > 0;
  // Ensure that a form that somebody made up leads nowhere the session's caller has not said.
  const destination = isOffered ? readDestination(step.form, isEmail) : undefined;
  if (destination === undefined)
    return (await claim(step, undefined)) ?? { kind: 'stay', said: { what: isEmail ? 'email_invalid' : 'number_invalid' } };
  return claimAndStart(step, destination.reveal(), destination.reveal());
}

async function claimAndStart(step: Step, destination: string | undefined, to: string): Promise<StepResult> {
  const { visit, hasLink, parts } = step;
  const claimed = toUnclaimed(await parts.pageSessions.claim(toVisitor(visit), { hasLink, destination, sends: true }));
  if (claimed !== undefined) return claimed;
  try {
    const result = await startAt(step, to);
    const isKept = result.kind === 'go' && result.said === undefined;
    if (!isKept) await parts.pageSessions.unsent(toVisitor(visit));
    return result;
  } catch (error) {
    // Where that fails, too, nothing is lost but a minute.
    await parts.pageSessions.unsent(toVisitor(visit)).catch(() => undefined);
    throw error;
  }
}

/** Sends a new code to where the last one went, after a verification has ended. */
async function again(step: Step): Promise<StepResult> {
  const { current } = step.session;
  return current === undefined ? { kind: 'go' } : claimAndStart(step, undefined, current.to);
}

async function resend(step: Step): Promise<StepResult> {
  const { current, request, verifier } = step.session;
  if (current === undefined) return { kind: 'go' };
  const { purpose, requester } = request;
  const channel = readChannel(step, current.to);
  if (channel === undefined) return { kind: 'go', said: UNREACHED };
  const sent = await settle(() => inLanguage(step, (locale) => verifier.resend({ id: current.verificationId, channel, purpose, requester, locale })));
  if ('what' in sent) return { kind: 'go', said: sent };
  if (sent.status === 'refused') return { kind: 'go', said: toSaid(sent) };
  return sent.status === 'pending' ? { kind: 'go', said: { what: 'sent' } } : { kind: 'go' };
}

/** Judges a guess. The same digits twice within a minute are one guess, so that a form that is sent twice is answered twice alike. */
async function check({ visit, session, form, parts }: Step): Promise<StepResult> {
  const { current, request, verifier } = session;
  if (current === undefined) return { kind: 'go' };
  const visitor = toVisitor(visit);
  // Ensure that a page which asks for an older code costs no attempt at the newer.
  const about = form.get('about');
  if (about !== null && about !== toMark(visit, session, parts)) return { kind: 'go' };
  const code = readCode(form);
  if (code === undefined) return { kind: 'stay', said: { what: 'code_length' } };
  const attemptId = parts.pageSessions.toAttemptId(visitor, code);
  const { purpose, requester } = request;
  const result = await settleGuess(() => verifier.check({ id: current.verificationId, code, purpose, requester, attemptId }));
  if ('what' in result) return { kind: 'stay', said: result };
  if (result.status === 'approved') {
    // The nonce is this visit's: the verification may be one that another visit of the same requester began.
    const approval = toKeptApproval({ ...result, nonce: request.nonce });
    const handle = await parts.pageSessions.approve(visitor, JSON.stringify(approval));
    return handle === undefined ? { kind: 'go' } : { kind: 'leave', name: 'done', url: toReturn(session, { result: handle.reveal() }) };
  }
  if (result.status === 'pending') return { kind: 'stay', said: { what: 'wrong_code', attemptsLeft: result.attemptsLeft } };
  if (result.status === 'budget_exhausted') return { kind: 'stay', said: { what: 'guesses_exhausted', until: result.retryAt.getTime() } };
  return result.status === 'destination_blocked' ? { kind: 'stay', said: { what: 'destination_blocked' } } : { kind: 'go' };
}

/** Names the verification that a form is about, to its own browser alone; empty where there is none. */
export function toMark(visit: Visit, { current }: OpenSession, { pageSessions }: Pick<PageParts, 'pageSessions'>): string {
  return current === undefined ? '' : pageSessions.toMark(toVisitor(visit), current.verificationId);
}

/** Back to the question for a number. The code that was sent is good until there is another: whoever finds that the number was right goes on with it. */
async function change({ session: { current, request } }: Step): Promise<StepResult> {
  if (request.to !== undefined || current === undefined) return { kind: 'go' };
  return { kind: 'go', ask: kindOf(current.to) };
}

/** The person wants no more of it. */
async function cancel(step: Step): Promise<StepResult> {
  const claimed = await claim(step, undefined);
  if (claimed !== undefined) return claimed;
  const { current, request, verifier } = step.session;
  const { purpose, requester } = request;
  // First, so that a form that is sent again does what is left to do; where a provider cannot be reached the visit ends all the same.
  if (current !== undefined) await settle(() => verifier.cancel({ id: current.verificationId, purpose, requester }));
  const canceled = await step.parts.pageSessions.cancel(toVisitor(step.visit));
  if (canceled !== 'canceled') return { kind: 'go' };
  return { kind: 'leave', name: 'canceled', url: toReturn(step.session, { error: 'canceled' }) };
}

/** The address that a visit ends at, with what is told there. */
export function toReturn({ request: { returnUrl, state } }: OpenSession, told: { readonly result: string } | { readonly error: string }): string {
  return addToQuery(returnUrl, { ...told, state });
}

/** Ensure that a browser has the session, and leave to send, before anything is sent. Undefined where it has. */
async function claim({ visit, hasLink, parts }: Step, destination: string | undefined): Promise<StepResult | undefined> {
  return toUnclaimed(await parts.pageSessions.claim(toVisitor(visit), { hasLink, destination }));
}

function toUnclaimed(claimed: ClaimOutcome): StepResult | undefined {
  if (claimed === 'claimed') return undefined;
  if (claimed === 'sending') return { kind: 'go', said: { what: 'in_progress' } };
  if (claimed === 'destinations_used_up') return { kind: 'stay', said: { what: 'numbers_used_up' } };
  return claimed === 'ended' ? { kind: 'go' } : { kind: 'end', page: claimed };
}

async function startAt(step: Step, to: string): Promise<StepResult> {
  const { request, verifier } = step.session;
  const { purpose, requester } = request;
  const channel = readChannel(step, to);
  if (channel === undefined) return { kind: 'stay', said: UNREACHED };
  const started = await settle(() => inLanguage(step, (locale) => verifier.start({ to, channel, purpose, requester, locale })));
  if ('what' in started) return { kind: 'stay', said: started };
  const live = findLive(started);
  if (live === undefined) {
    const { current } = step.session;
    return { kind: current?.to === to ? 'go' : 'stay', said: toSaid(started as RefusedResult) };
  }
  const kept = await step.parts.pageSessions.keep(toVisitor(step.visit), { verificationId: live, to });
  if (kept !== 'kept') return kept === 'ended' ? { kind: 'go' } : { kind: 'end', page: kept };
  return started.status === 'refused' ? { kind: 'go', said: toSaid(started) } : { kind: 'go' };
}

/** The verification that a person goes on with: the one begun, or that of the same requester which the limits let not be sent again yet. */
function findLive(started: StartResult): string | undefined {
  return started.status === 'pending' ? started.id : started.verification?.id;
}

const REASONS: Readonly<Record<RefusedResult['reason'], Said['what']>> = {
  resend_too_soon: 'too_soon',
  in_progress: 'in_progress',
  budget_exhausted: 'budget_exhausted',
  rate_limited: 'too_soon',
  guard_denied: 'guard_denied',
  destination_blocked: 'destination_blocked',
};

function toSaid({ reason, retryAt }: RefusedResult): Said {
  return { what: REASONS[reason], until: retryAt?.getTime() };
}

/** A send's answer; or what to say where it could not be handed over, which its person can do something about. */
async function settle<T extends object>(send: () => Promise<T>): Promise<T | Said> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    if (error.code === 'provider_rejected') return { what: 'not_delivered' };
    if (error.code === 'provider_unavailable') return { what: 'try_again' };
    throw error;
  }
}

/** The same of a guess, where it was not judged. */
async function settleGuess(check: () => Promise<ServiceCheckResult>): Promise<ServiceCheckResult | Said> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    if (error.code === 'invalid_code') return { what: 'code_length' };
    if (error.code === 'provider_unavailable') return { what: 'try_again' };
    throw error;
  }
}

/** A number as typed beside a country, or an address; undefined for what is neither. */
function readDestination(form: PageForm, isEmail: boolean): Destination | undefined {
  try {
    if (!isEmail) return parseTypedPhone(form.get('number') ?? '', form.get('country') ?? '');
    const destination = parseDestination((form.get('email') ?? '').trim());
    return destination.kind === 'email' ? destination : undefined;
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'invalid_destination') return undefined;
    throw error;
  }
}

function readCode(form: PageForm): string | undefined {
  try {
    return parseCode(form.get('code') ?? '');
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'invalid_code') return undefined;
    throw error;
  }
}

/** What a destination in its canonical form is. */
export function kindOf(to: string): Destination['kind'] {
  return to.includes('@') ? 'email' : 'phone';
}

/** The channels by which a session reaches a kind of destination, the one that is taken first first. */
export function channelsOf({ request, verifier }: OpenSession, kind: Destination['kind']): readonly Channel[] {
  return channelsFor(kind).filter((channel) => verifier.channels.includes(channel) && (request.channels?.includes(channel) ?? true));
}

/** Said where the service has no way left to a destination. */
const UNREACHED: Said = { what: 'guard_denied' };

/** The one that was chosen, where it is offered; else the first. */
function readChannel({ session, form }: Step, to: string): Channel | undefined {
  const offered = channelsOf(session, kindOf(to));
  const given = form.get('channel');
  return offered.find((channel) => channel === given) ?? offered[0];
}

/** Sends in the caller's language, else in the page's, else in the provider's own: which of them messages are written in only the provider knows. */
async function inLanguage<T>({ session, visit }: Step, send: (locale: string | undefined) => Promise<T>): Promise<T> {
  for (const locale of new Set([session.request.locale ?? visit.language.language.tag, visit.language.language.tag])) {
    try {
      return await send(locale);
    } catch (error) {
      // Thrown before anything else is done.
      if (!(error instanceof CountersignError) || error.field !== 'locale') throw error;
    }
  }
  return send(undefined);
}
