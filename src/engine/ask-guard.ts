import { CountersignError } from '../core/errors.ts';
import type { Guard, GuardRequest, GuardVerdict } from './guard.ts';

/** A guard that fails, or answers neither yes nor no, lets nothing through. */
export async function askGuard(guard: Guard, request: GuardRequest): Promise<GuardVerdict> {
  try {
    const verdict = await guard.assess(request);
    if (typeof verdict.allowed !== 'boolean') throw new TypeError('`allowed` must be true or false');
    return verdict;
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('provider_unavailable', 'the guard failed to decide; nothing was sent', { cause: error });
  }
}
