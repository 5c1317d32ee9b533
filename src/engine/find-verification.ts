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

/** Finds in a record what a caller means, if it is the caller's. */
export type Find = (record: DestinationRecord) => VerificationRecord | undefined;

/** Finds the verification of a claim. */
export function toFind(claim: VerificationClaim): Find {
  return (record) => findVerification(record, claim);
}

/** What a caller must know to mean a verification without its id. */
export interface DestinationClaim extends Omit<VerificationClaim, 'entryId'> {
  /** Keyed hash of the exact destination. */
  readonly destination: string;
}

/** The verification that a destination, service, purpose and requester mean together: the pending one, else the last that ended and is still answered for. */
export function findNewest(record: DestinationRecord, claim: DestinationClaim): VerificationRecord | undefined {
  const found = record.verifications.filter(
    ({ service, purpose, requester, destination }) =>
      service === claim.service && purpose === claim.purpose && requester === claim.requester && destination === claim.destination,
  );
  // A verification moves to the end of its record with each message, so that the last one is the newest.
  return found.findLast(({ state }) => state === 'pending') ?? found.at(-1);
}
