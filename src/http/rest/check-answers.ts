import { parseDestination } from '../../core/destination.ts';
import type { Proof } from '../../engine/results.ts';
import type { ServiceApproval, ServiceCheckResult } from '../../engine/service-verifier.ts';
import type { Call, ResponseSpec } from '../operation.ts';
import type { RestParts } from '../rest-parts.ts';
import { CheckAnswer } from '../schemas.ts';
import { noSuchVerification, toRefusal } from './send-answers.ts';

/** An approval as it is kept: its claims and not its token, which is signed again whenever it is answered. */
interface KeptApproval extends Omit<Proof, 'destination' | 'approvedAt'> {
  readonly destination: string;
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
  return result.status === 'approved' ? { status: 'approved', claims: toKept(result) } : { ...result };
}

/** Ensure that what was erased is not handed out again: a kept approval holds the number. @throws {HttpProblem} 404. */
export async function assertApprovalIsThere(call: Call<unknown, unknown, unknown>, body: unknown): Promise<void> {
  const { claims } = body as { readonly claims?: KeptApproval };
  if (claims === undefined) return;
  const { verificationId: id, purpose, requester } = claims;
  const verifier = call.parts.verifierFor(await call.service());
  if ((await verifier.show({ id, purpose, requester })).status === 'not_found') throw noSuchVerification();
}

/** Signs the proof of an approval. */
export async function finishCheck(body: unknown, { proofs }: RestParts): Promise<unknown> {
  const { claims } = body as { readonly claims?: KeptApproval };
  if (claims === undefined) return body;
  const { destination, approvedAt, nonce, test, ...rest } = claims;
  const proof: Proof = { ...rest, destination: parseDestination(destination), approvedAt: new Date(approvedAt) };
  const token = await proofs.sign(proof, { audience: proof.service, nonce, test });
  return { status: 'approved', verificationId: proof.verificationId, token };
}

function toKept({ proof, nonce, test }: ServiceApproval): KeptApproval {
  const { destination, approvedAt, ...rest } = proof;
  return { ...rest, destination: destination.reveal(), approvedAt: approvedAt.toISOString(), ...(nonce !== undefined && { nonce }), test };
}
