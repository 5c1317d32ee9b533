import { CountersignError } from '../core/errors.ts';
import { isSafeReference } from '../core/reference.ts';
import type { Secret } from '../core/secret.ts';
import type {
  JudgingProvider,
  Provider,
  ProviderCheckRequest,
  ProviderCheckResult,
  ProviderLimit,
  ProviderReceipt,
  ProviderRefusal,
  ProviderSendRequest,
  ProviderSendResult,
} from '../providers/provider.ts';
import type { JudgeClaim } from './judge-claim.ts';

/** How the verifier calls a provider: once, and believing only what can be believed. A provider is foreign code, and some of what it answers is kept. */

/** Either kind of provider. */
export type AnyProvider = Provider | JudgingProvider;

/** Whether a provider issues and judges codes of its own. */
export function isJudging(provider: AnyProvider): provider is JudgingProvider {
  return 'check' in provider;
}

/** What the rules must know of a provider; undefined where it carries the engine's own codes. */
export function toJudgeClaim(provider: AnyProvider): JudgeClaim | undefined {
  if (!isJudging(provider)) return undefined;
  return {
    provider: provider.name,
    isAlone: provider.isolation === 'destination',
    codeLength: provider.codeLength,
    acceptsAnyLength: provider.acceptsAnyLength === true,
  };
}

/** Sends one message. What a provider throws is not told from a message that left: `unknown`. @param code where the provider carries ours. */
export async function sendOnce(
  provider: AnyProvider,
  request: Omit<ProviderSendRequest, 'code'>,
  code: () => Secret,
): Promise<ProviderSendResult | ProviderRefusal> {
  try {
    if (isJudging(provider)) return parseSent(await provider.send(request), request.to, undefined);
    const carried = code();
    return parseSent(await provider.send({ ...request, code: carried }), request.to, carried);
  } catch {
    return { status: 'unknown' };
  }
}

/** Asks about one guess. */
export async function checkOnce(provider: JudgingProvider, request: ProviderCheckRequest): Promise<ProviderCheckResult> {
  try {
    return parseChecked(await provider.check(request), request);
  } catch {
    return { status: 'unknown' };
  }
}

/** Ends a verification at its provider; whether it surely is not pending there any more. */
export async function cancelOnce(provider: JudgingProvider, receipt: ProviderReceipt): Promise<boolean> {
  try {
    const { status } = await provider.cancel(receipt);
    return status === 'canceled' || status === 'gone';
  } catch {
    return false;
  }
}

/** What is thrown for a message that was not sent. */
export function toSendError(provider: string, { permanent, error }: Pick<ProviderRefusal, 'permanent' | 'error'>): CountersignError {
  if (error instanceof CountersignError) return error;
  if (permanent) return new CountersignError('provider_rejected', `the provider ${provider} does not deliver to this destination; nothing was sent`);
  return new CountersignError('provider_unavailable', `the provider ${provider} could not send; nothing was sent`);
}

/** What is thrown for a guess of which nothing can be told. */
export function toCheckError(provider: string, result: ProviderCheckResult): CountersignError {
  if ('error' in result && result.error !== undefined) return result.error;
  const counted = result.status === 'failed' ? 'the guess was not counted' : 'the guess may have been judged, and is counted';
  return new CountersignError('provider_unavailable', `the provider ${provider} could not judge; ${counted}`);
}

function parseSent(value: ProviderSendResult, to: ProviderSendRequest['to'], code: Secret | undefined): ProviderSendResult {
  if (value?.status === 'refused') return parseRefusal(value, to, code);
  if (value?.status !== 'sent') return { status: 'unknown' };
  const { sender, reference } = value;
  return { status: 'sent', sender, ...(isSafeReference(reference, to, code) && { reference }) };
}

function parseRefusal({ permanent, limit, error }: ProviderRefusal, to: ProviderSendRequest['to'], code: Secret | undefined): ProviderRefusal {
  return {
    status: 'refused',
    permanent: permanent === true,
    ...(limit && LIMIT_REASONS.includes(limit.reason) && { limit: parseLimit(limit, to, code) }),
    ...(error instanceof CountersignError && { error }),
  };
}

/** What it says in words goes to callers and listeners: where that repeats the destination it is left out. */
function parseLimit({ reason, retryAfter, rule, detail }: ProviderLimit, to: ProviderSendRequest['to'], code: Secret | undefined): ProviderLimit {
  const isTime = typeof retryAfter === 'number' && retryAfter > 0 && Number.isFinite(retryAfter);
  return {
    reason,
    retryAfter: isTime ? Math.ceil(retryAfter) : undefined,
    ...(isSafeReference(rule, to, code) && { rule }),
    ...(isSafeReference(detail, to, code) && { detail }),
  };
}

const LIMIT_REASONS: readonly ProviderLimit['reason'][] = ['rate_limited', 'in_progress', 'budget_exhausted', 'guard_denied'];

function parseChecked(value: ProviderCheckResult, { to, code }: ProviderCheckRequest): ProviderCheckResult {
  switch (value?.status) {
    case 'approved':
    case 'wrong':
      return { status: value.status, ...(isSafeReference(value.reference, to, code) && { reference: value.reference }) };
    case 'ended':
      return ENDS.includes(value.state) ? { status: 'ended', state: value.state } : { status: 'unknown' };
    case 'failed':
      return { status: 'failed', ...(value.error instanceof CountersignError && { error: value.error }) };
    default:
      return { status: 'unknown', ...(value?.error instanceof CountersignError && { error: value.error }) };
  }
}

const ENDS = ['expired', 'max_attempts_reached', 'canceled'];
