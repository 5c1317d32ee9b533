import { CountersignError } from '../core/errors.ts';

/** A store's answer; what it throws that is not ours is copied, not passed on: drivers put addresses and values into their messages. */
export async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('store_unavailable', 'the store failed in a way of its own: see the name and code in `cause`', { cause: error });
  }
}
