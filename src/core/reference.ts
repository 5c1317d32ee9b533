import type { Destination } from './destination.ts';
import type { Secret } from './secret.ts';

/** The longest carrier's or provider's id that is kept, in characters; those seen in the wild have 34 to 80. */
const MAX_REFERENCE_LENGTH = 200;

/**
 * Whether an id that foreign code answered may be kept: short, printable, and repeating neither the code nor the destination, as some gateways do. One
 * that holds the code's digits by chance is lost as well.
 */
export function isSafeReference(reference: unknown, to: Destination, code: Secret | undefined): reference is string {
  if (typeof reference !== 'string' || reference.length > MAX_REFERENCE_LENGTH || !/^[\x20-\x7e]+$/.test(reference)) return false;
  if (code !== undefined && reference.includes(code.reveal())) return false;
  return !reference.toLowerCase().includes(to.reveal().toLowerCase().replace(/^\+/, ''));
}
