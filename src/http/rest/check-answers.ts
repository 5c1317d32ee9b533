import { Destination } from '../../core/destination.ts';
import type { Proof } from '../../engine/results.ts';
import type { ServiceApproval, ServiceCheckResult } from '../../engine/service-verifier.ts';
import type { Call, ResponseSpec } from '../operation.ts';
import type { RestParts } from '../rest-parts.ts';
import { CheckAnswer } from '../schemas.ts';
import { noSuchVerification, toRefusal } from './send-answers.ts';

/** An approval as it is kept: its claims and not its token, which is signed again whenever it is answered. */
export interface KeptApproval extends Omit<Proof, 'destination' | 'approvedAt'> {
  readonly destination: string;
  readonly masked: string;
  readonly approvedAt: string;
  readonly nonce?: string;
  readonly test: boolean;
}

/** The answers of a check. */
export const checkResponse: Readonly<Record<number, ResponseSpec>> = {
  200: { description: 'What the guess came to.', schema: CheckAnswer, example: { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 } },
};

/** What a guess came to, as it may be kept. @throws {HttpProblem} 404, or 429 where the budget of wrong guesses is used up. */
export function renderCheck(result: ServiceCheckResult): unknown {
  if (result.status === 'not_found') throw noSuchVerification();
  if (result.status === 'budget_exhausted') throw toRefusal({ reason: 'budget_exhausted', retryAt: result.retryAt });
  return result.status === 'approved' ? { status: 'approved', claims: toKeptApproval(result) } : { ...result };
}

/** Ensure that what was erased is not handed out again: a kept approval holds the number. @throws {HttpProblem} 404. */
export async function assertApprovalIsThere(call: Call<unknown, unknown, unknown>, body: unknown): Promise<void> {
  const { claims } = body as { readonly claims?: KeptApproval };
  if (claims === undefined) return;
  const { verificationId: id, purpose, requester } = claims;
  const verifier = call.parts.verifierFor(await call.service());
  if ((await verifier.show({ id, purpose, requester })).status === 'not_found') throw noSuchVerification();
}

/** Signs the proof of an approval. Its destination was parsed when the verification was started. */
export function finishCheck(body: unknown, { proofs }: RestParts): unknown {
  const { claims } = body as { readonly claims?: KeptApproval };
  if (claims === undefined) return body;
  const { verificationId, service, purpose, channel, requester, nonce, test } = claims;
  const proof: Proof = {
    verificationId,
    service,
    purpose,
    channel,
    destination: new Destination(claims.destination, claims.masked),
    approvedAt: new Date(claims.approvedAt),
    ...(requester !== undefined && { requester }),
  };
  return { status: 'approved', verificationId, token: proofs.sign(proof, { audience: service, nonce, test }) };
}

/** An approval as it may be kept. Each field by its name: of a copy with and without some V8 makes a slow one. */
export function toKeptApproval({ proof, nonce, test }: ServiceApproval): KeptApproval {
  const { verificationId, service, purpose, channel, destination, requester, approvedAt } = proof;
  return {
    verificationId,
    service,
    purpose,
    channel,
    destination: destination.reveal(),
    masked: destination.masked,
    approvedAt: approvedAt.toISOString(),
    test,
    ...(requester !== undefined && { requester }),
    ...(nonce !== undefined && { nonce }),
  };
}
