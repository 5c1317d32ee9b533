/**
 * A record's version says which writes made it: its own token, then those of the three writes before, newest first. A token is a counter and
 * 48 random bits, so that none ever comes back: after a fail-over or a restored dump others reuse the counters, and a process that still holds
 * a record of the lost time would overwrite theirs. The three older ones let a process find a write whose reply it never got.
 */

/** Tokens in a version: the record's own and those of the three writes before it. */
const KEPT_TOKENS = 4;

/** 48 bits: with 2^20 tokens of one counter, one in 500 that any two agree; a record sees a handful. */
const RANDOM_BYTES = 6;

/** A version about to be written. */
export interface NextVersion {
  /** The write's own token, by which it is found again. */
  readonly token: string;
  /** The whole version. */
  readonly version: string;
}

/** Makes the version that follows `current`; the counter goes on from it, and starts at 1 for an absent record. */
export function toNextVersion(current: string | undefined, random: (size: number) => Uint8Array): NextVersion {
  const tokens = toTokens(current);
  const counter = tokens[0] === undefined ? 1 : toCounter(tokens[0]) + 1;
  const token = `${counter.toString(36)}.${Buffer.from(random(RANDOM_BYTES)).toString('base64url')}`;
  return { token, version: [token, ...tokens.slice(0, KEPT_TOKENS - 1)].join(' ') };
}

/** Whether a version is one of ours; anything else was written by something that does not keep the rules. */
export function isVersion(text: string): boolean {
  return /^[0-9a-z]{1,11}\.[\w-]{8}(?: [0-9a-z]{1,11}\.[\w-]{8}){0,3}$/.test(text);
}

/**
 * Where a write stands, by the version the record has now:
 * - `applied`: its token is there;
 * - `pending`: the record is still what the write expects, so it was not applied, and may yet be;
 * - `void`: it was not applied and never will be, as a write of another took its place, or the record it expects was rolled back;
 * - `untellable`: so many writes have passed that its token would have gone, or the record itself has.
 */
export type WriteState = 'applied' | 'pending' | 'void' | 'untellable';

/** Looks for a write in the version the record has now (undefined: absent). */
export function locateWrite({ token, expected }: { token: string; expected: string | undefined }, current: string | undefined): WriteState {
  const tokens = toTokens(current);
  if (tokens.includes(token)) return 'applied';
  if (current === expected) return 'pending';
  const oldest = tokens.at(-1);
  // The list has no gaps: were ours behind the record, and not older than the oldest token kept, it would be in it.
  return oldest === undefined || toCounter(oldest) > toCounter(token) ? 'untellable' : 'void';
}

function toTokens(version: string | undefined): string[] {
  return version === undefined ? [] : version.split(' ');
}

function toCounter(token: string): number {
  return Number.parseInt(token, 36);
}
