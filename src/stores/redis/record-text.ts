import { CountersignError } from '../../core/errors.ts';

/** Splits a record's text into its version and its body. Throws `store_unavailable` for a text that is not ours. */
export function parseRecord(text: string): { readonly version: string; readonly body: string } {
  const end = text.indexOf('\n');
  if (end !== -1) return { version: text.slice(0, end), body: text.slice(end + 1) };
  throw foreignError();
}

/** The error for what something else has put where this store keeps its own. */
export function foreignError(): CountersignError {
  const message = 'the Redis server holds something else under a key of this store: give the store a prefix of its own';
  return new CountersignError('store_unavailable', message);
}
