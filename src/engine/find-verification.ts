import type { DestinationRecord, VerificationRecord } from './record.ts';

/** What a caller must know of a verification to touch it. */
export interface VerificationClaim {
  readonly entryId: string;
  readonly service: string;
  readonly purpose: string;
  /** Keyed hash; undefined where the caller named no requester. */
  readonly requester: string | undefined;
}

/**
 * Ensure that a verification is found only by who started it: another service, purpose or requester (none, where there was one, and one where there
 * was none) gets the same nothing as for an id that does not exist.
 */
export function findVerification(record: DestinationRecord, claim: VerificationClaim): VerificationRecord | undefined {
  const found = record.verifications.find(({ entryId }) => entryId === claim.entryId);
  return found && found.service === claim.service && found.purpose === claim.purpose && found.requester === claim.requester ? found : undefined;
}
