import { invalidParameter, TwilioError } from './double-errors.ts';

/** A form as it came: each field once. */
export type Form = Readonly<Record<string, string>>;

/** A body, before anything is done to it. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * What goes wrong with one request.
 *
 * - `pass`: nothing. For a fault that hits a later request.
 * - `{ error }`: that error, and nothing is done. 60200 names `parameter`, which is `To` unless said otherwise, with the value it came with.
 * - `{ status, body }`: a server that fails before anything is done; without a body, what Twilio or its balancer sends.
 * - `html`, `html_ok`: a balancer or a hotel answers with a page, 502 or 200, and nothing is done.
 * - `empty`, `malformed`, `unknown_status`: it is done, and the answer says nothing, is broken JSON, or says a status that nobody documented.
 * - `hang_before`, `cut_before`: nothing is done, and no answer comes, or the connection breaks.
 * - `hang_after`, `cut_after`, `cut_mid_body`: the message has left or the guess is judged, and then that; the last one breaks half way
 *   through the body.
 * - `{ alter }`: it is done, and the body is what this makes of it. It is held against the contract as all are.
 */
export type TwilioFault =
  | 'pass'
  | 'html'
  | 'html_ok'
  | 'empty'
  | 'malformed'
  | 'unknown_status'
  | 'hang_before'
  | 'hang_after'
  | 'cut_before'
  | 'cut_after'
  | 'cut_mid_body'
  | { readonly error: number; readonly parameter?: string; readonly message?: string }
  | { readonly status: 500 | 502 | 503; readonly body?: string }
  | { readonly alter: (body: Body) => Body };

/** An answer as bytes see it. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** How an answer gets home: whole, half, or not at all. */
export type Delivery = 'whole' | 'half' | 'cut' | 'hang';

/** A fault as the double goes about it. */
export interface FaultPlan {
  /** Answered with nothing done: thrown, or sent as it is. */
  readonly instead?: TwilioError | Answer;
  /** Whether an answer that never comes is for a request that was not worked on either. */
  readonly untouched?: boolean;
  readonly alter?: (body: Body) => Body;
  /** After the contract was checked. */
  readonly garble?: (body: string) => string;
  readonly delivery?: Delivery;
}

const PAGE = '<!DOCTYPE html>\n<html><head><title>Sign in or try later</title></head><body><h1>Not what you asked for</h1></body></html>\n';

const PLANS: Readonly<Record<Extract<TwilioFault, string>, FaultPlan>> = {
  pass: {},
  html: { instead: { status: 502, type: 'text/html', body: PAGE } },
  html_ok: { instead: { status: 200, type: 'text/html', body: PAGE } },
  empty: { garble: () => '' },
  malformed: { garble: breakJson },
  unknown_status: { alter: (body) => ({ ...body, status: 'under_consideration' }) },
  hang_before: { untouched: true, delivery: 'hang' },
  hang_after: { delivery: 'hang' },
  cut_before: { untouched: true, delivery: 'cut' },
  cut_after: { delivery: 'cut' },
  cut_mid_body: { delivery: 'half' },
};

/** What to do about a fault, given the form it hits. */
export function planFault(fault: TwilioFault, form: Form): FaultPlan {
  if (typeof fault === 'string') return PLANS[fault];
  if ('error' in fault) return { instead: toError(fault, form) };
  if ('status' in fault) return { instead: toFailure(fault) };
  return fault;
}

function toError({ error, parameter = 'To', message }: Extract<TwilioFault, { error: number }>, form: Form): TwilioError {
  return error === 60200 && message === undefined ? invalidParameter(parameter, form[parameter]) : new TwilioError(error, message);
}

function toFailure({ status, body }: Extract<TwilioFault, { status: number }>): TwilioError | Answer {
  if (body !== undefined) return { status, type: 'text/plain', body };
  return status === 502 ? { status, type: 'text/html', body: PAGE } : new TwilioError(status === 500 ? 20500 : 20503);
}

/** Broken right where the number begins, since engines quote the place in what they throw. */
function breakJson(body: string): string {
  const broken = body.replace('"to":"', '"to":');
  return broken === body ? body.slice(0, body.length / 2) : broken;
}
